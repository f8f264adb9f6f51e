package tokens

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
)

func ask(system, text string) []byte {
	return fmt.Appendf(nil, `{"system":%q,"messages":[{"role":"user","content":%q}],"tools":[{"name":"f","input_schema":{"type":"object"}}]}`, system, text)
}

// TestLearn: after one report the next request of the same kind is right, and
// the model's factor follows what is added.
func TestLearn(t *testing.T) {
	c := New()
	const model = "vendor/unknown-model-7"
	truth := func(n Count) int64 { return int64(float64(n.raw)*1.3) + 500 } // hidden prompt, other tokenizer
	text := "hello"
	first := c.Request(ai.Anthropic, model, ask("be kind", text))
	c.Learn(first, truth(first))
	if again := c.Request(ai.Anthropic, model, ask("be kind", text)); again.Tokens != truth(first) {
		t.Errorf("%d, reported %d", again.Tokens, truth(first))
	}
	for range 40 {
		text += strings.Repeat(" and some more words", 80)
		n := c.Request(ai.Anthropic, model, ask("be kind", text))
		if off := float64(n.Tokens)/float64(truth(n)) - 1; off > 0.1 || off < -0.25 {
			t.Errorf("%d, reported %d", n.Tokens, truth(n))
		}
		c.Learn(n, truth(n))
	}
	lessons := c.Inspect()
	if len(lessons) != 1 || lessons[0].Factor < 1.25 || lessons[0].Factor > 1.31 || lessons[0].Model != "unknown-model-7" || lessons[0].Reports != 41 {
		t.Errorf("learned %+v", lessons)
	}
	// Another kind of request to the model profits from its factor.
	other := c.Request(ai.Anthropic, model, ask("be brief", text))
	if ratio := float64(other.Tokens) / float64(truth(other)); ratio < 0.93 || ratio > 1.07 {
		t.Errorf("another kind: %d, reported %d", other.Tokens, truth(other))
	}
}

func TestLearnRefuses(t *testing.T) {
	c := New()
	n := c.Request(ai.Anthropic, "claude-3", ask("s", "t"))
	c.Learn(n, 0)
	c.Learn(n, -5)
	c.Learn(n, 1<<50)
	c.Learn(Count{}, 5)
	c.Learn(c.Request(ai.OpenAI, "gpt-4o", []byte(`{"messages":[{"role":"user","content":"x"}]}`)), 9)
	if got := c.Inspect(); len(got) != 0 {
		t.Errorf("learned %+v", got)
	}
	c.Learn(n, 1<<39) // nonsense is bounded
	if again := c.Request(ai.Anthropic, "claude-3", ask("s", "t")); again.Tokens > 40_000 {
		t.Errorf("%d tokens", again.Tokens)
	}
}

func TestLearnedIsBounded(t *testing.T) {
	c := New()
	for i := range 3 * learnedKinds {
		c.learned.learn(Count{model: fmt.Sprint("m", i), raw: 100, key: uint64(i) + 1}, 100)
	}
	if k, m := len(c.learned.kinds), len(c.learned.models); k > learnedKinds || m > learnedModels {
		t.Errorf("%d kinds, %d models", k, m)
	}
	if text, err := c.Save(); err != nil || len(text) > savedMost/2 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

func TestSaveLoad(t *testing.T) {
	c := New()
	n := c.Request(ai.Anthropic, "claude-3", ask("s", "t"))
	c.Learn(n, 777)
	text, err := c.Save()
	if err != nil {
		t.Fatal(err)
	}
	d := New()
	if err := d.Load(text); err != nil {
		t.Fatal(err)
	}
	if got := d.Request(ai.Anthropic, "claude-3", ask("s", "t")); got.Tokens != 777 {
		t.Errorf("%d tokens after loading", got.Tokens)
	}
	for _, bad := range []string{
		"", "{", "null", `{"version":3}`, `{"version":2,"models":[{"model":"x","factor":99}]}`,
		`{"version":2,"models":[{"model":"","factor":1}]}`, `{"version":2,"kinds":[{"key":"1","raw":-1,"reported":1}]}`,
		`{"version":2,"kinds":[{"key":1,"raw":1,"reported":1}]}`, strings.Repeat(" ", savedMost+1),
	} {
		if err := d.Load([]byte(bad)); err == nil {
			t.Errorf("%.60q was loaded", bad)
		}
	}
	if again, err := d.Save(); err != nil || string(again) != string(text) {
		t.Errorf("%s, %v; want %s", again, err, text)
	}
}
