package anthropic_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
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

func decode(body []byte) (*protocol.Prompt, error) {
	ep, _ := endpoints()
	return anthropic.Format{}.DecodePrompt(&protocol.Inbound{Endpoint: ep, Body: body})
}

// alike is a prompt without what is declared to be lost when it is encoded for
// the same model: what encoding named as a hint, parallel calls and tools that
// are not strict, which are as usual, the order of results, citations, texts
// without letters, and how a budget is said to a model that takes efforts.
func alike(p *protocol.Prompt, hints []string) *protocol.Prompt {
	q := *p
	q.Hints, q.Native = nil, nil
	for _, h := range hints {
		switch h {
		case "temperature":
			q.Temperature = nil
		case "top_p":
			q.TopP = nil
		case "top_k":
			q.TopK = nil
		case "thinking.budget":
			q.Thinking.Budget = 0
		case "thinking.effort":
			q.Thinking.Effort = ""
		case "thinking":
			q.Thinking = protocol.Thinking{}
		}
	}
	if q.Parallel != nil && *q.Parallel {
		q.Parallel = nil
	}
	q.Tools = slices.Clone(p.Tools)
	for i := range q.Tools {
		if t := &q.Tools[i]; t.Strict != nil && !*t.Strict {
			t.Strict = nil
		}
	}
	if q.Thinking.Budget > 0 {
		q.Thinking.Effort, q.Thinking.Budget = protocol.EffortOf(q.Thinking.Budget), 0
	}
	q.Turns = nil
	for _, t := range p.Turns {
		t.Parts = slices.Clone(t.Parts)
		kept := t.Parts[:0]
		for _, part := range t.Parts {
			part.Citations = nil
			if part.Kind != protocol.Text || strings.TrimSpace(part.Text) != "" {
				kept = append(kept, part)
			}
		}
		t.Parts = kept
		if last := len(q.Turns) - 1; last >= 0 && q.Turns[last].Role == t.Role {
			q.Turns[last].Parts = append(q.Turns[last].Parts, t.Parts...)
		} else {
			q.Turns = append(q.Turns, t)
		}
	}
	for _, t := range q.Turns {
		slices.SortStableFunc(t.Parts, func(a, b protocol.Part) int {
			id := func(p protocol.Part) string {
				if p.Back != nil {
					return p.Back.ID
				}
				return "\xff"
			}
			if a.Back == nil && b.Back == nil {
				return 0
			}
			return strings.Compare(id(a), id(b))
		})
	}
	first := slices.IndexFunc(q.Turns, func(t protocol.Turn) bool { return t.Role != protocol.System })
	if slices.Contains(hints, "first turn") && q.Turns[first].Role == protocol.User && q.Turns[first].Parts[0].Text == "." {
		q.Turns = slices.Delete(q.Turns, first, first+1)
	}
	if last := len(q.Turns) - 1; q.Turns[last].Role == protocol.Assistant {
		parts := q.Turns[last].Parts
		end := &parts[len(parts)-1]
		end.Text = strings.TrimRight(end.Text, " \t\r\n")
	}
	return &q
}

// repeatsID reports whether two calls have one id: the second gets another.
func repeatsID(p *protocol.Prompt) bool {
	seen := make(map[string]bool)
	for i := range p.Turns {
		for j := range p.Turns[i].Parts {
			if call := p.Turns[i].Parts[j].Call; call != nil {
				if seen[call.ID] {
					return true
				}
				seen[call.ID] = true
			}
		}
	}
	return false
}

