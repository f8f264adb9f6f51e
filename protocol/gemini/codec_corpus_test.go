package gemini_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
	"github.com/ccload/ccload/protocol/gemini"
	"github.com/ccload/ccload/protocol/sse"
)

// ids numbers the ids that were made up, which are others each time.
type ids map[string]string

func (m ids) of(id string) string {
	if !protocol.IsMadeUp(id) {
		return id
	}
	if m[id] == "" {
		m[id] = fmt.Sprint("made up ", len(m))
	}
	return m[id]
}

// plainPrompt is a prompt without what is declared to be lost when it is
// encoded for the same model: the names of files and the sharpness of
// pictures, penalties of 0, texts of no letters, temperatures above 2, how much a Gemini 3 thinks if
// it was said in tokens, and what models ignore.
func plainPrompt(p *protocol.Prompt, model string) *protocol.Prompt {
	m := ids{}
	zero := func(f *float64) *float64 {
		if f != nil && *f == 0 {
			return nil
		}
		return f
	}
	q := *p
	q.Hints, q.Native = nil, nil
	q.Frequency, q.Presence = zero(p.Frequency), zero(p.Presence)
	if strings.Contains(model, "gemini-3") {
		q.Thinking.Budget, q.Thinking.Effort = 0, ""
	}
	if q.Thinking.Mode == protocol.ThinkingUnset && q.Thinking.Show == "none" {
		q.Thinking.Show = ""
	}
	part := func(p protocol.Part) protocol.Part {
		if p.Call != nil {
			call := *p.Call
			call.ID = m.of(call.ID)
			p.Call = &call
		}
		if p.Media != nil {
			media := *p.Media
			media.Name, media.Detail = "", ""
			p.Media = &media
		}
		return p
	}
	if p.Temperature != nil && *p.Temperature > 2 {
		most := 2.0
		q.Temperature = &most
	}
	// Functions come first.
	q.Tools = slices.Clone(p.Tools)
	slices.SortStableFunc(q.Tools, func(a, b protocol.Tool) int { return int(a.Kind) - int(b.Kind) })
	q.Turns = nil
	for _, t := range p.Turns {
		parts := t.Parts
		t.Parts = nil
		for _, one := range parts {
			if one.Kind == protocol.Text && one.Text == "" && one.Signature == "" && (len(t.Parts) > 0 || len(parts) > 1 && !allEmpty(parts)) {
				continue
			}
			one = part(one)
			if one.Back != nil {
				back := *one.Back
				back.ID = m.of(back.ID)
				back.Parts = nil
				for _, inner := range one.Back.Parts {
					back.Parts = append(back.Parts, part(inner))
				}
				one.Back = &back
			}
			t.Parts = append(t.Parts, one)
		}
		// The results of calls come first.
		slices.SortStableFunc(t.Parts, func(a, b protocol.Part) int {
			return rank(a) - rank(b)
		})
		q.Turns = append(q.Turns, t)
	}
	return &q
}

func allEmpty(parts []protocol.Part) bool {
	return !slices.ContainsFunc(parts, func(p protocol.Part) bool { return p.Kind != protocol.Text || p.Text != "" || p.Signature != "" })
}

func rank(p protocol.Part) int {
	if p.Back != nil {
		return 0
	}
	return 1
}

func modelOf(path string) string {
	_, after, _ := strings.Cut(path, "/models/")
	model, _, _ := strings.Cut(after, ":")
	if model == "" {
		return "gemini-2.5-flash"
	}
	return model
}

