package tokens

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// turns are elements of conversations in every wire format, some of which change
// what those before or behind them count for.
var turns = map[ai.Protocol][]string{
	ai.Anthropic: {
		`{"role":"user","content":%s}`,
		`{"role":"assistant","content":[{"type":"thinking","thinking":%s,"signature":"x"},{"type":"tool_use","id":"a","name":"f","input":{"a":%[1]s}},{"type":"tool_use","id":"b","name":"f","input":{}}]}`,
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":%s}]},{"type":"image","source":{"type":"url","url":"https://example.com/a.png"}}]}`,
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":%s}],"cache_control":{"type":"ephemeral"}}]}`,
		`{"role":"system","content":%s}`, `7`, `{"content":[{"type":"redacted_thinking","data":%s}]}`,
	},
	ai.OpenAI: {
		`{"role":"system","content":%s}`, `{"role":"user","name":"me","content":[{"type":"text","text":%s}]}`,
		`{"role":"assistant","content":null,"reasoning_content":%s,"tool_calls":[{"id":"1","function":{"name":"f","arguments":%[1]s}},{"id":"2","function":{"name":"g","arguments":"{}"}}]}`,
		`{"role":"tool","tool_call_id":"1","content":%s}`, `{"role":"assistant","reasoning_content":%s,"content":"x"}`, `[]`,
	},
	ai.Responses: {
		`{"role":"developer","content":%s}`, `{"role":"user","content":[{"type":"input_text","text":%s}]}`,
		`{"type":"function_call","call_id":"1","name":"f","arguments":%s}`, `{"type":"function_call","call_id":"2","name":"g","arguments":%s}`,
		`{"type":"function_call_output","call_id":"1","output":%s}`, `{"type":"reasoning","summary":[{"text":%s}]}`, `{"type":"item_reference","id":%s}`,
	},
	ai.Gemini: {
		`{"role":"user","parts":[{"text":%s}]}`, `{"role":"model","parts":[{"text":%s,"thought":true},{"functionCall":{"name":"f","args":{"a":%[1]s}},"thoughtSignature":"c2ln"}]}`,
		`{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":%s}}}]}`, `%s`,
	},
}

// wrapped is a request with a conversation.
func wrapped(p ai.Protocol, elements []string) []byte {
	list := "[" + strings.Join(elements, " , ") + "]"
	switch p {
	case ai.Anthropic:
		return []byte(`{"system":"Be brief, be right, and be gone before anybody asks you anything else.","messages":` + list + `,"tools":[{"name":"f","description":"does what it is told, and no more","input_schema":{"type":"object"}}]}`)
	case ai.Responses:
		return []byte(`{"instructions":"Be brief, be right, and be gone before anybody asks you anything else.","input":` + list + `}`)
	case ai.Gemini:
		return []byte(`{"systemInstruction":{"parts":[{"text":"Be brief, be right, and be gone before anybody asks."}]},"contents":` + list + `}`)
	}
	return []byte(`{"messages":` + list + `,"tools":[{"type":"function","function":{"name":"f","description":"does what it is told","parameters":{"type":"object"}}}]}`)
}

// models are of families that count by different rules.
var models = []string{"gpt-4o", "gpt-3.5-turbo", "gpt-4.1-mini", "claude-sonnet-4-5", "claude-opus-4-8", "gemini-2.5-pro", "gemini-3-pro", "deepseek-chat"}

// TestKnownCountsAsNew grows, cuts and changes conversations: whatever of them
// was counted before, they count for what a counter says that knows nothing.
func TestKnownCountsAsNew(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the quick brown fox \"jumps\" over \n the lazy dög 漢字 12345 and\tnever comes back")
	text := func() string {
		n := random.IntN(60)
		if random.IntN(6) == 0 {
			n = random.IntN(3000)
		}
		var b strings.Builder
		for range n {
			b.WriteString(words[random.IntN(len(words))] + " ")
		}
		q, _ := json.Marshal(b.String())
		return string(q)
	}
	c := New()
	check := func(t *testing.T, p ai.Protocol, elements []string) {
		t.Helper()
		body := wrapped(p, elements)
		sent := Sent{Protocol: p, Stream: random.IntN(2) == 0, Vertex: random.IntN(2) == 0}
		if random.IntN(2) == 0 {
			sent.Index = indexOf(t, body)
		}
		model := models[random.IntN(len(models))]
		most, bound := c.AtMost(sent, model, body)
		got := c.Send(sent, model, body)
		sent.Index = nil
		want := New().Send(sent, model, body)
		if got != want {
			t.Fatalf("%s, %s, %d elements: %+v, by a counter that knows nothing %+v", p, model, len(elements), got, want)
		}
		if most.Tokens < want.Tokens || !bound && most != want {
			t.Fatalf("%s, %s: at most %+v (%v), counted %+v", p, model, most, bound, want)
		}
	}
	for p, forms := range turns {
		t.Run(string(p), func(t *testing.T) {
			element := func() string {
				form := forms[random.IntN(len(forms))]
				if !strings.Contains(form, "%") {
					return form
				}
				return fmt.Sprintf(form, text())
			}
			for range 6 {
				var list []string
				for range 40 {
					switch at := random.IntN(10); {
					case at == 0 && len(list) > 0:
						list[random.IntN(len(list))] = element()
					case at == 1 && len(list) > 2:
						cut := random.IntN(len(list))
						list = slices.Delete(list, cut, cut+1)
					default:
						list = append(list, element(), element())
					}
					check(t, p, list)
				}
			}
		})
	}
}

