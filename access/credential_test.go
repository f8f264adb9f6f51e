package access_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/ccload/ccload/access"
)

func request(query string, pairs ...string) *http.Request {
	r := &http.Request{URL: &url.URL{Path: "/v1/messages", RawQuery: query}, Header: make(http.Header)}
	for i := 0; i < len(pairs); i += 2 {
		r.Header.Add(pairs[i], pairs[i+1])
	}
	return r
}

func TestCredential(t *testing.T) {
	tests := []struct {
		name string
		r    *http.Request
		want string
	}{
		{"nothing", request(""), ""},
		{"bearer", request("", "Authorization", "Bearer secret"), "secret"},
		{"bearer in lower case", request("", "authorization", "bearer secret"), "secret"},
		{"bearer with spaces", request("", "Authorization", "  BEARER   secret "), "secret"},
		{"empty bearer", request("", "Authorization", "Bearer ", "x-api-key", "secret"), "secret"},
		{"basic is not ours", request("", "Authorization", "Basic dXNlcjpwYXNz"), ""},
		{"second authorization", request("", "Authorization", "Basic dXNlcjpwYXNz", "Authorization", "Bearer secret"), "secret"},
		{"scheme glued to the credential", request("", "Authorization", "Bearersecret"), ""},
		{"x-api-key", request("", "x-api-key", "secret"), "secret"},
		{"x-goog-api-key", request("", "x-goog-api-key", "secret"), "secret"},
		{"key", request("alt=sse&key=secret"), "secret"},
		{"escaped key", request("key=a%2Bb%3D"), "a+b="},
		{"badly escaped key", request("key=a%2"), "a%2"},
		{"empty key, then a key", request("key=&key=secret"), "secret"},
		{"another parameter that ends in key", request("apikey=x&monkey=y"), ""},
		{"bearer before the others", request("key=d", "x-goog-api-key", "c", "x-api-key", "b", "Authorization", "Bearer a"), "a"},
		{"x-api-key before the others", request("key=d", "x-goog-api-key", "c", "x-api-key", "b"), "b"},
		{"empty x-api-key", request("key=d", "x-goog-api-key", "c", "x-api-key", " "), "c"},
		{"no URL", &http.Request{Header: make(http.Header)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := access.Credential(tt.r); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	if got := access.Credential(request("key=" + strings.Repeat("%41", 1<<20))); len(got) > 3*access.MaxSecret {
		t.Errorf("a credential of %d bytes", len(got))
	}
}

func TestHeaderCredentialDoesNotAllocate(t *testing.T) {
	for _, r := range []*http.Request{
		request("beta=true", "Authorization", "Bearer secret"), request("", "x-api-key", "secret"), request("", "x-goog-api-key", "secret"),
	} {
		if n := testing.AllocsPerRun(100, func() { access.Credential(r) }); n != 0 {
			t.Errorf("%v allocations for %v", n, r.Header)
		}
	}
}

func TestFingerprint(t *testing.T) {
	a, b := access.Fingerprint("sk-a"), access.Fingerprint("sk-b")
	if a == b || len(a) != 16 || a != access.Fingerprint("sk-a") || access.Fingerprint("") != "" {
		t.Errorf("fingerprints %q, %q", a, b)
	}
}

func BenchmarkCredential(b *testing.B) {
	r := request("beta=true", "Authorization", "Bearer secret")
	b.ReportAllocs()
	for b.Loop() {
		if access.Credential(r) == "" {
			b.Fatal("none")
		}
	}
}
