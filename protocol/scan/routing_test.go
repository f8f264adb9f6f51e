//go:build (amd64 || arm64) && !go1.28

package scan

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/bytedance/sonic"
	"github.com/bytedance/sonic/ast"
	"github.com/bytedance/sonic/decoder"
)

// fields are the members of a request that routing reads; see
// protocol.ReadJSONRequest.
var fields = []string{
	"model", "stream", "max_tokens", "max_completion_tokens", "max_output_tokens", "system", "tools", "messages", "metadata",
	"instructions", "input", "previous_response_id", "conversation", "prompt_cache_key", "user", "prompt", "stream_options",
	"stream_format", "functions", "store", "contents", "systemInstruction", "generationConfig", "cachedContent", "requests",
}

// found is what a routing scan comes to: where each field lies.
type found [25][2]int

// note takes a member over, and reports whether it may stand there.
func (f *found) note(key []byte, start, end int) bool {
	for i, name := range fields {
		if string(key) == name {
			twice := f[i][1] > 0
			f[i] = [2]int{start, end}
			return !twice
		}
	}
	return true
}

// scans are ways to find all fields and their spans in a body that is validated
// whole, with duplicates refused.
var scans = []struct {
	name  string
	fewer string // what it does not do of that, or does not do alike
	scan  func(body []byte, f *found) bool
}{
	{"scan", "", func(body []byte, f *found) bool {
		ok := true
		return Members(body, func(key []byte, start, end int) bool { ok = ok && f.note(key, start, end); return true }) == nil && ok
	}},
	{"hybrid", "", func(body []byte, f *found) bool {
		ok := true
		return hybridMembers(body, func(key []byte, start, end int) bool { ok = ok && f.note(key, start, end); return true }) == nil && ok
	}},
	{"sonic_Valid_Get", "refuses no duplicates, no control characters", func(body []byte, f *found) bool {
		if !sonic.ConfigStd.Valid(body) {
			return false
		}
		text := string(body) // Get would make a copy for each field
		for i, name := range fields {
			if node, err := sonic.GetCopyFromString(text, name); err == nil {
				raw, _ := node.Raw()
				f[i] = [2]int{0, len(raw)}
			}
		}
		return true
	}},
	{"sonic_ast", "refuses no control characters; lengths in place of spans", func(body []byte, f *found) bool {
		ok := true
		root, err := ast.NewSearcher(string(body)).GetByPath()
		if err != nil || !sonic.ConfigStd.Valid(body) {
			return false
		}
		members, err := root.Properties()
		if err != nil {
			return false
		}
		var p ast.Pair
		for members.Next(&p) {
			raw, err := p.Value.Raw()
			if err != nil {
				return false
			}
			ok = ok && f.note([]byte(p.Key), 0, len(raw))
		}
		return ok
	}},
	{"encoding_json", "", func(body []byte, f *found) bool {
		d := json.NewDecoder(bytes.NewReader(body))
		if t, err := d.Token(); err != nil || t != json.Delim('{') {
			return false
		}
		ok := true
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return false
			}
			var raw json.RawMessage
			if d.Decode(&raw) != nil {
				return false
			}
			end := int(d.InputOffset())
			ok = ok && f.note([]byte(key.(string)), end-len(raw), end)
		}
		_, err := d.Token()
		return err == nil && ok
	}},
}

// hybridMembers is Members with the values skipped by sonic. What sonic refuses
// is left to value, which allows more levels and says what is wrong; so is what
// has control characters, which sonic lets pass within strings.
func hybridMembers(b []byte, fn func(key []byte, start, end int) bool) error {
	i := space(b, 0)
	if i == len(b) {
		return fail(ErrTruncated, i)
	}
	if b[i] != '{' {
		return wrongType(b, i)
	}
	i = space(b, i+1)
	if i < len(b) && b[i] == '}' {
		return atEnd(b, i+1)
	}
	calling := true
	for {
		key, start, err := member(b, i)
		if err != nil {
			return err
		}
		end, err := hybridValue(b, start)
		if err != nil {
			return err
		}
		if calling {
			calling = fn(key, start, end)
		}
		i = space(b, end)
		if i == len(b) {
			return fail(ErrTruncated, i)
		}
		switch b[i] {
		case ',':
			i = space(b, i+1)
		case '}':
			return atEnd(b, i+1)
		default:
			return fail(ErrSyntax, i)
		}
	}
}

