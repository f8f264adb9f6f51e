package scan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/protocol/scan"
)

func TestIndex(t *testing.T) {
	many := "{"
	for i := range scan.Indexed {
		many += fmt.Sprintf("%q : %d , ", fmt.Sprint("k", i), i)
	}
	for _, row := range []struct {
		text     string
		complete bool
	}{
		{`{"a":1, "b" : [2 , 3],"a":{"c":"d"} , "\u0065":null }`, true},
		{many[:len(many)-3] + "}", true},
		{many + `"one more":1}`, false},
		{`{}`, false},
		{`[1]`, false},
	} {
		b := []byte("before " + row.text + " behind")[len("before "):][:len(row.text)] // a part of something larger
		var x scan.Index
		var want []string
		_ = scan.Members(b, func(key []byte, start, end int) bool {
			x.Add(b, key, start, end)
			want = append(want, string(key)+"="+string(b[start:end]))
			return true
		})
		if x.Complete() != row.complete {
			t.Errorf("%.80s: complete %v", row.text, x.Complete())
		}
		var got []string
		x.Each(b, func(key, value []byte) { got = append(got, string(key)+"="+string(value)) })
		if !slices.Equal(got, want[:min(len(want), scan.Indexed)]) {
			t.Errorf("%.80s: %q, want %q", row.text, got, want)
		}
	}
}

// Element walks an array as FindElement does, and goes on wherever it is asked
// to.
func TestElement(t *testing.T) {
	for _, text := range []string{
		`[]`, ` [ ] `, `[1]`, ` [ 1 , "a,]" ,{"b":[1,2]}, [] ]`, `[1,`, `[1 2]`, `[,]`, `{}`, `"a"`, ``, `1,2`, `[` + strings.Repeat(`[0],`, 50) + `0]`,
	} {
		b := []byte(text)
		var want, got []string
		scan.FindElement(b, func(start, end int) bool {
			want = append(want, string(b[start:end]))
			return false
		})
		for at := 0; ; {
			start, end, ok := scan.Element(b, at)
			if !ok {
				break
			}
			got = append(got, string(b[start:end]))
			at = end
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
