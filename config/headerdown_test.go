package config_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/config"
)

func TestHeaderDownApply(t *testing.T) {
	upstream := http.Header{
		"X-Acme-Trace": {"t"}, "X-Acme-Cost-Usd": {"1"}, "X-Acme": {"no"}, "X-Other": {"no"},
		"X-Accel-Redirect": {"/etc/passwd"}, "X-Ccload-Channel": {"forged"}, "X-Content-Type-Options": {"off"}, "X-Tag": {"upstream's"},
	}
	for _, row := range []struct {
		name string
		ops  *config.HeaderDown
		want http.Header
	}{
		{"none", nil, http.Header{"Request-Id": {"r"}}},
		{"one", &config.HeaderDown{Pass: []string{"x-acme-trace", "X-Missing"}}, http.Header{"Request-Id": {"r"}, "X-Acme-Trace": {"t"}}},
		{"family", &config.HeaderDown{Pass: []string{"X-Acme-*"}}, http.Header{"Request-Id": {"r"}, "X-Acme-Trace": {"t"}, "X-Acme-Cost-Usd": {"1"}}},
		{"a family with what is never passed", &config.HeaderDown{Pass: []string{"X-*"}}, http.Header{
			"Request-Id": {"r"}, "X-Acme-Trace": {"t"}, "X-Acme-Cost-Usd": {"1"}, "X-Acme": {"no"}, "X-Other": {"no"}, "X-Tag": {"upstream's"},
		}},
		{"changes", &config.HeaderDown{
			Pass: []string{"X-Tag"}, Delete: []string{"request-id"}, Set: map[string][]string{"x-served-by": {"relay"}}, Add: map[string][]string{"X-Tag": {"ours"}},
		}, http.Header{"X-Served-By": {"relay"}, "X-Tag": {"upstream's", "ours"}}},
	} {
		got := http.Header{"Request-Id": {"r"}}
		if err := row.ops.Validate(); err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		row.ops.Apply(got, upstream)
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
	}
	if len(upstream["X-Tag"]) != 1 {
		t.Error("the upstream's header was changed")
	}
}

func TestAllowOrigins(t *testing.T) {
	for origin, ok := range map[string]bool{
		"https://app.example.com": true, "http://localhost:3000": true, "*": true, "app://desktop": true, "chrome-extension://abcdef": true, "http://[::1]:8080": true,
		"https://app.example.com/": false, "app.example.com": false, "https://*.example.com": false, "https://user@a.example": false, "": false,
		"https://a.example?x": false, "https://a.example#": false, "null": false, "https://a.example:99999": false,
	} {
		if err := (&config.Handler{AllowOrigins: []string{origin}}).Validate(); (err == nil) != ok {
			t.Errorf("%q: %v", origin, err)
		}
	}
}
