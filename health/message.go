package health

import (
	"net/http"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// messageLimit is how many bytes of an upstream's message are kept.
const messageLimit = 300

// secrets are the shapes of credentials that upstreams echo in their messages
// ("Incorrect API key provided: sk-..."). hints are what a message must contain
// in lower case for the pattern to be worth trying, nil for a run of 40 letters
// and digits.
var secrets = []struct {
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
	{
		[]string{"."},
		regexp.MustCompile(`\b[0-9a-f]{32}\.[A-Za-z0-9]{16}\b`), "***", // Z.ai
	},
	{nil, regexp.MustCompile(`\b[A-Za-z0-9]{40,}\b`), "***"},
}

// tidy makes a message fit for a log line: one line, no control characters, no
// credentials, not long.
func tidy(s string) string {
	s = s[:min(len(s), textLimit)]
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	lower, run := strings.ToLower(s), longestRun(s)
	for i := range secrets {
		secret := &secrets[i]
		if secret.hints == nil && run >= 40 || anyLike(lower, secret.hints) {
			s = secret.pattern.ReplaceAllString(s, secret.instead)
		}
	}
	if len(s) <= messageLimit {
		return s
	}
	cut := messageLimit
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
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

// message is what an operator reads of the evidence.
func (f *facts) message() string {
	switch {
	case f.Failure.Message != "":
		return tidy(f.Failure.Message)
	case f.page:
		return tidy("a web page: " + title(f.Body))
	case f.Err != nil:
		return tidy(f.Err.Error())
	case f.Status >= 400 && len(f.Body) > 0:
		return tidy(string(f.Body[:min(len(f.Body), textLimit)]))
	case f.text != "":
		return tidy(f.text)
	case f.Status >= 300:
		return http.StatusText(f.Status)
	}
	return ""
}