func TestCodecRequests(t *testing.T) {
	f := gemini.Format{}
	natives, cannot := map[string]int{}, map[string]int{}
	var read, native, same int
	for _, rec := range corpus.Load(t, "gemini") {
		ep, path := endpoint(t, &rec)
		if rec.Request.Body == "" || ep.Operation != ai.Generate {
			continue
		}
		model := modelOf(path)
		in := &protocol.Inbound{Endpoint: ep, Model: model, Stream: ep.Streams == protocol.StreamAlways, Body: []byte(rec.Request.Body)}
		p, err := f.DecodePrompt(in)
		if err != nil {
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
		out, err := f.EncodePrompt(p, model)
		if no, ok := errors.AsType[*protocol.InexpressibleError](err); ok {
			cannot[no.Field]++
			continue
		} else if err != nil {
			t.Errorf("%s: %v", rec.ID, err)
			continue
		}
		if len(p.Native) > 0 {
			continue
		}
		in.Body = out.Body
		again, err := f.DecodePrompt(in)
		if err != nil {
			t.Errorf("%s: again: %v", rec.ID, err)
			continue
		}
		same++
		if diff := cmp.Diff(plainPrompt(p, model), plainPrompt(again, model), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", rec.ID, diff)
		}
	}
	t.Logf("%d requests read, %d of them native %v; %d the same again; cannot be said: %v", read, native, natives, same, cannot)
}

// TestCodecClients reads what real clients send: a sample, and all below
// CCLOAD_CLIENTS if it is set.
func TestCodecClients(t *testing.T) {
	files, _ := filepath.Glob("testdata/clients/*.json")
	if len(files) == 0 {
		t.Fatal("no requests in testdata/clients")
	}
	if dir := os.Getenv("CCLOAD_CLIENTS"); dir != "" {
		more, _ := filepath.Glob(filepath.Join(dir, "*.json"))
		files = append(files, more...)
	}
	n := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}

		var seen struct {
			Requests []struct {
				URL  string          `json:"url"`
				Body json.RawMessage `json:"body"`
			} `json:"requests"`
		}
		if json.Unmarshal(text, &seen) != nil {
			continue
		}
		for _, r := range seen.Requests {
			if !strings.Contains(r.URL, "enerateContent") {
				continue
			}
			n++
			p, err := gemini.Format{}.DecodePrompt(&protocol.Inbound{Model: modelOf(r.URL), Body: r.Body})
			if err != nil || len(p.Native) > 0 {
				t.Errorf("%s: %v, native %v", name, err, p)
				continue
			}
			for _, model := range []string{modelOf(r.URL), "gemini-3-pro-preview", "gemini-3.6-flash"} {
				if _, err := (gemini.Format{}).EncodePrompt(p, model); err != nil {
					t.Errorf("%s: for %s: %v", name, model, err)
				}
			}
		}
	}
	t.Logf("%d requests of clients", n)
}

// plainReply is a reply with its made up ids numbered.
func plainReply(r *protocol.Reply) *protocol.Reply {
	m := ids{}
	q := *r
	q.Usage = ai.Usage{}
	q.Parts = nil
	for _, part := range r.Parts {
		if part.Call != nil {
			call := *part.Call
			call.ID = m.of(call.ID)
			part.Call = &call
		}
		q.Parts = append(q.Parts, part)
	}
	return &q
}

// feed shows a stream to a decoder.
func feed(tb testing.TB, d protocol.ReplyDecoder, body []byte, array bool, give func(*protocol.Piece)) {
	tb.Helper()
	var splitter sse.Splitter = new(sse.Scanner)
	if array {
		splitter = new(sse.ArrayScanner)
	}
	see := func(ev sse.Event) bool {
		d.Event(ev, give)
		return true
	}
	if err := splitter.Feed(body, see); err != nil {
		tb.Fatal(err)
	}
	splitter.Close(see)
}

// order checks that pieces come as they must.
type order struct {
	tb      testing.TB
	open    bool
	started bool
	stopped bool
}

