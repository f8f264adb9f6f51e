package gemini_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/gemini"
	"github.com/ccload/ccload/protocol/sse"
)

func thought(s, signature string, origin ai.Protocol) protocol.Part {
	return protocol.Part{Kind: protocol.Thought, Text: s, Signature: signature, Origin: origin}
}

func called(id, name, args string) protocol.Part {
	return protocol.Part{Kind: protocol.Call, Call: &protocol.ToolCall{ID: id, Name: name, Arguments: args}}
}

func TestDecodeStream(t *testing.T) {
	const meta = `{"groundingMetadata":{"webSearchQueries":["q1","q2"],"groundingChunks":[{"web":{"uri":"https://a","title":"A"}}],` +
		`"groundingSupports":[{"segment":{"startIndex":3,"endIndex":6,"text":"日"},"groundingChunkIndices":[0,9]}]}}`
	for _, row := range []struct {
		name   string
		events []string
		parts  []protocol.Part
		stop   protocol.StopReason
	}{
		{
			"text, signature at the end",
			[]string{chunk(`{"text":"Hel"}`, ""), chunk(`{"text":"lo"}`, ""), chunk(`{"text":"","thoughtSignature":"s"}`, "STOP")},
			[]protocol.Part{{Text: "Hello", Signature: "s", Origin: ai.Gemini}},
			protocol.StopEnd,
		},
		{
			"thoughts, then text",
			[]string{chunk(`{"text":"a","thought":true}`, ""), chunk(`{"text":"b","thought":true}`, ""), chunk(`{"text":"c"}`, "MAX_TOKENS")},
			[]protocol.Part{thought("ab", "", ai.Gemini), {Text: "c"}},
			protocol.StopLength,
		},
		{
			"calls",
			[]string{chunk(`{"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"s"},{"functionCall":{"id":"x","name":"g"}}`, "STOP")},
			[]protocol.Part{
				{Kind: protocol.Call, Call: &protocol.ToolCall{ID: "made up 0", Name: "f", Arguments: `{"a":1}`}, Signature: "s", Origin: ai.Gemini},
				called("x", "g", "{}"),
			},
			protocol.StopTools,
		},
		{
			"a call in pieces",
			[]string{
				chunk(`{"functionCall":{"name":"f","willContinue":true},"thoughtSignature":"s"}`, ""),
				chunk(`{"functionCall":{"partialArgs":[{"jsonPath":"$.a[0].b","stringValue":"x\"","willContinue":true}],"willContinue":true}}`, ""),
				chunk(`{"functionCall":{"partialArgs":[{"jsonPath":"$.a[0].b","stringValue":"y"},{"jsonPath":"$.a[1]","boolValue":true}],"willContinue":true}}`, ""),
				chunk(`{"functionCall":{"partialArgs":[{"jsonPath":"$['c d']","numberValue":0.5},{"jsonPath":"$.n","nullValue":"NULL_VALUE"},{"jsonPath":"!"}]}}`, ""),
				chunk(`{"text":""}`, "STOP"),
			},
			[]protocol.Part{{
				Kind: protocol.Call, Call: &protocol.ToolCall{ID: "made up 0", Name: "f", Arguments: `{"a":[{"b":"x\"y"},true],"c d":0.5,"n":null}`},
				Signature: "s", Origin: ai.Gemini,
			}},
			protocol.StopTools,
		},
		{
			"a picture",
			[]string{chunk(`{"text":"see"},{"inlineData":{"mimeType":"image/png","data":"AA=="}}`, "STOP")},
			[]protocol.Part{{Text: "see"}, {Kind: protocol.Image, Media: &protocol.Media{Type: "image/png", Data: "AA=="}}},
			protocol.StopEnd,
		},
		{
			"a search, with places in bytes",
			[]string{chunk(`{"text":"日日日"}`, ""), `{"candidates":[` + meta + `]}`, chunk(``, "STOP")},
			[]protocol.Part{
				{Text: "日日日", Citations: []protocol.Citation{{URL: "https://a", Title: "A", Start: 1, End: 2}}},
				{Kind: protocol.Search, Text: "q1", Citations: []protocol.Citation{{URL: "https://a", Title: "A"}}},
				{Kind: protocol.Search, Text: "q2"},
			},
			protocol.StopEnd,
		},
		{
			"logprobs",
			[]string{`{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP","logprobsResult":{"chosenCandidates":[{"token":"a","logProbability":-0.5}],"topCandidates":[{"candidates":[{"token":"a","logProbability":-0.5},{"token":"b","logProbability":-2}]}]}}]}`},
			[]protocol.Part{{Text: "a", Logprobs: []protocol.Logprob{{Token: "a", Logprob: -0.5, Top: []protocol.Logprob{{Token: "a", Logprob: -0.5}, {Token: "b", Logprob: -2}}}}}},
			protocol.StopEnd,
		},
		{
			"the first of two candidates",
			[]string{`{"candidates":[{"index":1,"content":{"parts":[{"text":"no"}]}},{"content":{"parts":[{"text":"yes"}]},"finishReason":"STOP"}]}`},
			[]protocol.Part{{Text: "yes"}},
			protocol.StopEnd,
		},
		{"a blocked prompt", []string{`{"promptFeedback":{"blockReason":"SAFETY"}}`}, nil, protocol.StopFilter},
		{"what is not an event of an answer", []string{`[1]`, `{"x":1}`, `nonsense`, chunk(`{"text":"a"}`, "OTHER")}, []protocol.Part{{Text: "a"}}, protocol.StopEnd},
	} {
		c := collect(t, []byte(events(row.events...)), false)
		got := plainReply(&c.Reply)
		if diff := cmp.Diff(row.parts, got.Parts, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
		if got.Stop != row.stop || !c.Stopped {
			t.Errorf("%s: stopped %v by %v", row.name, c.Stopped, got.Stop)
		}
	}
}

func TestStopReasons(t *testing.T) {
	for reason, want := range map[string]protocol.StopReason{
		"STOP": protocol.StopEnd, "MAX_TOKENS": protocol.StopLength, "SAFETY": protocol.StopFilter, "RECITATION": protocol.StopFilter,
		"LANGUAGE": protocol.StopFilter, "BLOCKLIST": protocol.StopFilter, "PROHIBITED_CONTENT": protocol.StopFilter,
		"SPII": protocol.StopFilter, "IMAGE_SAFETY": protocol.StopFilter, "IMAGE_PROHIBITED_CONTENT": protocol.StopFilter,
		"IMAGE_RECITATION": protocol.StopFilter, "MODEL_ARMOR": protocol.StopFilter, "MALFORMED_FUNCTION_CALL": protocol.StopEnd,
		"UNEXPECTED_TOOL_CALL": protocol.StopEnd, "OTHER": protocol.StopEnd,
	} {
		r, err := gemini.Format{}.DecodeReply([]byte(chunk(`{"text":"a"}`, reason)))
		if err != nil || r.Stop != want {
			t.Errorf("%s: %v, %v", reason, r, err)
		}
	}
	for stop, want := range map[protocol.StopReason]string{
		protocol.StopEnd: "STOP", protocol.StopWords: "STOP", protocol.StopTools: "STOP", protocol.StopPause: "STOP",
		protocol.StopLength: "MAX_TOKENS", protocol.StopContext: "MAX_TOKENS", protocol.StopFilter: "SAFETY",
	} {
		body := gemini.Format{}.EncodeReply(&protocol.Reply{Stop: stop, Parts: []protocol.Part{{Text: "a"}}}, nil)
		if !strings.Contains(string(body), `"finishReason":"`+want+`"`) {
			t.Errorf("%v: %s", stop, body)
		}
	}
	if r, err := (gemini.Format{}).DecodeReply([]byte(`{"error":{}}`)); err == nil {
		t.Errorf("an error was read as %+v", r)
	}
}

// theirs is an answer of another format's, with everything.
func theirs() *protocol.Reply {
	redacted := thought("", "data", ai.Anthropic)
	redacted.Redacted = true
	reasoned := thought("hm", "enc", ai.Responses)
	reasoned.ID = "rs_1"
	return &protocol.Reply{
		ID: "msg_1", Model: "claude-x", Stop: protocol.StopTools,
		Parts: []protocol.Part{
			thought("first\nthought", "sig", ai.Anthropic), redacted,
			{Text: "I look."},
			called("toolu_1", "f", `{"a":1}`), called("toolu_2", "f", ""), reasoned, called("call|3", "g", `{"a`),
		},
		Usage: ai.Usage{
			Input: 100, CachedInput: 40, AudioInput: 10, ImageInput: 20, CachedAudio: 3, CachedImage: 4, Output: 50, Reasoning: 20, AudioOutput: 5,
			ServiceTier: "priority", Reported: true,
		},
	}
}

// TestForeignThoughts gives an answer of another format to clients that keep
// more or less of it, and reads it back from what they send next.
func TestForeignThoughts(t *testing.T) {
	f := gemini.Format{}
	reply := theirs()
	var parts [][]json.RawMessage
	var stream []byte
	e := f.NewReplyEncoder(nil, false)
	half := func(p *protocol.Piece) { // what is said comes in two pieces
		if p.Kind == protocol.PieceMore && len(p.Text) > 1 && p.Part.Kind != protocol.Call {
			stream = e.Append(stream, &protocol.Piece{Kind: p.Kind, Text: p.Text[:1], Part: p.Part})
			stream = e.Append(stream, &protocol.Piece{Kind: p.Kind, Text: p.Text[1:], Part: p.Part})
			return
		}
		stream = e.Append(stream, p)
	}
	reply.Play(half)
	read := func(data []byte) []json.RawMessage {
		var answer struct {
			Candidates []struct {
				Content struct {
					Parts []json.RawMessage `json:"parts"`
				} `json:"content"`
			} `json:"candidates"`
		}
		if err := json.Unmarshal(data, &answer); err != nil {
			t.Fatal(err)
		}
		return answer.Candidates[0].Content.Parts
	}
	var s sse.Scanner
	if err := s.Feed(stream, func(ev sse.Event) bool {
		parts = append(parts, read(ev.Data))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	isThought := func(p json.RawMessage) bool { return strings.Contains(string(p), `"thought":true`) }
	for name, body := range map[string]func(contents *[]string){
		"every event a content": func(contents *[]string) {
			for _, p := range parts {
				*contents = append(*contents, content(p, nil))
			}
		},
		"all in one": func(contents *[]string) {
			var all []json.RawMessage
			for _, p := range parts {
				all = append(all, p...)
			}
			*contents = append(*contents, content(all, nil))
		},
		"without thoughts": func(contents *[]string) {
			for _, p := range parts {
				*contents = append(*contents, content(p, isThought))
			}
		},
		"without what has only a signature": func(contents *[]string) {
			for _, p := range parts {
				*contents = append(*contents, content(p, func(p json.RawMessage) bool {
					return isThought(p) && strings.Contains(string(p), `"text":""`)
				}))
			}
		},
		"whole": func(contents *[]string) { *contents = append(*contents, content(read(f.EncodeReply(reply, nil)), nil)) },
		"hidden": func(contents *[]string) {
			quiet := &protocol.Prompt{Thinking: protocol.Thinking{Show: "none"}}
			*contents = append(*contents, content(read(f.EncodeReply(reply, quiet)), nil))
		},
	} {
		contents := []string{`{"role":"user","parts":[{"text":"Hi"}]}`}
		body(&contents)
		p := decode(t, `{"contents":[`+strings.Join(contents, ",")+`]}`)
		if len(p.Turns) != 2 {
			t.Errorf("%s: %d turns", name, len(p.Turns))
			continue
		}
		var got []protocol.Part // with texts that stand together as one
		for _, part := range p.Turns[1].Parts {
			if n := len(got); n > 0 && part.Kind == protocol.Text && got[n-1].Kind == protocol.Text {
				got[n-1].Text += part.Text
			} else if part.Kind != protocol.Text || part.Text != "" {
				got = append(got, part)
			}
		}
		want := theirs().Parts
		want[4].Call.Arguments, want[6].Call.Arguments = "{}", `{"arguments":"{\"a"}`
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if name == "hidden" && strings.Contains(strings.Join(contents, ""), "thought\\n") {
			t.Error("a thought was shown")
		}
	}
}

// content writes a content of the model's with the parts that are not left out.
func content(parts []json.RawMessage, without func(json.RawMessage) bool) string {
	var kept []string
	for _, p := range parts {
		if without == nil || !without(p) {
			kept = append(kept, string(p))
		}
	}
	return `{"role":"model","parts":[` + strings.Join(kept, ",") + `]}`
}

func TestEncodeForeign(t *testing.T) {
	f := gemini.Format{}
	ep := find("/v1beta/models/m:streamGenerateContent")
	reply := theirs()
	v := f.JudgeBody(ep, f.EncodeReply(reply, nil))
	if v.Kind != ai.OK || !v.Usage.Equal(&reply.Usage) {
		t.Errorf("judged %v: %s", v.Kind, cmp.Diff(reply.Usage, v.Usage))
	}
	reply.Parts = []protocol.Part{
		{Text: "日 "},
		{Kind: protocol.Search, Text: "q", Citations: []protocol.Citation{{URL: "https://b", Title: "B"}}},
		{Text: "cité", Citations: []protocol.Citation{{URL: "https://a", Title: "A", Quote: "says"}}},
		{Kind: protocol.Refusal, Text: "!"},
	}
	reply.Usage.WebSearches, reply.Stop = 1, protocol.StopEnd
	want := []protocol.Part{
		{Text: "日 cité!", Citations: []protocol.Citation{{URL: "https://a", Title: "A", Quote: "says", Start: 2, End: 6}}},
		{Kind: protocol.Search, Text: "q", Citations: []protocol.Citation{{URL: "https://b", Title: "B"}, {URL: "https://a", Title: "A", Quote: "says"}}},
	}
	for _, array := range []bool{false, true} {
		e := f.NewReplyEncoder(nil, array)
		var stream []byte
		reply.Play(func(p *protocol.Piece) {
			stream = e.Append(stream, p)
			stream = e.Append(stream, &protocol.Piece{Kind: protocol.PiecePing})
			if p.Kind == protocol.PieceStop && array {
				stream = stream[:strings.LastIndexByte(string(stream), ']')+1]
			}
		})
		if !array { // a ping after the end is not sent
			stream = stream[:strings.LastIndex(string(stream), "data: ")]
		}
		o, err := corpus.Replay(f, ep, stream, array, 7)
		if err != nil || o.Kind != ai.OK || !o.Ended || !o.Usage.Equal(&reply.Usage) {
			t.Errorf("array %v: %+v, %v: %s", array, o.Verdict, err, cmp.Diff(reply.Usage, o.Usage))
		}
		if array && !json.Valid(stream) || strings.Contains(string(stream), "\r") {
			t.Errorf("array %v: %s", array, stream)
		}
		if diff := cmp.Diff(want, collect(t, stream, array).Reply.Parts); diff != "" {
			t.Errorf("array %v: %s", array, diff)
		}
	}
	if body := string(f.EncodeReply(&protocol.Reply{Stop: protocol.StopFilter}, nil)); strings.Contains(body, "content") || !strings.Contains(body, `"responseId"`) {
		t.Errorf("a blocked answer is %s", body)
	}
}
