package codectest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// Decode reads a stream in pieces of size bytes and checks their order.
func Decode(t *testing.T, id string, c protocol.Codec, body []byte, array bool, size int) (*protocol.Collector, protocol.Verdict) {
	t.Helper()
	var splitter sse.Splitter = new(sse.Scanner)
	if array {
		splitter = new(sse.ArrayScanner)
	}
	judge, decoder := c.NewJudge(Endpoint(c, true)), c.NewReplyDecoder()
	whole, order := new(protocol.Collector), Order{T: t, ID: id}
	give := func(p *protocol.Piece) {
		order.Add(p)
		whole.Add(p)
	}
	see := func(ev sse.Event) bool {
		judge.Event(ev)
		decoder.Event(ev, give)
		return true
	}
	for chunk := range slices.Chunk(body, max(size, 1)) {
		if err := splitter.Feed(chunk, see); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	splitter.Close(see)
	v := judge.Verdict()
	if judge.Ended() || v.Kind == ai.OK {
		decoder.Close(give)
	}
	return whole, v
}

// Order checks that pieces come as protocol.Piece says.
type Order struct {
	T              *testing.T
	ID             string
	begun, open    bool
	stopped, wrong bool
	kind           protocol.PartKind
}

// Add checks the next piece.
func (o *Order) Add(p *protocol.Piece) {
	ok := !o.stopped
	switch p.Kind {
	case protocol.PieceStart:
		ok = ok && !o.begun
		o.begun = true
	case protocol.PieceOpen:
		ok = ok && o.begun && !o.open
		o.open, o.kind = true, p.Part.Kind
	case protocol.PieceMore:
		ok = ok && o.open
	case protocol.PieceClose:
		ok = ok && o.open && p.Part.Kind == o.kind
		o.open = false
	case protocol.PieceStop:
		ok = ok && o.begun && !o.open && p.Reply != nil
		o.stopped = true
	case protocol.PiecePing:
		ok = ok && o.begun
	}
	if !ok && !o.wrong {
		o.wrong = true
		o.T.Errorf("%s: piece %d of part %d comes out of order", o.ID, p.Kind, p.Part.Kind)
	}
}

// Encode writes an answer as a stream.
func Encode(c protocol.Codec, r *protocol.Reply, p *protocol.Prompt, array bool) []byte {
	encoder := c.NewReplyEncoder(p, array)
	var out []byte
	r.Play(func(piece *protocol.Piece) { out = encoder.Append(out, piece) })
	return out
}

func checkStream(t *testing.T, o *Options, rec *corpus.Record, p *protocol.Prompt) {
	t.Helper()
	array := o.Array != nil && o.Array(rec)
	body := []byte(rec.Response.Body)
	whole, v := Decode(t, rec.ID, o.Codec, body, array, len(body))
	if v.Kind != ai.OK {
		return
	}
	if !whole.Stopped {
		t.Errorf("%s: no end", rec.ID)
		return
	}
	small, _ := Decode(t, rec.ID, o.Codec, body, array, 7)
	if diff := cmp.Diff(whole.Reply, small.Reply); diff != "" {
		t.Errorf("%s: in pieces of 7 bytes: %s", rec.ID, diff)
	}
	reply := whole.Reply
	reply.Usage = v.Usage
	if len(reply.Parts) == 0 {
		return // only what the provider's own tools did
	}
	CheckStream(t, rec.ID, o.Codec, &reply, p, o.EndMarkers)
}

// CheckStream writes an answer as a stream, holds it to what it was made of,
// and cuts it.
func CheckStream(t *testing.T, id string, c protocol.Codec, reply *protocol.Reply, p *protocol.Prompt, markers []string) {
	t.Helper()
	asked := protocol.Prompt{WantsUsage: true}
	if p != nil {
		asked = *p
		asked.WantsUsage = true
	}
	text := Encode(c, reply, &asked, false)
	again, v := Decode(t, id, c, text, false, len(text))
	if v.Kind != ai.OK && v.Kind != ai.ContentFilter {
		t.Errorf("%s: the stream that was encoded is judged %s: %s\n%s", id, v.Kind, v.Failure.Message, clip(text))
		return
	}
	checkUsage(t, id, &v.Usage, &reply.Usage)
	if diff := cmp.Diff(ReplyEssence(reply), ReplyEssence(&again.Reply)); diff != "" {
		t.Errorf("%s: the stream: %s", id, diff)
	}
	if n := count(text, markers); n != 1 && len(markers) > 0 {
		t.Errorf("%s: %d end markers", id, n)
	}
	encoder := c.NewReplyEncoder(&asked, false)
	var cut []byte
	reply.Play(func(piece *protocol.Piece) {
		if piece.Kind != protocol.PieceStop {
			cut = encoder.Append(cut, piece)
		}
	})
	if count(cut, markers) > 0 {
		t.Errorf("%s: an end marker without an end", id)
	}
}

// Events cuts a stream into its events.
func Events(t *testing.T, body []byte) []sse.Event {
	t.Helper()
	var events []sse.Event
	var scanner sse.Scanner
	see := func(ev sse.Event) bool {
		events = append(events, sse.Event{Name: bytes.Clone(ev.Name), Data: bytes.Clone(ev.Data)})
		return true
	}
	if err := scanner.Feed(body, see); err != nil {
		t.Fatal(err)
	}
	scanner.Close(see)
	return events
}

// Through holds what a client that asked for thoughts gets of another format's
// stream to what was said in it.
func Through(t *testing.T, client, upstream protocol.Codec, body []byte, want *protocol.Reply) {
	t.Helper()
	prompt := &protocol.Prompt{Thinking: protocol.Thinking{Mode: protocol.ThinkingOn, Show: "summary"}}
	encoder, decoder := client.NewReplyEncoder(prompt, false), upstream.NewReplyDecoder()
	var out []byte
	give := func(p *protocol.Piece) { out = encoder.Append(out, p) }
	for _, ev := range Events(t, body) {
		decoder.Event(ev, give)
	}
	decoder.Close(give)
	got, v := Decode(t, "translated", client, out, false, len(out))
	if v.Kind != ai.OK {
		t.Errorf("%T: judged %s", client, v.Kind)
	}
	if diff := cmp.Diff(Said(want), Said(&got.Reply)); diff != "" {
		t.Errorf("%T: %s", client, diff)
	}
}
