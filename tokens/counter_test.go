package tokens

import (
	"bufio"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

// TestSample counts recorded requests of every wire format.
func TestSample(t *testing.T) {
	f, err := os.Open("testdata/sample.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := New()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	var ratios []float64
	for lines.Scan() {
		var r struct {
			ID, Provider, Model, Body string
			Repo                      string `json:"source_repo"`
			Path                      string `json:"source_path"`
			License                   string
			Tokens                    int64
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.Repo == "" || r.Path == "" || r.License == "" {
			t.Errorf("%s does not say where it is from", r.ID)
		}
		n := c.Request(wire[r.Provider], r.Model, []byte(r.Body))
		ratio := float64(n.Tokens) / float64(r.Tokens)
		ratios = append(ratios, ratio)
		if n.Exact && n.Tokens != r.Tokens {
			t.Errorf("%s (%s): %d tokens, said to be exact; reported %d", r.ID, r.Model, n.Tokens, r.Tokens)
		}
		if math.Abs(ratio-1) > 0.25 && math.Abs(float64(n.Tokens-r.Tokens)) > 15 {
			t.Logf("%s (%s): %d tokens; reported %d", r.ID, r.Model, n.Tokens, r.Tokens)
		}
	}
	_, accuracy, within, exact := summary(ratios)
	t.Logf("%d requests: median accuracy %.1f%%, within 7%% %.0f%%, exact %.0f%%", len(ratios), 100*accuracy, 100*within, 100*exact)
	if len(ratios) < 30 || accuracy < 0.97 || within < 0.7 {
		t.Errorf("the sample is counted worse than it was")
	}
}

func TestRequest(t *testing.T) {
	const words = "The quick brown fox" // four tokens of o200k_base and of cl100k_base
	for _, test := range []struct {
		name     string
		protocol ai.Protocol
		model    string
		body     string
		tokens   int64 // 0: any
		exact    bool
		family   string
	}{
		{"chat", ai.OpenAI, "gpt-4o", `{"messages":[{"role":"user","content":"` + words + `"}]}`, 4 + 4 + 3, true, "gpt-4o"},
		{"chat, parts", ai.OpenAI, "openai/gpt-4o-2024-08-06", `{"messages":[{"role":"user","content":[{"type":"text","text":"` + words + `"}]}]}`, 11, true, "gpt-4o"},
		{"old", ai.OpenAI, "gpt-3.5-turbo", `{"messages":[{"role":"user","content":"` + words + `"}]}`, 11, true, "gpt-4"},
		{"escapes", ai.OpenAI, "gpt-4o", `{"\u006dessages":[{"role":"user","content":"\u0054he quick brown fox"}]}`, 11, true, "gpt-4o"},
		{"reasoning", ai.OpenAI, "gpt-5-mini", `{"messages":[{"role":"user","content":"` + words + `"},{"role":"assistant","content":"` + words + `"}]}`, 2 + 8 + 8 + 2, true, "gpt-5"},
		{"responses", ai.Responses, "gpt-4o", `{"input":"` + words + `"}`, 11, true, "gpt-4o"},
		{"responses, items", ai.Responses, "gpt-4o", `{"instructions":"` + words + `","input":[{"role":"user","content":[{"type":"input_text","text":"` + words + `"}]}]}`, 19, true, "gpt-4o"},
		{"stored", ai.Responses, "gpt-4o", `{"input":"` + words + `","previous_response_id":"resp_1"}`, 11, false, "gpt-4o"},
		{"tools", ai.OpenAI, "gpt-4o", `{"messages":[{"role":"user","content":"` + words + `"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}}]}`, 0, false, "gpt-4o"},
		{"claude", ai.Anthropic, "us.anthropic.claude-sonnet-4-5-20250929-v1:0", `{"messages":[{"role":"user","content":"` + words + `"}]}`, 0, false, "claude-4.5"},
		{"claude 5", ai.Anthropic, "claude-opus-4-7", `{"messages":[{"role":"user","content":"` + words + `"}]}`, 0, false, "claude-5"},
		{"gemini", ai.Gemini, "models/gemini-2.5-flash", `{"contents":[{"parts":[{"text":"` + words + `"}]}]}`, 0, false, "gemini-2.5"},
		{"unknown", ai.OpenAI, "somebody/something-1", `{"messages":[{"role":"user","content":"` + words + `"}]}`, 11, false, "other"},
		{"empty", ai.OpenAI, "gpt-4o", ``, 1, false, "gpt-4o"},
		{"no JSON", ai.Anthropic, "claude-3", `hello {`, 0, false, "claude-3"},
		{"other JSON", ai.Gemini, "gemini", `[1,2,{"a":null}]`, 0, false, "gemini-3"},
		{"wrong types", ai.Anthropic, "claude-3", `{"messages":{"role":1},"system":null,"tools":"x"}`, 0, false, "claude-3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := New().Request(test.protocol, test.model, []byte(test.body))
			if n.Tokens < 1 || n.Tokens > int64(len(test.body))+700 || test.tokens > 0 && n.Tokens != test.tokens {
				t.Errorf("%d tokens, want %d", n.Tokens, test.tokens)
			}
			if n.Exact != test.exact || n.Family != test.family {
				t.Errorf("exact %v, family %q, want %v, %q", n.Exact, n.Family, test.exact, test.family)
			}
		})
	}
}

// TestSegmentsAdd: what a message adds is the same wherever it stands.
func TestSegmentsAdd(t *testing.T) {
	c := New()
	body := func(texts ...string) []byte {
		var b strings.Builder
		for i, s := range texts {
			if i > 0 {
				b.WriteByte(',')
			}
			q, _ := json.Marshal(s)
			fmt.Fprintf(&b, `{"role":"user","content":%s}`, q)
		}
		return []byte(`{"messages":[` + b.String() + `]}`)
	}
	texts := []string{"a", "Some words, and 12345 numbers.", "\n \n", "漢字かな交じり文", strings.Repeat("long text ", 200)}
	count := func(texts ...string) int64 { return c.Request(ai.OpenAI, "gpt-4o", body(texts...)).Tokens }
	for _, a := range texts {
		for _, b := range texts {
			if ab, one, other := count(a, b), count(a), count(b); ab != one+other-3 {
				t.Errorf("%.20q and %.20q: %d together, %d and %d alone", a, b, ab, one, other)
			}
		}
	}
}

func TestText(t *testing.T) {
	c := New()
	if n := c.Text("gpt-4o", []byte("hello world")); n != 2 {
		t.Errorf("%d tokens", n)
	}
	if n := c.Text("gpt-4o", nil); n != 0 {
		t.Errorf("%d tokens of nothing", n)
	}
	if a, b := c.Text("claude-sonnet-4-5", []byte(strings.Repeat("hello world ", 100))), c.Text("gpt-4o", []byte(strings.Repeat("hello world ", 100))); a <= b {
		t.Errorf("claude %d, gpt %d", a, b)
	}
}

// TestLongTexts: what is sampled is near what is counted.
func TestLongTexts(t *testing.T) {
	var chinese, base64, words strings.Builder
	for i := range 120_000 {
		fmt.Fprintf(&chinese, "%c", 0x4e00+(i*7919)%6000)
		base64.WriteByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(i*i*31+i*17)%64])
		words.WriteString("plain ")
	}
	for name, text := range map[string]string{"chinese": chinese.String(), "base64": base64.String(), "letters": strings.Repeat("a", 300_000), "words": words.String() + words.String()} {
		whole := float64(o200k().count([]byte(text)))
		sampled, exact := o200k().long([]byte(text))
		if ratio := float64(sampled) / whole; exact || ratio < 0.93 || ratio > 1.07 {
			t.Errorf("%s: %d sampled, %.0f counted, exact %v", name, sampled, whole, exact)
		}
		q, _ := json.Marshal(text)
		w := newWalk(New(), &gpt4o, Sent{})
		if ratio := float64(w.text(append(q, q...)[:len(q)])) / whole; ratio < 0.93 || ratio > 1.07 || !w.unsure {
			t.Errorf("%s in JSON: ratio %.3f, unsure %v", name, ratio, w.unsure)
		}
		w.release()
	}
}

