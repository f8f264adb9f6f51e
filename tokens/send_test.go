package tokens

import (
	"math"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
)

// What providers reported for recorded requests that differ by what their turns
// hold and by where they were sent, to within a tenth.
func TestSend(t *testing.T) {
	const weather = `{"type":"function","function":{"name":"weather","description":"Get weather information for a location","parameters":{"properties":{"location":{"description":"the city","type":"string"}},"required":["location"],"type":"object"},"strict":false}}`
	const declared = `"tools":[{"functionDeclarations":[{"description":"Get weather information for a location","name":"weather","parameters":{"properties":{"location":{"description":"the city","type":"STRING"}},"required":["location"],"type":"OBJECT"}}]}]`
	const gemini = `{"contents":[{"parts":[{"text":"What's the weather in Florence,Italy?"}],"role":"user"}],` + declared + `,"systemInstruction":{"parts":[{"text":"You are a helpful assistant"}]}}`
	const chat = `{"messages":[{"role":"system","content":"You are a helpful assistant"},{"role":"user","content":"What's the weather in Florence,Italy?"}],"tools":[` + weather + `]}`
	const title = `{"messages":[{"role":"system","content":"You are a helpful assistant"},{"role":"user","content":"Add 1 and 2."}],"tools":[{"type":"function","function":{"name":"add","description":"Add two numbers together","parameters":{"properties":{"a":{"title":"A","type":"integer"},"b":{"title":"B","type":"integer"}},"required":["a","b"],"title":"add_args","type":"object"}}}]}`
	for _, row := range []struct {
		name  string
		sent  Sent
		model string
		body  string
		want  float64
	}{
		{"Gemini API", Sent{Protocol: ai.Gemini}, "gemini-2.5-flash", gemini, 54},
		{"Vertex AI counts the texts of tools", Sent{Protocol: ai.Gemini, Vertex: true}, "gemini-2.5-flash", gemini, 28},
		{"a reseller asks Vertex AI", Sent{Protocol: ai.OpenAI}, "google/gemini-2.5-flash", chat, 28},
		{"Chat of a model that reasons", Sent{Protocol: ai.OpenAI}, "gpt-5", chat, 145},
		{"a reseller asks in the form of Responses", Sent{Protocol: ai.OpenAI}, "openai/gpt-5", chat, 63},
		{"Chat of the o-series", Sent{Protocol: ai.OpenAI}, "o4-mini", chat, 64},
		{"titles are shown", Sent{Protocol: ai.OpenAI}, "gpt-4o", title, 73},
	} {
		got := New().Send(row.sent, row.model, []byte(row.body))
		if off := math.Abs(float64(got.Tokens)/row.want - 1); off > 0.1 || got.Exact {
			t.Errorf("%s: %d tokens (exact %v), want %v", row.name, got.Tokens, got.Exact, row.want)
		}
	}
}

// A signature brings back thoughts, which the Gemini API counts from generation
// 3 on, and in streams before that.
func TestSignatures(t *testing.T) {
	body := func(signature string) []byte {
		return []byte(`{"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"` +
			signature + `"}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}}]}]}`)
	}
	const long = 5000
	for _, row := range []struct {
		model string
		sent  Sent
		least int64
	}{
		{"gemini-2.5-flash", Sent{}, 0},
		{"gemini-2.5-flash", Sent{Stream: true}, 700},
		{"gemini-2.5-flash", Sent{Stream: true, Vertex: true}, 0},
		{"gemini-3-flash", Sent{}, 900},
		{"gemini-3-flash", Sent{Vertex: true}, 0},
	} {
		row.sent.Protocol = ai.Gemini
		short := New().Send(row.sent, row.model, body("")).Tokens
		added := New().Send(row.sent, row.model, body(strings.Repeat("x", long))).Tokens - short
		if added < row.least || row.least == 0 && added != 0 || added > long/4 {
			t.Errorf("%s %+v: %d tokens for a signature of %d characters", row.model, row.sent, added, long)
		}
	}
}

// Nobody bills an empty instruction, and a tool that has to be called is named
// to the model.
func TestWhatIsNotShown(t *testing.T) {
	count := func(body string) Count { return New().Request(ai.Responses, "gpt-4o", []byte(body)) }
	if a, b := count(`{"input":"hello"}`), count(`{"instructions":"","input":"hello"}`); a.Tokens != b.Tokens || !b.Exact {
		t.Errorf("%+v without instructions, %+v with empty ones", a, b)
	}
	const tools = `{"input":"hello","tools":[{"type":"function","name":"a_rather_long_name","parameters":{"type":"object","properties":{}}}]`
	free, required := count(tools+`}`).Tokens, count(tools+`,"tool_choice":"required"}`).Tokens
	named := count(tools + `,"tool_choice":{"type":"function","name":"a_rather_long_name"}}`).Tokens
	if free != required || named <= required {
		t.Errorf("%d, %d if one is required, %d if it is named", free, required, named)
	}
	for _, model := range []string{"gpt-4o-search-preview", "gpt-4o-audio-preview", "o1-mini"} {
		if New().Request(ai.OpenAI, model, []byte(`{"messages":[{"role":"user","content":"hello"}]}`)).Exact {
			t.Errorf("%s is said to be counted exactly", model)
		}
	}
}

// A call after others of its kind is counted by the last that held the same.
func TestLearnsByWhatTurnsHold(t *testing.T) {
	const open = `{"system":"be brief","tools":[{"name":"f","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"a"}`
	const called = open + `,{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"b"}]}]}`
	c := New()
	first := c.Request(ai.Anthropic, "claude-sonnet-4-5", []byte(open+"]}"))
	c.Learn(first, 1000)
	second := c.Request(ai.Anthropic, "claude-sonnet-4-5", []byte(called))
	if second.Tokens <= 1000 {
		t.Errorf("%d tokens: what was learned of the first turn is forgotten", second.Tokens)
	}
	c.Learn(second, 2000)
	if again := c.Request(ai.Anthropic, "claude-sonnet-4-5", []byte(called)); again.Tokens != 2000 {
		t.Errorf("%d tokens with a call, want 2000", again.Tokens)
	}
	if again := c.Request(ai.Anthropic, "claude-sonnet-4-5", []byte(open+"]}")); again.Tokens != 1000 {
		t.Errorf("%d tokens without, want 1000", again.Tokens)
	}
}
