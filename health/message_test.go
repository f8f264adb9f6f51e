package health

import (
	"strings"
	"testing"
)

func TestMessagesAreTidy(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Incorrect API key provided: sk-proj-AbC123. Find it at https://x", "Incorrect API key provided: *** Find it at https://x"},
		{"bad key AIzaSyA1234567890abcdefghij in use", "bad key *** in use"},
		{"Authorization: Bearer eyJhbGciOi.J9.xx", "Authorization: *** ***"},
		{`Get "https://h/v1?key=AIzaSecretSecret": EOF`, `Get "https://h/v1?key=***": EOF`},
		{"a\r\n\tb\x00c", "a b c"},
		{"skipping the risk-free mask", "skipping the risk-free mask"},
		{"0123456789abcdef0123456789abcdef.AbCdEfGhIjKlMnOp refused", "*** refused"},
		{strings.Repeat("é", 400), strings.Repeat("é", 150) + "…"},
	} {
		if got := tidy(c.in); got != c.want {
			t.Errorf("tidy(%q) = %q, want %q", c.in, got, c.want)
		}
	}
	e := answer(403, page403, "content-type", "text/html")
	if got := Classify(e, nil, noon).Message; got != "a web page: Attention Required! | Cloudflare" {
		t.Errorf("page: %q", got)
	}
}
