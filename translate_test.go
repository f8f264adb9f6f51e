package ccload

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
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
	codec := codecOf(p)
	if !stream {
		v := codec.JudgeBody(generateEndpoint(codec, false), []byte(body))
		if v.Kind != ai.OK {
			t.Fatalf("the answer is judged %s: %s", v.Kind, clipped(body))
		}
		reply, err := codec.DecodeReply([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return reply, v.Usage
	}
	judge, decoder := codec.NewJudge(generateEndpoint(codec, true)), codec.NewReplyDecoder()
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
		t.Errorf("asked %d times, %v rest", s.Total(), g.cooling())
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
