package relay

import (
	"mime"
	"net/http"
	"strings"
)

// dropped are headers of an answer that speak of the connection to the
// upstream, of an account that is not the client's, or of an encoding that is
// undone here.
var dropped = map[string]bool{
	// RFC 9110, section 7.6.1: hop by hop
	"Connection": true, "Proxy-Connection": true, "Keep-Alive": true, "Te": true, "Trailer": true,
	"Transfer-Encoding": true, "Upgrade": true, "Proxy-Authenticate": true, "Proxy-Authorization": true,
	// of the body as it came; CopyTo says what it is like when it goes
	"Content-Encoding": true, "Content-Length": true,
	// of the upstream's host, not of ours
	"Alt-Svc": true, "Strict-Transport-Security": true, "Set-Cookie": true, "Nel": true, "Report-To": true,
	"Server": true, "Via": true, "Cf-Ray": true, "Cf-Cache-Status": true,
	"Access-Control-Allow-Origin": true, "Access-Control-Allow-Credentials": true, "Access-Control-Expose-Headers": true,
	// of the upstream's account
	"Anthropic-Organization-Id": true, "Openai-Organization": true, "Openai-Project": true, "Www-Authenticate": true,
	"Retry-After": true,
}

// droppedPrefixes are the rest of the same: the limits of a key that the
// client does not hold, and which may be another one at its next call.
var droppedPrefixes = [...]string{"Anthropic-Ratelimit-", "X-Ratelimit-", "X-Ccload-"}

// clientHeader is what of an upstream's headers the client gets.
func clientHeader(upstream http.Header) http.Header {
	h := make(http.Header, len(upstream)+2)
	named := upstream["Connection"]
	for name, values := range upstream {
		if !dropped[name] && !hasDroppedPrefix(name) && !namedIn(named, name) {
			h[name] = values
		}
	}
	return h
}

func hasDroppedPrefix(name string) bool {
	for _, p := range droppedPrefixes {
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
