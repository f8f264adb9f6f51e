package config_test

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/ccload/ccload/config"
)

// TestHeaderOpsAsWritten: without placeholders values go up as they stand, and
// what they were added to is left alone.
func TestHeaderOpsAsWritten(t *testing.T) {
	t.Setenv("CCLOAD_TEST_SECRET", "secret")
	ops := &config.HeaderOps{
		Set: map[string][]string{"x-set": {"{env.CCLOAD_TEST_SECRET}"}}, Add: map[string][]string{"X-Add": {"more"}, "X-Set": {"too"}},
		Delete: []string{"x-gone"},
	}
	clients := make([]string, 1, 2)
	clients[0] = "client"
	for range 2 {
		header := http.Header{"X-Add": clients, "X-Gone": {"1"}, "X-Stays": {"2"}}
		ops.Apply(header, nil, false)
		want := http.Header{"X-Add": {"client", "more"}, "X-Set": {"{env.CCLOAD_TEST_SECRET}", "too"}, "X-Stays": {"2"}}
		if !reflect.DeepEqual(header, want) {
			t.Errorf("got %v, want %v", header, want)
		}
	}
	if clients[:2][1] != "" {
		t.Error("the client's own values were changed")
	}
	header := http.Header{}
	ops.Apply(header, nil, true)
	if got := header["X-Set"]; !reflect.DeepEqual(got, []string{"secret", "too"}) {
		t.Errorf("got %v", got)
	}
	(*config.HeaderOps)(nil).Apply(header, nil, true)
}
