package ccload

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/internal/codectest"
	"github.com/ccload/ccload/internal/fakeai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// onlySpeaks starts a fake provider that serves one protocol, and writes its
// channel.
func onlySpeaks(t *testing.T, p ai.Protocol, name string, lines ...string) (*fakeai.Server, string) {
	t.Helper()
	s, err := fakeai.Start("127.0.0.1:0", fakeai.Options{Protocols: []ai.Protocol{p}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, fmt.Sprintf("channel %s {\nurl %s\nprotocol %s\n%s\n}\n", name, s.URL, p, strings.Join(lines, "\n"))
}

// readAnswer reads what a client of a protocol got, and fails the test if the
// protocol's own judge does not take it for a complete answer.
func readAnswer(t *testing.T, p ai.Protocol, stream bool, body string) (*protocol.Reply, ai.Usage) {
	t.Helper()
	codec := gateway.CodecOf(p)
	if !stream {
		v := codec.JudgeBody(protocol.GenerateEndpoint(codec, false), []byte(body))
		if v.Kind != ai.OK {
			t.Fatalf("the answer is judged %s: %s", v.Kind, clipped(body))
		}
		reply, err := codec.DecodeReply([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return reply, v.Usage
	}
	judge, decoder := codec.NewJudge(protocol.GenerateEndpoint(codec, true)), codec.NewReplyDecoder()
	var whole protocol.Collector
	var scanner sse.Scanner
	ends := 0
	_ = scanner.Feed([]byte(body), func(ev sse.Event) bool {
		if judge.Event(ev) == protocol.End {
			ends++
		}
		decoder.Event(ev, whole.Add)
		return true
	})
	decoder.Close(whole.Add)
	if v := judge.Verdict(); v.Kind != ai.OK || !judge.Ended() || ends > 1 {
		t.Fatalf("the stream is judged %s, ended %v, %d end markers:\n%s", v.Kind, judge.Ended(), ends, clipped(body))
	}
	return &whole.Reply, judge.Verdict().Usage
}

// TestTranslatedPairs: a client of each protocol is served by an upstream of
// each other, streamed or not, and gets what was said and what it cost.
func TestTranslatedPairs(t *testing.T) {
	t.Parallel()
	for _, client := range ai.Protocols {
		for _, up := range ai.Protocols {
			for _, stream := range []bool{false, true} {
				if up == client {
					continue
				}
				t.Run(fmt.Sprintf("%s from %s, stream %v", client, up, stream), func(t *testing.T) {
					t.Parallel()
					s, channel := onlySpeaks(t, up, "other", "key mk-ok")
					g := newGateway(t, channel, "")
					a := g.ask(client, stream).want(t, http.StatusOK)
					if a.Err != nil {
						t.Fatal(a.Err)
					}
					reply, usage := readAnswer(t, client, stream, a.Body)
					text, _ := protocol.PlainText(reply.Parts)
					if !strings.Contains(text, "hi") || len(text) < 10 {
						t.Errorf("said %q", text)
					}
					rec := g.record(a)
					want := s.Last().Usage
					if client == ai.OpenAI && stream { // it did not ask for it
						usage = want
					}
					if usage.Input != want.Input || usage.Output != want.Output || usage.CachedInput != want.CachedInput {
						t.Errorf("the client is told %+v, want %+v", usage, want)
					}
					if rec.Usage.Input != want.Input || rec.Usage.Output != want.Output || rec.Outcome != ai.OK {
						t.Errorf("recorded %s, %+v, want %+v", rec.Outcome, rec.Usage, want)
					}
					if rec.Attempts[0].Protocol != up {
						t.Errorf("asked in %q", rec.Attempts[0].Protocol)
					}
				})
			}
		}
	}
}

// TestTranslatedFaults: what fails in one protocol is told in the other, and
// fails over as ever.
func TestTranslatedFaults(t *testing.T) {
	t.Parallel()
	for _, client := range ai.Protocols {
		for _, up := range ai.Protocols {
			if up == client {
				continue
			}
			t.Run(fmt.Sprintf("%s from %s", client, up), func(t *testing.T) {
				t.Parallel()
				for _, scenario := range []string{"mk-err200", "mk-529", "mk-hollow", "mk-sseerr", "mk-brokenfirst"} {
					_, bad := onlySpeaks(t, up, "bad", "key "+scenario, "priority 9")
					_, good := onlySpeaks(t, up, "good", "key mk-ok")
					g := newGateway(t, bad+good, "")
					a := g.ask(client, true).want(t, http.StatusOK)
					readAnswer(t, client, true, a.Body)
					if rec := g.record(a); rec.Channel != "good" || len(rec.Attempts) != 2 {
						t.Errorf("%s: served by %q after %d attempts", scenario, rec.Channel, len(rec.Attempts))
					}
				}
				for _, scenario := range []string{"mk-cut-n10", "mk-noend-n10", "mk-ssemid-n10", "mk-broken-n10"} {
					_, bad := onlySpeaks(t, up, "bad", "key "+scenario)
					g := newGateway(t, bad, "")
					a := g.ask(client, true).want(t, http.StatusOK)
					if strings.Contains(a.Body, endMarkers[client]) || !strings.Contains(a.Body, "error") || a.Err == nil {
						t.Errorf("%s: a broken stream ends with %v:\n%s", scenario, a.Err, clipped(a.Body))
					}
					wholeEvents(t, client, strings.ReplaceAll(a.Body, "data: [DONE]\n\n", ""))
				}
				_, refusing := onlySpeaks(t, up, "refusing", "key mk-400")
				g := newGateway(t, refusing, "")
				for _, stream := range []bool{false, true} {
					errorShape(t, client, g.ask(client, stream).want(t, http.StatusBadRequest).Body)
				}
			})
		}
	}
}

// TestNativeGoesFirst: in a tier, who speaks the client's protocol is asked
// before who does not; a higher tier goes first all the same.
func TestNativeGoesFirst(t *testing.T) {
	t.Parallel()
	foreign, other := onlySpeaks(t, ai.OpenAI, "other", "key mk-ok")
	native, own := onlySpeaks(t, ai.Anthropic, "own", "key mk-ok mk-429")
	g := newGateway(t, other+own, "")
	for range 6 {
		g.ask(ai.Anthropic, false).want(t, http.StatusOK)
	}
	if foreign.Total() > 0 {
		t.Errorf("the other was asked %d times", foreign.Total())
	}
	native.SetDown(true)
	a := g.ask(ai.Anthropic, false).want(t, http.StatusOK)
	if rec := g.record(a); rec.Channel != "other" {
		t.Errorf("served by %s", rec.Channel)
	}
	_, above := onlySpeaks(t, ai.Gemini, "above", "key mk-ok", "priority 9")
	_, below := onlySpeaks(t, ai.Anthropic, "below", "key mk-ok")
	g = newGateway(t, below+above, "")
	if rec := g.record(g.ask(ai.Anthropic, true).want(t, http.StatusOK)); rec.Channel != "above" || rec.Attempts[0].Protocol != ai.Gemini {
		t.Errorf("served by %s in %q", rec.Channel, rec.Attempts[0].Protocol)
	}
}

// TestUntranslatable: what cannot be said in another protocol is answered 400
// that names it, or served by who can say it.
func TestUntranslatable(t *testing.T) {
	t.Parallel()
	s, other := onlySpeaks(t, ai.Anthropic, "other", "key mk-ok", "priority 9")
	_, own := onlySpeaks(t, ai.OpenAI, "own", "key mk-ok")
	const body = `{"model":"m","n":2,"messages":[{"role":"user","content":"hi"}]}`
	g := newGateway(t, other, "")
	a := g.post("/v1/chat/completions", body).want(t, http.StatusBadRequest)
	if m := errorShape(t, ai.OpenAI, a.Body); !strings.Contains(m, "n") || !strings.Contains(m, "said") {
		t.Errorf("the client is told %q", m)
	}
	a = g.post("/v1/chat/completions", `{"model":"m","messages":"hi"}`).want(t, http.StatusBadRequest)
	if m := errorShape(t, ai.OpenAI, a.Body); !strings.Contains(m, "messages") && !strings.Contains(a.Body, "messages") {
		t.Errorf("the client is told %q", m)
	}
	if s.Total() > 0 || len(g.cooling()) > 0 {
		t.Errorf("asked %d times, %v cool down", s.Total(), g.cooling())
	}
	g = newGateway(t, other+own, "")
	rec := g.record(g.post("/v1/chat/completions", body).want(t, http.StatusOK))
	i := slices.IndexFunc(rec.Candidates, func(c ai.Candidate) bool { return c.Channel == "other" })
	if rec.Channel != "own" || rec.Candidates[i].Reason != ai.Untranslatable || !strings.Contains(rec.Candidates[i].Detail, "n") {
		t.Errorf("served by %s, the other is %+v", rec.Channel, rec.Candidates[i])
	}
}

// TestProtocolsAreLearned: an address that says nothing of its protocols is
// asked in the client's first, and then in one that it turns out to speak; the
// next call knows.
func TestProtocolsAreLearned(t *testing.T) {
	t.Parallel()
	s, _ := onlySpeaks(t, ai.OpenAI, "relay")
	g := newGateway(t, fmt.Sprintf("channel relay {\nurl %s\nkey mk-ok\n}\n", s.URL), "")
	rec := g.record(g.ask(ai.Anthropic, true).want(t, http.StatusOK))
	if len(rec.Attempts) != 2 || rec.Attempts[0].Protocol != "" || rec.Attempts[1].Protocol != ai.OpenAI {
		t.Fatalf("attempts %+v", rec.Attempts)
	}
	rec = g.record(g.ask(ai.Anthropic, true).want(t, http.StatusOK))
	if len(rec.Attempts) != 1 || rec.Attempts[0].Protocol != ai.OpenAI {
		t.Errorf("then %+v", rec.Attempts)
	}
}

// TestDroppedFieldsAreNamed in the record of the call.
func TestDroppedFieldsAreNamed(t *testing.T) {
	t.Parallel()
	s, channel := onlySpeaks(t, ai.Anthropic, "other", "key mk-ok")
	g := newGateway(t, channel, "")
	a := g.post("/v1/chat/completions", `{"model":"m","seed":7,"prompt_cache_key":"x","messages":[{"role":"user","content":"hi"}]}`).want(t, http.StatusOK)
	rec := g.record(a)
	for _, want := range []string{"seed", "prompt_cache_key"} {
		if !slices.Contains(rec.Attempts[0].Dropped, want) {
			t.Errorf("dropped %v, without %s", rec.Attempts[0].Dropped, want)
		}
	}
	var sent map[string]any
	if err := json.Unmarshal(s.Last().Body, &sent); err != nil || sent["model"] != "m" {
		t.Errorf("sent %v, %v", sent, err)
	}
}

// TestRichPrompts: whatever is said together, what is sent is JSON, and a
// request that its upstream can read.
func TestRichPrompts(t *testing.T) {
	t.Parallel()
	no, one := false, 1.0
	seed := int64(7)
	call := &protocol.ToolCall{ID: "call/1", Name: "add", Arguments: `{"a":1}`}
	rich := protocol.Prompt{
		Model: "m", Stream: true, MaxOutput: 5000, Temperature: &one, TopP: &one, TopK: &seed, Seed: &seed, Frequency: &one, Presence: &one,
		Parallel: &no, User: "u", Tier: "flex", Choice: protocol.ToolChoice{Mode: protocol.ChoiceAuto},
		Thinking: protocol.Thinking{Mode: protocol.ThinkingOn, Effort: "high", Show: "summary"},
		Output:   protocol.Output{JSON: true, Schema: []byte(`{"type":"object","properties":{"x":{"type":"string"}},"required":["x"],"additionalProperties":false}`), Verbosity: "low"},
		Tools: []protocol.Tool{
			{Name: "sub"},
			{Kind: protocol.WebSearch, Name: "web_search"},
			{Name: "add", Description: "adds \"numbers\"\n", Schema: []byte(`{"type":"object","properties":{"a":{"type":"number"}}}`), Cache: "5m"},
			{Kind: protocol.Custom, Name: "patch", Grammar: []byte(`{"type":"grammar","syntax":"lark","definition":"start: \"x\""}`)},
		},
		Turns: []protocol.Turn{
			{Role: protocol.System, Parts: []protocol.Part{{Text: "be \u2028 brief", Cache: "1h"}}},
			{Parts: []protocol.Part{{Text: "look", Cache: "5m"}, {Kind: protocol.Image, Media: &protocol.Media{Type: "image/png", Data: "aGk="}}}},
			{Role: protocol.Assistant, Parts: []protocol.Part{
				{Kind: protocol.Thought, Text: "hm", Signature: "s", Origin: ai.Responses, ID: "rs_1"},
				{Text: "ok"},
				{Kind: protocol.Call, Call: call},
				{Kind: protocol.Call, Call: &protocol.ToolCall{ID: "c2", Name: "patch", Custom: true, Arguments: "*** Begin\n"}},
			}},
			{Parts: []protocol.Part{
				{Kind: protocol.Result, Back: &protocol.ToolResult{ID: "call/1", Parts: []protocol.Part{{Text: "2"}}, Error: true}},
				{Kind: protocol.Result, Back: &protocol.ToolResult{ID: "c2", Parts: []protocol.Part{{Text: "done"}}}},
			}},
			{Role: protocol.Developer, Parts: []protocol.Part{{Text: "mind the gap"}}},
			{Parts: []protocol.Part{{Text: "go on"}}},
		},
	}
	for p, models := range map[ai.Protocol][]string{
		ai.Anthropic: {"claude-3-5-haiku-latest", "claude-sonnet-4-5", "claude-opus-4-6", "glm-4.7"},
		ai.OpenAI:    {"gpt-4.1", "gpt-5.2", "o3", "deepseek-chat", "gpt-4o-search-preview", "anthropic/claude-sonnet-4.5"},
		ai.Responses: {"gpt-4.1", "gpt-5", "gpt-5.2-codex", "grok-4"},
		ai.Gemini:    {"gemini-2.5-flash", "gemini-2.5-pro", "gemini-3-pro-preview"},
	} {
		for _, model := range models {
			for _, drop := range []string{"", "schema", "tools"} {
				prompt := rich
				if drop == "schema" {
					prompt.Output = protocol.Output{}
				}
				if drop == "tools" {
					prompt.Tools, prompt.Turns = nil, prompt.Turns[:2]
				}
				codec := gateway.CodecOf(p)
				out, err := protocol.EncodePrompt(codec, &prompt, model)
				if _, cannot := errors.AsType[*protocol.InexpressibleError](err); cannot {
					if drop == "schema" {
						t.Errorf("%s for %s without a schema: %v", p, model, err)
					}
					continue
				}
				if err != nil || !json.Valid(out.Body) {
					t.Errorf("%s for %s without %q: %v\n%s", p, model, drop, err, out.Body)
					continue
				}
				if _, err := codec.DecodePrompt(&protocol.Inbound{Endpoint: protocol.GenerateEndpoint(codec, true), Model: model, Body: out.Body}); err != nil {
					t.Errorf("%s for %s cannot be read: %v\n%s", p, model, err, out.Body)
				}
			}
		}
	}
}

// TestWholeAndStreamed: a client that asked for one object gets one from an
// upstream that only streams, and the reverse.
func TestWholeAndStreamed(t *testing.T) {
	t.Parallel()
	for _, client := range ai.Protocols {
		for _, up := range ai.Protocols {
			if up == client {
				continue
			}
			codec := gateway.CodecOf(up)
			said := &protocol.Reply{ID: "id_1", Model: "m", Parts: []protocol.Part{
				{Text: "it is as it is"}, {Kind: protocol.Call, Call: &protocol.ToolCall{ID: "c1", Name: "f", Arguments: `{"a":1}`}},
			}, Stop: protocol.StopTools, Usage: ai.Usage{Input: 12, Output: 7, Reported: true}}
			asked := &protocol.Prompt{Model: "m", WantsUsage: true}
			for _, streams := range []bool{false, true} {
				url := upstream(t, func(w http.ResponseWriter, _ []byte) {
					if streams {
						w.Header().Set("Content-Type", "text/event-stream")
						_, _ = w.Write(codectest.Encode(codec, said, asked, false))
						return
					}
					w.Header().Set("Content-Type", "application/json")
					_, _ = w.Write(codec.EncodeReply(said, asked))
				})
				g := newGateway(t, fmt.Sprintf("channel only {\nurl %s\nprotocol %s\n}\n", url, up), "")
				a := g.ask(client, !streams).want(t, http.StatusOK)
				if a.Err != nil {
					t.Fatal(a.Err)
				}
				reply, _ := readAnswer(t, client, !streams, a.Body)
				if got, want := strings.Join(codectest.Said(reply), "|"), strings.Join(codectest.Said(said), "|"); got != want {
					t.Errorf("%s from %s, which streams %v: %s, want %s", client, up, streams, got, want)
				}
				if rec := g.record(a); rec.Outcome != ai.OK || rec.Usage.Input != 12 || rec.Usage.Output != 7 {
					t.Errorf("%s from %s, which streams %v: %s, %+v", client, up, streams, rec.Outcome, rec.Usage)
				}
			}
		}
	}
}

// TestConversationMovesBetweenProtocols: what another protocol's upstream
// signed is not shown to one of the client's own, which would refuse it.
func TestConversationMovesBetweenProtocols(t *testing.T) {
	t.Parallel()
	for _, first := range []ai.Protocol{ai.OpenAI, ai.Responses, ai.Gemini} {
		other, foreign := onlySpeaks(t, first, "other", "key mk-think-calls1", "priority 9")
		native, own := onlySpeaks(t, ai.Anthropic, "own", "key mk-ok")
		g := newGateway(t, foreign+own, "")
		const tools = `"tools":[{"name":"f","input_schema":{"type":"object","properties":{"a":{"type":"number"}}}}]`
		const ask = `{"role":"user","content":"hi"}`
		a := g.post("/v1/messages", `{"model":"m","max_tokens":2000,"thinking":{"type":"enabled","budget_tokens":1024},`+tools+`,"messages":[`+ask+`]}`).want(t, http.StatusOK)
		var said struct {
			Content json.RawMessage `json:"content"`
		}
		if err := json.Unmarshal([]byte(a.Body), &said); err != nil || !protocol.Sealed(said.Content) {
			t.Fatalf("%s: nothing is sealed in %s, %v", first, a.Body, err)
		}
		var blocks []struct{ Type, ID string }
		_ = json.Unmarshal(said.Content, &blocks)
		id := blocks[slices.IndexFunc(blocks, func(b struct{ Type, ID string }) bool { return b.Type == "tool_use" })].ID
		other.SetDown(true)
		rec := g.record(g.post("/v1/messages", `{"model":"m","max_tokens":2000,"thinking":{"type":"enabled","budget_tokens":1024},`+tools+`,"messages":[`+ask+
			`,{"role":"assistant","content":`+string(said.Content)+`},{"role":"user","content":[{"type":"tool_result","tool_use_id":"`+id+`","content":"7"}]}]}`).want(t, http.StatusOK))
		sent := native.Last().Body
		if rec.Channel != "own" || protocol.Sealed(sent) || !json.Valid(sent) || strings.Contains(string(sent), `"enabled"`) || !strings.Contains(string(sent), `"tool_use"`) {
			t.Errorf("%s: %s was sent %s", first, rec.Channel, sent)
		}
	}
}
