package gemini_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/gemini"
	"github.com/ccload/ccload/protocol/sse"
)

// TestCutStreams cuts recorded streams behind every byte: nothing of what comes
// out is out of order or says that it ended, and a client's stream that is left
// there has no end either.
func TestCutStreams(t *testing.T) {
	f := gemini.Format{}
	for _, rec := range corpus.Load(t, "gemini") {
		ep, _ := endpoint(t, &rec)
		body := []byte(rec.Response.Body)
		if !rec.Sample || !rec.Stream || rec.Response.Status != http.StatusOK || ep.Operation != ai.Generate {
			continue
		}
		array := bytes.HasPrefix(body, []byte("["))
		step := 1 + len(body)/3000
		for cut := 0; cut < len(body); cut += step {
			var splitter sse.Splitter = new(sse.Scanner)
			if array {
				splitter = new(sse.ArrayScanner)
			}
			d, o := f.NewReplyDecoder(), order{tb: t}
			e := f.NewReplyEncoder(nil, array)
			var out []byte
			give := func(p *protocol.Piece) {
				o.check(p)
				out = e.Append(out, p)
			}
			see := func(ev sse.Event) bool {
				d.Event(ev, give)
				return true
			}
			if err := splitter.Feed(body[:cut], see); err != nil {
				t.Fatal(err)
			}
			if o.stopped || bytes.Contains(out, []byte("finishReason")) || array && bytes.HasSuffix(out, []byte("]")) {
				t.Fatalf("%s, cut at %d: ended with %s", rec.ID, cut, out)
			}
			if d.Close(give); o.started != o.stopped {
				t.Fatalf("%s, cut at %d: started %v, stopped %v", rec.ID, cut, o.started, o.stopped)
			}
		}
	}
}

func FuzzDecodePrompt(f *testing.F) {
	for _, rec := range corpus.Load(f, "gemini") {
		if rec.Sample && rec.Request.Body != "" {
			f.Add([]byte(rec.Request.Body))
		}
	}
	f.Add([]byte(`{"contents":{"parts":[{"functionCall":{"name":"f"},"thoughtSignature":"Y2NsMXsibyI6ImFudGhyb3BpYyJ9"},{"functionResponse":{"name":"f"}}]},"tools":{"functionDeclarations":{"name":"f","parameters":{"type":"OBJECT","nullable":true}}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := gemini.Format{}.DecodePrompt(&protocol.Inbound{Model: "gemini-2.5-flash", Body: body})
		if err != nil {
			return
		}
		for _, model := range []string{"gemini-2.5-flash", "gemini-3.6-flash"} {
			out, err := gemini.Format{}.EncodePrompt(p, model)
			if err != nil {
				continue
			}
			if _, err := (gemini.Format{}).DecodePrompt(&protocol.Inbound{Body: out.Body}); err != nil {
				t.Errorf("%s became %s: %v", body, out.Body, err)
			}
		}
	})
}

func FuzzStream(f *testing.F) {
	for _, rec := range corpus.Load(f, "gemini") {
		if rec.Sample && rec.Stream {
			f.Add([]byte(rec.Response.Body), strings.HasPrefix(rec.Response.Body, "["))
		}
	}
	f.Add([]byte(events(chunk(`{"functionCall":{"name":"f","partialArgs":[{"jsonPath":"$.a[0]['b']","numberValue":1}],"willContinue":true}}`, ""))), false)
	f.Fuzz(func(t *testing.T, body []byte, array bool) {
		d, o := gemini.Format{}.NewReplyDecoder(), order{tb: t}
		e := gemini.Format{}.NewReplyEncoder(nil, array)
		var out []byte
		give := func(p *protocol.Piece) {
			o.check(p)
			out = e.Append(out, p)
		}
		var splitter sse.Splitter = new(sse.Scanner)
		if array {
			splitter = new(sse.ArrayScanner)
		}
		see := func(ev sse.Event) bool {
			d.Event(ev, give)
			return true
		}
		_ = splitter.Feed(body, see)
		splitter.Close(see)
		d.Close(give)
		if o.started && !bytes.Contains(out, []byte(`"finishReason"`)) {
			t.Errorf("no end: %s", out)
		}
	})
}

func BenchmarkTranslate(b *testing.B) {
	turn := `{"role":"model","parts":[{"text":"` + strings.Repeat("word ", 80) + `"},{"functionCall":{"name":"f","args":{"a":[1,2,3]}}}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"` + strings.Repeat("line ", 80) + `"}}}]}`
	for _, size := range []int{1 << 10, 200 << 10} {
		body := []byte(`{"contents":[{"role":"user","parts":[{"text":"Hi"}]}` + strings.Repeat(","+turn, max(1, size/len(turn))) +
			`],"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{"a":{"type":"STRING"}}}}]}],"generationConfig":{"temperature":0.5}}`)
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				p, err := gemini.Format{}.DecodePrompt(&protocol.Inbound{Model: "gemini-2.5-flash", Body: body})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := (gemini.Format{}).EncodePrompt(p, "gemini-3-flash-preview"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
