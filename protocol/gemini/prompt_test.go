package gemini_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/gemini"
)

const hi = `"contents":[{"role":"user","parts":[{"text":"Hi"}]}]`

func decode(t *testing.T, body string) *protocol.Prompt {
	t.Helper()
	p, err := gemini.Format{}.DecodePrompt(&protocol.Inbound{Model: "gemini-2.5-flash", Body: []byte(body)})
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return p
}

func encode(t *testing.T, p *protocol.Prompt, model string) *protocol.Outbound {
	t.Helper()
	out, err := gemini.Format{}.EncodePrompt(p, model)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDecodeFields(t *testing.T) {
	for _, row := range []struct {
		fields string
		want   func(p *protocol.Prompt)
	}{
		{`"generationConfig":{"temperature":0.5,"topP":"0.25","topK":40,"seed":7}`, func(p *protocol.Prompt) {
			p.Temperature, p.TopP, p.TopK, p.Seed = new(0.5), new(0.25), new(int64(40)), new(int64(7))
		}},
		{`"generation_config":{"max_output_tokens":9,"stop_sequences":["a","b"],"presence_penalty":1,"frequency_penalty":-1}`, func(p *protocol.Prompt) {
			p.MaxOutput, p.Stop, p.Presence, p.Frequency = 9, []string{"a", "b"}, new(1.0), new(-1.0)
		}},
		{`"generationConfig":{"temperature":null,"candidateCount":1,"responseMimeType":"text/plain"}`, func(*protocol.Prompt) {}},
		{`"generationConfig":{"responseLogprobs":true,"logprobs":3}`, func(p *protocol.Prompt) { p.Logprobs = 4 }},
		{`"generationConfig":{"responseMimeType":"application/json"}`, func(p *protocol.Prompt) { p.Output.JSON = true }},
		{
			`"generationConfig":{"responseSchema":{"type":"OBJECT","nullable":true,"property_ordering":["type"],"properties":{"type":{"type":"STRING","format":"enum","enum":["A"]},"n":{"type":"ARRAY","min_items":"1","items":{"type":"INTEGER"}}}}}`,
			func(p *protocol.Prompt) {
				p.Output.JSON = true
				p.Output.Schema = json.RawMessage(`{"type":["object","null"],"properties":{"type":{"type":"string","enum":["A"]},"n":{"type":"array","minItems":1,"items":{"type":"integer"}}}}`)
			},
		},
		{`"generationConfig":{"responseJsonSchema":{"type":"OBJECT","properties":{"nullable":{"anyOf":[{"type":"STRING"}]}}}}`, func(p *protocol.Prompt) {
			p.Output.JSON = true
			p.Output.Schema = json.RawMessage(`{"type":"object","properties":{"nullable":{"anyOf":[{"type":"string"}]}}}`)
		}},
		{`"generationConfig":{"responseModalities":["TEXT","IMAGE"]}`, func(p *protocol.Prompt) { p.Kinds = []string{"image"} }},
		{`"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}`, func(p *protocol.Prompt) {
			p.Thinking = protocol.Thinking{Mode: protocol.ThinkingOff, Show: "none"}
		}},
		{`"generationConfig":{"thinkingConfig":{"thinkingBudget":-1,"includeThoughts":true}}`, func(p *protocol.Prompt) {
			p.Thinking = protocol.Thinking{Mode: protocol.ThinkingOn, Show: "summary"}
		}},
		{`"generationConfig":{"thinkingConfig":{"thinking_level":"HIGH"}}`, func(p *protocol.Prompt) {
			p.Thinking = protocol.Thinking{Mode: protocol.ThinkingOn, Effort: "high", Show: "none"}
		}},
		{`"generationConfig":{"thinkingConfig":{"includeThoughts":false}}`, func(p *protocol.Prompt) {
			p.Thinking = protocol.Thinking{Show: "none"}
		}},
		{`"serviceTier":"FLEX"`, func(p *protocol.Prompt) { p.Tier = "flex" }},
		{`"service_tier":"standard"`, func(p *protocol.Prompt) { p.Tier = "default" }},
		{`"systemInstruction":{"role":"user","parts":{"text":"Be brief"}}`, func(p *protocol.Prompt) {
			p.Turns = append([]protocol.Turn{{Role: protocol.System, Parts: []protocol.Part{{Text: "Be brief"}}}}, p.Turns...)
		}},
		{`"tools":{"function_declarations":[{"name":"f","description":"d","parameters":{"type":"OBJECT"},"behavior":"BLOCKING"}]}`, func(p *protocol.Prompt) {
			p.Tools = []protocol.Tool{{Name: "f", Description: "d", Schema: json.RawMessage(`{"type":"object"}`)}}
		}},
		{`"tools":[{"google_search":{}},{"functionDeclarations":[{"name":"f"}]}]`, func(p *protocol.Prompt) {
			p.Tools = []protocol.Tool{{Kind: protocol.WebSearch}, {Name: "f"}}
		}},
		{`"toolConfig":{"functionCallingConfig":{"mode":"any","allowedFunctionNames":["f"]}}`, func(p *protocol.Prompt) {
			p.Choice = protocol.ToolChoice{Mode: protocol.ChoiceTool, Names: []string{"f"}}
		}},
		{`"toolConfig":{"functionCallingConfig":{"allowedFunctionNames":["f","g"],"mode":2}}`, func(p *protocol.Prompt) {
			p.Choice = protocol.ToolChoice{Mode: protocol.ChoiceAny, Names: []string{"f", "g"}}
		}},
		{`"toolConfig":{"functionCallingConfig":{"mode":"NONE"}}`, func(p *protocol.Prompt) { p.Choice.Mode = protocol.ChoiceNone }},
		{`"toolConfig":{"functionCallingConfig":{"mode":"VALIDATED"}}`, func(p *protocol.Prompt) {
			p.Choice.Mode = protocol.ChoiceAuto
			p.Hint("toolConfig.functionCallingConfig.mode.VALIDATED")
		}},
		{`"labels":{"a":"b"},"safetySettings":[{"category":"x"}]`, func(p *protocol.Prompt) { p.Hints, p.Native = []string{"labels"}, []string{"safetySettings"} }},
		{`"cachedContent":""`, func(*protocol.Prompt) {}},
		{`"cachedContent":"cachedContents/x"`, func(p *protocol.Prompt) { p.Keep("cachedContent") }},
		{`"modelArmorConfig":{},"brandNew":1`, func(p *protocol.Prompt) { p.Native, p.Hints = []string{"modelArmorConfig"}, []string{"brandNew"} }},
		{`"generationConfig":{"candidateCount":2,"speechConfig":{},"mediaResolution":"x"}`, func(p *protocol.Prompt) {
			p.Keep("generationConfig.candidateCount")
			p.Keep("generationConfig.speechConfig")
			p.Hint("generationConfig.mediaResolution")
		}},
		{`"tools":[{"codeExecution":{}},{"urlContext":{}}]`, func(p *protocol.Prompt) {
			p.Tools = []protocol.Tool{{Kind: protocol.Hosted, Name: "codeExecution"}, {Kind: protocol.Hosted, Name: "urlContext"}}
		}},
		{`"tools":[{"googleSearch":{"timeRangeFilter":{}}}]`, func(p *protocol.Prompt) {
			p.Tools = []protocol.Tool{{Kind: protocol.WebSearch}}
			p.Keep("tools.googleSearch.timeRangeFilter")
		}},
	} {
		want := &protocol.Prompt{
			Model: "gemini-2.5-flash", WantsUsage: true,
			Turns: []protocol.Turn{{Parts: []protocol.Part{{Text: "Hi"}}}},
		}
		row.want(want)
		if diff := cmp.Diff(want, decode(t, "{"+hi+","+row.fields+"}"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", row.fields, diff)
		}
	}
}

func TestDecodeParts(t *testing.T) {
	call := func(id, sig string) protocol.Part {
		p := protocol.Part{Kind: protocol.Call, Call: &protocol.ToolCall{ID: id, Name: "f", Arguments: "{}"}, Signature: sig}
		if sig != "" {
			p.Origin = ai.Gemini
		}
		return p
	}
	back := func(text string, isError bool, more ...protocol.Part) protocol.Part {
		r := &protocol.ToolResult{ID: "made up 0", Name: "f", Error: isError}
		if text != "" {
			r.Parts = []protocol.Part{{Text: text}}
		}
		r.Parts = append(r.Parts, more...)
		return protocol.Part{Kind: protocol.Result, Back: r}
	}
	for _, row := range []struct {
		parts  string
		want   []protocol.Part
		native []string
	}{
		{`{"text":"a","thoughtSignature":"c2ln"}`, []protocol.Part{{Text: "a", Signature: "c2ln", Origin: ai.Gemini}}, nil},
		{`{"text":"a","thought":true}`, []protocol.Part{{Kind: protocol.Thought, Text: "a", Origin: ai.Gemini}}, nil},
		{`{"functionCall":{"name":"f"},"thought_signature":"s-g"}`, []protocol.Part{call("made up 0", "s-g")}, nil},
		{`{"functionCall":{"name":"f","id":"x"},"thoughtSignature":"skip_thought_signature_validator"}`, []protocol.Part{call("x", "")}, nil},
		{`{"functionCall":{"name":"f","args":{}},"thoughtSignature":"c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="}`, []protocol.Part{call("made up 0", "")}, nil},
		{`{"inlineData":{"mimeType":"image/png","data":"_-8"}}`, []protocol.Part{{Kind: protocol.Image, Media: &protocol.Media{Type: "image/png", Data: "/+8="}}}, nil},
		{`{"inline_data":{"mime_type":"audio/wav","data":"AAAA","displayName":"n"}}`, []protocol.Part{{Kind: protocol.Audio, Media: &protocol.Media{Type: "audio/wav", Data: "AAAA", Name: "n"}}}, nil},
		{`{"fileData":{"fileUri":"https://a.example/x.pdf"},"mediaResolution":{"level":"MEDIA_RESOLUTION_HIGH"}}`, []protocol.Part{{Kind: protocol.Document, Media: &protocol.Media{URL: "https://a.example/x.pdf", Detail: "high"}}}, nil},
		{`{"fileData":{"fileUri":"https://youtu.be/x"}}`, []protocol.Part{{Kind: protocol.Video, Media: &protocol.Media{URL: "https://youtu.be/x"}}}, nil},
		{
			`{"fileData":{"fileUri":"gs://b/x","mimeType":"video/mp4"},"videoMetadata":{"fps":1}}`,
			[]protocol.Part{{Kind: protocol.Video, Media: &protocol.Media{FileID: "gs://b/x", Type: "video/mp4"}}},
			[]string{"contents.parts.fileData.fileUri", "contents.parts.videoMetadata"},
		},
		{`{"executableCode":{"code":"1"}},{"text":"a"}`, []protocol.Part{{Text: "a"}}, []string{"contents.parts.executableCode"}},
	} {
		p := plainIDs(decode(t, `{"contents":[{"parts":[`+row.parts+`]}]}`))
		if diff := cmp.Diff(row.want, p.Turns[0].Parts); diff != "" {
			t.Errorf("%s: %s", row.parts, diff)
		}
		if diff := cmp.Diff(row.native, p.Native); diff != "" {
			t.Errorf("%s: native %s", row.parts, diff)
		}
	}
	for _, row := range []struct {
		response string
		want     protocol.Part
		again    string // how it is written again, if otherwise
	}{
		{`{"result":"x"}`, back("x", false), ""},
		{`{"output":"x"}`, back("x", false), `{"result":"x"}`},
		{`{"error":"x"}`, back("x", true), ""},
		{`{"error":{"a":1}}`, back(`{"a":1}`, true), `{"error":"{\"a\":1}"}`},
		{`{"result":5}`, back(`{"result":5}`, false), ""},
		{`{"a": 1, "error": "x"}`, back(`{"a":1,"error":"x"}`, false), `{"a":1,"error":"x"}`},
		{`{"result":"{\"result\":\"x\"}"}`, back(`{"result":"x"}`, false), ""},
		{`{"result":"{\"a\":1}"}`, back(`{"a":1}`, false), `{"a":1}`},
		{`{"result":""}`, back("", false), ""},
		{`{}`, back("{}", false), ""},
	} {
		body := `{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f"}}]},{"role":"function","parts":[{"functionResponse":{"name":"f","response":` + row.response + `}}]}]}`
		p := decode(t, body)
		out := string(encode(t, p, "gemini-2.5-flash").Body)
		again := row.again
		if again == "" {
			again = row.response
		}
		if !strings.Contains(out, `"response":`+again+`}`) {
			t.Errorf("%s was written %s", row.response, out)
		}
		if diff := cmp.Diff(row.want, plainIDs(p).Turns[1].Parts[0]); diff != "" {
			t.Errorf("%s: %s", row.response, diff)
		}
	}
}

func plainIDs(p *protocol.Prompt) *protocol.Prompt {
	m := ids{}
	for _, t := range p.Turns {
		for _, part := range t.Parts {
			if part.Call != nil {
				part.Call.ID = m.of(part.Call.ID)
			}
			if part.Back != nil {
				part.Back.ID = m.of(part.Back.ID)
			}
		}
	}
	return p
}

// TestParallelCalls matches results by name and order where there are no ids,
// or only one side kept them.
func TestParallelCalls(t *testing.T) {
	for _, ids := range [][2]string{{"", ""}, {"", `"id":"ccx_lost",`}, {`"id":"a%d",`, ""}, {`"id":"a%d",`, `"id":"a%d",`}} {
		id := func(of, n string) string { return strings.ReplaceAll(of, "%d", n) }
		p := decode(t, `{"contents":[{"role":"user","parts":[{"text":"go"}]},
			{"role":"model","parts":[{"functionCall":{`+id(ids[0], "1")+`"name":"f","args":{"n":1}}},{"functionCall":{`+id(ids[0], "2")+`"name":"g"}},{"functionCall":{`+id(ids[0], "3")+`"name":"f"}}]},
			{"role":"user","parts":[{"functionResponse":{`+id(ids[1], "2")+`"name":"g","response":{"result":"2"}}},{"functionResponse":{`+id(ids[1], "1")+`"name":"f","response":{"result":"1"}}}]},
			{"role":"user","parts":[{"functionResponse":{`+id(ids[1], "3")+`"name":"f","response":{"result":"3"}}},{"text":"more"}]}]}`)
		calls, backs := p.Turns[1].Parts, p.Turns[2].Parts
		for i, call := range []int{1, 0, 2} {
			if got := backs[i].Back; got.ID != calls[call].Call.ID || got.Name != calls[call].Call.Name {
				t.Errorf("ids %q: result %d is of %s %s, not of %+v", ids, i, got.Name, got.ID, *calls[call].Call)
			}
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, row := range []struct{ body, param, words string }{
		{`[]`, "", "must be an object"},
		{`{}`, "contents", "is missing"},
		{`{"contents":[]}`, "contents", "is missing"},
		{`{"contents":"Hi"}`, "contents", "must be a list"},
		{`{"contents":[{"role":"system","parts":[{"text":"x"}]}]}`, "contents[0].role", "user or model"},
		{`{"contents":[{"parts":[{"text":5}]}]}`, "contents[0].parts[0].text", "must be a string"},
		{`{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"a b"}}]}]}`, "contents[0].parts[0].inlineData.data", "base64"},
		{`{"contents":[{"parts":[{"fileData":{}}]}]}`, "contents[0].parts[0].fileData.fileUri", "is missing"},
		{`{"contents":[{"parts":[{"functionCall":{"args":{}}}]}]}`, "contents[0].parts[0].functionCall.name", "is missing"},
		{`{"contents":[{"parts":[{"functionCall":{"name":"f","args":[]}}]}]}`, "contents[0].parts[0].functionCall.args", "object"},
		{`{"contents":[{"parts":[{"functionCall":{"name":"f","args":{"a":"\q"}}}]}]}`, "contents[0].parts[0].functionCall.args", "not JSON"},
		{`{"contents":[{"parts":[{"functionResponse":{"name":"f","response":{}}}]}]}`, "contents[0].parts[0].functionResponse", "no functionCall"},
		{`{"contents":[{"parts":[{"functionResponse":{"response":"x"}}]}]}`, "contents[0].parts[0].functionResponse.response", "object"},
		{`{` + hi + `,"systemInstruction":"x"}`, "systemInstruction", "object"},
		{`{` + hi + `,"generationConfig":{"temperature":"hot"}}`, "generationConfig.temperature", "number"},
		{`{` + hi + `,"generationConfig":{"maxOutputTokens":-1}}`, "generationConfig.maxOutputTokens", "negative"},
		{`{` + hi + `,"generationConfig":{"logprobs":21}}`, "generationConfig.logprobs", "between"},
		{`{` + hi + `,"generationConfig":{"responseSchema":[]}}`, "generationConfig.responseSchema", "object"},
		{`{` + hi + `,"tools":[{"functionDeclarations":[{}]}]}`, "tools[0].functionDeclarations[0].name", "is missing"},
	} {
		_, err := gemini.Format{}.DecodePrompt(&protocol.Inbound{Body: []byte(row.body)})
		bad, ok := errors.AsType[*protocol.RequestError](err)
		if !ok || bad.Param != row.param || !strings.Contains(bad.Message, row.words) {
			t.Errorf("%s: %+v", row.body, err)
		}
	}
}

func TestInexpressible(t *testing.T) {
	turn := []protocol.Turn{{Parts: []protocol.Part{{Text: "Hi"}}}}
	media := func(kind protocol.PartKind, m protocol.Media) protocol.Prompt {
		return protocol.Prompt{Turns: []protocol.Turn{{Parts: []protocol.Part{{Kind: kind, Media: &m}}}}}
	}
	f, search := protocol.Tool{Name: "f"}, protocol.Tool{Kind: protocol.WebSearch}
	for _, row := range []struct {
		field, model string
		p            protocol.Prompt
	}{
		{"a conversation without turns", "", protocol.Prompt{}},
		{"schema of the tool f", "", protocol.Prompt{Turns: turn, Tools: []protocol.Tool{{Name: "f", Schema: []byte(`true`)}}}},
		{"schema of the answer", "", protocol.Prompt{Turns: turn, Output: protocol.Output{Schema: []byte(`{"a":"\q"}`)}}},
		{"custom tool", "", protocol.Prompt{Turns: turn, Tools: []protocol.Tool{{Kind: protocol.Custom, Name: "f"}}}},
		{"file id", "", media(protocol.Image, protocol.Media{FileID: "file-x"})},
		{"media type image/gif", "", media(protocol.Image, protocol.Media{Type: "image/gif", Data: "AAAA"})},
		{"media by an address that is not https", "", media(protocol.Image, protocol.Media{URL: "http://a/b.png"})},
		{"media by address", "gemini-2.0-flash", media(protocol.Image, protocol.Media{URL: "https://a/b.png"})},
		{"more than 5 stop sequences", "", protocol.Prompt{Turns: turn, Stop: []string{"1", "2", "3", "4", "5", "6"}}},
		{"answers of the kind video", "", protocol.Prompt{Turns: turn, Kinds: []string{"video"}}},
		{"JSON output together with tools", "", protocol.Prompt{Turns: turn, Tools: []protocol.Tool{f}, Output: protocol.Output{JSON: true}}},
		{"web search together with functions", "", protocol.Prompt{Turns: turn, Tools: []protocol.Tool{f, search}}},
		{"web search with domains", "", protocol.Prompt{Turns: turn, Tools: []protocol.Tool{{Kind: protocol.WebSearch, Domains: []string{"a"}}}}},
		{"tool_choice without functions", "", protocol.Prompt{Turns: turn, Choice: protocol.ToolChoice{Mode: protocol.ChoiceAny}}},
		{"a last turn of the assistant's", "gemini-3.6-flash", protocol.Prompt{Turns: append(slices.Clone(turn), protocol.Turn{Role: protocol.Assistant, Parts: []protocol.Part{{Text: "{"}}})}},
		{"tool result without its call", "", protocol.Prompt{Turns: []protocol.Turn{{Parts: []protocol.Part{{Kind: protocol.Result, Back: &protocol.ToolResult{ID: "x"}}}}}}},
		{"system turn with something else than text", "", protocol.Prompt{Turns: append(slices.Clone(turn), protocol.Turn{Role: protocol.System, Parts: []protocol.Part{{Kind: protocol.Image, Media: &protocol.Media{}}}})}},
	} {
		model := row.model
		if model == "" {
			model = "gemini-2.5-flash"
		}
		_, err := gemini.Format{}.EncodePrompt(&row.p, model)
		no, ok := errors.AsType[*protocol.InexpressibleError](err)
		if !ok || no.Field != row.field || no.Protocol != ai.Gemini {
			t.Errorf("%s: %v", row.field, err)
		}
	}
}
