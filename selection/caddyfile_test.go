package selection_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	_ "github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/ccload/ccload/selection"
)

// unmarshal reads a policy as the ccload directive does: from within its block.
func unmarshal(t *testing.T, option string) (json.RawMessage, error) {
	t.Helper()
	d := caddyfile.NewTestDispenser("ccload {\n" + option + "\nafterwards\n}")
	d.Next()
	d.NextBlock(0)
	raw, err := selection.UnmarshalPolicy(d)
	if err == nil && (!d.NextBlock(0) || d.Val() != "afterwards") {
		t.Errorf("%s: the dispenser stands on %q, not on the next option", option, d.Val())
	}
	return raw, err
}

func TestUnmarshalPolicy(t *testing.T) {
	for in, want := range map[string]string{
		"lb_policy ccload_weighted": `{"policy":"ccload_weighted"}`,
		"lb_policy latency":         `{"policy":"ccload_latency"}`,
		"lb_policy priority":        `{"policy":"ccload_priority"}`,
		"lb_policy first":           `{"policy":"first"}`,
		"lb_policy ccload_priority {\nthen ccload_affinity ccload_weighted\n}": `{
			"policy":"ccload_priority","then":{"policy":"ccload_affinity","then":{"policy":"ccload_weighted"}}}`,
		"lb_policy priority affinity latency": `{
			"policy":"ccload_priority","then":{"policy":"ccload_affinity","then":{"policy":"ccload_latency"}}}`,
		"lb_policy priority {\nthen affinity {\nbounded_load 1.5\nmin_prompt 16KiB\nthen latency\n}\n}": `{
			"policy":"ccload_priority","then":{"policy":"ccload_affinity","bounded_load":1.5,"min_prompt":16384,"then":{"policy":"ccload_latency"}}}`,
		"lb_policy affinity {\nmin_prompt off\n}":                      `{"policy":"ccload_affinity","min_prompt":0}`,
		"lb_policy affinity {\n}":                                      `{"policy":"ccload_affinity"}`,
		"lb_policy priority header X-Tenant {\nfallback ip_hash\n}":    `{"policy":"ccload_priority","then":{"policy":"header","field":"X-Tenant","fallback":{"policy":"ip_hash"}}}`,
		"lb_policy header X-Tenant {\nfallback ccload_affinity\n}":     `{"policy":"header","field":"X-Tenant","fallback":{"policy":"ccload_affinity"}}`,
		"lb_policy affinity {\nthen query tenant\nbounded_load 2\n}":   `{"policy":"ccload_affinity","bounded_load":2,"then":{"policy":"query","key":"tenant"}}`,
		"lb_policy priority {\nthen {$UNSET_VARIABLE:weighted}\n}":     ``,
		"lb_policy priority affinity {\nbounded_load 3\n}":             `{"policy":"ccload_priority","then":{"policy":"ccload_affinity","bounded_load":3}}`,
		"lb_policy priority {\nthen priority {\nthen weighted\n}\n}":   `{"policy":"ccload_priority","then":{"policy":"ccload_priority","then":{"policy":"ccload_weighted"}}}`,
		"lb_policy ccload_affinity {\nthen ccload_priority first\n}\n": `{"policy":"ccload_affinity","then":{"policy":"ccload_priority","then":{"policy":"first"}}}`,
	} {
		if want == "" {
			continue
		}
		got, err := unmarshal(t, in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		var a, b any
		if json.Unmarshal(got, &a) != nil || json.Unmarshal([]byte(want), &b) != nil {
			t.Fatalf("%s: not JSON: %s", in, got)
		}
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		if string(x) != string(y) {
			t.Errorf("%s:\n got %s\nwant %s", in, x, y)
		}
		load(t, want) // and it can be provisioned
	}
}

func TestMistakesNameThePlaceAndTheRemedy(t *testing.T) {
	for in, want := range map[string][]string{
		"lb_policy":                                             {"Testfile:2", "wrong argument count"},
		"lb_policy fastest":                                     {"Testfile:2", `"fastest"`, "priority", "weighted", "latency", "affinity", "header"},
		"lb_policy least_conn":                                  {"Testfile:2", "least_conn", "ccload_latency", "ccload_priority"},
		"lb_policy random_choose 2":                             {"Testfile:2", "random_choose", "ccload_latency"},
		"lb_policy weighted_round_robin 1 2":                    {"Testfile:2", "weighted_round_robin", "ccload_weighted"},
		"lb_policy priority {\nthen least_conn\n}":              {"Testfile:3", "least_conn", "ccload_latency"},
		"lb_policy priority {\nthan weighted\n}":                {"Testfile:3", `"than"`, "then"},
		"lb_policy priority {\nthen\n}":                         {"Testfile:3"},
		"lb_policy priority {\nthen weighted\nthen weighted\n}": {"Testfile:4", "twice"},
		"lb_policy affinity {\nbounded_load 0.5\n}":             {"Testfile:3", "bounded_load", "0.5", "1.25"},
		"lb_policy affinity {\nbounded_load much\n}":            {"Testfile:3", "bounded_load", "much"},
		"lb_policy affinity {\nbounded_load\n}":                 {"Testfile:3"},
		"lb_policy affinity {\nmin_prompt some\n}":              {"Testfile:3", "min_prompt", "4KiB"},
		"lb_policy affinity {\nbound 1\n}":                      {"Testfile:3", `"bound"`, "bounded_load, min_prompt, then"},
		"lb_policy weighted 3":                                  {"Testfile:2", "weighted", `"3"`},
		"lb_policy latency {\nexplore 2\n}":                     {"Testfile:3", "latency", `"explore"`},
		"lb_policy affinity {\nthen affinity latency more\n}":   {"Testfile:3", "more"},
		"lb_policy header":                                      {"Testfile:2"},
	} {
		_, err := unmarshal(t, in)
		if err == nil {
			t.Errorf("%s: no error", in)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not name %q", in, err, part)
			}
		}
	}
	_, err := unmarshal(t, "lb_policy fastest")
	for _, no := range []string{"least_conn", "random_choose", "weighted_round_robin", "ccload_"} {
		if strings.Contains(err.Error(), no) {
			t.Errorf("%q offers %s", err, no)
		}
	}
}

