package secrets_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/ccload/ccload/secrets"
)

const (
	jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
	pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7b\nq+/x==\n-----END RSA PRIVATE KEY-----"
	aws = "AKIAIOSFODNN7EXAMPLE"
)

// planted are credentials as bodies hold them: around is the text with a %
// where the secret stands.
var planted = []struct{ name, around, secret string }{
	{"api_key", `{"api_key":"%"}`, "hunter2"},
	{"api_key, spaced", `{"api_key" : "%"}`, "short"},
	{"apiKey", `{"apiKey":"%","model":"m"}`, "a b c"},
	{"API-KEY", `{"API-KEY":"%"}`, `with \"quotes\" inside`},
	{"authorization", `{"authorization":"%"}`, "Basic dXNlcjpwYXNz"},
	{"a list of headers", `{"Authorization":["%"],"x":1}`, "Token abc"},
	{"two headers", `{"Authorization":["x", "%"],"x":1}`, "Token abc"},
	{"x-api-key", `{"headers":{"x-api-key":"%"}}`, "k-1"},
	{"password", `{"password":"%"}`, "correct horse"},
	{"within a string", `{"arguments":"{\"api_key\":\"%\",\"a\":1}"}`, "hunter2"},
	{"within a string within a string", `{"a":"{\"b\":\"{\\\"api_key\\\":\\\"%\\\"}\"}"}`, "hunter2"},
	{"cut off", `{"api_key":"%`, "hunter2"},
	{"in code", `{"content":"client = X(api_key='%')"}`, "0123456789abcdef"},
	{"in an address", `{"content":"https://a.example/?api_key=%&b=1"}`, "0123456789abcdef"},
	{"in a header line", `{"content":"curl -H 'X-Api-Key: %'"}`, "0123456789abcdef"},
	{"aws", `{"content":"use % please"}`, aws},
	{"aws session", `{"content":"%"}`, "ASIAIOSFODNN7EXAMPLE"},
	{"jwt", `{"content":"it is %."}`, jwt},
	{"pem", "it is % so", pem},
	{"pem in JSON", `{"content":"%"}`, strings.ReplaceAll(pem, "\n", `\n`)},
	{"pem in JSON in JSON", `{"content":"%"}`, strings.ReplaceAll(pem, "\n", `\\n`)},
	{"pem with CRLF", "%", strings.ReplaceAll(pem, "\n", "\r\n")},
	{"pem, cut off", `{"content":"%`, "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBg"},
	{"openai", `{"content":"%"}`, "sk-proj-0123456789abcdef"},
}

func TestNoBodyHoldsACredential(t *testing.T) {
	for _, p := range planted {
		body := strings.Replace(p.around, "%", p.secret, 1)
		got := string(secrets.RedactBody([]byte(body), nil))
		if strings.Contains(got, p.secret) || !strings.Contains(got, "[masked]") {
			t.Errorf("%s: %s", p.name, got)
		}
		if json.Valid([]byte(body)) && !json.Valid([]byte(got)) {
			t.Errorf("%s: is no JSON any more: %s", p.name, got)
		}
		if again := string(secrets.RedactBody([]byte(got), nil)); again != got {
			t.Errorf("%s: changes again: %s, %s", p.name, got, again)
		}
	}
}

// What only speaks of credentials, or looks long, stays.
func TestBodiesStayAsTheyAre(t *testing.T) {
	for _, body := range []string{
		`{"tools":[{"parameters":{"properties":{"api_key":{"type":"string"},"password":{"type":"string"}},"required":["api_key"]}}]}`,
		`{"content":"Send the Authorization header, as in Bearer <token>."}`,
		`{"content":"What is an API key? A password: a secret."}`,
		`{"api_key":"","authorization":null,"max_tokens":4096,"prompt_tokens":12}`,
		`{"id":"chatcmpl-0123456789abcdef0123456789abcdef","signature":"` + strings.Repeat("ErUBCkYIAxgCIkD", 30) + `"}`,
		`{"content":"-----BEGIN is how PEM begins"}`,
		`{"token":"hello","logprob":-0.1}`,
	} {
		if got := string(secrets.RedactBody([]byte(body), nil)); got != body {
			t.Errorf("%s became %s", body, got)
		}
	}
}

func TestMessagesDoNotHoldKeysOfClouds(t *testing.T) {
	for _, secret := range []string{aws, pem, jwt} {
		if got := secrets.RedactMessage("no: " + secret + " is refused"); strings.Contains(got, secret[:20]) {
			t.Errorf("%s", got)
		}
	}
}

// FuzzRedactBody: whatever stands around a credential, it goes; what was
// redacted is not changed again, and a known secret never stays.
func FuzzRedactBody(f *testing.F) {
	for i, p := range planted {
		f.Add([]byte(`{"a":`), []byte(p.around), uint8(i), "known-secret-1")
	}
	f.Add([]byte("AKIA"), []byte("-----BEGIN X-----"), uint8(0), "[masked]")
	f.Fuzz(func(t *testing.T, before, after []byte, which uint8, known string) {
		p := planted[int(which)%len(planted)]
		text := strings.Replace(p.around, "%", p.secret, 1)
		if bytes.ContainsAny(before, `"'\`) {
			before = nil // the credential would stand in a text of another form
		}
		// A word before or behind would make it part of something else.
		body := bytes.Join([][]byte{before, []byte("\n"), []byte(text), []byte("\n"), after}, nil)
		if p.around[len(p.around)-1] == '%' && len(text) > len(p.secret) {
			body = body[:len(before)+1+len(text)] // it is the end that was cut off
		}
		got := secrets.RedactBody(body, nil)
		if n, m := bytes.Count(got, []byte(p.secret)), bytes.Count(after, []byte(p.secret))+bytes.Count(before, []byte(p.secret)); n > m {
			t.Errorf("%s: %q stays in %q", p.name, p.secret, got)
		}
		if len(known) >= 8 && !strings.Contains("[redacted][masked]", known) && !strings.Contains(known, "[") {
			if got := secrets.RedactBody(append(append([]byte("x "), known...), after...), []string{known}); bytes.Contains(got, []byte(known)) && !bytes.Contains(after, []byte(known[1:])) {
				t.Errorf("%q stays in %q", known, got)
			}
		}
	})
}
