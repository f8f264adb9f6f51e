package codectest

import (
	"testing"

	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// seeds are the requests and streams of a package's own sample.
func seeds(tb testing.TB, folder string) (requests, streams [][]byte) {
	tb.Helper()
	for _, rec := range corpus.Samples(tb, folder) {
		requests = append(requests, []byte(rec.Request.Body))
		if rec.Stream {
			streams = append(streams, []byte(rec.Response.Body))
		}
	}
	return requests, streams
}

// FuzzPrompt feeds anything to DecodePrompt. What it takes can be encoded, or
// is refused with a reason.
func FuzzPrompt(f *testing.F, c protocol.Codec) {
	f.Helper()
	requests, _ := seeds(f, ".")
	for _, r := range requests {
		f.Add(r)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := c.DecodePrompt(&protocol.Inbound{Endpoint: Endpoint(c, false), Model: "m", Body: body})
		if err != nil {
			return
		}
		_, _ = c.EncodePrompt(p, "m")
		_, _ = c.EncodePrompt(p.AsFunctions(), "claude-opus-4-6")
	})
}

// FuzzStream feeds anything to a decoder and writes what comes of it as a
// stream of the same format. The order of pieces holds whatever comes.
func FuzzStream(f *testing.F, c protocol.Codec) {
	f.Helper()
	_, streams := seeds(f, ".")
	for _, s := range streams {
		f.Add(s, uint16(len(s)/2)) //nolint:gosec // any place will do
	}
	f.Fuzz(func(t *testing.T, body []byte, cut uint16) {
		feed(t, c, body[:min(int(cut), len(body))])
		feed(t, c, body)
	})
}

func feed(t *testing.T, c protocol.Codec, body []byte) {
	t.Helper()
	decoder, encoder := c.NewReplyDecoder(), c.NewReplyEncoder(nil, false)
	order := Order{T: t, ID: "fuzz"}
	var out []byte
	give := func(p *protocol.Piece) {
		order.Add(p)
		out = encoder.Append(out[:0], p)
	}
	var scanner sse.Scanner
	see := func(ev sse.Event) bool {
		decoder.Event(ev, give)
		return true
	}
	_ = scanner.Feed(body, see)
	scanner.Close(see)
	decoder.Close(give)
}

// CutEverywhere cuts the streams of the sample in a folder at every byte, for a
// client of another format: no panic, the pieces in order, and no end marker of
// an answer that has none.
func CutEverywhere(t *testing.T, folder string, c, client protocol.Codec, markers ...string) {
	t.Helper()
	_, streams := seeds(t, folder)
	for _, whole := range streams {
		whole = whole[:min(len(whole), 3000)]
		for cut := range len(whole) {
			cutAt(t, c, client, whole[:cut], markers)
		}
	}
}

func cutAt(t *testing.T, c, client protocol.Codec, body []byte, markers []string) {
	t.Helper()
	judge, decoder, encoder := c.NewJudge(Endpoint(c, true)), c.NewReplyDecoder(), client.NewReplyEncoder(nil, false)
	order := Order{T: t, ID: "cut"}
	var out []byte
	give := func(p *protocol.Piece) {
		order.Add(p)
		out = encoder.Append(out, p)
	}
	var scanner sse.Scanner
	_ = scanner.Feed(body, func(ev sse.Event) bool {
		judge.Event(ev)
		decoder.Event(ev, give)
		return true
	})
	if !judge.Ended() && count(out, markers) > 0 {
		t.Fatalf("an end marker although only %d bytes came:\n%s", len(body), clip(out))
	}
}