// TestKnownIsNotWalked: of a conversation that was counted before nothing is
// remembered anew but its end.
func TestKnownIsNotWalked(t *testing.T) {
	c := New()
	body := agentBody(60, "first")
	c.Request(ai.Anthropic, "claude-opus-4-5", body)
	before := c.spans.size()
	c.Request(ai.Anthropic, "claude-opus-4-5", agentBody(60, "second"))
	if more := c.spans.size() - before; more > 4 {
		t.Errorf("%d spans more for one message more", more)
	}
	if n := testing.AllocsPerRun(20, func() { c.Request(ai.Anthropic, "claude-opus-4-5", body) }); n > 0 && !raceEnabled { // the race detector empties pools
		t.Errorf("%v allocations", n)
	}
	// The same goes for bounds, as long as nobody counts.
	c = New()
	if _, bound := c.AtMost(Sent{Protocol: ai.Anthropic}, "claude-opus-4-5", body); !bound {
		t.Fatal("no bound")
	}
	before = c.spans.size()
	if _, bound := c.AtMost(Sent{Protocol: ai.Anthropic}, "claude-opus-4-5", agentBody(60, "second")); !bound {
		t.Fatal("no bound")
	}
	if more := c.spans.size() - before; more > 4 {
		t.Errorf("%d spans more for the bound of one message more", more)
	}
}

// TestNoBound: where nobody can say how much there is, it is counted.
func TestNoBound(t *testing.T) {
	long := strings.Repeat("long text ", 100)
	for _, row := range []struct {
		protocol ai.Protocol
		body     string
		bound    bool
	}{
		{ai.Anthropic, `{"messages":[{"role":"user","content":"` + long + `"}]}`, true},
		{ai.Anthropic, `{"messages":[{"role":"user","content":"short"}]}`, false},
		{ai.Anthropic, `{"messages":[{"role":"user","content":[{"type":"text","text":"` + long + `"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]}]}`, true},
		{ai.Anthropic, `{"messages":[{"role":"user","content":[{"type":"text","text":"` + long + `"},{"type":"image","source":{"type":"url","url":"https://example.com/a"}}]}]}`, false},
		{ai.Anthropic, `{"messages":[{"role":"user","content":[{"type":"text","text":"` + long + `"},{"type":"document","source":{"type":"file","file_id":"f"}}]}]}`, false},
		{ai.Anthropic, `{"tools":[{"type":"web_search_20250305","name":"web_search"}],"messages":[{"role":"user","content":"` + long + `"}]}`, false},
		{ai.Anthropic, `{"mcp_servers":[{}],"messages":[{"role":"user","content":"` + long + `"}]}`, false},
		{ai.OpenAI, `{"messages":[{"role":"user","content":[{"type":"text","text":"` + long + `"},{"type":"image_url","image_url":{"url":"https://example.com/a"}}]}]}`, false},
		{ai.OpenAI, `{"messages":[{"role":"user","content":[{"type":"text","text":"` + long + `"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}]}`, true},
		{ai.OpenAI, `{"messages":[{"role":"user","content":[{"type":"text","text":"` + long + `"},{"type":"file","file":{"file_id":"f"}}]}]}`, false},
		{ai.Responses, `{"input":"` + long + `"}`, true},
		{ai.Responses, `{"input":"` + long + `","previous_response_id":null}`, true},
		{ai.Responses, `{"input":"` + long + `","previous_response_id":"resp_1"}`, false},
		{ai.Responses, `{"input":"` + long + `","conversation":"conv_1"}`, false},
		{ai.Responses, `{"input":"` + long + `","tools":[{"type":"web_search"}]}`, false},
		{ai.Responses, `{"input":[{"role":"user","content":"` + long + `"},{"type":"item_reference","id":"i"}]}`, false},
		{ai.Gemini, `{"contents":[{"parts":[{"text":"` + long + `"}]}]}`, true},
		{ai.Gemini, `{"contents":[{"parts":[{"text":"` + long + `"},{"fileData":{"fileUri":"https://example.com/a"}}]}]}`, false},
		{ai.Gemini, `{"cachedContent":"c","contents":[{"parts":[{"text":"` + long + `"}]}]}`, false},
		{ai.Gemini, `{"tools":[{"google_search":{}}],"contents":[{"parts":[{"text":"` + long + `"}]}]}`, false},
	} {
		c := New()
		most, bound := c.AtMost(Sent{Protocol: row.protocol}, "m", []byte(row.body))
		n := c.Request(row.protocol, "m", []byte(row.body))
		if bound != row.bound || most.Tokens < n.Tokens || !bound && most != n {
			t.Errorf("%.200s: at most %d (%v), want %v; counted %d", row.body, most.Tokens, bound, row.bound, n.Tokens)
		}
		if again, bound := c.AtMost(Sent{Protocol: row.protocol}, "m", []byte(row.body)); bound || again != n {
			t.Errorf("%.200s: known, and at most %d (%v)", row.body, again.Tokens, bound)
		}
	}
}

