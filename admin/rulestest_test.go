package admin

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
)

// asked answers a question by a route's handler.
func asked(t *testing.T, handle func(*request) (any, error), question string) (answer map[string]any, problem string) {
	t.Helper()
	r := httptest.NewRequest("POST", "/", strings.NewReader(question))
	r.Header.Set("Content-Type", "application/json")
	got, err := handle(&request{w: httptest.NewRecorder(), r: r, route: &route{method: "POST"}})
	if err != nil {
		return nil, err.Error()
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatal(err)
	}
	return answer, ""
}

func TestRulesAreTried(t *testing.T) {
	for _, c := range []struct {
		question      string
		rule          float64
		scope, kind   string
		problem       string
		withoutIsSame bool
	}{
		{`{"status":418,"body":"come back later","rules":[{"status":[429],"for":"1m"},{"body":"later","scope":"channel","for":"10m"}]}`, 2, "channel", "", "", false},
		{`{"status":200,"body":"{\"error\":{\"message\":\"out of credit\"}}","rules":[{"body":"credit","scope":"model","for":"1h"}]}`, 1, "model", "", "", false},
		{`{"status":200,"body":"{\"ok\":true}","rules":[{"body":"ok","for":"1h"}]}`, 0, "", "ok", "", true},
		{`{"status":429,"body":"slow down","rules":[]}`, 0, "", "rate_limited", "", true},
		{`{"status":429,"body":"x","rules":[{"for":"1m"}]}`, 0, "", "", "rule 1", false},
		{`{"status":42,"body":"x","rules":[]}`, 0, "", "", "status 42", false},
	} {
		answer, problem := asked(t, testRules, c.question)
		if c.problem != "" || problem != "" {
			if c.problem == "" || !strings.Contains(problem, c.problem) {
				t.Errorf("%s: problem %q", c.question, problem)
			}
			continue
		}
		outcome, _ := answer["outcome"].(map[string]any)
		without, _ := answer["without"].(map[string]any)
		rule, _ := answer["rule"].(float64)
		if rule != c.rule || c.scope != "" && outcome["scope"] != c.scope || c.kind != "" && outcome["kind"] != c.kind {
			t.Errorf("%s: %v", c.question, answer)
		}
		if c.withoutIsSame != (outcome["rule"] == without["rule"]) {
			t.Errorf("%s: without it %v", c.question, without)
		}
	}
}

func TestEditsAreTried(t *testing.T) {
	for _, c := range []struct{ question, body, problem string }{
		{`{"body":"{\"a\":1,\"b\":{\"c\":2}}","body_set":[{"path":"b.c","value":3},{"path":"d.e","value":[1.0]}],"body_remove":["a"]}`, `{"d":{"e":[1.0]},"b":{"c":3}}`, ""},
		{`{"body":" {} ","body_set":null,"body_remove":["x"]}`, `{}`, ""},
		{`{"body":"[1]","body_set":null,"body_remove":null}`, "", "JSON object"},
		{`{"body":"","body_set":null,"body_remove":null}`, "", "JSON object"},
		{`{"body":"{}","body_set":[{"path":"","value":1}],"body_remove":null}`, "", "path"},
	} {
		answer, problem := asked(t, testEdits, c.question)
		if c.problem != "" || problem != "" {
			if c.problem == "" || !strings.Contains(problem, c.problem) {
				t.Errorf("%s: problem %q", c.question, problem)
			}
			continue
		}
		if answer["body"] != c.body {
			t.Errorf("%s: %v, want %s", c.question, answer["body"], c.body)
		}
	}
}
