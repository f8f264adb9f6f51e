package relay

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestRenamedStream: whatever pieces a stream comes in, the model has the
// client's name in each event that names it, and everything else passes byte
// for byte.
func TestRenamedStream(t *testing.T) {
	t.Parallel()
	const up, client = `"up-2025"`, `"a model's \"longer\" name"`
	for _, row := range []struct {
		name, member, within string
		array                bool
		in                   string // NAME is what is renamed
	}{
		{"each chunk", "model", "", false, "data: {\"id\":\"1\",\"model\":NAME,\"choices\":[]}\n\ndata: {\"id\":\"1\",\"model\":NAME,\"choices\":[1]}\n\ndata: [DONE]\n\n"},
		{"another place in each", "model", "", false, "data: {\"id\":\"1\",\"model\":NAME}\n\ndata: {\"model\":NAME,\"id\":\"1\"}\n\ndata: {\"id\":\"12\",\"model\":NAME}\n\n"},
		{"behind the same bytes, and none", "model", "", false, "data: {\"model\":NAME}\n\ndata: {\"model\":NAME,\"x\":1}\n\ndata: {\"model\":\"\"}\n\n"},
		{"CRLF, names, comments", "model", "", false, ": \"model\"\r\n\r\nevent: \"model\"\r\nid: 7\r\ndata: {\"model\": NAME}\r\n\r\n"},
		{"lines that end in CR", "model", "", false, "data: {\"model\":NAME}\r\revent: x\rdata: {\"x\":1,\rdata: \"model\":NAME}\r\r"},
		{"no space behind the colon", "model", "", false, "data:{\"model\":NAME}\n\n"},
		{"a byte order mark", "model", "", false, "\xef\xbb\xbfdata: {\"model\":NAME}\n\n"},
		{"several lines", "model", "", false, "data: {\ndata: \"model\": NAME,\ndata: \"choices\": []}\n\n"},
		{"in a text and deeper", "model", "", false, "data: {\"choices\":[{\"delta\":{\"model\":\"m\",\"content\":\"say \\\"model\\\":\\\"m\\\"\"}}],\"model\":NAME}\n\n"},
		{"not named", "model", "", false, "data: {\"choices\":[{\"model\":\"m\"}]}\n\ndata: {\"model\":null}\n\ndata: {\"model\":7}\n\n"},
		{"broken", "model", "", false, "data: {\"model\":NAME,\"choi\n\ndata: \"model\"\n\n"},
		{"at the end without its blank line", "model", "", false, "data: {\"model\":NAME}\n\ndata: {\"model\":NAME}\n"},
		{"within", "model", "message", false, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"1\",\"model\":NAME}}\n\nevent: x\ndata: {\"delta\":{\"model\":\"m\"}}\n\n"},
		{"within, and beside", "model", "response", false, "data: {\"response\":{\"output\":[{\"model\":\"m\"}],\"model\":NAME}}\n\ndata: {\"model\":NAME}\n\n"},
		{"an array", "modelVersion", "", true, "[{\"candidates\":[{\"modelVersion\":\"m\",\"x\":\"]}\\\"\"}],\"modelVersion\":NAME}\n,\r\n{\"modelVersion\": NAME}\n]\n"},
		{"an array of one", "modelVersion", "", true, " [ {\"modelVersion\":NAME} ] "},
		{"an array of none", "modelVersion", "", true, "[]"},
	} {
		in, want := strings.ReplaceAll(row.in, "NAME", up), strings.ReplaceAll(row.in, "NAME", client)
		for try := range 200 {
			f := eventFilter{rename: &renamer{name: []byte(client), key: []byte(row.member + `"`), member: row.member, within: row.within}}
			if row.array {
				f.array = new(elementEnds)
			}
			rng := rand.New(rand.NewPCG(2, uint64(try)))
			var got strings.Builder
			for rest := in; rest != ""; {
				n := 1 + rng.IntN(len(rest))
				got.Write(f.through([]byte(rest[:n])))
				rest = rest[n:]
			}
			got.Write(f.remainder())
			if got.String() != want {
				t.Fatalf("%s: %q, want %q", row.name, got.String(), want)
			}
		}
	}
}

// TestRenameDoesNotWait: an event that is whole is given away at once, also the
// last of an array.
func TestRenameDoesNotWait(t *testing.T) {
	t.Parallel()
	for _, array := range []bool{false, true} {
		f := eventFilter{rename: &renamer{name: []byte(`"c"`), key: []byte(`m"`), member: "m"}}
		events := []string{"data: {\"m\":\"u\"}\n\n", "data: {\"x\":1}\n\n", "data: [DONE]\n\n"}
		if array {
			f.array = new(elementEnds)
			events = []string{"[{\"m\":\"u\"}", ",\n{\"x\":1}", "\n]"}
		}
		for _, event := range events {
			want := strings.ReplaceAll(event, `"u"`, `"c"`)
			if got := string(f.through([]byte(event))); got != want {
				t.Errorf("array %v: %q gives %q", array, event, got)
			}
		}
	}
}

// TestRenameIsLinear: one large event in many small pieces costs about its size.
func TestRenameIsLinear(t *testing.T) {
	t.Parallel()
	text := append(append([]byte(`data: {"model":"u","x":"`), bytes.Repeat([]byte("y"), 8<<20)...), "\"}\n\n"...)
	f := eventFilter{rename: &renamer{name: []byte(`"c"`), key: []byte(`model"`), member: "model"}}
	var got int
	for from := 0; from < len(text); from += 512 {
		got += len(f.through(text[from:min(from+512, len(text))]))
	}
	if got != len(text) {
		t.Errorf("%d bytes of %d", got, len(text))
	}
}

// BenchmarkRenamedStream is what it costs to rename the model in each of 200
// chunks, beside passing them.
func BenchmarkRenamedStream(b *testing.B) {
	for _, kind := range []string{"passed", "renamed", "renamed at the beginning only"} {
		b.Run(kind, func(b *testing.B) {
			pieces := make([][]byte, 0, 200)
			for i := range 200 {
				chunk := `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,"model":"upstream-model-2025-01-01","choices":[{"index":0,"delta":{"content":"` + strings.Repeat("x", 10) + `"},"finish_reason":null}]}` + "\n\n"
				if kind == "renamed at the beginning only" && i > 0 {
					chunk = `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"` + strings.Repeat("x", 10) + `"}}` + "\n\n"
				}
				pieces = append(pieces, []byte(chunk))
			}
			b.ReportAllocs()
			for b.Loop() {
				var f eventFilter
				if kind != "passed" {
					f.rename = &renamer{name: []byte(`"the-name-that-was-asked"`), key: []byte(`model"`), member: "model"}
				}
				for _, p := range pieces {
					f.through(p)
				}
			}
		})
	}
}
