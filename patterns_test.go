package ccload

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
)

// TestPatternsOfNames: names that are written out go first, of aliases and of
// channels; then the longest pattern, of either.
func TestPatternsOfNames(t *testing.T) {
	t.Parallel()
	s := fake(t)
	g := newGateway(t,
		channelAt("exact", s, "key mk-ok-u1", "models claude-opus-4-8")+
			channelAt("prefix", s, "key mk-ok-u2", "model openai/* *", "model openai/gpt-5 special", "model openai/gpt-4* old-4*")+
			channelAt("wide", s, "key mk-ok-u3", "models gemini-3* served")+
			"alias claude-* served\nalias claude-haiku-* small-haiku-*\nalias claude-haiku-4-5 openai/x\nalias gemini-* served\n"+
			"alias small-haiku-4-5-x served\nalias both-* served openai/*\nalias small-haiku-3 openai/three\n", "")
	for asked, want := range map[string]string{
		"openai/gpt-5-mini": "prefix gpt-5-mini",
		"openai/gpt-5":      "prefix special",
		"openai/gpt-4.1":    "prefix old-4.1",
		"claude-sonnet-5":   "wide served",
		"claude-opus-4-8":   "exact claude-opus-4-8", // written out as a channel's model
		"claude-haiku-4-5":  "prefix x",              // an alias that is written out
		"claude-haiku-3":    "prefix three",          // a pattern leads to an alias
		"gemini-3.5-flash":  "wide gemini-3.5-flash", // the channel's pattern is longer
		"gemini-2":          "wide served",
		"both-a":            "wide served",
	} {
		rec := g.record(g.askModel(ai.OpenAI, asked, false).want(t, http.StatusOK))
		if got := rec.Channel + " " + rec.UpstreamModel; got != want {
			t.Errorf("%s goes to %s, want %s", asked, got, want)
		}
		if rec.Model != asked {
			t.Errorf("%s is recorded as %s", asked, rec.Model)
		}
	}
	if a := g.askModel(ai.OpenAI, "nobody", false); a.Status != http.StatusNotFound {
		t.Errorf("a name that nothing describes is answered %d", a.Status)
	}
	if list := g.do(http.MethodGet, "/v1/models", ""); strings.Contains(list.Body, "*") || !strings.Contains(list.Body, "claude-haiku-4-5") {
		t.Errorf("the list of models: %s", list.Body)
	}
}