// TestTangledSchema: a schema that refers to itself over and over is counted in
// no time, as the JSON it is.
func TestTangledSchema(t *testing.T) {
	var props strings.Builder
	for i := range 40 {
		fmt.Fprintf(&props, `,"p%d":{"$ref":"#/$defs/x"}`, i)
	}
	schema := `{"type":"object","properties":{` + props.String()[1:] + `}`
	body := []byte(`{"messages":[],"tools":[{"type":"function","function":{"name":"f","parameters":` + schema + `,"$defs":{"x":` + schema + `}}}}}]}`)
	start := time.Now()
	if n := New().Request(ai.OpenAI, "gpt-4o", body); n.Tokens < 300 || n.Tokens > 3000 {
		t.Errorf("%d tokens", n.Tokens)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestCacheIsBounded(t *testing.T) {
	const most = 32 << 10
	c := newCache[int](maphash.MakeSeed(), most)
	for i := range uint64(300_000) {
		c.put(span{hash: i * hashA, size: 1}, 1)
	}
	if n := c.size(); n > most || n < most/4 {
		t.Errorf("%d spans, at most %d", n, most)
	}
	c.put(span{hash: 1}, 7)
	if n, ok := c.get(span{hash: 1}); !ok || n != 7 {
		t.Errorf("%d, %v", n, ok)
	}
}

func TestConcurrent(t *testing.T) {
	c := New()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 200 {
				body := fmt.Appendf(nil, `{"system":"%s","messages":[{"role":"user","content":"%s"}]}`, strings.Repeat("s", k%5), strings.Repeat("word ", 20+k))
				n := c.Request(ai.Anthropic, "claude-sonnet-4-5", body)
				c.Learn(n, n.Tokens+int64(i))
				c.Text("claude", body)
				c.Inspect()
				if k%50 == 0 {
					if text, err := c.Save(); err != nil || c.Load(text) != nil {
						t.Error("saving or loading failed")
					}
				}
			}
		})
	}
	wg.Wait()
}

