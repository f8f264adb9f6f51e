package ccload

import (
	"strings"
	"testing"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
)

// TestExplainAnswersForASite: where sites choose differently, a question is
// about one of them, by any of its hosts.
func TestExplainAnswersForASite(t *testing.T) {
	t.Parallel()
	site := func(hosts, policy string) string {
		return hosts + " {\nccload {\nlb_policy " + policy + "\n}\n}\n"
	}
	channels := "ccload {\nstore sqlite DB\ntoken tests " + testToken + "\nchannel one {\nprovider anthropic\nkey sk-ant-0123456789abcdef\n}\n}\n"
	config := func(sites ...string) string {
		options := strings.ReplaceAll(channels, "DB", t.TempDir()+"/ccload.db")
		return "{\nadmin off\nauto_https off\npersist_config off\n" + options + "}\n" + strings.Join(sites, "")
	}
	weighted, latency := site("http://a.test:9, http://b.test:9", "ccload_weighted"), site("http://c.test:9", "ccload_latency")
	for _, c := range []struct {
		name, config, ask string
		policy, site      string // of the answer
		wrong             string // part of the error
	}{
		{name: "the only one", config: config(weighted), policy: "ccload_weighted", site: "a.test, b.test"},
		{name: "one of two", config: config(weighted, latency), ask: "c.test", policy: "ccload_latency", site: "c.test"},
		{name: "by another host", config: config(weighted, latency), ask: "B.test", policy: "ccload_weighted", site: "a.test, b.test"},
		{name: "two that differ", config: config(weighted, latency), wrong: "a.test, b.test, c.test"},
		{name: "two that are alike", config: config(weighted, site("http://c.test:9", "ccload_weighted")), policy: "ccload_weighted"},
		{name: "an unknown one", config: config(weighted), ask: "d.test", wrong: `"d.test"; there are a.test, b.test`},
		{name: "without a host", config: config(site("http://:9", "ccload_latency")), policy: "ccload_latency", site: ":9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := startGateway(t, c.config)
			e, err := g.app.control.Explain(admin.Question{Model: "claude-haiku-4-5", Protocol: ai.Anthropic, Site: c.ask})
			if c.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrong) {
					t.Fatalf("%+v, %v; want an error with %s", e, err, c.wrong)
				}
				return
			}
			if err != nil || e.Next == nil || e.Policy != c.policy || c.site != "" && e.Site != c.site {
				t.Errorf("%+v, %v; want the policy %s of %s", e, err, c.policy, c.site)
			}
		})
	}
}
