// Package codectest holds the codec of a wire format to what every codec must
// do: requests and answers survive their own format, streams have the order
// that protocol.Piece demands, and end honestly wherever they are cut.
package codectest

import (
	"bytes"
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
