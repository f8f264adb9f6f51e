package config

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// URL is one address of a channel.
type URL struct {
	// URL is the base address, http or https, without credentials or fragment,
	// and without a query but for Azure's api-version, which every call gets. The
	// endpoint's path is appended to it:
	//
	// | written | a client's /v1/messages goes to |
	// |---------|---------------------------------|
	// | `https://a.example` | `/v1/messages` |
	// | `https://a.example/v1` | `/v1/messages`: a trailing /v1 may be left out or written |
	// | `https://a.example/api/paas/v4` | `/api/paas/v4/messages`: another version replaces the client's |
	// | `https://a.example/v1beta/openai` | `/v1beta/openai/messages`: so does Google's OpenAI address |
	// | `https://a.example/anthropic` | `/anthropic/v1/messages`; if there is no such endpoint, `/anthropic/messages` is asked and remembered |
	// | `https://a.example/openai/deployments/d?api-version=v` | `/openai/deployments/d/messages?api-version=v` |
	// | `https://a.example/v1/messages` | `/v1/messages`: an endpoint that was pasted whole is cut to its base |
	// | `https://a.example/inference/*` | `/inference/messages`: a trailing /* leaves the version out |
	// | `https://a.example/any/path#` | `/any/path`: a trailing # takes the address as it is |
	URL string `json:"url"`

	// Protocols this address speaks. Default: the channel's.
	Protocols []string `json:"protocols,omitempty"`
}

// Validate checks the address and its protocols.
func (u URL) Validate() error { return first("", "", u.check()) }

func (u URL) check() *Error {
	if p := checkClosed("urls", showURL(u.URL), u.URL); p != nil {
		return p
	}
	if !HasPlaceholder(u.URL) {
		if _, p := parseBase(u.URL); p != nil {
			return p
		}
	}
	return checkProtocols("urls", u.Protocols)
}

// Parse reads the address. Placeholders must have been replaced.
func (u URL) Parse() (Base, error) {
	b, p := parseBase(u.URL)
	return b, first("", "", p)
}

// Join returns the address of an endpoint; see Base.Join. Whoever needs it more
// than once parses first.
func (u URL) Join(path string) (*url.URL, error) {
	b, err := u.Parse()
	if err != nil {
		return nil, err
	}
	return b.Join(path), nil
}

// Base is an address that has been read. It is immutable and may be shared.
type Base struct {
	origin url.URL // scheme and host
	path   string  // escaped, without trailing slash
	style  baseStyle
	query  string // Azure's api-version
	pasted string // the base of an address that was a whole endpoint

	deployment bool  // of Azure's
	form       *form // what is learned of joinWhole
}

// baseStyle says what of the client's path is appended to a base.
type baseStyle uint8

const (
	joinWhole       baseStyle = iota // all of it
	joinOverV1                       // all of it, instead of the base's own trailing /v1
	joinUnversioned                  // all but its version segment
	joinNothing                      // nothing: the address is complete
)

// parseBase reads an address.
func parseBase(text string) (Base, *Error) {
	fail := func(problem string) (Base, *Error) {
		return Base{}, &Error{Field: "urls", Value: showURL(text), Problem: problem}
	}
	var b Base
	rest, exact := strings.CutSuffix(text, "#")
	if exact {
		b.style = joinNothing
	}
	switch {
	case rest == "":
		return fail("is empty: write an address such as https://api.example.com")
	case !plain(rest) || strings.Contains(rest, " ") || Invisible(rest):
		return fail("must not hold spaces, line breaks, invisible or other control characters")
	}
	u, err := url.Parse(rest)
	if err != nil {
		return fail("is no valid address: write one such as https://api.example.com")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fail("must begin with https:// or http://")
	case u.Hostname() == "" || u.Opaque != "":
		return fail("has no host: write an address such as https://api.example.com")
	case u.User != nil:
		return fail("must not hold a user name or password: put the credential into key")
	case !checkBaseQuery(u):
		return fail("must not hold a query (?…) other than api-version: put a key into key, and other parameters into the client's request")
	case strings.Contains(rest, "#"):
		return fail("must not hold a fragment: only a # at the very end, which takes the address as it is")
	case !validPort(u.Port()):
		return fail("has a port that is none: must be 1 to 65535")
	}
	b.origin = url.URL{Scheme: u.Scheme, Host: u.Host}
	b.path, b.query = u.EscapedPath(), u.RawQuery
	if b.style == joinNothing {
		return b, nil
	}
	path, unversioned := strings.CutSuffix(b.path, "/*")
	if strings.Contains(path, "*") {
		return fail("may hold a * only at its end, after a slash: it stands for the endpoint's path without its version")
	}
	b.path = strings.TrimRight(path, "/")
	pasted := false
	if !unversioned {
		if b.path, pasted = cutEndpoint(b.path); pasted {
			b.pasted = u.Scheme + "://" + u.Host + b.path
		}
	}
	b.deployment = isDeployment(b.path)
	b.style = styleOf(b.path, unversioned || b.deployment)
	if b.style == joinWhole {
		if pasted { // it stood there without a version
			b.style = joinUnversioned
		} else {
			b.form = new(form)
		}
	}
	if b.style == joinOverV1 {
		b.path = strings.TrimSuffix(b.path, "/v1")
	}
	return b, nil
}

