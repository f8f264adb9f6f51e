package anthropic_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
	"github.com/ccload/ccload/protocol/sse"
)

// streamed is an answer as its stream.
func streamed(r *protocol.Reply) []byte {
	var out []byte
	e := anthropic.Format{}.NewReplyEncoder(nil, false)
	r.Play(func(p *protocol.Piece) { out = e.Append(out, p) })
	return out
}

func TestStopReasons(t *testing.T) {
	f := anthropic.Format{}
	text, tool := says1("a"), call("t", "f", "{}")
	for _, row := range []struct {
		name    string
		part    protocol.Part
		reason  protocol.StopReason
		decoded protocol.StopReason
	}{
		{"end_turn", text, protocol.StopEnd, protocol.StopEnd},
		{"end_turn", text, protocol.StopTools, protocol.StopEnd},
		{"tool_use", tool, protocol.StopTools, protocol.StopTools},
		{"tool_use", tool, protocol.StopEnd, protocol.StopTools},
		{"max_tokens", tool, protocol.StopLength, protocol.StopLength},
		{"stop_sequence", text, protocol.StopWords, protocol.StopWords},
		{"refusal", text, protocol.StopFilter, protocol.StopFilter},
		{"refusal", protocol.Part{Kind: protocol.Refusal, Text: "no"}, protocol.StopEnd, protocol.StopFilter},
		{"pause_turn", text, protocol.StopPause, protocol.StopPause},
		{"model_context_window_exceeded", text, protocol.StopContext, protocol.StopContext},
	} {
		r := &protocol.Reply{Parts: []protocol.Part{row.part}, Stop: row.reason}
		if row.reason == protocol.StopWords {
			r.StopWord = "END"
		}
		body := f.EncodeReply(r, &protocol.Prompt{Model: "m"})
		var m struct {
			ID, Type, Role, Model, StopReason string
			Reason                            string  `json:"stop_reason"`
			Word                              *string `json:"stop_sequence"`
		}
		unmarshal(t, body, &m)
		if m.Reason != row.name || !strings.HasPrefix(m.ID, "msg_") || m.Type != "message" || m.Role != "assistant" || m.Model != "m" {
			t.Errorf("%s: %s", row.name, body)
		}
		if (m.Word != nil) != (r.StopWord != "") {
			t.Errorf("%s: %s", row.name, body)
		}
		back, err := f.DecodeReply(body)
		if err != nil || back.Stop != row.decoded || back.StopWord != r.StopWord {
			t.Errorf("%s: %+v %v", row.name, back, err)
		}
		if c := collect(t, streamed(r)); c.Reply.Stop != row.decoded || c.Reply.StopWord != r.StopWord {
			t.Errorf("%s streamed: %+v", row.name, c.Reply)
		}
	}
	for name, want := range map[string]protocol.StopReason{"null": protocol.StopEnd, `"new_reason"`: protocol.StopEnd} {
		r, err := f.DecodeReply([]byte(`{"type":"message","content":[],"stop_reason":` + name + `}`))
		if err != nil || r.Stop != want {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
	for _, bad := range []string{``, `[]`, `{"content":`, `{"content":"x"}`} {
		if _, err := f.DecodeReply([]byte(bad)); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

// TestGivenBack: what others signed comes back in the client's next request.
func TestGivenBack(t *testing.T) {
	signed := call("call.1", "f", `{"a":1}`)
	signed.Signature, signed.Origin = "sig-call", ai.Gemini
	said := says1("a")
	said.Signature, said.Origin = "sig-text", ai.Gemini
	want := []protocol.Part{
		{Kind: protocol.Thought, Text: "Hm", Signature: "sig", Origin: ai.Responses, ID: "rs_1"},
		{Kind: protocol.Thought, Signature: "secret", Origin: ai.Responses, ID: "rs_2"},
		{Kind: protocol.Thought, Text: "unsigned", Origin: ai.OpenAI},
		{Kind: protocol.Thought, Text: "own", Signature: "s", Origin: ai.Anthropic},
		{Kind: protocol.Thought, Redacted: true, Signature: "d", Origin: ai.Anthropic},
		said, signed,
	}
	r := &protocol.Reply{Parts: want, Stop: protocol.StopTools}
	check := func(how string, content []byte) {
		t.Helper()
		p, err := decode([]byte(says(`{"role":"user","content":"Hi"},{"role":"assistant","content":` + string(content) + `},{"role":"user","content":[{"type":"tool_result","tool_use_id":"ccw_Y2FsbC4x"}]}`)))
		if err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		if diff := cmp.Diff(want, p.Turns[1].Parts); diff != "" {
			t.Errorf("%s: %s", how, diff)
		}
		if back := p.Turns[2].Parts[0].Back; back.ID != "call.1" || back.Name != "f" {
			t.Errorf("%s: %+v", how, back)
		}
	}
	var whole struct{ Content json.RawMessage }
	unmarshal(t, anthropic.Format{}.EncodeReply(r, nil), &whole)
	check("whole", whole.Content)
	check("streamed", protocol.JSON(blocksOf(t, streamed(r))))
}

// blocksOf puts the blocks of a stream together as the official SDKs do.
func blocksOf(t *testing.T, stream []byte) []map[string]any {
	t.Helper()
	var blocks []map[string]any
	open := false
	input := ""
	s := new(sse.Scanner)
	see := func(ev sse.Event) bool {
		var e struct {
			Type  string
			Index int
			Block map[string]any `json:"content_block"`
			Delta struct {
				Type, Text, Thinking, Signature string
				JSON                            string `json:"partial_json"`
				Citation                        any
			}
		}
		unmarshal(t, ev.Data, &e)
		if e.Type != string(ev.Name) {
			t.Errorf("event %s has the type %s", ev.Name, e.Type)
		}
		switch e.Type {
		case "content_block_start":
			if open || e.Index != len(blocks) {
				t.Errorf("block %d starts behind %d", e.Index, len(blocks))
			}
			open, input = true, ""
			blocks = append(blocks, e.Block)
		case "content_block_delta":
			if !open || e.Index != len(blocks)-1 {
				t.Errorf("delta of %d", e.Index)
			}
			b := blocks[len(blocks)-1]
			switch e.Delta.Type {
			case "text_delta":
				b["text"] = b["text"].(string) + e.Delta.Text
			case "thinking_delta":
				b["thinking"] = b["thinking"].(string) + e.Delta.Thinking
			case "signature_delta":
				b["signature"] = e.Delta.Signature
			case "input_json_delta":
				input += e.Delta.JSON
			case "citations_delta":
				list, _ := b["citations"].([]any)
				b["citations"] = append(list, e.Delta.Citation)
			default:
				t.Errorf("delta %s", e.Delta.Type)
			}
		case "content_block_stop":
			if !open || e.Index != len(blocks)-1 {
				t.Errorf("stop of %d", e.Index)
			}
			open = false
			if input != "" {
				var v any
				unmarshal(t, []byte(input), &v)
				blocks[len(blocks)-1]["input"] = v
			}
		}
		return true
	}
	if err := s.Feed(stream, see); err != nil {
		t.Fatal(err)
	}
	if open {
		t.Error("a block is open at the end")
	}
	return blocks
}

// TestForeignParts: what only others say is said as well as can be.
func TestForeignParts(t *testing.T) {
	free := call("1", "f", "say \"hi\"\n")
	free.Call.Custom = true
	r := &protocol.Reply{Parts: []protocol.Part{
		{Kind: protocol.Search, ID: "ws_1", Text: "q", Origin: ai.Responses, Citations: []protocol.Citation{{URL: "u", Title: "t"}}},
		{Text: "x", Citations: []protocol.Citation{{URL: "u", Title: "t", Quote: "q"}, {Title: "doc", Quote: "q"}}},
		{Kind: protocol.Image, Media: &protocol.Media{Type: "image/png", Data: "AA=="}},
		{Text: ""},
		free,
	}}
	var whole struct{ Content []map[string]any }
	unmarshal(t, anthropic.Format{}.EncodeReply(r, nil), &whole)
	for how, blocks := range map[string][]map[string]any{"whole": whole.Content, "streamed": blocksOf(t, streamed(r))} {
		kinds := make([]string, len(blocks))
		for i, b := range blocks {
			kinds[i] = b["type"].(string)
		}
		if got := strings.Join(kinds, " "); got != "server_tool_use web_search_tool_result text text tool_use" {
			t.Fatalf("%s: %s", how, got)
		}
		if blocks[0]["id"] != blocks[1]["tool_use_id"] || !strings.HasPrefix(blocks[0]["id"].(string), "srvtoolu_") {
			t.Errorf("%s: %v", how, blocks[:2])
		}
		if q := blocks[0]["input"].(map[string]any)["query"]; q != "q" {
			t.Errorf("%s: query %v", how, q)
		}
		if !protocol.Sealed(protocol.JSON(blocks[1])) {
			t.Errorf("%s: what was found has no seal", how)
		}
		if n := len(blocks[2]["citations"].([]any)); n != 2 {
			t.Errorf("%s: %d citations", how, n)
		}
		if !strings.HasPrefix(blocks[3]["text"].(string), "![](data:image/png;base64,") {
			t.Errorf("%s: %v", how, blocks[3])
		}
		if got := blocks[4]["input"].(map[string]any)["input"]; got != "say \"hi\"\n" {
			t.Errorf("%s: %v", how, got)
		}
	}
}

// TestUsageWritten: usage is written as it is read.
func TestUsageWritten(t *testing.T) {
	f := anthropic.Format{}
	ep, _ := endpoints()
	for _, u := range []ai.Usage{
		{Input: 10, Output: 3, Reported: true},
		{Input: 100, CachedInput: 40, CacheWrite: 30, CacheWrite1h: 10, Output: 9, Reasoning: 5, ServiceTier: "priority", Region: "us", WebSearches: 2, Reported: true},
		{Input: 1, Output: 1, ServiceTier: "fast", Reported: true},
		{Input: 8, Output: 5, Reported: true, Beside: []ai.ModelUsage{{Model: "m", Usage: ai.Usage{Input: 107, CachedInput: 7, Output: 20, Reported: true}}}},
	} {
		r := &protocol.Reply{Parts: parts("a"), Usage: u}
		if v := f.JudgeBody(ep, f.EncodeReply(r, nil)); !v.Usage.Equal(&u) {
			t.Errorf("whole: %s", cmp.Diff(u, v.Usage))
		}
		stream := streamed(r)
		o, err := corpus.Replay(f, ep, stream, false, len(stream))
		if err != nil || !o.Usage.Equal(&u) {
			t.Errorf("streamed: %v %s", err, cmp.Diff(u, o.Usage))
		}
	}
	v := f.JudgeBody(ep, f.EncodeReply(&protocol.Reply{Parts: parts("a"), Usage: ai.Usage{ServiceTier: "default"}}, nil))
	if v.Usage.ServiceTier != "standard" {
		t.Error(v.Usage.ServiceTier)
	}
}

func TestStreamForms(t *testing.T) {
	toolStart := func(index, id string) string {
		return `{"type":"content_block_start","index":` + index + `,"content_block":{"type":"tool_use","id":"` + id + `","name":"f","input":{}}}`
	}
	input := func(index, s string) string {
		return `{"type":"content_block_delta","index":` + index + `,"delta":{"type":"input_json_delta","partial_json":"` + s + `"}}`
	}
	end := func(index string) string { return `{"type":"content_block_stop","index":` + index + `}` }
	for _, row := range []struct {
		name   string
		stream string
		want   []protocol.Part
	}{
		{"as it should be", stream(start, ping, block, hello, closing, done, stop), parts("Hello")},
		{"twice", stream(start, start, block, hello, hello, closing, closing, done, done, stop, stop), parts("HelloHello")},
		{"without a start", stream(hello, done, stop), parts("Hello")},
		{"without starts of blocks", stream(start, hello, closing, `{"type":"content_block_delta","index":1,"delta":{"type":"thinking_delta","thinking":"Hm"}}`, done), []protocol.Part{{Text: "Hello"}, {Kind: protocol.Thought, Text: "Hm", Origin: ai.Anthropic}}},
		{"without ends of blocks", stream(start, block, hello, toolStart("1", "a"), input("1", "{}"), done, stop), []protocol.Part{{Text: "Hello"}, call("a", "f", "{}")}},
		{"without indexes", stream(start, `{"type":"content_block_start","content_block":{"type":"text","text":""}}`, `{"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}}`, `{"type":"content_block_stop"}`, done), parts("a")},
		{"all of one index", stream(start, block, hello, closing, block, hello, closing, done), parts("Hello", "Hello")},
		{"interleaved", stream(start, toolStart("0", "a"), toolStart("1", "b"), input("1", "{1"), input("0", "{0"), input("1", "1}"), input("0", "0}"), end("1"), end("0"), done), []protocol.Part{call("a", "f", "{00}"), call("b", "f", "{11}")}},
		{"input with the start", stream(start, `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{"x": 1}}}`, end("0"), done), []protocol.Part{call("a", "f", `{"x":1}`)}},
		{"signature", stream(start, `{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"H","signature":""}}`, `{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"m"}}`, `{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}}`, end("0"), done), []protocol.Part{{Kind: protocol.Thought, Text: "Hm", Signature: "s", Origin: ai.Anthropic}}},
		{"citation", stream(start, block, `{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"q","document_title":"d"}}}`, hello, closing, done), []protocol.Part{{Text: "Hello", Citations: []protocol.Citation{{Title: "d", Quote: "q", End: 5}}}}},
		{"whole at the start", stream(`{"type":"message_start","message":{"content":[{"type":"text","text":"a"},{"type":"tool_use","id":"a","name":"f","input":{}}],"stop_reason":"tool_use"}}`, stop), []protocol.Part{{Text: "a"}, call("a", "f", "")}},
		{"what is not known", stream(start, `{"type":"content_block_start","index":0,"content_block":{"type":"new_block","data":1}}`, `{"type":"content_block_delta","index":0,"delta":{"type":"new_delta"}}`, end("0"), `{"type":"telemetry"}`, block, hello, closing, done), parts("Hello")},
		{"search that was paused", stream(start, `{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}}`, input("0", `{\"query\":\"q\"}`), end("0"), `{"type":"message_delta","delta":{"stop_reason":"pause_turn"}}`), []protocol.Part{{Kind: protocol.Search, ID: "srvtoolu_1", Text: "q", Origin: ai.Anthropic, Signature: `[{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"q"}}]`}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := collect(t, []byte(row.stream))
			if diff := cmp.Diff(row.want, c.Reply.Parts, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			if !c.Stopped {
				t.Error("not stopped")
			}
		})
	}
	if c := collect(t, []byte(stream(ping)+": nothing\n\ndata: [1]\n\ndata: {\"type\":\n\n")); c.Stopped {
		t.Error("stopped without a start")
	}
}

// TestHeldBack: what is held back is bounded, whatever comes.
func TestHeldBack(t *testing.T) {
	d := anthropic.Format{}.NewReplyDecoder()
	var c protocol.Collector
	give := ordered(t, c.Add)
	long := strings.Repeat("x", 1<<16)
	for i := range 2000 {
		d.Event(sse.Event{Data: protocol.JSON(map[string]any{"type": "content_block_start", "index": i, "content_block": map[string]any{"type": "text", "text": ""}})}, give)
		d.Event(sse.Event{Data: protocol.JSON(map[string]any{"type": "content_block_delta", "index": i, "delta": map[string]any{"type": "text_delta", "text": long}})}, give)
	}
	n := len(c.Reply.Parts)
	d.Close(give)
	if n < 1900 || len(c.Reply.Parts) != 2000 {
		t.Errorf("%d of %d blocks were handed over", n, len(c.Reply.Parts))
	}
	for i := range c.Reply.Parts {
		if len(c.Reply.Parts[i].Text) != len(long) {
			t.Fatalf("block %d has %d bytes", i, len(c.Reply.Parts[i].Text))
		}
	}
}

// TestCuts cuts recorded streams at every event, and a short one at every byte.
func TestCuts(t *testing.T) {
	for _, rec := range corpus.Load(t, "anthropic") {
		if !rec.Sample || !rec.Stream || rec.Response.Status != 200 {
			continue
		}
		body := []byte(rec.Response.Body)
		for at := 0; at < len(body); {
			n := bytes.Index(body[at:], []byte("\n\n"))
			if n < 0 {
				break
			}
			at += n + 2
			checkCut(t, body[:at])
		}
	}
	r := &protocol.Reply{ID: "msg_1", Model: "m", Stop: protocol.StopTools, Parts: []protocol.Part{
		{Kind: protocol.Thought, Text: "Hm", Signature: "s", Origin: ai.Gemini},
		says1("ä"), call("1", "f", `{"a":"b"}`),
		{Kind: protocol.Search, Text: "q", Citations: []protocol.Citation{{URL: "u"}}},
	}}
	whole := streamed(r)
	for at := range whole {
		checkCut(t, whole[:at])
	}
	// Without its end, what is written has none either.
	e := anthropic.Format{}.NewReplyEncoder(nil, false)
	var out []byte
	r.Play(func(p *protocol.Piece) {
		if p.Kind != protocol.PieceStop {
			out = e.Append(out, p)
		}
	})
	out = e.Append(out, &protocol.Piece{Kind: protocol.PiecePing})
	if bytes.Contains(out, []byte("message_stop")) || bytes.Contains(out, []byte("message_delta")) {
		t.Error("an end nobody said")
	}
	// And it ends once.
	for range 2 {
		out = e.Append(out, &protocol.Piece{Kind: protocol.PieceStop, Reply: r})
	}
	if n := bytes.Count(out, []byte("event: message_stop")); n != 1 {
		t.Errorf("%d ends", n)
	}
}

func checkCut(t *testing.T, part []byte) {
	t.Helper()
	c := collect(t, part) // which fails if it stops before Close
	if c.Stopped != (len(c.Reply.Parts) > 0 || c.Reply.ID != "" || c.Reply.Model != "") && c.Stopped != bytes.Contains(part, []byte("message_start")) {
		t.Errorf("stopped %v", c.Stopped)
	}
}
