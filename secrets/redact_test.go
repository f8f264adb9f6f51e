package secrets_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/ccload/ccload/secrets"
)

const upstreamKey = "sk-ant-0123456789abcdef"

func TestTextsDoNotHoldASecret(t *testing.T) {
	for _, tt := range []struct{ name, text, secret, want string }{
		{"whole", "key " + upstreamKey + " refused", upstreamKey, "key [redacted] refused"},
		{"twice", upstreamKey + upstreamKey, upstreamKey, "[redacted][redacted]"},
		{"cut off at the end", "key sk-ant-012", upstreamKey, "key [redacted]"},
		{"shortened at the end", "key sk-ant-012…", upstreamKey, "key [redacted]"},
		{"too little of it to tell", "key sk-ant-", upstreamKey, "key sk-ant-"},
		{"a secret that may be any word", "an open door", "open", "an open door"},
		{"no secret", "fine", "", "fine"},
		{"no text", "", upstreamKey, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := secrets.Redact(tt.text, tt.secret); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	if got := string(secrets.RedactExact([]byte("a.example says no to key k1"), "k1", "", "a.example")); got != "[redacted] says no to key [redacted]" {
		t.Errorf("exact words: %q", got)
	}
}

func TestHeadersThatRepeatASecretAreRemoved(t *testing.T) {
	h := map[string][]string{"X-Echo": {"a", "Bearer " + upstreamKey}, "X-Other": {"a"}}
	secrets.RedactHeader(h, "")
	if len(h) != 2 {
		t.Errorf("without a secret: %v", h)
	}
	secrets.RedactHeader(h, upstreamKey)
	if want := map[string][]string{"X-Other": {"a"}}; !reflect.DeepEqual(h, want) {
		t.Errorf("%v", h)
	}
	if got := secrets.RedactValues(map[string][]string{"A": {"1", "2"}, "B": {}}); !reflect.DeepEqual(got, map[string][]string{"A": {secrets.Masked, secrets.Masked}}) {
		t.Errorf("values: %v", got)
	}
	if secrets.RedactValues(nil) != nil {
		t.Error("no headers became some")
	}
}

func TestProxiesAreShownWithoutTheirPassword(t *testing.T) {
	for address, want := range map[string]string{
		"http://proxy.example:8080":           "http://proxy.example:8080",
		"http://me:hunter2@proxy.example":     "http://me:********@proxy.example",
		"socks5://me:p@ss@proxy.example:1080": "socks5://me:********@proxy.example:1080",
		"http://me:100%@proxy.example":        secrets.Masked, // no URL, but something before an @
		"":                                    "",
	} {
		if got := secrets.RedactProxy(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

func TestLittleIsShownOfASecret(t *testing.T) {
	for secret, want := range map[string]string{upstreamKey: "cdef", "0123456789abcdef": "cdef", "0123456789abcde": "", "": ""} {
		if got := secrets.LastFour(secret); got != want {
			t.Errorf("%q: %q, want %q", secret, got, want)
		}
	}
}

func TestBodiesDoNotHoldCredentials(t *testing.T) {
	image := strings.Repeat("iVBORw0KGgo", 20)
	body := `{"a":"known-secret","b":"sk-proj-0123456789abcdef","c":"Bearer 0123456789abcdef==","d":"AIzaSyA0123456789012345678901234567","e":"` + image + `"}`
	want := `{"a":"[redacted]","b":"sk-proj[masked]","c":"Bearer [masked]","d":"AIzaSy[masked]","e":"` + image + `"}`
	if got := string(secrets.RedactBody([]byte(body), []string{"known-secret"})); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestMessagesDoNotHoldCredentials(t *testing.T) {
	for in, want := range map[string]string{
		"Incorrect API key provided: sk-proj-AbC123. Find it at https://x": "Incorrect API key provided: *** Find it at https://x",
		"Authorization: Bearer eyJhbGciOi.J9.xx":                           "Authorization: *** ***",
		"token " + strings.Repeat("a1", 20) + " refused":                   "token *** refused",
		"0123456789abcdef0123456789abcdef.AbCdEfGhIjKlMnOp refused":        "*** refused",
		"skipping the risk-free mask":                                      "skipping the risk-free mask",
	} {
		if got := secrets.RedactMessage(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