// styleOf decides what is appended to a path.
func styleOf(path string, unversioned bool) baseStyle {
	last := path[strings.LastIndexByte(path, '/')+1:]
	if last == "openai" {
		// Google's OpenAI-compatible address is the one with a version before its
		// last segment and none after it: …/v1beta/openai/chat/completions.
		parent := strings.TrimSuffix(path, "/openai")
		unversioned = unversioned || isVersion(parent[strings.LastIndexByte(parent, '/')+1:])
	}
	switch {
	case unversioned:
		return joinUnversioned
	case last == "v1":
		return joinOverV1
	case isVersion(last):
		return joinUnversioned
	}
	return joinWhole
}

// isVersion reports whether a path segment is a version: v1, v4, v1beta,
// v1alpha2.
func isVersion(segment string) bool {
	digits, ok := strings.CutPrefix(segment, "v")
	rest := strings.TrimLeft(digits, "0123456789")
	if !ok || rest == digits {
		return false
	}
	rest = strings.TrimLeft(rest, "0123456789")
	for _, stage := range []string{"alpha", "beta"} {
		if after, ok := strings.CutPrefix(rest, stage); ok {
			rest = strings.TrimLeft(after, "0123456789")
			break
		}
	}
	return rest == ""
}

// Join returns the address of an endpoint, path being the client's escaped
// path, which begins with a slash and a version. Of the query it knows only what
// stands in the base.
func (b Base) Join(path string) *url.URL {
	joined := b.path
	switch b.style {
	case joinNothing:
	case joinWhole:
		if b.form != nil && b.form.unversioned.Load() {
			path = withoutVersion(path)
		}
		joined += path
	case joinOverV1:
		if after := withoutVersion(path); after == path {
			joined += "/v1"
		}
		joined += path
	case joinUnversioned:
		joined += withoutVersion(path)
	}
	u := b.origin
	u.RawQuery = b.query
	setPath(&u, joined)
	return &u
}

// withoutVersion removes the leading version segment of a path, if it has one.
func withoutVersion(path string) string {
	segment, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !isVersion(segment) {
		return path
	}
	return path[1+len(segment):]
}

// Host returns the host and, if one is written, the port.
func (b Base) Host() string { return b.origin.Host }

// Origin is the scheme, host and port, in lower case and with the port that the
// scheme stands for where none is written.
func (b Base) Origin() string { return OriginOf(&b.origin) }

// OriginOf is the scheme, host and port of an address, as Base.Origin has it.
func OriginOf(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[scheme]
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	return scheme + "://" + net.JoinHostPort(host, port)
}

// Literal reports whether the host is an IP address or localhost: an address
// the person who wrote it has seen, which no name server can change.
func (b Base) Literal() bool {
	host := strings.ToLower(strings.TrimSuffix(b.origin.Hostname(), "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.Atoi(port)
	return err == nil && n > 0 && n <= 65535
}

// showURL is what of an address may stand in an error: scheme and host, or all
// of it where it cannot hold a credential.
func showURL(text string) string {
	if text == "" {
		return ""
	}
	if !strings.ContainsAny(text, "@?&=;") && !strings.Contains(text, "\n") {
		return quote(text)
	}
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		return quote(u.Scheme + "://" + u.Host + "/…")
	}
	return ""
}

// proxySchemes are what a forward proxy may be.
var proxySchemes = []string{"http", "https", "socks5", "socks5h"}

// ProxyOff is the proxy setting that uses none, whatever the environment says.
const ProxyOff = "off"

func checkProxy(proxy string) *Error {
	if p := checkClosed("proxy", "", proxy); p != nil {
		return p
	}
	if proxy == "" || proxy == ProxyOff || HasPlaceholder(proxy) {
		return nil
	}
	const form = "must be an address such as socks5://127.0.0.1:1080 (http, https, socks5 or socks5h), or off"
	u, err := url.Parse(proxy)
	if err != nil || u.Hostname() == "" || checkOneOf("", u.Scheme, proxySchemes) != nil {
		return &Error{Field: "proxy", Value: showURL(proxy), Problem: form}
	}
	if (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" || !validPort(u.Port()) {
		return &Error{Field: "proxy", Value: quote(net.JoinHostPort(u.Hostname(), u.Port())), Problem: form}
	}
	return nil
}
