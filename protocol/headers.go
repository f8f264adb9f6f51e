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

// secretWords mark a header as a credential or an identity, whatever its
// prefix says.
var secretWords = []string{"Key", "Token", "Auth", "Secret", "Cookie", "Jwt", "Password", "Credential"}

// HeaderFamily reports whether a header belongs to one of the families that
// the prefixes name and is no credential. name is in canonical form.
func HeaderFamily(name string, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		for _, word := range secretWords {
			if strings.Contains(name, word) {
				return false
			}
		}
		return true
	}
	return false
}
