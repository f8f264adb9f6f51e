package health

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ccload/ccload/secrets"
)

// messageLimit is how many bytes of an upstream's message are kept.
const messageLimit = 300

// tidy makes a message fit for a log line: one line, no control characters, no
// credentials, not long.
func tidy(s string) string {
	s = s[:min(len(s), textLimit)]
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	s = secrets.RedactMessage(s)
	if len(s) <= messageLimit {
		return s
	}
	cut := messageLimit
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// message is what an operator reads of the evidence.
func (f *facts) message() string {
	switch {
	case f.Failure.Message != "":
		return tidy(f.Failure.Message)
	case f.page:
		return tidy("a web page: " + title(f.Body))
	case f.Err != nil:
		return tidy(f.Err.Error())
	case f.Status >= 400 && len(f.Body) > 0:
		return tidy(string(f.Body[:min(len(f.Body), textLimit)]))
	case f.text != "":
		return tidy(f.text)
	case f.Status >= 300:
		return http.StatusText(f.Status)
	}
	return ""
}