func TestCodecRequests(t *testing.T) {
	f := anthropic.Format{}
	natives, cannot := map[string]int{}, map[string]int{}
	var read, refused, native, same int
	for _, rec := range corpus.Load(t, "anthropic") {
		if rec.Request.Body == "" || rec.Endpoint != "messages" {
			continue
		}
		p, err := decode([]byte(rec.Request.Body))
		if err != nil {
			refused++
			if rec.Response.Status == http.StatusOK {
				t.Errorf("%s: %v", rec.ID, err)
			}
			continue
		}
		read++
		if len(p.Native) > 0 {
			native++
			for _, field := range p.Native {
				natives[field]++
			}
		}
		// What a provider runs is its own: requests of others have no such tools.
		if p, _, _ = p.Without(protocol.Hosted); slices.ContainsFunc(p.Tools, func(t protocol.Tool) bool { return t.Kind == protocol.Hosted }) {
			continue
		}
		out, err := f.EncodePrompt(p, p.Model)
		if inexpressible, ok := errors.AsType[*protocol.InexpressibleError](err); ok {
			cannot[inexpressible.Field]++
			if len(p.Native) == 0 && rec.Response.Status == http.StatusOK {
				t.Errorf("%s: %v", rec.ID, err)
			}
			continue
		}
		if !json.Valid(out.Body) {
			t.Errorf("%s: not JSON: %s", rec.ID, out.Body)
			continue
		}
		if len(p.Native) > 0 || repeatsID(p) {
			continue
		}
		again, err := decode(out.Body)
		if err != nil {
			t.Errorf("%s: again: %v", rec.ID, err)
			continue
		}
		if diff := cmp.Diff(alike(p, out.Hints), alike(again, out.Hints), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %v %s", rec.ID, out.Hints, diff)
			continue
		}
		same++
	}
	t.Logf("%d read, %d refused, %d native %v, %d the same again, cannot %v", read, refused, native, natives, same, cannot)
}

