// Package codectest holds the codec of a wire format to what every codec must
// do: requests and answers survive their own format, streams have the order
// that protocol.Piece demands, and end honestly wherever they are cut.
package codectest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// Options say how a format's recordings are read.
type Options struct {
	Codec protocol.Codec
	Dir   string // of the corpus
	// Inbound reads a recorded request to generate; nil if it is another.
	Inbound func(*corpus.Record) *protocol.Inbound
	// Skip are recordings that are no answers, or no requests that the format
	// takes, and why.
	Skip map[string]string
	// Inexpressible are fields, by how they begin, that the format knows and its
	// main service does not take.
	Inexpressible []string
	// Array reports whether a recorded stream is a JSON array.
	Array func(*corpus.Record) bool
	// EndMarkers are what only a complete stream has one of.
	EndMarkers []string
}

// Endpoint is the endpoint that generates, streamed or not.
func Endpoint(f protocol.Format, stream bool) *protocol.Endpoint {
	endpoints := f.Endpoints()
	for i := range endpoints {
		ep := &endpoints[i]
		if ep.Operation == ai.Generate && (ep.Streams == protocol.StreamByBody || (ep.Streams == protocol.StreamAlways) == stream) {
			return ep
		}
	}
	return nil
}

// Corpus replays all recordings through a codec.
func Corpus(t *testing.T, o Options) {
	t.Helper()
	native := make(map[string]int)
	var requests, foreign, whole, streams int
	for _, rec := range corpus.Load(t, o.Dir) {
		if o.Skip[rec.ID] != "" || rec.Response.Status != http.StatusOK {
			continue
		}
		in := o.Inbound(&rec)
		if in == nil {
			continue
		}
		var p *protocol.Prompt
		if len(in.Body) > 0 {
			requests++
			p = checkRequest(t, &o, &rec, in)
			if p != nil && len(p.Native) > 0 {
				foreign++
				for _, field := range p.Native {
					native[generic(field)]++
				}
			}
		}
		if rec.Response.Body == "" {
			continue
		}
		if rec.Stream {
			streams++
			checkStream(t, &o, &rec, p)
		} else {
			whole++
			checkWhole(t, &o, &rec, p)
		}
	}
	t.Logf("%d requests, of which %d are for the own format only; %d answers, %d streams", requests, foreign, whole, streams)
	fields := make([]string, 0, len(native))
	for field, n := range native {
		fields = append(fields, fmt.Sprintf("%s %d", field, n))
	}
	slices.Sort(fields)
	t.Log(strings.Join(fields, ", "))
}

// generic is a path without its numbers.
func generic(path string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '#'
		}
		return r
	}, path)
}

func checkRequest(t *testing.T, o *Options, rec *corpus.Record, in *protocol.Inbound) *protocol.Prompt {
	t.Helper()
	c := o.Codec
	p, err := c.DecodePrompt(in)
	if err != nil {
		t.Errorf("%s: %v", rec.ID, err)
		return nil
	}
	if len(p.Native) > 0 {
		return p
	}
	// What a provider runs is its own: requests of others have no such tools.
	sent, _, _ := p.Without(protocol.Hosted)
	if slices.ContainsFunc(sent.Tools, func(t protocol.Tool) bool { return t.Kind == protocol.Hosted }) {
		return p
	}
	p = sent
	out, err := c.EncodePrompt(p, p.Model)
	var cannot *protocol.InexpressibleError
	if errors.As(err, &cannot) && slices.ContainsFunc(o.Inexpressible, func(s string) bool { return strings.HasPrefix(cannot.Field, s) }) {
		return p
	}
	if err != nil {
		t.Errorf("%s: encoding: %v", rec.ID, err)
		return p
	}
	again, err := c.DecodePrompt(&protocol.Inbound{Endpoint: in.Endpoint, Model: p.Model, Stream: p.Stream, Header: in.Header, Body: out.Body})
	if err != nil {
		t.Errorf("%s: what was encoded: %v\n%s", rec.ID, err, out.Body)
		return p
	}
	if diff := cmp.Diff(Essence(p, out.Hints), Essence(again, out.Hints)); diff != "" {
		t.Errorf("%s: %s", rec.ID, diff)
	}
	return p
}

