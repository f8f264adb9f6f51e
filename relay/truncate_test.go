package relay

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func abridged(text string, size int) string {
	var a truncator
	for text != "" {
		n := min(size, len(text))
		a.write([]byte(text[:n]))
		text = text[n:]
	}
	return string(a.text)
}

func TestAbridger(t *testing.T) {
	x := strings.Repeat("x", abridgedString)
	long := x + strings.Repeat("y", 1000)
	for _, row := range []struct{ in, want string }{
		{`{"a":1,"b":[1,2,{"c":"d"}]}`, `{"a":1,"b":[1,2,{"c":"d"}]}`},
		{`{"a":"` + x + `"}`, `{"a":"` + x + `"}`},
		{`{"a":"` + long + `","usage":3}`, `{"a":"` + x + `","usage":3}`},
		{`{"a":"` + long + `\"` + long + `\\","usage":3}`, `{"a":"` + x + `","usage":3}`},
		{`{"a":"` + x[:127] + `\u00e9\"` + long + `"}`, `{"a":"` + x[:127] + `\u00e9"}`},
		{`[1,2,3,4,5,6,7]`, `[1,2,3,4]`},
		{`{"e":[-1.5e-3, 2, 3, 4, 5, 6],"u":1}`, `{"e":[-1.5e-3, 2, 3, 4],"u":1}`},
		{`[1,2,3,4,5,"a",[6]]`, `[1,2,3,4,"a",[6]]`},
		{`[1,2,3,4,5,[6],7]`, `[1,2,3,4,[6],7]`},
		{`{"half":"` + long, `{"half":"` + x},
	} {
		for _, size := range []int{1, 2, 3, 7, 1 << 20} {
			if got := abridged(row.in, size); got != row.want {
				t.Errorf("in pieces of %d: %.40s… became %s, want %s", size, row.in, got, row.want)
			}
		}
	}
}

// What is JSON stays JSON, and members that are small stay as they are.
func TestAbridgedStaysJSON(t *testing.T) {
	value := rapid.OneOf(
		rapid.Map(rapid.StringN(0, 400, -1), func(s string) any { return s }),
		rapid.Map(rapid.SliceOfN(rapid.Float64(), 0, 40), func(f []float64) any { return f }),
		rapid.Map(rapid.SliceOf(rapid.String()), func(s []string) any { return s }),
		rapid.Map(rapid.MapOf(rapid.String(), rapid.Int()), func(m map[string]int) any { return m }),
	)
	rapid.Check(t, func(t *rapid.T) {
		in := map[string]any{"values": rapid.SliceOf(value).Draw(t, "values"), "usage": 12345}
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		short := abridged(string(text), rapid.IntRange(1, 50).Draw(t, "size"))
		var out struct {
			Values []any
			Usage  int
		}
		if err := json.Unmarshal([]byte(short), &out); err != nil || out.Usage != 12345 || len(out.Values) != len(in["values"].([]any)) {
			t.Fatalf("%s became %s: %v", text, short, err)
		}
	})
}

func TestAbridgerGivesUp(t *testing.T) {
	var a truncator
	for range 1 + abridgedMost/10 {
		a.write([]byte(`{"a":[{}],`))
	}
	if !a.full || a.text != nil {
		t.Errorf("keeps %d bytes", len(a.text))
	}
}
