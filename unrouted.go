package ccload

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
	"github.com/ccload/ccload/protocol/gemini"
	"github.com/ccload/ccload/protocol/openai"
	"github.com/ccload/ccload/protocol/responses"
)

// This file is about requests whose path is not quite one of the gateway's.

// corrected is the request with the path that its client meant. Whoever reads
// the path behind this sees only those that endpoints have.
func (m *match) corrected(r *http.Request) *http.Request {
	if m.path == r.URL.Path {
		return r
	}
	meant, u := *r, *r.URL
	u.Path, u.RawPath = m.path, ""
	meant.URL = &u
	return &meant
}

// isOurs reports whether a request presents a token of this gateway, be it one
// that may not be used now.
func (h *Handler) isOurs(r *http.Request) bool {
	credential := access.Credential(r)
	if credential == "" {
		return false
	}
	_, err := h.snapshot().Tokens.Lookup(credential, time.Now())
	return err == nil || errors.Is(err, access.ErrDisabled) || errors.Is(err, access.ErrExpired)
}

// unrouted hands a request to the next handler. One below /v1 or /v1beta that
// nobody takes is of a client that speaks to an AI service: Caddy's empty 200
// would tell it nothing.
func (h *Handler) unrouted(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	err := next.ServeHTTP(w, r)
	if err != nil || !belowVersion(r.URL.Path) {
		return err
	}
	if nobody, _ := caddyhttp.GetVar(r.Context(), "unhandled").(bool); !nobody {
		return nil
	}
	caddyhttp.SetVar(r.Context(), "unhandled", false)
	h.answerHeader(w, r)
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
	return nil
}

// belowVersion reports whether a path is one of an AI service.
func belowVersion(path string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	return strings.HasPrefix(path, "/") && (first == "v1" || first == "v1beta")
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

// Headers of every answer below the gateway's paths. What an upstream says is
// data: a browser must neither guess what it might be nor run it in the name of
// this site, where the dashboard may be.
var (
	noSniff = []string{"nosniff"}
	sandbox = []string{"default-src 'none'; frame-ancestors 'none'; sandbox"}
)

// answerHeader begins the header of an answer.
func (h *Handler) answerHeader(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header["X-Content-Type-Options"] = noSniff
	header["Content-Security-Policy"] = sandbox
	if origin := r.Header.Get("Origin"); origin != "" && len(h.AllowOrigins) > 0 {
		header.Add("Vary", "Origin")
		if h.allowsOrigin(origin) {
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
