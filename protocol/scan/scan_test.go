package scan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ccload/ccload/protocol/scan"
)

// chatBody makes a chat request of about size bytes, as code-carrying
// conversations look.
func chatBody(size int) []byte {
	turn := `{"role":"user","content":[{"type":"text","text":"` +
		strings.Repeat(`func main() {\n\tfmt.Println(\"hello, 世界\")\n}\n`+strings.Repeat("The quick brown fox jumps over it. ", 6), 4) +
		`"},{"type":"image","n":-12.5e3,"cached":null,"ok":true}]}`
	var b strings.Builder
	b.WriteString(`{"model":"claude-sonnet-4-5","max_tokens":1024,"stream":true,"messages":[`)
	b.WriteString(`{"role":"user","content":"` + strings.Repeat("Tell me about it. ", 40) + `"}`)
	for b.Len()+len(turn) < size {
		b.WriteString("," + turn)
	}
	b.WriteString(`],"tools":[]}`)
	return []byte(b.String())
}

// withoutEscapes replaces escape sequences, whose letter the scanner does not
// look at.
func withoutEscapes(b []byte) []byte {
	b = bytes.Clone(b)
	for i := range b {
		if b[i] == '\\' {
			b[i] = 'x'
			if i+1 < len(b) && b[i+1] >= ' ' {
				b[i+1] = 'x'
			}
		}
	}
	return b
}

func TestValidAgreesWithEncodingJSON(t *testing.T) {
	for _, text := range []string{
		``, ` `, `{}`, `[]`, ` { } `, `[ ]`, `{"a":1}`, `{"a":1,}`, `{,}`, `[,]`, `[1,]`, `{"a"}`, `{"a":}`, `{a:1}`,
		`"x"`, `"`, `"\"`, `"\u00e9"`, `"\u00g9"`, `"\x"`, `"\u12`, "\"\t\"", "\"\x7f\"", "\"\xff\"", `true`, `tru`, `trux`, `false`,
		`null`, `nul`, `0`, `-0`, `01`, `-`, `1.`, `1.5`, `.5`, `1e`, `1e+`, `1e+5`, `1E-5`, `1.5e7`, `+1`, `NaN`, `1 2`,
		`{}{}`, `[}`, `{]`, `[[[]]]`, `[[[]]`, `[{"a":[{"b":{}}]}]`, `{"a":{"b":[1,2,{"c":null}]}}`, `{"a":1 "b":2}`, `[1 2]`,
		"\ufeff{}", `{"a":"` + strings.Repeat("x", 100) + `"}`, `{"a":"` + strings.Repeat("é", 100) + `\n"}`, "[1]\x00",
		strings.Repeat("[", 64) + strings.Repeat("]", 64), strings.Repeat("[", 65) + strings.Repeat("]", 65),
		strings.Repeat(`{"a":[`, 100) + "1" + strings.Repeat("]}", 100), strings.Repeat("[", 130) + "{" + strings.Repeat("]", 130),
		strings.Repeat("[", 10000) + strings.Repeat("]", 10000), strings.Repeat("[", 10001) + strings.Repeat("]", 10001),
	} {
		if got, want := scan.Valid([]byte(text)) == nil, json.Valid(withoutEscapes([]byte(text))); got != want {
			t.Errorf("Valid(%.60q) = %v, encoding/json says %v", text, scan.Valid([]byte(text)), want)
		}
	}
}