// Essence is what of a prompt must survive, in lines: whose parts, in order,
// tools, and settings that were not dropped.
func Essence(p *protocol.Prompt, dropped []string) []string {
	var lines []string
	add := func(format string, a ...any) { lines = append(lines, fmt.Sprintf(format, a...)) }
	for i := range p.Turns {
		side := "user"
		switch p.Turns[i].Role {
		case protocol.Assistant:
			side = "assistant"
		case protocol.System, protocol.Developer:
			side = "system"
		case protocol.User:
		}
		for j := range p.Turns[i].Parts {
			part := p.Turns[i].Parts[j]
			if part.Kind == protocol.Text && part.Text == "" {
				continue // no format has to keep nothing
			}
			from := side
			if inner, ok := strings.CutPrefix(part.Text, "<system-reminder>\n"); ok && strings.HasSuffix(inner, "\n</system-reminder>") {
				from, part.Text = "system", strings.TrimSuffix(inner, "\n</system-reminder>") // how a late system turn is written
			}
			if part.Kind == protocol.Thought && slices.Contains(dropped, "thinking history") {
				continue
			}
			if n := len(lines); part.Kind == protocol.Text && n > 0 && strings.HasPrefix(lines[n-1], from+": text ") {
				lines[n-1] += "\n" + part.Text // neighbouring texts may become one
				continue
			}
			if part.Kind == protocol.Text {
				lines = append(lines, from+": text "+part.Text)
				continue
			}
			lines = append(lines, from+": "+Describe(&part))
		}
		for j := range p.Turns[i].Parts {
			if result := p.Turns[i].Parts[j].Back; result != nil {
				for k := range result.Parts { // what a tool showed may stand behind what it said
					if part := &result.Parts[k]; part.Kind != protocol.Text {
						lines = append(lines, side+": "+Describe(part))
					}
				}
			}
		}
	}
	for i := range p.Tools {
		tool := &p.Tools[i]
		if tool.Kind == protocol.Hosted && slices.Contains(dropped, "tools."+tool.Name) {
			continue
		}
		name := tool.Name
		if tool.Kind == protocol.WebSearch {
			name = "" // each format has its own
		}
		add("tool %d %s %q %s", tool.Kind, name, tool.Description, compact(tool.Schema))
	}
	if len(p.Tools) > 0 {
		add("choice %d %v", p.Choice.Mode, p.Choice.Names)
	}
	setting := func(name string, said bool, value any) {
		if said && !slices.Contains(dropped, name) {
			add("%s %v", name, value)
		}
	}
	setting("temperature", p.Temperature != nil, deref(p.Temperature))
	setting("top_p", p.TopP != nil, deref(p.TopP))
	setting("seed", p.Seed != nil, deref(p.Seed))
	setting("stop", len(p.Stop) > 0, p.Stop)
	setting("json", p.Output.JSON, compact(p.Output.Schema))
	setting("stream", p.Stream, "")
	return lines
}

func deref[T any](v *T) any {
	if v == nil {
		return nil
	}
	return *v
}

// Describe is a part in a line.
func Describe(p *protocol.Part) string {
	switch p.Kind {
	case protocol.Call:
		return fmt.Sprintf("call %s(%s)", p.Call.Name, compact([]byte(unbroken(p.Call.Arguments))))
	case protocol.Result:
		s := "result"
		text, _ := protocol.PlainText(p.Back.SaidAsText()) // that it failed may stand there
		if text == "(see the next message)" {              // where tools say texts only, the rest is shown behind it
			text = ""
		}
		return s + " " + compact([]byte(text))
	case protocol.Thought:
		return fmt.Sprintf("thought %q %s", p.Text, p.Signature)
	case protocol.Image, protocol.Document, protocol.Audio, protocol.Video:
		kind := p.Media.Type
		if p.Media.URL != "" {
			kind = "" // it tells itself
		}
		return fmt.Sprintf("media %d %s %s %d bytes %s", p.Kind, kind, p.Media.URL, len(p.Media.Data), p.Media.Plain)
	case protocol.Text, protocol.Refusal, protocol.Search:
	}
	return fmt.Sprintf("%d %q", p.Kind, p.Text)
}

// unbroken are a call's arguments. Those that are no object, because a model
// wrote them so, may be the text of one.
func unbroken(arguments string) string {
	var wrapped map[string]string
	if json.Unmarshal([]byte(arguments), &wrapped) == nil && len(wrapped) == 1 {
		for _, name := range []string{"arguments", "input"} {
			if text := strings.TrimSpace(wrapped[name]); text != "" && (!json.Valid([]byte(text)) || text[0] != '{') {
				return text
			}
		}
	}
	return arguments
}

