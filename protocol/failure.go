package protocol

import (
	"bytes"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// maxMessage is how many bytes of an upstream's error text are kept.
const maxMessage = 4 << 10

// maxWraps is how often an error may hold another one as text.
const maxWraps = 5

// ParseFailure reads an error in whatever shape an upstream wrote it: the
// shapes of the four wire formats and of the vendors compatible with them, an
// error inside the text of another error, an event stream, HTML, plain text.
// isError says that the body by itself is an error, whatever status it came
// with; for an answer that has an error status, f holds what text there is
// either way. A body that is cut short is read as far as it goes.
func ParseFailure(body []byte) (f ai.Failure, isError bool) {
	isError = parseFailure(&f, body, 0)
	f.Message = ai.CutBytes(strings.TrimSpace(f.Message), maxMessage)
	return f, isError
}

func parseFailure(f *ai.Failure, body []byte, wraps int) bool {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(body) == 0 || wraps > maxWraps {
		return false
	}
	switch body[0] {
	case '{':
		return objectFailure(f, membersOf(body), wraps)
	case '[':
		isError := false
		_ = scan.Elements(body, func(start, end int) bool {
			isError = parseFailure(f, body[start:end], wraps+1)
			return false
		})
		return isError
	case '"':
		if text, ok := scan.String(body); ok {
			return textFailure(f, text, wraps+1)
		}
	}
	return textFailure(f, string(body), wraps)
}

// wrapped reads an error's text. Relays put the error of the service behind
// them there, as JSON or with a few words before it; what is inside is closer
// to the fault and goes before what f already knows.
func wrapped(f *ai.Failure, text string, wraps int) {
	// A few words with brackets of their own may come before: "[openai] {…}".
	for at, tries := 0, 0; wraps < maxWraps && tries < 4; tries++ {
		open := strings.IndexAny(text[at:], "{[")
		if open < 0 {
			break
		}
		open += at
		at = open + 1
		if !strings.HasPrefix(strings.TrimLeft(text[at:], " \r\n\t[{"), `"`) {
			continue
		}
		var inner ai.Failure
		if parseFailure(&inner, []byte(text[open:]), wraps+1) && inner.Message != "" {
			merge(f, &inner)
			return
		}
	}
	set(&f.Message, text)
}

// merge lets what inner says go before what f said.
func merge(f, inner *ai.Failure) {
	outer := *f
	*f = *inner
	set(&f.Type, outer.Type)
	set(&f.Code, outer.Code)
	set(&f.Param, outer.Param)
	setStatus(f, int64(outer.Status))
	if f.RetryAfter == 0 {
		f.RetryAfter = outer.RetryAfter
	}
	if f.Reset.IsZero() {
		f.Reset = outer.Reset
	}
	f.Model = f.Model || outer.Model
}

// overloadPhrases begin the plain text with which some relays answer 200 when
// they have no capacity.
var overloadPhrases = []string{"当前模型负载过高", "Current model load too high"}

// textFailure reads what is not JSON.
func textFailure(f *ai.Failure, text string, wraps int) bool {
	switch {
	case strings.HasPrefix(text, "event:"), strings.HasPrefix(text, "data:"):
		return eventFailure(f, text, wraps)
	case strings.HasPrefix(text, "<"):
		set(&f.Message, pageTitle(text))
		return false
	}
	for _, phrase := range overloadPhrases {
		if len(text) <= 256 && strings.HasPrefix(text, phrase) {
			set(&f.Type, "overloaded_error")
			set(&f.Message, text)
			return true
		}
	}
	if wraps > 0 {
		wrapped(f, text, wraps)
		return f.Type != "" || f.Code != ""
	}
	set(&f.Message, text)
	return false
}

// eventFailure reads the first event with an error of an event stream that
// came where one JSON value was expected.
func eventFailure(f *ai.Failure, text string, wraps int) bool {
	for line := range strings.Lines(text) {
		data, ok := strings.CutPrefix(line, "data:")
		if !ok {
			continue
		}
		var inner ai.Failure
		if parseFailure(&inner, []byte(data), wraps+1) {
			merge(f, &inner)
			return true
		}
	}
	return false
}

// pageTitle is what an HTML page is about.
func pageTitle(page string) string {
	lower := strings.ToLower(page[:min(len(page), 8<<10)])
	if len(lower) > len(page) {
		return "an HTML page"
	}
	_, rest, ok := strings.Cut(lower, "<title>")
	title, _, ok2 := strings.Cut(rest, "</title>")
	if !ok || !ok2 || strings.TrimSpace(title) == "" {
		return "an HTML page"
	}
	return "an HTML page: " + strings.Join(strings.Fields(title), " ")
}

func set(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

func setStatus(f *ai.Failure, n int64) {
	if f.Status == 0 && n >= 400 && n <= 599 {
		f.Status = int(n)
	}
}
