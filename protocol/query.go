package protocol

import (
	"net/url"
	"slices"
	"strings"
)

// ForwardQuery is what of a client's raw query goes upstream: the parameters
// that the endpoint lists, in the client's order. A credential or a model's
// name is never among them. What stays is byte for byte what the client wrote,
// unless it holds what servers read differently, such as a semicolon.
func (ep *Endpoint) ForwardQuery(raw string) string {
	if raw == "" || len(ep.Query) == 0 {
		return ""
	}
	var b strings.Builder
	for pair := range strings.SplitSeq(raw, "&") {
		escaped, text, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(escaped)
		if err != nil || !slices.Contains(ep.Query, name) {
			continue
		}
		value, err := url.QueryUnescape(text)
		if err != nil {
			continue
		}
		if strings.ContainsFunc(pair, ambiguous) {
			pair = url.QueryEscape(name) + "=" + url.QueryEscape(value)
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(pair)
	}
	return b.String()
}

// ambiguous reports whether a character does not belong into a query as it is
// (RFC 3986, section 3.4), or separates parameters for some servers.
func ambiguous(r rune) bool {
	return !alphanumeric(r) && !strings.ContainsRune("-._~%!$'()*+,=:@/?[]", r)
}

// JoinQuery joins the query of an upstream's address and that of a request. A
// parameter that the address has is its own: the request's is left out.
func JoinQuery(base, query string) string {
	if base == "" || query == "" {
		return base + query
	}
	joined := []string{base}
	for pair := range strings.SplitSeq(query, "&") {
		if !hasParameter(base, parameter(pair)) {
			joined = append(joined, pair)
		}
	}
	return strings.Join(joined, "&")
}

func hasParameter(query, name string) bool {
	for pair := range strings.SplitSeq(query, "&") {
		if parameter(pair) == name {
			return true
		}
	}
	return false
}

// parameter is the name of a pair of a query.
func parameter(pair string) string {
	name, _, _ := strings.Cut(pair, "=")
	return unescaped(name)
}

// unescaped undoes percent-encoding once; a broken escape leaves its text as it
// is.
func unescaped(name string) string {
	if !strings.Contains(name, "%") {
		return name
	}
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] == '%' && i+2 < len(name) {
			hi, ok := unhex(name[i+1])
			lo, ok2 := unhex(name[i+2])
			if ok && ok2 {
				b.WriteByte(hi<<4 | lo)
				i += 2
				continue
			}
		}
		b.WriteByte(name[i])
	}
	return b.String()
}

func unhex(c byte) (digit byte, ok bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
