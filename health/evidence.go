package health

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/ccload/ccload/ai"
)

// Evidence is what one attempt met, as far as judging it needs to know.
type Evidence struct {
	// Kind is what the relay saw. ai.OK means that there was an HTTP answer to
	// classify. The others are ai.Timeout, NetworkError, Truncated, Empty,
	// BadAnswer, SoftError, ContentFilter, ClientGone and Ended.
	Kind ai.Kind
	// Err is the transport's error, if there was one.
	Err error
	// Status and Header are those of the upstream's answer, 0 and nil if none
	// came.
	Status int
	Header http.Header
	// Body is the beginning of an error answer, at most 64 KB, content encoding
	// removed. It is only read.
	Body []byte
	// Failure is the error found in the body or in an event, whatever the status.
	Failure ai.Failure
	// Phase says how far the attempt had come: connect, headers, first_content,
	// idle, body.
	Phase string
	// Committed says that the client already had its beginning of the answer, so
	// that nothing can be tried again.
	Committed bool
}

const (
	textLimit = 4 << 10  // of an error message is looked at
	bodyLimit = 16 << 10 // of a raw body is looked at
	// plainLimit is how long an answer that is not JSON may be to be read as an
	// error message. Anything longer is an answer that went wrong, and a model
	// may well write about rate limits.
	plainLimit = 512
)

// facts is evidence made ready for the table: everything in lower case and
// bounded.
type facts struct {
	*Evidence
	status int       // the HTTP status, or the one inside where that tells more
	codes  [2]string // the error's code and type
	text   string    // the error's message; the body or the title of a page if there is no message
	body   string    // the raw body
	page   bool      // the body is an HTML page
}

// wrappers are statuses that relays use for anything that went wrong behind
// them; a status written inside such an answer is closer to the truth.
var wrappers = map[int]bool{
	http.StatusBadRequest: true, http.StatusInternalServerError: true,
	http.StatusBadGateway: true, http.StatusServiceUnavailable: true,
}

func newFacts(e *Evidence) *facts {
	f := &facts{Evidence: e, status: e.Status, page: isPage(e.Header, e.Body)}
	if in := e.Failure.Status; in >= 400 && in <= 599 && (e.Status < 400 || wrappers[e.Status] || in == http.StatusPaymentRequired) {
		f.status = in
	}
	f.codes = [2]string{strings.ToLower(e.Failure.Code), strings.ToLower(e.Failure.Type)}
	f.body = strings.ToLower(string(e.Body[:min(len(e.Body), bodyLimit)]))
	switch {
	case f.page:
		f.text = strings.ToLower(title(e.Body))
	case e.Failure.Message != "":
		f.text = strings.ToLower(e.Failure.Message)
	case e.Status >= 400:
		f.text = f.body
	case e.Kind == ai.BadAnswer && len(e.Body) <= plainLimit && !structured(e.Body):
		f.text = f.body
	}
	f.text = f.text[:min(len(f.text), textLimit)]
	return f
}

// isPage reports whether an answer is a page for a browser: something in front
// of the service wrote it, not the service.
func isPage(h http.Header, body []byte) bool {
	body = bytes.TrimSpace(body[:min(len(body), plainLimit)])
	if len(body) == 0 {
		return false
	}
	if strings.HasPrefix(h.Get("Content-Type"), "text/html") {
		return body[0] == '<'
	}
	lower := bytes.ToLower(body)
	return bytes.HasPrefix(lower, []byte("<!doctype")) || bytes.HasPrefix(lower, []byte("<html"))
}

// structured reports whether a body is JSON or a stream of events, whole or not.
func structured(body []byte) bool {
	body = bytes.TrimSpace(body)
	for _, prefix := range [...]string{"{", "[", "data:", "event:", ":"} {
		if bytes.HasPrefix(body, []byte(prefix)) {
			return true
		}
	}
	return false
}

// title is the title of a page, or its first words without marks.
func title(page []byte) string {
	page = page[:min(len(page), bodyLimit)]
	lower := bytes.ToLower(page)
	if len(lower) != len(page) { // a letter whose lower case is longer: keep the positions honest
		page = lower
	}
	if start := bytes.Index(lower, []byte("<title")); start >= 0 {
		if open := bytes.IndexByte(lower[start:], '>'); open >= 0 {
			start += open + 1
			if end := bytes.IndexByte(lower[start:], '<'); end >= 0 {
				return string(page[start : start+end])
			}
		}
	}
	var words strings.Builder
	in := false
	for _, c := range page {
		switch {
		case c == '<':
			in = true
		case c == '>':
			in = false
			words.WriteByte(' ')
		case !in:
			words.WriteByte(c)
		}
		if words.Len() > 2*messageLimit {
			break
		}
	}
	return words.String()
}

// hasCode reports whether the error's code or type is one of codes.
func (f *facts) hasCode(codes []string) bool {
	for _, code := range codes {
		if f.codes[0] == code || f.codes[1] == code {
			return true
		}
	}
	return false
}

// anyLike reports whether one of the patterns is found in text.
func anyLike(text string, patterns []string) bool {
	for _, p := range patterns {
		if like(text, p) {
			return true
		}
	}
	return false
}

// like reports whether the parts of pattern, divided by *, are found in text in
// that order. An empty text is like nothing.
func like(text, pattern string) bool {
	for text != "" {
		part, rest, more := strings.Cut(pattern, "*")
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		if !more {
			return true
		}
		text, pattern = text[i+len(part):], rest
	}
	return pattern == ""
}