// A cut anywhere inside a value is truncation, never a syntax error: a failed
// upstream and a wrong client are different things.
func TestEveryPrefixIsTruncated(t *testing.T) {
	whole := []byte(` {"a":[1,-2.5e+3,true,false,null,"x\n\u00e9",{"b":{}}],"c":[],"d":{"e":"` + strings.Repeat("long ", 20) + `"}}`)
	if err := scan.Valid(whole); err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) {
		if err := scan.Valid(whole[:n]); !errors.Is(err, scan.ErrTruncated) {
			t.Fatalf("Valid(%q) = %v, want truncated", whole[:n], err)
		}
		if err := scan.Members(whole[:n], func([]byte, int, int) bool { return true }); !errors.Is(err, scan.ErrTruncated) {
			t.Fatalf("Members(%q) = %v, want truncated", whole[:n], err)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, row := range []struct {
		text   string
		want   error
		offset int
	}{
		{`{"a":1,}`, scan.ErrSyntax, 7},
		{`{"a":1`, scan.ErrTruncated, 6},
		{`<html>`, scan.ErrSyntax, 0},
		{`{} x`, scan.ErrSyntax, 3},
		{strings.Repeat("[", 20000), scan.ErrDepth, 10000},
	} {
		err := scan.Valid([]byte(row.text))
		var at *scan.Error
		if !errors.Is(err, row.want) || !errors.As(err, &at) || at.Offset != row.offset {
			t.Errorf("Valid(%.20q) = %v, want %v at byte %d", row.text, err, row.want, row.offset)
		}
	}
	walk := func([]byte, int, int) bool { return true }
	if err := scan.Members([]byte(`[1]`), walk); !errors.Is(err, scan.ErrType) {
		t.Errorf("Members of an array: %v", err)
	}
	if err := scan.Members([]byte(`[1`), walk); !errors.Is(err, scan.ErrTruncated) {
		t.Errorf("Members of half an array: %v", err)
	}
	if err := scan.Elements([]byte(`{}`), func(int, int) bool { return true }); !errors.Is(err, scan.ErrType) {
		t.Errorf("Elements of an object: %v", err)
	}
}

func TestMembersAndElements(t *testing.T) {
	b := []byte(` { "a" : 1 , "mod\u0065l":"x\"y", "c":[ 1, {"d":2} ,"e" ] } `)
	var got []string
	if err := scan.Members(b, func(key []byte, start, end int) bool {
		got = append(got, string(key)+"="+string(b[start:end]))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	if want := `a=1|mod\u0065l="x\"y"|c=[ 1, {"d":2} ,"e" ]`; strings.Join(got, "|") != want {
		t.Errorf("got %s", got)
	}
	got = nil
	list := []byte(`[ 1, {"d":2} ,"e" ]`)
	if err := scan.Elements(list, func(start, end int) bool {
		got = append(got, string(list[start:end]))
		return len(got) < 2
	}); err != nil {
		t.Fatal(err)
	}
	if want := `1|{"d":2}`; strings.Join(got, "|") != want {
		t.Errorf("got %s", got)
	}
	if err := scan.Elements([]byte(`[1,2,`), func(int, int) bool { return false }); !errors.Is(err, scan.ErrTruncated) {
		t.Error("the rest is validated after fn has returned false")
	}
}

func TestGet(t *testing.T) {
	b := []byte(`{"a":{"b":[10,{"c":"deep"}]},"a":2,"x":null,"cut":{"y":1,"z":`)
	for _, row := range []struct {
		path string
		want string
	}{
		{"a.b.0", "10"},
		{"a.b.1.c", `"deep"`},
		{"a.b", `[10,{"c":"deep"}]`},
		{"a.b.2", ""},
		{"a.b.-1", ""},
		{"a.b.x", ""},
		{"a.b.0.q", ""},
		{"x", "null"},
		{"cut.y", "1"},
		{"cut.z", ""},
		{"nope", ""},
		{"cut", ""},
	} {
		start, end, ok := scan.Get(b, strings.Split(row.path, ".")...)
		if ok != (row.want != "") || ok && string(b[start:end]) != row.want {
			t.Errorf("Get(%s) = %q, %v", row.path, b[start:end], ok)
		}
	}
	for _, text := range []string{``, `{`, `{}`, `{"a"`, `{"a":`, `[`, `[]`, `{1`, `5`} {
		if _, _, ok := scan.Get([]byte(text), "a"); ok {
			t.Errorf("Get(%q, a) found something", text)
		}
		if _, _, ok := scan.Get([]byte(text), "0"); ok {
			t.Errorf("Get(%q, 0) found something", text)
		}
	}
}

func TestValues(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{`"plain"`, "plain"},
		{`""`, ""},
		{`"a\"b\\c\/d\b\f\n\r\t"`, "a\"b\\c/d\b\f\n\r\t"},
		{`"\u00e9\u4e16"`, "é世"},
		{`"\ud83d\ude00"`, "😀"},
		{`"\ud83dx"`, "\ufffdx"},
		{`"\ud83d\u0041"`, "\ufffdA"},
		{`"\ude00"`, "\ufffd"},
	} {
		if got, ok := scan.String([]byte(row.text)); !ok || got != row.want {
			t.Errorf("String(%s) = %q, %v", row.text, got, ok)
		}
		if !scan.StringIs([]byte(row.text), row.want) || scan.StringIs([]byte(row.text), row.want+"x") {
			t.Errorf("StringIs(%s) is wrong", row.text)
		}
	}
	for _, text := range []string{``, `"`, `x`, `1`, `null`, `"\"`, `"\u12"`, `"\x"`, `"a"b"`, `"\u12"\n"`} {
		if got, ok := scan.String([]byte(text)); ok {
			t.Errorf("String(%s) = %q, want none", text, got)
		}
	}
	for _, row := range []struct {
		text string
		want int64
		ok   bool
	}{
		{"0", 0, true},
		{"-7", -7, true},
		{"128000", 128000, true},
		{"9223372036854775807", 1<<63 - 1, true},
		{"-9223372036854775808", -1 << 63, true},
		{"9223372036854775808", 0, false},
		{"12.9", 12, true},
		{"1e3", 1000, true},
		{"1e300", 0, false},
		{"", 0, false},
		{"-", 0, false},
		{`"5"`, 0, false},
		{"0x10", 0, false},
		{"null", 0, false},
	} {
		if got, ok := scan.Int([]byte(row.text)); got != row.want || ok != row.ok {
			t.Errorf("Int(%s) = %d, %v", row.text, got, ok)
		}
	}
	if v, ok := scan.Bool([]byte("true")); !v || !ok {
		t.Error("true")
	}
	if v, ok := scan.Bool([]byte("false")); v || !ok {
		t.Error("false")
	}
	if _, ok := scan.Bool([]byte(`"true"`)); ok {
		t.Error("a string is no bool")
	}
	if !scan.IsNull([]byte("null")) || !scan.IsNull(nil) || scan.IsNull([]byte("0")) {
		t.Error("IsNull")
	}
}

func TestNoAllocation(t *testing.T) {
	body := chatBody(4 << 10)
	n := 0
	if got := testing.AllocsPerRun(100, func() {
		if scan.Members(body, func(key []byte, start, end int) bool {
			if scan.KeyIs(key, "model") && scan.StringIs(body[start:end], "claude-sonnet-4-5") {
				n++
			}
			return true
		}) != nil {
			t.Fatal("invalid")
		}
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
	if n == 0 {
		t.Error("model not found")
	}
}

func FuzzValid(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e3,"x\u00e9",null,true]}`, `[[[[{}]]]]`, `"`, `{"a":`, "\"\x1f\"", "1e", `{"\u0061":{}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		err := scan.Valid(b)
		if (err == nil) != json.Valid(withoutEscapes(b)) {
			t.Fatalf("Valid(%q) = %v", b, err)
		}
		// What is truncated can be completed, so no extension of a syntax
		// error is valid and every truncation is a prefix of something.
		if err != nil && errors.Is(err, scan.ErrSyntax) && scan.Valid(append(slices.Clip(b), '"', '}')) == nil {
			t.Fatalf("%q is a syntax error, but becomes valid", b)
		}
		var object map[string]json.RawMessage
		_ = json.Unmarshal(withoutEscapes(b), &object)
		isObject := err == nil && object != nil
		clear(object)
		_ = json.Unmarshal(b, &object)
		last := map[string]string{}
		merr := scan.Members(b, func(key []byte, start, end int) bool {
			if plain, ok := scan.Unescape(nil, key); ok && utf8.Valid(plain) {
				last[string(plain)] = string(b[start:end])
			}
			if !json.Valid(withoutEscapes(b[start:end])) {
				t.Fatalf("span %q", b[start:end])
			}
			return true
		})
		if (merr == nil) != isObject {
			t.Fatalf("Members(%q) = %v", b, merr)
		}
		if json.Valid(b) && utf8.Valid(b) {
			for key, want := range object {
				if got, ok := last[key]; ok && got != string(want) {
					t.Fatalf("%q: %q, want %q", key, got, want)
				}
			}
		}
		scan.Get(b, "a", "0", "b")
		_ = scan.Elements(b, func(start, end int) bool { return json.Valid(b[start:end]) })
	})
}

func FuzzString(f *testing.F) {
	for _, s := range []string{`"x"`, `"\ud83d\ude00"`, `"\n\"\\"`, `12`, `-1.5e2`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := scan.String(b)
		if !json.Valid(b) || !utf8.Valid(b) {
			return
		}
		if b[0] <= ' ' || b[len(b)-1] <= ' ' {
			return
		}
		var want string
		if isString := json.Unmarshal(b, &want) == nil && b[0] == '"'; isString != ok || got != want && isString {
			t.Fatalf("String(%q) = %q, %v; want %q", b, got, ok, want)
		}
		var n int64
		if json.Unmarshal(b, &n) == nil && b[0] != 'n' && b[0] != '"' {
			if got, ok := scan.Int(b); len(b) <= 32 && (!ok || got != n) {
				t.Fatalf("Int(%q) = %d, %v", b, got, ok)
			}
		}
	})
}

func BenchmarkMembers(b *testing.B) {
	for _, row := range []struct {
		name string
		size int
	}{{"1KB", 1 << 10}, {"200KB", 200 << 10}} {
		body := chatBody(row.size)
		b.Run(row.name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if err := scan.Members(body, func([]byte, int, int) bool { return true }); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(row.name+"/encoding_json_Valid", func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				json.Valid(body)
			}
		})
	}
	// One word after the other, no string at all: the slow side of the scanner.
	var list strings.Builder
	list.WriteString(`{"embedding":[0.1`)
	for list.Len() < 200<<10 {
		list.WriteString(`,-0.0123456`)
	}
	list.WriteString(`]}`)
	numbers := []byte(list.String())
	b.Run("200KB_numbers", func(b *testing.B) {
		b.SetBytes(int64(len(numbers)))
		for b.Loop() {
			_ = scan.Valid(numbers)
		}
	})
}
