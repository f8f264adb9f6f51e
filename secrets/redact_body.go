package secrets

import (
	"regexp"
	"strings"
)

// masked stands for what looks like a credential.
const masked = "[masked]"

// Shapes of credentials that no prose and no image has by chance.
var (
	// awsKey is an access key's id: AKIA of a user, ASIA of a session.
	awsKey = regexp.MustCompile(`(?:AKIA|ASIA)[0-9A-Z]{16}`)

	// pemBlock is RFC 7468's textual encoding, its line ends plain or as a JSON
	// string has them; also one that was cut off.
	pemBlock = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]{1,40}-----(?:[A-Za-z0-9+/=:,.\s\\-]*?-----END [A-Z0-9 ]{1,40}-----|[A-Za-z0-9+/=\s\\]*)`)
)

// secretNames are members of objects whose value is a credential, and headers
// that hold one.
const secretNames = `(?:(?:x-|x-goog-|openai_|anthropic_|azure_|gemini_)?api[-_]?key|(?:proxy-)?authorization|(?:aws_)?secret[-_]?access[-_]?key|(?:aws_)?session[-_]?token|` +
	`access[-_]?token|refresh[-_]?token|id[-_]?token|auth[-_]?token|client[-_]?secret|secret[-_]?key|private[-_]?key|password|passwd|secret|cookie|set-cookie)`

// inBodies are the shapes of credentials in the bodies of requests and answers.
// They are narrower than inMessages: a body holds images and identifiers that
// are long too. The order counts: a member's whole value goes before a part of it.
// hints are what a body must contain in lower case for the pattern to be worth
// trying.
var inBodies = []struct {
	hints   []string
	pattern *regexp.Regexp
	instead string
}{
	{[]string{"-----begin"}, pemBlock, masked},
	{ // "api_key": "…", also with a list of them; a schema's object is none
		secretHints,
		regexp.MustCompile(`(?i)("` + secretNames + `"\s*:\s*)(?:"(?:[^"\\]|\\.)+(?:"|\\?$)|\[\s*"(?:[^"\\]|\\.)*(?:"(?:\s*,\s*"(?:[^"\\]|\\.)*")*\s*\]?|\\?$))`), `${1}"` + masked + `"`,
	},
	{ // the same in a JSON text within a string
		secretHints,
		regexp.MustCompile(`(?i)(\\+"` + secretNames + `\\+"\s*:\s*\[?\s*\\+")[^"\\]+`), `${1}` + masked,
	},
	{ // api_key=…, X-Api-Key: …, as in code, addresses and headers
		secretHints,
		regexp.MustCompile(`(?i)(` + secretNames + `["'\\]*\s*[:=]\s*["'\\]*(?:(?:bearer|basic|token) )?)[A-Za-z0-9._~+/-]{16,}=*`), `${1}` + masked,
	},
	{[]string{"eyj"}, regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*`), masked}, // a JWT
	{[]string{"akia", "asia"}, awsKey, masked},
	{[]string{"sk-"}, regexp.MustCompile(`(sk-[A-Za-z0-9_-]{4})[A-Za-z0-9_-]{12,}`), `${1}` + masked},
	{[]string{"aiza"}, regexp.MustCompile(`(AIza[0-9A-Za-z_-]{2})[0-9A-Za-z_-]{25,}`), `${1}` + masked},
	{
		[]string{"gsk", "xai", "pplx", "ghp", "glpat", "hf"},
		regexp.MustCompile(`((?:gsk|xai|pplx|ghp|glpat|hf)[-_][A-Za-z0-9]{2})[A-Za-z0-9_-]{14,}`), `${1}` + masked,
	},
	{[]string{"bearer "}, regexp.MustCompile(`(?i)(bearer )[A-Za-z0-9._~+/-]{16,}=*`), `${1}` + masked},
}

// secretHints are what each of secretNames contains one of.
var secretHints = []string{"key", "authorization", "token", "secret", "passw", "cookie"}

// RedactBody returns a body without the given secrets, and without what looks
// like a credential but for its beginning.
func RedactBody(body []byte, known []string) []byte {
	text := string(body)
	for _, s := range known {
		text = Redact(text, s)
	}
	lower := strings.ToLower(text)
	for i := range inBodies {
		shape := &inBodies[i]
		if containsAny(lower, shape.hints) {
			text = shape.pattern.ReplaceAllString(text, shape.instead)
		}
	}
	return []byte(text)
}

func containsAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