// TestClientRequests decodes what real clients send. The captures have long
// texts replaced by their length.
func TestClientRequests(t *testing.T) {
	names, err := filepath.Glob("testdata/clients/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var capture struct {
			Requests []struct {
				URL  string          `json:"url"`
				Body json.RawMessage `json:"body"`
			} `json:"requests"`
		}
		if err := json.Unmarshal(text, &capture); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		found := false
		for _, r := range capture.Requests {
			if path, _, _ := strings.Cut(r.URL, "?"); path != "/v1/messages" {
				continue
			}
			found = true
			p, err := decode(r.Body)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if len(p.Native) > 0 {
				t.Errorf("%s: only this format can say %v", name, p.Native)
			}
			out, err := anthropic.Format{}.EncodePrompt(p, p.Model)
			if err != nil || !json.Valid(out.Body) {
				t.Errorf("%s: %v, %s", name, err, out.Body)
				continue
			}
			again, err := decode(out.Body)
			if err != nil {
				t.Errorf("%s: again: %v", name, err)
				continue
			}
			if diff := cmp.Diff(alike(p, out.Hints), alike(again, out.Hints), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		if !found {
			t.Errorf("%s has no request", name)
		}
	}
}

// seen is an answer without what encoding loses: texts of nothing, and white
// space between the tokens of arguments.
func seen(r *protocol.Reply) *protocol.Reply {
	q := *r
	q.Usage = ai.Usage{}
	q.Parts = slices.DeleteFunc(slices.Clone(r.Parts), func(p protocol.Part) bool {
		return p.Kind == protocol.Text && p.Text == ""
	})
	for i := range q.Parts {
		if p := &q.Parts[i]; p.Call != nil {
			call := *p.Call
			var b bytes.Buffer
			if json.Compact(&b, []byte(call.Arguments)) == nil {
				call.Arguments = b.String()
			} else if call.Arguments != "" { // cut short: it goes on as text
				b.Write(protocol.JSON(map[string]string{"input": call.Arguments}))
				call.Arguments = b.String()
			}
			if call.Arguments == "{}" {
				call.Arguments = ""
			}
			p.Call = &call
		}
	}
	return &q
}

// countable is usage without what this format cannot say.
func countable(u ai.Usage) ai.Usage {
	u.Reported, u.Doubtful = true, false
	return u
}

func TestCodecReplies(t *testing.T) {
	f := anthropic.Format{}
	ep, _ := endpoints()
	var bodies, streams int
	for _, rec := range corpus.Load(t, "anthropic") {
		if rec.Response.Status != http.StatusOK || rec.Endpoint != "messages" || rec.ID == "anthropic-eedb9399579e" {
			continue
		}
		body := []byte(rec.Response.Body)
		var reply *protocol.Reply
		var verdict protocol.Verdict
		if rec.Stream {
			streams++
			outcome, err := corpus.Replay(f, ep, body, false, len(body))
			if err != nil {
				t.Fatal(err)
			}
			verdict = outcome.Verdict
			c := collect(t, body)
			if !c.Stopped {
				t.Errorf("%s: not stopped", rec.ID)
			}
			reply = &c.Reply
		} else {
			bodies++
			verdict = f.JudgeBody(ep, body)
			var err error
			if reply, err = f.DecodeReply(body); err != nil {
				t.Errorf("%s: %v", rec.ID, err)
				continue
			}
		}
		reply.Usage = verdict.Usage
		checkReply(t, rec.ID, reply, &verdict)
	}
	t.Logf("%d bodies, %d streams", bodies, streams)
}

// checkReply encodes an answer whole and streamed, and reads it again.
func checkReply(t *testing.T, id string, reply *protocol.Reply, verdict *protocol.Verdict) {
	t.Helper()
	f := anthropic.Format{}
	ep, _ := endpoints()
	body := f.EncodeReply(reply, nil)
	if !json.Valid(body) {
		t.Errorf("%s: not JSON: %s", id, body)
		return
	}
	v := f.JudgeBody(ep, body)
	content := slices.ContainsFunc(reply.Parts, func(p protocol.Part) bool { return p.Kind != protocol.Text || p.Text != "" })
	if v.Kind != verdict.Kind && content {
		t.Errorf("%s: judged %v, was %v", id, v.Kind, verdict.Kind)
	}
	if diff := cmp.Diff(countable(verdict.Usage), v.Usage); diff != "" {
		t.Errorf("%s: usage %s", id, diff)
	}
	again, err := f.DecodeReply(body)
	if err != nil {
		t.Errorf("%s: again: %v", id, err)
		return
	}
	if diff := cmp.Diff(seen(reply), seen(again), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: whole %s", id, diff)
	}

	var stream []byte
	enc := f.NewReplyEncoder(nil, false)
	reply.Play(func(p *protocol.Piece) { stream = enc.Append(stream, p) })
	outcome, err := corpus.Replay(f, ep, stream, false, len(stream))
	if err != nil {
		t.Fatal(err)
	}
	if outcome.Kind != verdict.Kind && content || !outcome.Ended {
		t.Errorf("%s: stream judged %v, was %v, ended %v", id, outcome.Kind, verdict.Kind, outcome.Ended)
	}
	if diff := cmp.Diff(countable(verdict.Usage), outcome.Usage); diff != "" {
		t.Errorf("%s: usage of stream %s", id, diff)
	}
	if bytes.Count(stream, []byte("event: message_stop\n")) != 1 || !bytes.HasSuffix(stream, []byte("data: {\"type\":\"message_stop\"}\n\n")) {
		t.Errorf("%s: end of stream", id)
	}
	c := collect(t, stream)
	if diff := cmp.Diff(seen(reply), seen(&c.Reply), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: streamed %s", id, diff)
	}
}

// collect reads a stream with the decoder, and checks the order of its pieces.
func collect(t testing.TB, stream []byte) *protocol.Collector {
	t.Helper()
	var c protocol.Collector
	give := ordered(t, c.Add)
	d := feed(t, stream, give)
	if c.Stopped {
		t.Error("PieceStop before Close")
	}
	d.Close(give)
	return &c
}

// feed shows a stream to a decoder.
func feed(t testing.TB, stream []byte, give func(*protocol.Piece)) protocol.ReplyDecoder {
	t.Helper()
	d := anthropic.Format{}.NewReplyDecoder()
	s := new(sse.Scanner)
	see := func(ev sse.Event) bool {
		d.Event(ev, give)
		return true
	}
	if err := s.Feed(stream, see); err != nil {
		t.Fatal(err)
	}
	s.Close(see)
	return d
}

// ordered passes pieces on and fails if they come in another order than they
// must.
func ordered(t testing.TB, give func(*protocol.Piece)) func(*protocol.Piece) {
	t.Helper()
	started, open, stopped := false, false, false
	return func(p *protocol.Piece) {
		ok := started && !stopped
		switch p.Kind {
		case protocol.PieceStart:
			ok = !started
			started = true
		case protocol.PieceOpen:
			ok = ok && !open
			open = true
		case protocol.PieceMore:
			ok = ok && open
		case protocol.PieceClose:
			ok = ok && open
			open = false
		case protocol.PieceStop:
			ok = ok && !open
			stopped = true
		case protocol.PiecePing:
			ok = true
		}
		if !ok {
			t.Errorf("piece %d out of order", p.Kind)
		}
		give(p)
	}
}