func TestJSONMistakesAreFound(t *testing.T) {
	for config, want := range map[string]string{
		`{"policy":"ccload_affinity","bounded_load":0.9}`:                  "bounded_load",
		`{"policy":"ccload_affinity","min_prompt":-1}`:                     "min_prompt",
		`{"policy":"ccload_priority","then":{"policy":"quickest"}}`:        "quickest",
		`{"policy":"ccload_affinity","then":{"policy":"unheard_of"}}`:      "unheard_of",
		`{"policy":"ccload_priority","than":{"policy":"ccload_weighted"}}`: "than",
	} {
		ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
		handler := struct {
			Raw json.RawMessage `caddy:"namespace=http.reverse_proxy.selection_policies inline_key=policy"`
		}{json.RawMessage(config)}
		_, err := ctx.LoadModule(&handler, "Raw")
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to name %s", config, err, want)
		}
	}
}

// The policies are written in a stock reverse_proxy as Caddy's own are, without
// short words.
func TestStockReverseProxyAdapts(t *testing.T) {
	adapt := func(policy string) (string, error) {
		out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(`:80 {
			reverse_proxy a:80 b:80 {
				lb_policy `+policy+`
				lb_retries 2
			}
		}`), map[string]any{"filename": "Caddyfile"})
		return string(out), err
	}
	for policy, want := range map[string]string{
		"ccload_latency":                                      `"selection_policy":{"policy":"ccload_latency"}`,
		"ccload_affinity ccload_latency":                      `"selection_policy":{"policy":"ccload_affinity","then":{"policy":"ccload_latency"}}`,
		"ccload_priority {\nthen least_conn\n}":               `"selection_policy":{"policy":"ccload_priority","then":{"policy":"least_conn"}}`,
		"cookie lb {\nfallback ccload_affinity\n}":            `"fallback":{"policy":"ccload_affinity"}`,
		"ccload_affinity {\nthen weighted_round_robin 1 2\n}": `"then":{"policy":"weighted_round_robin","weights":[1,2]}`,
	} {
		out, err := adapt(policy)
		if err != nil {
			t.Errorf("%s: %v", policy, err)
		} else if !strings.Contains(out, want) || !strings.Contains(out, `"retries":2`) {
			t.Errorf("%s: %s", policy, out)
		}
	}
	if _, err := adapt("ccload_priority {\nthen weighted\n}"); err == nil || !strings.Contains(err.Error(), "ccload_weighted") {
		t.Errorf("a short word in a stock reverse_proxy: %v", err)
	}
}

func TestRefuse(t *testing.T) {
	for config, want := range map[string]string{
		`{"policy":"least_conn"}`:                                     "least_conn",
		`{"policy":"random_choose"}`:                                  "random_choose",
		`{"policy":"weighted_round_robin","weights":[1,2]}`:           "weighted_round_robin",
		`{"policy":"ccload_priority","then":{"policy":"least_conn"}}`: "least_conn",
		`{"policy":"ccload_affinity","then":{"policy":"header","field":"X","fallback":{"policy":"least_conn"}}}`: "least_conn",
		`{"policy":"header","field":"X"}`: "",
		`{"policy":"first"}`:              "",
		`{"policy":"ccload_priority"}`:    "",
	} {
		err := selection.Refuse(load(t, config))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", config, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "ccload_weighted")):
			t.Errorf("%s: %v", config, err)
		}
	}
	if err := selection.Refuse(reverseproxy.LeastConnSelection{}); err == nil {
		t.Error("a selector by value is not refused")
	}
	if err := selection.Refuse(nil); err != nil {
		t.Error(err)
	}
}
