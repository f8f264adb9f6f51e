package fastjson_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ccload/ccload/internal/fastjson"
	_ "github.com/ccload/ccload/protocol/openai" // registers its types
	_ "github.com/ccload/ccload/protocol/responses"
)

// recorded are bodies and events of real answers, each a JSON value.
func recorded(tb testing.TB) [][]byte {
	tb.Helper()
	var all [][]byte
	for _, dir := range []string{"openai", "responses"} {
		files, err := filepath.Glob(filepath.Join("../../protocol", dir, "testdata/corpus/*.json"))
		if err != nil || len(files) == 0 {
			tb.Fatalf("no recordings of %s: %v", dir, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				tb.Fatal(err)
			}
			var of struct{ Response struct{ Body any } }
			if err := json.Unmarshal(text, &of); err != nil {
				tb.Fatalf("%s: %v", file, err)
			}
			body, ok := of.Response.Body.(string)
			if !ok {
				whole, _ := json.Marshal(of.Response.Body)
				all = append(all, whole)
				continue
			}
			all = append(all, []byte(body))
			for line := range strings.SplitSeq(body, "\n") {
				if data, ok := strings.CutPrefix(line, "data:"); ok {
					all = append(all, bytes.TrimSpace([]byte(data)))
				}
			}
		}
	}
	return all
}

// strange are texts on which decoders of JSON differ.
var strange = []string{
	``, ` `, `null`, `{}`, `[]`, `"`, `{"id":1}`, `{"ID":"a","id":"b"}`, `{"id":"a","id":"b"}`, `{"Id":"x"}`, `{"choices":null}`, `{"choices":[null]}`,
	`{"id":"\ud83d"}`, `{"id":"\ud83d\ude00"}`, "{\"id\":\"\xff\"}", "{\"id\":\"a\nb\"}", `{"id":"a"}x`, `{"id":"a",}`, `{"created":1e3}`, `{"created":"12"}`, `{"created":-0}`,
	`{"created":123456789012345678901234567890}`, `{"output_index":1.0}`, `{"output_index":1e400}`, `{"output_index":"1"}`, `{"item":{"type":"x"`, `{"delta":"\u2028"}`, `{"\u0069d":"escaped"}`,
	strings.Repeat(`{"item":`, 20000) + `1` + strings.Repeat(`}`, 20000), strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000),
}

// same decodes a text both ways into each registered type.
func same(t *testing.T, text []byte) {
	t.Helper()
	for _, typ := range fastjson.Types() {
		ours, std := reflect.New(typ), reflect.New(typ)
		errOurs, errStd := fastjson.Unmarshal(text, ours.Interface()), json.Unmarshal(text, std.Interface())
		if (errOurs == nil) != (errStd == nil) || errStd == nil && !reflect.DeepEqual(ours.Interface(), std.Interface()) {
			t.Fatalf("%s of %.300q:\n%+v (%v), encoding/json:\n%+v (%v)", typ, text, ours.Elem(), errOurs, std.Elem(), errStd)
		}
	}
}

func TestDecodesAsEncodingJSON(t *testing.T) {
	fastjson.Pretouch()
	if len(fastjson.Types()) < 5 {
		t.Fatalf("%d types are registered", len(fastjson.Types()))
	}
	texts := recorded(t)
	if len(texts) < 300 {
		t.Fatalf("%d texts", len(texts))
	}
	for _, text := range texts {
		same(t, text)
		same(t, text[:len(text)/2])
	}
	for _, text := range strange {
		same(t, []byte(text))
	}
}

func FuzzDecode(f *testing.F) {
	for i, text := range recorded(f) {
		if i%7 == 0 && len(text) < 4096 {
			f.Add(text)
		}
	}
	for _, text := range strange {
		f.Add([]byte(text))
	}
	f.Fuzz(same)
}

func TestEncodesAsEncodingJSON(t *testing.T) {
	for _, v := range []any{
		nil, map[string]any{"b": 1.5, "a": "<&>\u2028\xff", "c": []any{nil, true}}, struct {
			A string          `json:"a,omitempty"`
			B *int            `json:"b"`
			C json.RawMessage `json:"c"`
			D []byte          `json:"d"`
		}{C: json.RawMessage(` {"x" : 1} `), D: []byte("abc")},
	} {
		ours, err := fastjson.Marshal(v)
		std, errStd := json.Marshal(v)
		if err != nil || errStd != nil || !bytes.Equal(ours, std) {
			t.Errorf("%s (%v), encoding/json: %s (%v)", ours, err, std, errStd)
		}
	}
}

// BenchmarkEvent decodes an event of a stream, as a translated call does for each.
func BenchmarkEvent(b *testing.B) {
	event := []byte(`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5-mini","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}]}`)
	fastjson.Pretouch()
	typ := fastjson.Types()[0]
	for name, decode := range map[string]func([]byte, any) error{"fastjson": fastjson.Unmarshal, "encoding_json": json.Unmarshal} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := decode(event, reflect.New(typ).Interface()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
