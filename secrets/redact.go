package secrets

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Masked stands for a secret in settings that are shown. Where it is given
// back, the secret stays what it is.
const Masked = "********"

// redacted stands for a secret in a text.
const redacted = "[redacted]"

// minSecret is how many bytes of a secret count as one: what is shorter may
// stand in a text for reasons of its own.
const minSecret = 8

// Redact returns text without secret, and without the beginning of secret at
// the end of a text that was cut off there. Secrets of less than 8 bytes stay.
func Redact(text, secret string) string {
	if len(secret) < minSecret || text == "" {
		return text
	}
	text = strings.ReplaceAll(text, secret, redacted)
	whole := strings.TrimSuffix(text, "…")
	for n := len(secret) - 1; n >= minSecret; n-- {
		if before, cut := strings.CutSuffix(whole, secret[:n]); cut {
			return before + redacted
		}
	}
	return text
}

// RedactExact returns body without the given words, however short they are.
func RedactExact(body []byte, words ...string) []byte {
	for _, w := range words {
		if w != "" {
			body = bytes.ReplaceAll(body, []byte(w), []byte(redacted))
		}
	}
	return body
}

// RedactSetting returns what is said of a setting without secrets that stand
// where none should, such as a key that was pasted into an address too.
func RedactSetting(text string, known []string) string {
	for _, s := range known {
		if len(s) >= minSecret {
			text = strings.ReplaceAll(text, s, "…")
		}
	}
	return text
}

// RedactHeader removes the headers that repeat a secret: some upstreams echo
// what they were sent.
func RedactHeader(header map[string][]string, secret string) {
	if secret == "" {
		return
	}
	for name, values := range header {
		if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, secret) }) {
			delete(header, name)
		}
	}
}

// RedactProxy returns a proxy's address without its password.
func RedactProxy(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		if strings.Contains(address, "@") {
			return Masked
		}
		return address
	}
	scheme, rest, _ := strings.Cut(address, "://")
	_, host, _ := strings.Cut(rest, "@")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		host = rest[i+1:]
	}
	return scheme + "://" + u.User.Username() + ":" + Masked + "@" + host
}

// RedactValues returns headers with their names, and Masked for each value.
func RedactValues(headers map[string][]string) map[string][]string {
	if headers == nil {
		return nil
	}
	masked := make(map[string][]string, len(headers))
	for name, values := range headers {
		for range values {
			masked[name] = append(masked[name], Masked)
		}
	}
	return masked
}

// minShown is the length of a secret from which on four characters of it tell
// next to nothing.
const minShown = 16

// LastFour returns the last four characters of a secret, by which people know
// it again, and nothing of one shorter than 16 bytes.
func LastFour(secret string) string {
	if len(secret) < minShown {
		return ""
	}
	return secret[len(secret)-4:]
}

// inMessages are the shapes of credentials that upstreams echo in their
// messages ("Incorrect API key provided: sk-..."). hints are what a message must
// contain in lower case for the pattern to be worth trying, nil for a run of 40
// letters and digits.
var inMessages = []struct {
	hints   []string
	pattern *regexp.Regexp
	instead string
}{
	{
		[]string{"bearer", "basic"},
		regexp.MustCompile(`(?i)\b(bearer|basic)\s+[a-z0-9._~+/=*-]{8,}`), "$1 ***",
	},
	{
		[]string{"key", "token", "secret", "password", "authorization"},
		regexp.MustCompile(`(?i)\b((?:api[-_ ]?)?key|token|secret|password|authorization)((?: provided)?["']?\s*[:=]\s*["']?)[^\s"'&,;)]{6,}`), "$1$2***",
	},
	{
		[]string{"k-", "k_", "xai", "pplx", "r8", "hf", "fw", "nvapi", "tok"},
		regexp.MustCompile(`\b(?:sk|pk|rk|ak|gsk|xai|pplx|r8|hf|fw|nvapi|tok)[-_][A-Za-z0-9_*.-]*[A-Za-z0-9_*-]{4,}`), "***",
	},
	{
		[]string{"aiza", "ya29.", "eyj"},
		regexp.MustCompile(`\b(?:AIza|ya29\.|eyJ)[A-Za-z0-9_*.-]{10,}`), "***",
	},
	{[]string{"akia", "asia"}, awsKey, "***"},
	{[]string{"-----begin"}, pemBlock, "***"},
	{
		[]string{"."},
		regexp.MustCompile(`\b[0-9a-f]{32}\.[A-Za-z0-9]{16}\b`), "***", // Z.ai
	},
	{nil, regexp.MustCompile(`\b[A-Za-z0-9]{40,}\b`), "***"},
}

// RedactMessage returns an upstream's message without what looks like a
// credential.
func RedactMessage(s string) string {
	lower, run := strings.ToLower(s), longestRun(s)
	for i := range inMessages {
		shape := &inMessages[i]
		if shape.hints == nil && run >= 40 || slices.ContainsFunc(shape.hints, func(hint string) bool { return strings.Contains(lower, hint) }) {
			s = shape.pattern.ReplaceAllString(s, shape.instead)
		}
	}
	return s
}

// longestRun is the length of the longest run of ASCII letters and digits.
func longestRun(s string) (longest int) {
	run := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			run++
			longest = max(longest, run)
		default:
			run = 0
		}
	}
	return longest
}
