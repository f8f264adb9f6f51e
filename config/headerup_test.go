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
		ops.Changes(false)(header, nil)
		want := http.Header{"X-Add": {"client", "more"}, "X-Set": {"{env.CCLOAD_TEST_SECRET}", "too"}, "X-Stays": {"2"}}
		if !reflect.DeepEqual(header, want) {
			t.Errorf("got %v, want %v", header, want)
		}
	}
	if clients[:2][1] != "" {
		t.Error("the client's own values were changed")
	}
	header := http.Header{}
	ops.Changes(true)(header, nil)
	if got := header["X-Set"]; !reflect.DeepEqual(got, []string{"secret", "too"}) {
		t.Errorf("got %v", got)
	}
	if (*config.HeaderOps)(nil).Changes(true) != nil {
		t.Error("nothing is to be changed, and something would be")
	}
}

// TestHeaderOpsOfCaddy: wildcards, replacements and names with placeholders work
// as in Caddy's own header_up, and none of them reaches what must stay.
func TestHeaderOpsOfCaddy(t *testing.T) {
	t.Setenv("CCLOAD_TEST_NAME", "X-Named")
	t.Setenv("CCLOAD_TEST_FIXED", "authorization")
	t.Setenv("CCLOAD_TEST_NONE", "no name")
	replace := func(name string, list ...config.HeaderReplacement) *config.HeaderOps {
		return &config.HeaderOps{Replace: map[string][]config.HeaderReplacement{name: list}}
	}
	for what, c := range map[string]struct {
		ops  *config.HeaderOps
		want http.Header // beside Authorization; nil values are gone
	}{
		"a prefix":                {&config.HeaderOps{Delete: []string{"x-a*"}}, http.Header{"X-A-One": nil, "X-A-Two": nil}},
		"a suffix":                {&config.HeaderOps{Delete: []string{"*-one"}}, http.Header{"X-A-One": nil, "X-B-One": nil}},
		"a part":                  {&config.HeaderOps{Delete: []string{"*-B-*"}}, http.Header{"X-B-One": nil}},
		"all":                     {&config.HeaderOps{Delete: []string{"*"}}, http.Header{"X-A-One": nil, "X-A-Two": nil, "X-B-One": nil}},
		"a part of the fixed":     {&config.HeaderOps{Delete: []string{"auth*"}}, nil},
		"a regexp":                {replace("x-a-one", config.HeaderReplacement{SearchRegexp: "(b+)", Replace: "<$1>"}), http.Header{"X-A-One": {"a<bb>c", "<b>"}}},
		"a text":                  {replace("X-A-One", config.HeaderReplacement{Search: "b"}), http.Header{"X-A-One": {"ac", ""}}},
		"one after the other":     {replace("X-A-One", config.HeaderReplacement{Search: "b", Replace: "c"}, config.HeaderReplacement{SearchRegexp: "c+", Replace: "d"}), http.Header{"X-A-One": {"ad", "d"}}},
		"all values":              {replace("*", config.HeaderReplacement{SearchRegexp: "^a|^k", Replace: "z"}), http.Header{"X-A-One": {"zbbc", "b"}, "X-A-Two": {"z"}}},
		"a regexp's placeholder":  {replace("X-A-One", config.HeaderReplacement{SearchRegexp: "{env.CCLOAD_TEST_UNSET}b+", Replace: "{env.CCLOAD_TEST_NAME}"}), http.Header{"X-A-One": {"aX-Namedc", "X-Named"}}},
		"a name":                  {&config.HeaderOps{Set: map[string][]string{"{env.CCLOAD_TEST_NAME}": {"1"}}}, http.Header{"X-Named": {"1"}}},
		"a name to add to":        {&config.HeaderOps{Add: map[string][]string{"{env.CCLOAD_TEST_NAME}-Too": {"1"}}}, http.Header{"X-Named-Too": {"1"}}},
		"the name of the fixed":   {&config.HeaderOps{Set: map[string][]string{"{env.CCLOAD_TEST_FIXED}": {"1"}}, Add: map[string][]string{"{env.CCLOAD_TEST_FIXED}": {"1"}}, Delete: []string{"{env.CCLOAD_TEST_FIXED}"}}, nil},
		"a part of what is fixed": {replace("{env.CCLOAD_TEST_FIXED}", config.HeaderReplacement{Search: "key", Replace: "other"}), nil},
		"no name":                 {&config.HeaderOps{Set: map[string][]string{"{env.CCLOAD_TEST_NONE}": {"1"}}}, nil},
	} {
		if err := c.ops.Validate(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		clients := []string{"abbc", "b"}
		header := http.Header{"Authorization": {"key"}, "X-A-One": clients, "X-A-Two": {"a"}, "X-B-One": {"c"}}
		want := header.Clone()
		for name, values := range c.want {
			if want[name] = values; values == nil {
				delete(want, name)
			}
		}
		c.ops.Changes(true)(header, nil)
		if !reflect.DeepEqual(header, want) {
			t.Errorf("%s: got %v, want %v", what, header, want)
		}
		if !reflect.DeepEqual(clients, []string{"abbc", "b"}) {
			t.Errorf("%s changed the client's own values", what)
		}
	}
	for what, ops := range map[string]*config.HeaderOps{
		"no expression":          replace("X-A", config.HeaderReplacement{SearchRegexp: "("}),
		"nothing to look for":    replace("X-A", config.HeaderReplacement{Replace: "x"}),
		"two things to look for": replace("X-A", config.HeaderReplacement{Search: "a", SearchRegexp: "b"}),
		"the credential":         replace("authorization", config.HeaderReplacement{Search: "a"}),
		"a client's credential":  replace("X-A", config.HeaderReplacement{Search: "a", Replace: "{http.request.header.Authorization}"}),
		"such a name":            {Set: map[string][]string{"{http.request.header.Authorization}": {"1"}}},
		"a * in the middle":      {Delete: []string{"X-*-A"}},
		"a * to set":             {Set: map[string][]string{"X-*": {"1"}}},
	} {
		if ops.Validate() == nil {
			t.Errorf("%s is taken", what)
		}
	}
}
