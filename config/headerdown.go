package config

import (
	"net/http"
	"slices"
	"strings"
)

// HeaderDown says what headers an answer has beside those that every answer
// has. Of an upstream's own headers clients get only Content-Type,
// Content-Language, request ids, rate limits and what OpenAI, Anthropic and
// Google say of model, version and time: what else a relay sends would count as
// said by this site.
type HeaderDown struct {
	// Pass names headers of the upstream that clients get too. A * at the end
	// stands for any ending, as in X-Acme-*.
	Pass []string `json:"pass,omitempty"`
	// Set gives the answer a header of these values, whatever the upstream said.
	Set map[string][]string `json:"set,omitempty"`
	// Add adds values beside those that are there.
	Add map[string][]string `json:"add,omitempty"`
	// Delete takes headers of the upstream away that clients would get.
	Delete []string `json:"delete,omitempty"`
}

// ownHeaders are the headers of an answer that header_down may not touch, and
// why. A name that ends in * stands for all that begin so.
var ownHeaders = map[string]string{
	"Access-Control-*":                    "allow_origins says which other sites may read answers",
	"Connection":                          "it belongs to the connection",
	"Content-Encoding":                    "answers are read on their way, and compressed by Caddy's encode",
	"Content-Length":                      "it follows from the body",
	"Content-Security-Policy":             "it keeps an upstream's answer from running in this site's name",
	"Content-Security-Policy-Report-Only": "it belongs to this site",
	"Content-Type":                        "it follows from what the answer was found to be",
	"Keep-Alive":                          "it belongs to the connection",
	"Proxy-Authenticate":                  "it belongs to the connection",
	"Proxy-Connection":                    "it belongs to the connection",
	"Set-Cookie":                          "a cookie would be one of this site",
	"Te":                                  "it belongs to the connection",
	"Trailer":                             "it belongs to the connection",
	"Transfer-Encoding":                   "it belongs to the connection",
	"Upgrade":                             "it belongs to the connection",
	"X-Accel-*":                           "a server in front would obey it",
	"X-Ccload-*":                          "it is the gateway's own",
	"X-Content-Type-Options":              "it keeps an upstream's answer from running in this site's name",
	"X-Lighttpd-Send-File":                "a server in front would obey it",
	"X-Sendfile":                          "a server in front would obey it",
}

// ownHeader says why header_down may not touch a header, "" if it may.
func ownHeader(name string) string {
	if why, own := ownHeaders[name]; own {
		return why
	}
	for i := range len(name) {
		if name[i] != '-' {
			continue
		}
		if why, own := ownHeaders[name[:i+1]+"*"]; own {
			return why
		}
	}
	return ""
}

// Validate checks names and values.
func (h *HeaderDown) Validate() error { return first("", "", h.check()) }

func (h *HeaderDown) check() *Error {
	if h == nil {
		return nil
	}
	for _, headers := range []map[string][]string{h.Set, h.Add} {
		for name, values := range sorted(headers) {
			if p := checkAnswerHeader(name, values...); p != nil {
				return p
			}
		}
	}
	if p := checkEach(h.Delete, func(name string) *Error { return checkAnswerHeader(name) }); p != nil {
		return p
	}
	return checkEach(h.Pass, func(name string) *Error {
		prefix, _ := strings.CutSuffix(name, "*")
		if prefix == "" || strings.HasSuffix(prefix, "*") {
			return &Error{Field: "header_down", Value: quote(name), Problem: "names no header: write it, or its beginning and a *, as in X-Acme-*"}
		}
		return checkAnswerHeader(prefix)
	})
}

// checkAnswerHeader checks one header of an answer.
func checkAnswerHeader(name string, values ...string) *Error {
	if !isToken(name) {
		shown := name[:len(name)-len(strings.TrimLeft(name, tokenLetters))]
		return &Error{Field: "header_down", Value: quote(shown), Problem: "is no header name: letters, digits and hyphens, as in X-Served-By"}
	}
	if why := ownHeader(http.CanonicalHeaderKey(name)); why != "" {
		return &Error{Field: "header_down", Value: name, Problem: "cannot be changed: " + why}
	}
	if slices.ContainsFunc(values, func(v string) bool { return strings.ContainsAny(v, "\r\n\x00") }) {
		return &Error{Field: "header_down", Value: name, Problem: "has a value with a line break or NUL in it: write it on one line"}
	}
	return nil
}

// Apply changes the header of an answer: first upstream's headers are passed,
// then headers are deleted, set and added. A nil h changes nothing; upstream is
// only read.
func (h *HeaderDown) Apply(header, upstream http.Header) {
	if h == nil {
		return
	}
	for _, name := range h.Pass {
		prefix, many := strings.CutSuffix(http.CanonicalHeaderKey(name), "*")
		if !many {
			if values := upstream[prefix]; len(values) > 0 && ownHeader(prefix) == "" {
				header[prefix] = values
			}
			continue
		}
		for name, values := range upstream {
			if strings.HasPrefix(name, prefix) && ownHeader(name) == "" {
				header[name] = values
			}
		}
	}
	for _, name := range h.Delete {
		header.Del(name)
	}
	for name, values := range h.Set {
		header[http.CanonicalHeaderKey(name)] = slices.Clip(values) // whoever adds to it makes a copy
	}
	for name, values := range h.Add {
		key := http.CanonicalHeaderKey(name)
		header[key] = append(slices.Clone(header[key]), values...)
	}
}