// TestCorpusKnown compares the ways of counting over all recordings.
func TestCorpusKnown(t *testing.T) {
	all := loadCorpus(t)
	c := New()
	bounds := 0
	for i := range all {
		r := &all[i]
		sent := r.sent()
		most, bound := c.AtMost(sent, r.model, r.body)
		cold := New().Send(sent, r.model, r.body)
		if bound {
			bounds++
		}
		if most.Tokens < cold.Tokens {
			t.Errorf("%s: at most %d, counted %d", r.id, most.Tokens, cold.Tokens)
		}
		sent.Index = indexOf(t, r.body)
		for range 2 {
			if n := c.Send(sent, r.model, r.body); n != cold {
				t.Errorf("%s: %+v, without memory %+v", r.id, n, cold)
			}
		}
	}
	t.Logf("%d of %d have a bound", bounds, len(all))
}

func FuzzKnown(f *testing.F) {
	for p, forms := range turns {
		var list []string
		for _, form := range forms {
			list = append(list, strings.ReplaceAll(strings.ReplaceAll(form, "%[1]s", `"words and words"`), "%s", `"more words"`))
		}
		f.Add(string(p), wrapped(p, list), uint16(200))
	}
	c := New()
	f.Fuzz(func(t *testing.T, p string, body []byte, cut uint16) {
		if scan.Valid(body) != nil {
			return
		}
		sent := Sent{Protocol: ai.Protocol(p)}
		// What begins in the same way is counted before.
		c.Send(sent, "claude-opus-4-8", body[:min(int(cut), len(body))])
		most, _ := c.AtMost(sent, "claude-opus-4-8", body)
		want := New().Send(sent, "claude-opus-4-8", body)
		sent.Index = indexOf(t, body)
		for range 2 {
			if n := c.Send(sent, "claude-opus-4-8", body); n != want || most.Tokens < n.Tokens {
				t.Fatalf("%s: %+v, without memory %+v, at most %+v", body, n, want, most)
			}
		}
	})
}

func indexOf(t testing.TB, body []byte) *scan.Index {
	t.Helper()
	x := new(scan.Index)
	if scan.Members(body, func(key []byte, start, end int) bool {
		x.Add(body, key, start, end)
		return true
	}) != nil {
		return nil
	}
	return x
}

// agentBody is what a coding agent sends late in a session: about 200 KB for 60
// turns.
func agentBody(turns int, last string) []byte {
	code, _ := json.Marshal(strings.Repeat("\tif err := s.flush(ctx, \"key\"); err != nil { // naïve\n\t\treturn fmt.Errorf(\"flush: %w\", err)\n\t}\n", 24))
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"model":"claude-opus-4-5","system":[{"type":"text","text":%q}],"tools":[`, strings.Repeat("You are a careful coding agent. ", 60))
	for i := range 16 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"tool_%d","description":%q,"input_schema":{"type":"object","properties":{"path":{"type":"string","description":"path of the file"},"limit":{"type":"integer"}},"required":["path"]}}`, i, strings.Repeat("Reads, edits or searches a file. ", 10))
	}
	b.WriteString(`],"messages":[`)
	for i := range turns {
		fmt.Fprintf(&b, `{"role":"user","content":[{"type":"text","text":"Step %d: please look at the handler, it fails."}]},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_%d","name":"tool_3","input":{"path":"/src/file_%d.go"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_%d","content":[{"type":"text","text":%s}]}]},{"role":"assistant","content":[{"type":"text","text":"Done, next."}]},`, i, i, i, i, code)
	}
	fmt.Fprintf(&b, `{"role":"user","content":[{"type":"text","text":%q}]}]}`, last)
	return b.Bytes()
}

// BenchmarkAgent counts a coding agent's next request: with its body's members
// found before, or not.
func BenchmarkAgent(b *testing.B) {
	for _, indexed := range []bool{true, false} {
		b.Run(fmt.Sprintf("indexed=%v", indexed), func(b *testing.B) {
			c := New()
			c.Request(ai.Anthropic, "claude-opus-4-5", agentBody(60, "Begin."))
			var bodies [64][]byte
			var sents [64]Sent
			for i := range bodies {
				bodies[i] = agentBody(60, fmt.Sprintf("Now fix failure %d.", i))
				sents[i] = Sent{Protocol: ai.Anthropic}
				if indexed {
					sents[i].Index = indexOf(b, bodies[i])
				}
			}
			b.SetBytes(int64(len(bodies[0])))
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				c.Send(sents[i%64], "claude-opus-4-5", bodies[i%64])
				i++
			}
		})
	}
}