func hybridValue(b []byte, start int) (int, error) {
	if start < len(b) && (b[start] == '{' || b[start] == '[') {
		if from, n := decoder.Skip(b[start:]); from >= 0 {
			if control(b[start:start+n]) < 0 {
				return start + n, nil
			}
		}
	}
	return value(b, start, 1)
}

// requestBody makes a request of about size bytes, as agents send them.
func requestBody(size int) []byte {
	turn := `{"role":"user","content":[{"type":"text","text":"` +
		strings.Repeat(`func main() {\n\tfmt.Println(\"hello, 世界\")\n}\n`+strings.Repeat("The quick brown fox jumps over it. ", 6), 4) +
		`"},{"type":"image","n":-12.5e3,"cached":null,"ok":true}]}`
	var b strings.Builder
	b.WriteString(`{"model":"claude-sonnet-4-5","max_tokens":1024,"stream":true,"messages":[{"role":"user","content":"Tell me about it."}`)
	for b.Len()+len(turn) < size {
		b.WriteString("," + turn)
	}
	if fill := size - b.Len() - 80; fill > 0 {
		b.WriteString(`,{"role":"user","content":"` + strings.Repeat("x", fill) + `"}`)
	}
	b.WriteString(`],"tools":[],"metadata":{"user_id":"somebody"}}`)
	return []byte(b.String())
}

// toolsBody is a request of about size bytes that is mostly definitions of
// tools: short strings and many brackets.
func toolsBody(size int) []byte {
	tool := `{"name":"read_file","description":"Reads a file.","input_schema":{"type":"object","properties":{` +
		`"path":{"type":"string"},"offset":{"type":"integer","minimum":0},"limit":{"type":["integer","null"],"default":2000}},"required":["path"]}}`
	var b strings.Builder
	b.WriteString(`{"model":"claude-sonnet-4-5","max_tokens":1024,"stream":true,"messages":[{"role":"user","content":"hi"}],"tools":[` + tool)
	for b.Len()+len(tool)+4 < size {
		b.WriteString("," + tool)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

func TestScansFindTheSame(t *testing.T) {
	for _, body := range [][]byte{requestBody(20 << 10), toolsBody(20 << 10)} {
		var want found
		if !scans[0].scan(body, &want) {
			t.Fatal("the body is refused")
		}
		for _, s := range scans {
			var got found
			if !s.scan(body, &got) {
				t.Errorf("%s refuses the body", s.name)
			}
			for i := range got {
				if got[i][1]-got[i][0] != want[i][1]-want[i][0] || s.fewer == "" && got[i] != want[i] {
					t.Errorf("%s: %s is at %v, want %v", s.name, fields[i], got[i], want[i])
				}
			}
		}
	}
}

func FuzzHybrid(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e3,"x\u00e9",null,true]}`, `{"a":[[[{}]]]}`, `{"a":["`, "{\"a\":[\"\x1f\"]}", `{"a":["\q"]} `, `{"a":[1,]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var want, got []int
		err := Members(b, func(_ []byte, start, end int) bool { want = append(want, start, end); return true })
		herr := hybridMembers(b, func(_ []byte, start, end int) bool { got = append(got, start, end); return true })
		var e, he *Error
		if errors.As(err, &e) != errors.As(herr, &he) || e != nil && *e != *he {
			t.Fatalf("%q: %v, want %v", b, herr, err)
		}
		if len(got) != len(want) {
			t.Fatalf("%q: %v, want %v", b, got, want)
		}
	})
}

// BenchmarkRouting compares them; the numbers stand in the package's doc.
func BenchmarkRouting(b *testing.B) {
	for _, row := range []struct {
		name string
		body []byte
	}{
		{"1KB", requestBody(1 << 10)},
		{"20KB", requestBody(20 << 10)},
		{"200KB", requestBody(200 << 10)},
		{"200KB_tools", toolsBody(200 << 10)},
	} {
		body := row.body
		for _, s := range scans {
			b.Run(row.name+"/"+s.name, func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					var f found
					if !s.scan(body, &f) {
						b.Fatal("refused")
					}
				}
			})
		}
	}
}