func FuzzRequest(f *testing.F) {
	f.Add("gpt-4o", []byte(`{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}],"tools":[{"function":{"parameters":{"properties":{"a":{"$ref":"#/$defs/x"}}}}}]}`))
	f.Add("claude-opus-4-8", []byte(`{"system":[{"text":"a"}],"messages":[{"content":[{"type":"document","source":{"data":"JVBERi0="}},{"type":"tool_result","content":[{"type":"x"}]}]}]}`))
	f.Add("gemini", []byte(`{"contents":[{"parts":[{"inlineData":{"mimeType":"audio/wav","data":"UklGRg=="}},{"functionResponse":{"response":{}}}]}]}`))
	f.Add("o3", []byte(`{"input":[{"type":"function_call","arguments":"{}"},{"type":"reasoning"}],"text":{"format":{"schema":{"required":["a"]}}}}`))
	c := New()
	f.Fuzz(func(t *testing.T, model string, body []byte) {
		for _, p := range ai.Protocols {
			if n := c.Request(p, model, body); n.Tokens < 1 {
				t.Errorf("%d tokens", n.Tokens)
			}
		}
		for _, e := range []*encoding{o200k(), cl100k()} {
			if n := e.count(body); n < 0 || n > len(body) || len(body) > 0 && n == 0 {
				t.Errorf("%d tokens of %d bytes", n, len(body))
			}
		}
	})
}
