package access

import "testing"

func TestRewrite(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ pattern, target, name, want string }{
		{"openai/*", "*", "openai/gpt-5-mini", "gpt-5-mini"},
		{"openai/*", "*", "openai/", ""},
		{"openai/*", "one", "openai/gpt-5", "one"},
		{"*", "vendor/*", "m", "vendor/m"},
		{"a-*-b-*", "*/*", "a-x-b-y", "x/y"},
		{"a-*-b-*", "*", "a-x-b-y", "x"},
		{"*-latest", "*", "m-latest", "m"},
		{"m", "n", "m", "n"},
	} {
		if got, ok := Rewrite(row.pattern, row.target, row.name); !ok || got != row.want {
			t.Errorf("%s to %s: %s becomes %q, %v, want %q", row.pattern, row.target, row.name, got, ok, row.want)
		}
	}
	for _, row := range [][2]string{{"openai/*", "gpt-5"}, {"a*b", "ac"}, {"m", "n"}} {
		if got, ok := Rewrite(row[0], "*", row[1]); ok {
			t.Errorf("%s describes %s: %q", row[0], row[1], got)
		}
	}
}
