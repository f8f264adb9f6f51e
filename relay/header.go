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
	// of the upstream's host, not of ours
	"Alt-Svc": true, "Strict-Transport-Security": true, "Set-Cookie": true, "Nel": true, "Report-To": true,
	"Server": true, "Via": true, "Cf-Ray": true, "Cf-Cache-Status": true, "Content-Encoding": true, "Content-Length": true,
	"Access-Control-Allow-Origin": true, "Access-Control-Allow-Credentials": true, "Access-Control-Expose-Headers": true,
	// of the upstream's account
	"Anthropic-Organization-Id": true, "Openai-Organization": true, "Openai-Project": true, "Www-Authenticate": true,
	"Retry-After": true,
}

// droppedPrefixes are the rest of the same: the limits of a key that the
// client does not hold, and which may be another one at its next call.
var droppedPrefixes = []string{"Anthropic-Ratelimit-", "X-Ratelimit-", "X-Ccload-"}

// clientHeader is what of an upstream's headers the client gets.
func clientHeader(upstream http.Header) http.Header {
	h := make(http.Header, len(upstream))
	named := upstream["Connection"]
next:
	for name, values := range upstream {
		if dropped[name] {
			continue
		}
		for _, p := range droppedPrefixes {
			if strings.HasPrefix(name, p) {
				continue next
			}
		}
		for _, line := range named {
			if strings.Contains(strings.ToLower(line), strings.ToLower(name)) {
				continue next
			}
		}
		h[name] = values
	}
	return h
}

// mediaType is the media type of a Content-Type, in lower case.
func mediaType(h http.Header) string {
	value := ""
	if v := h["Content-Type"]; len(v) > 0 {
		value = v[0]
	}
	switch value { // what nearly all answers say
	case "application/json", "text/event-stream", "text/event-stream; charset=utf-8":
		value, _, _ = strings.Cut(value, ";")
		return value
	}
	t, _, err := mime.ParseMediaType(value)
	if err != nil {
		t, _, _ = strings.Cut(value, ";")
		t = strings.ToLower(strings.TrimSpace(t))
	}
	return t
}
