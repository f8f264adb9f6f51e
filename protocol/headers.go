package protocol

import "strings"

// forwarded are the client headers that every wire format lets through. The
// list is positive: cookies, credentials, proxy trails (X-Forwarded-*, Via,
// Cf-*), conditions and anything unknown stay here. Accept-Encoding is the
// relay's own affair.
var forwarded = map[string]bool{
	"Accept":                   true,
	"Accept-Language":          true,
	"Content-Encoding":         true, // only reaches upstream if the body was not decoded
	"Content-Language":         true,
	"Content-Type":             true,
	"Idempotency-Key":          true,
	"User-Agent":               true,
	"X-App":                    true, // Claude Code
	"X-Client-Request-Id":      true, // OpenAI SDKs, Codex
	"X-Claude-Code-Session-Id": true,
	"X-Session-Id":             true,
	"X-Session-Affinity":       true,
}

// ForwardHeader reports whether a header may go upstream in every wire format.
// Formats add their own. name is in canonical form.
func ForwardHeader(name string) bool {
	return forwarded[name] || strings.HasPrefix(name, "X-Stainless-") // official SDKs' self-description
}
