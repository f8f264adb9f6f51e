package access

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
)

// Credential is what a client presents as its token: the Bearer credential of
// Authorization, x-api-key, x-goog-api-key or the query's key, on any
// protocol because SDKs differ in where they put it; the first that is not
// empty. Empty if there is none. The header forms do not allocate.
func Credential(r *http.Request) string {
	if c := HeaderCredential(r); c != "" {
		return c
	}
	if r.URL == nil || r.URL.RawQuery == "" {
		return ""
	}
	return queryKey(r.URL.RawQuery)
}

// HeaderCredential is the same, but of the headers only. A page of another site
// cannot send these without asking the server first (CORS).
func HeaderCredential(r *http.Request) string {
	for _, v := range r.Header["Authorization"] {
		if c := bearer(v); c != "" {
			return c
		}
	}
	for _, name := range [...]string{"X-Api-Key", "X-Goog-Api-Key"} {
		for _, v := range r.Header[name] {
			if v = strings.TrimSpace(v); v != "" {
				return v
			}
		}
	}
	return ""
}

// bearer is the credential of an Authorization header of that scheme, empty
// for any other.
func bearer(v string) string {
	const scheme = "bearer "
	v = strings.TrimSpace(v)
	if len(v) <= len(scheme) || !strings.EqualFold(v[:len(scheme)], scheme) {
		return ""
	}
	return strings.TrimSpace(v[len(scheme):])
}

// queryKey is the first key of a query that is not empty.
func queryKey(query string) string {
	for part := range strings.SplitSeq(query, "&") {
		v, ok := strings.CutPrefix(part, "key=")
		if !ok || v == "" {
			continue
		}
		if len(v) > 3*MaxSecret { // too long even if every byte of it is escaped
			return v[:MaxSecret+1]
		}
		if u, err := url.QueryUnescape(v); err == nil {
			return u
		}
		return v
	}
	return ""
}

// Fingerprint names an upstream key without telling it: 16 hexadecimal digits,
// the same in every process, and different from the start of its plain hash,
// so that it cannot be found in lists of those. Empty for no key.
func Fingerprint(secret string) string {
	if secret == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("ccload upstream key\x00" + secret))
	return hex.EncodeToString(sum[:8])
}
