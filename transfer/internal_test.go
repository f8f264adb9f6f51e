package transfer

import (
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/config"
)

func TestGuard(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "plain": "plain", "a=b": "a=b", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "\rx": "'\rx",
		"'": "'", "'quoted'": "'quoted'", "''": "''", "'=1": "''=1", "''=1": "'''=1", "'a=": "'a=", " =1": " =1",
	} {
		got := guard(cell)
		if got != want || unguard(got) != cell {
			t.Errorf("guard(%q) = %q, want %q; back: %q", cell, got, want, unguard(got))
		}
	}
	// What a person writes without knowing of it stays as it is.
	for _, cell := range []string{"-5", "=x", "'name", "plain"} {
		if unguard(cell) != cell {
			t.Errorf("unguard(%q) = %q", cell, unguard(cell))
		}
	}
}

func FuzzGuard(f *testing.F) {
	f.Add("'=1")
	f.Fuzz(func(t *testing.T, cell string) {
		g := guard(cell)
		if isFormula(g) || unguard(g) != cell {
			t.Errorf("guard(%q) = %q", cell, g)
		}
	})
}

func TestLists(t *testing.T) {
	for want, list := range map[string][]string{
		"":                  nil,
		"a":                 {"a"},
		"a, b":              {"a", "b"},
		`["a,b"]`:           {"a,b"},
		`["[a"]`:            {"[a"},
		`["a\nb","c"]`:      {"a\nb", "c"},
		`[" a"]`:            {" a"},
		`["","a"]`:          {"", "a"},
		`a"b, <c>`:          {`a"b`, "<c>"},
		`["<x>,"]`:          {"<x>,"},
		"claude-*, gpt 5 x": {"claude-*", "gpt 5 x"},
	} {
		got, err := formatList(list)
		if err != nil || got != want {
			t.Errorf("%q: got %s, %v, want %s", list, got, err, want)
		}
	}
	if got := splitList(" a ,\r\n b\n\n,c "); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("got %q", got)
	}
}

func TestFitNames(t *testing.T) {
	long := strings.Repeat("ü", 300)
	for _, test := range []struct{ names, want []string }{
		{[]string{"a", "b"}, []string{"a", "b"}},
		{[]string{"a", "a", "a"}, []string{"a", "a (2)", "a (3)"}},
		{[]string{"a", "a", "a (2)"}, []string{"a", "a (3)", "a (2)"}},
		{[]string{" a", "a"}, []string{"a (2)", "a"}},
		{[]string{"", "\n", "x 1"}, []string{"x 1 (2)", "x 2", "x 1"}},
		{[]string{"anonymous", "a\r\nb\x00"}, []string{"anonymous (2)", "a  b"}},
		{[]string{"\xff"}, []string{"\ufffd"}},
		{[]string{long, long}, []string{strings.Repeat("ü", 191), strings.Repeat("ü", 187) + " (2)"}},
	} {
		got := fitNames(test.names, "x", config.Anonymous)
		if !slices.Equal(got, test.want) {
			t.Errorf("%.40q: got %q, want %q", test.names, got, test.want)
		}
		for _, name := range got {
			c := config.Channel{Name: name, Provider: "openai"}
			if err := c.Validate(); err != nil {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
	// Many of the same name do not take forever.
	many := make([]string, MaxRows)
	got := fitNames(many, "x")
	if got[MaxRows-1] != "x 20000" {
		t.Errorf("got %q", got[MaxRows-1])
	}
	for i := range many {
		many[i] = "same"
	}
	if got := fitNames(many, "x"); got[MaxRows-1] != "same (20000)" {
		t.Errorf("got %q", got[MaxRows-1])
	}
}

func TestNotes(t *testing.T) {
	var n notes
	n.add("", "of all")
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		n.add(name, "of seven")
	}
	n.add("x\n", "of one")
	n.add("", "of all")
	want := []string{"of all", `of seven ("a", "b", "c", "d", "e" and 2 more)`, `of one ("x\n")`}
	if got := n.list(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
