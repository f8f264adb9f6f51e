package relay

import (
	"bytes"
	"mime"
	"net/http"
	"strings"
)

// passed are the headers of an upstream that clients get. The list is positive:
// what else a relay sends, be it a cookie, a policy or a command for a server in
// front, would count as said by this site. A channel's header_down adds others.
var passed = map[string]bool{
	"Content-Type":     true, // as it was judged, see contentType
	"Content-Language": true,

	"Request-Id":           true, // Anthropic
	"X-Request-Id":         true, // OpenAI and most relays
	"X-Goog-Request-Id":    true,
	"Anthropic-Version":    true,
	"Openai-Model":         true,
	"Openai-Processing-Ms": true,
	"Openai-Version":       true,
}

// passedPrefixes are the rest of the same: limits, which clients show and heed.
var passedPrefixes = [...]string{"Anthropic-Ratelimit-", "X-Ratelimit-", "Ratelimit-", "X-Codex-"}

// addClientHeader adds what of an upstream's headers the client gets.
func addClientHeader(h, upstream http.Header) {
	named := upstream["Connection"]
	for name, values := range upstream {
		if (passed[name] || hasPassedPrefix(name)) && !namedIn(named, name) {
			h[name] = values
		}
	}
}

func hasPassedPrefix(name string) bool {
	for _, p := range passedPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// namedIn reports whether a Connection header names a header as hop by hop.
func namedIn(connection []string, name string) bool {
	for _, line := range connection {
		for token := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(token), name) {
				return true
			}
		}
	}
	return false
}

// Media types that decide how an answer is read.
const (
	eventStream = "text/event-stream"
	html        = "text/html"
	jsonText    = "application/json"
)

// mediaType is the media type of a Content-Type, in lower case.
func mediaType(h http.Header) string {
	value := ""
	if v := h["Content-Type"]; len(v) > 0 {
		value = v[0]
	}
	switch value { // what nearly all answers say
	case jsonText, eventStream:
		return value
	case "application/json; charset=utf-8":
		return jsonText
	case "text/event-stream; charset=utf-8":
		return eventStream
	}
	t, _, err := mime.ParseMediaType(value)
	if err != nil {
		t, _, _ = strings.Cut(value, ";")
		t = strings.ToLower(strings.TrimSpace(t))
	}
	return t
}

// Content types of answers whose own type cannot be believed.
const (
	plainText = "text/plain; charset=utf-8"
	someBytes = "application/octet-stream"
)

// isJSONType reports whether a media type is JSON.
func isJSONType(media string) bool { return media == jsonText || strings.HasSuffix(media, "+json") }

// harmless reports whether a browser shows or plays a media type without
// running anything in it.
func harmless(media string) bool {
	switch media {
	case "text/plain", "text/vtt", "text/csv", eventStream, someBytes, "application/x-subrip", "application/x-ndjson":
		return true
	case "image/svg+xml":
		return false
	}
	kind, _, _ := strings.Cut(media, "/")
	return kind == "audio" || kind == "video" || kind == "image" || isJSONType(media)
}

// contentType is the Content-Type of an answer that is given as it came: the
// upstream's own where it says what the answer was found to be.
func (d delivery) contentType(sse bool) string {
	said := ""
	if v := d.Header["Content-Type"]; len(v) > 0 {
		said = v[0]
	}
	media := mediaType(d.Header)
	switch {
	case d.form == stream && sse:
		if media != eventStream {
			said = eventStream
		}
	case d.form == opaque || d.req.Endpoint.Opaque && d.form != stream:
		text := d.form != opaque
		switch {
		case text && (media == "" || media == html || media == eventStream):
			said = textType(*d.held)
		case !harmless(media):
			said = someBytes
		}
	case !isJSONType(media):
		said = jsonText
	}
	return said
}

// ErrorType is the Content-Type of an error answer that is passed on as it
// came. Some upstreams, and the servers before them, answer with a page.
func ErrorType(upstream http.Header, body []byte) string {
	if v := upstream["Content-Type"]; len(v) > 0 && isJSONType(mediaType(upstream)) {
		return v[0]
	}
	return textType(body)
}

// textType is the type of a text that may be JSON.
func textType(body []byte) string {
	b := bytes.TrimLeft(bytes.TrimPrefix(body, byteOrderMark), " \t\r\n")
	if len(b) > 0 && (b[0] == '{' || b[0] == '[') {
		return jsonText
	}
	return plainText
}
