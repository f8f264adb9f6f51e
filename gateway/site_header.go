package gateway

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
	"github.com/ccload/ccload/protocol/gemini"
	"github.com/ccload/ccload/protocol/openai"
	"github.com/ccload/ccload/protocol/responses"
)

// Headers of every answer below the gateway's paths. What an upstream says is
// data: a browser must neither guess what it might be nor run it in the name of
// this site, where the dashboard may be.
var (
	noSniff = []string{"nosniff"}
	sandbox = []string{"default-src 'none'; frame-ancestors 'none'; sandbox"}
)

// Corrected is the request with the path that its client meant. Whoever reads
// the path behind this sees only those that endpoints have.
func (m *Match) Corrected(r *http.Request) *http.Request {
	if m.path == r.URL.Path {
		return r
	}
	meant, u := *r, *r.URL
	u.Path, u.RawPath = m.path, ""
	meant.URL = &u
	return &meant
}

// IsOurs reports whether a request presents a token of this gateway, be it one
// that may not be used now.
func (s *Site) IsOurs(r *http.Request) bool {
	credential := access.Credential(r)
	if credential == "" {
		return false
	}
	_, err := s.snapshot().table.Tokens.Lookup(credential, time.Now())
	return err == nil || errors.Is(err, access.ErrDisabled) || errors.Is(err, access.ErrExpired)
}

// formatFor is the wire format that a client of an unknown path most likely
// speaks.
func formatFor(r *http.Request) protocol.Format {
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, "/v1/messages"), r.Header.Get("Anthropic-Version") != "":
		return anthropic.Format{}
	case strings.HasPrefix(path, "/v1beta"), r.Header.Get("X-Goog-Api-Key") != "":
		return gemini.Format{}
	case strings.HasPrefix(path, "/v1/responses"):
		return responses.Format{}
	}
	return openai.Format{}
}

// AnswerHeader begins the header of an answer.
func (s *Site) AnswerHeader(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header["X-Content-Type-Options"] = noSniff
	header["Content-Security-Policy"] = sandbox
	if origin := r.Header.Get("Origin"); origin != "" && len(s.AllowOrigins) > 0 {
		header.Add("Vary", "Origin")
		if s.allowsOrigin(origin) {
			header.Set("Access-Control-Allow-Origin", origin)
			header.Set("Access-Control-Expose-Headers", "Retry-After, Request-Id, X-Request-Id, X-Ccload-Request-Id, X-Ccload-Channel, X-Ccload-Attempts, X-Ccload-Upstream-Model, X-Should-Retry")
		}
	}
}

// finalStatuses are those of refusals that another try would only meet again.
// Without being told, Claude Code tries a wrong token for minutes.
var finalStatuses = map[int]bool{
	http.StatusBadRequest:            true,
	http.StatusUnauthorized:          true,
	http.StatusForbidden:             true,
	http.StatusNotFound:              true,
	http.StatusMethodNotAllowed:      true,
	http.StatusRequestEntityTooLarge: true,
	http.StatusUnsupportedMediaType:  true,
	http.StatusUnprocessableEntity:   true,
}

// sayFinal tells the client's SDK not to repeat what is refused for good.
func sayFinal(header http.Header, status int) {
	if finalStatuses[status] {
		header["X-Should-Retry"] = []string{"false"}
	}
}

// UnknownEndpoint answers a request below the gateway's paths that is for none
// of its endpoints, in the protocol that its client most likely speaks.
func (s *Site) UnknownEndpoint(w http.ResponseWriter, r *http.Request) {
	s.AnswerHeader(w, r)
	id := newRequestID(time.Now())
	contentType, body := formatFor(r).WriteError(&protocol.Error{
		Status: http.StatusNotFound, Code: "unknown_endpoint", RequestID: id,
		Message: "this gateway has no endpoint " + r.Method + " " + ai.Shorten(r.URL.Path, 200) +
			"; it serves /v1/messages, /v1/chat/completions, /v1/responses, /v1/embeddings, /v1/images/…, /v1/audio/…, " +
			"/v1beta/models/{model}:generateContent, /v1/models and their kin; the base URL is the address of this site, with or without /v1",
	})
	header := w.Header()
	header.Set("X-Ccload-Request-Id", id)
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	sayFinal(header, http.StatusNotFound)
	w.WriteHeader(http.StatusNotFound)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}