func (o *order) check(p *protocol.Piece) {
	ok := !o.stopped
	switch p.Kind {
	case protocol.PieceStart:
		ok = ok && !o.started
		o.started = true
	case protocol.PieceOpen:
		ok = ok && o.started && !o.open
		o.open = true
	case protocol.PieceMore:
		ok = ok && o.open
	case protocol.PieceClose:
		ok = ok && o.open
		o.open = false
	case protocol.PieceStop:
		ok = ok && o.started && !o.open
		o.stopped = true
	default:
	}
	if !ok {
		o.tb.Errorf("piece %v out of order", p.Kind)
	}
}

func collect(tb testing.TB, body []byte, array bool) *protocol.Collector {
	tb.Helper()
	d := gemini.Format{}.NewReplyDecoder()
	c := new(protocol.Collector)
	o := order{tb: tb}
	give := func(p *protocol.Piece) {
		o.check(p)
		c.Add(p)
	}
	feed(tb, d, body, array, give)
	if c.Stopped {
		tb.Error("a decoder stopped before it was closed")
	}
	d.Close(give)
	return c
}

func TestCodecAnswers(t *testing.T) {
	f := gemini.Format{}
	var bodies, streams, empty int
	for _, rec := range corpus.Load(t, "gemini") {
		ep, _ := endpoint(t, &rec)
		body := []byte(rec.Response.Body)
		if rec.Response.Status != http.StatusOK || ep.Operation != ai.Generate {
			continue
		}
		verdict := f.JudgeBody(ep, body)
		array := bytes.HasPrefix(body, []byte("["))
		var reply *protocol.Reply
		if rec.Stream {
			streams++
			if !array {
				o, err := corpus.Replay(f, ep, body, false, len(body))
				if err != nil {
					t.Fatal(err)
				}
				verdict = o.Verdict
			}
			c := collect(t, body, array)
			if !c.Stopped {
				t.Errorf("%s: no end", rec.ID)
			}
			reply = &c.Reply
		} else {
			bodies++
			var err error
			if reply, err = f.DecodeReply(body); err != nil {
				t.Errorf("%s: %v", rec.ID, err)
				continue
			}
		}
		if len(reply.Parts) == 0 {
			empty++
		}
		reply.Usage = verdict.Usage
		checkAnswer(t, rec.ID, ep, reply, verdict.Kind)
	}
	t.Logf("%d bodies, %d streams, %d of them without a part", bodies, streams, empty)
}

// checkAnswer encodes a reply whole and as both kinds of streams, judges that
// and decodes it again.
func checkAnswer(t *testing.T, id string, ep *protocol.Endpoint, reply *protocol.Reply, kind ai.Kind) {
	t.Helper()
	f := gemini.Format{}
	want := plainReply(reply)
	check := func(how string, v protocol.Verdict, again *protocol.Reply) {
		t.Helper()
		if v.Kind != kind {
			t.Errorf("%s %s: judged %v, not %v", id, how, v.Kind, kind)
		}
		usage := reply.Usage
		if !usage.Equal(&v.Usage) {
			t.Errorf("%s %s: usage %s", id, how, cmp.Diff(usage, v.Usage))
		}
		got := plainReply(again)
		if want.ID == "" {
			got.ID = ""
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s %s: %s", id, how, diff)
		}
	}
	body := f.EncodeReply(reply, nil)
	again, err := f.DecodeReply(body)
	if err != nil {
		t.Errorf("%s: %v", id, err)
		return
	}
	check("whole", f.JudgeBody(ep, body), again)
	for _, array := range []bool{false, true} {
		e := f.NewReplyEncoder(nil, array)
		var stream []byte
		reply.Play(func(p *protocol.Piece) { stream = e.Append(stream, p) })
		o, err := corpus.Replay(f, ep, stream, array, len(stream))
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		if !o.Ended {
			t.Errorf("%s: the stream did not end", id)
		}
		if array && !json.Valid(stream) {
			t.Errorf("%s: the array is not JSON", id)
		}
		check(fmt.Sprint("array ", array), o.Verdict, &collect(t, stream, array).Reply)
	}
}