// compact is JSON without white space; what is no JSON, as it is.
func compact(v []byte) string {
	var b bytes.Buffer
	if len(v) == 0 || string(v) == "{}" {
		return "{}"
	}
	if json.Compact(&b, v) != nil {
		return string(v)
	}
	return b.String()
}

// ReplyEssence is what of an answer must survive its own format, in lines.
func ReplyEssence(r *protocol.Reply) []string {
	stop := r.Stop
	if stop == protocol.StopTools {
		stop = protocol.StopEnd // told by what is in it
	}
	lines := []string{fmt.Sprint("stop ", stop, r.StopWord)}
	for i := range r.Parts {
		if r.Parts[i].Kind == protocol.Search {
			continue // what was found is in the text and its citations
		}
		if m := r.Parts[i].Media; m != nil { // a picture may become Markdown
			url := m.URL
			if url == "" {
				url = m.DataURL()
			}
			lines = append(lines, Describe(&protocol.Part{Text: "![](" + url + ")"}))
			continue
		}
		if text := Describe(&r.Parts[i]); r.Parts[i].Text != "" || r.Parts[i].Kind != protocol.Text {
			lines = append(lines, text)
		}
	}
	return lines
}

// Said is what of an answer must survive in every format, in lines: its text,
// its thoughts that anybody may read, its calls, and whether it was cut.
func Said(r *protocol.Reply) []string {
	var text, thought strings.Builder
	var calls []string
	for i := range r.Parts {
		switch part := &r.Parts[i]; part.Kind {
		case protocol.Text, protocol.Refusal:
			text.WriteString(part.Text)
		case protocol.Thought:
			thought.WriteString(part.Text)
		case protocol.Call:
			calls = append(calls, Describe(part))
		case protocol.Image, protocol.Document, protocol.Audio, protocol.Video:
			url := part.Media.URL
			if url == "" {
				url = part.Media.DataURL()
			}
			text.WriteString("![](" + url + ")")
		default:
		}
	}
	stop := "done"
	switch r.Stop {
	case protocol.StopLength, protocol.StopContext:
		stop = "cut"
	default:
	}
	return append([]string{stop, text.String(), thought.String()}, calls...)
}

func checkWhole(t *testing.T, o *Options, rec *corpus.Record, p *protocol.Prompt) {
	t.Helper()
	body := []byte(rec.Response.Body)
	v := o.Codec.JudgeBody(Endpoint(o.Codec, false), body)
	if v.Kind != ai.OK {
		return
	}
	reply, err := o.Codec.DecodeReply(body)
	if err != nil {
		t.Errorf("%s: %v", rec.ID, err)
		return
	}
	reply.Usage = v.Usage
	if len(reply.Parts) == 0 {
		return // only what the provider's own tools did
	}
	text := o.Codec.EncodeReply(reply, p)
	CheckWhole(t, rec.ID, o.Codec, text, reply)
}

// CheckWhole holds an encoded answer to what it was made of.
func CheckWhole(t *testing.T, id string, c protocol.Codec, text []byte, reply *protocol.Reply) {
	t.Helper()
	v := c.JudgeBody(Endpoint(c, false), text)
	if v.Kind != ai.OK && v.Kind != ai.ContentFilter {
		t.Errorf("%s: what was encoded is judged %s: %s\n%s", id, v.Kind, v.Failure.Message, clip(text))
		return
	}
	checkUsage(t, id, &v.Usage, &reply.Usage)
	again, err := c.DecodeReply(text)
	if err != nil {
		t.Errorf("%s: what was encoded: %v", id, err)
		return
	}
	if diff := cmp.Diff(ReplyEssence(reply), ReplyEssence(again)); diff != "" {
		t.Errorf("%s: %s", id, diff)
	}
}

// checkUsage compares the numbers that every format has.
func checkUsage(t *testing.T, id string, got, want *ai.Usage) {
	t.Helper()
	if !want.Reported || want.Doubtful {
		return
	}
	if got.Input != want.Input || got.Output != want.Output || got.CachedInput != want.CachedInput {
		t.Errorf("%s: usage %+v, want %+v", id, got, want)
	}
}

func count(text []byte, markers []string) int {
	n := 0
	for _, m := range markers {
		n += bytes.Count(text, []byte(m))
	}
	return n
}

func clip(b []byte) []byte { return b[:min(len(b), 1500)] }

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
