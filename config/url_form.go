package config

import (
	"net/url"
	"strings"
	"sync/atomic"
)

// form is what was learned of an address whose text leaves open whether the
// version of an endpoint's path belongs behind it. It is shared by the copies of
// a Base.
type form struct{ unversioned atomic.Bool }

// endpointTails are the ends of addresses that are whole endpoints, pasted where
// a base should stand. The longest that fits is cut off.
var endpointTails = []string{
	"/chat/completions", "/completions", "/messages/count_tokens", "/messages", "/responses/compact", "/responses", "/embeddings",
	"/images/generations", "/images/edits", "/images/variations",
	"/audio/speech", "/audio/transcriptions", "/audio/translations",
}

// cutEndpoint returns the base of an address's path that is a whole endpoint, of
// OpenAI's and Anthropic's protocols or of Gemini's (…/models/m:generateContent).
func cutEndpoint(path string) (base string, cut bool) {
	path = strings.TrimRight(path, "/")
	for _, tail := range endpointTails {
		if base, cut := strings.CutSuffix(path, tail); cut {
			return base, true
		}
	}
	at := strings.LastIndexByte(path, '/')
	if at < 0 {
		return path, false
	}
	parent, isModel := strings.CutSuffix(path[:at], "/models")
	if _, method, found := strings.Cut(path[at:], ":"); isModel && found {
		switch method {
		case "generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents":
			return parent, true
		}
	}
	return path, false
}

// isDeployment reports whether a path is that of one of Azure's deployments,
// whose endpoints have no version of their own: …/openai/deployments/gpt-4o.
func isDeployment(path string) bool {
	at := strings.LastIndexByte(path, '/')
	return at > 0 && at < len(path)-1 && strings.HasSuffix(path[:at], "/deployments")
}

// checkBaseQuery checks the query of a base: only Azure's api-version belongs to
// an address. Others hold credentials, or are the client's to say.
func checkBaseQuery(u *url.URL) bool {
	if u.ForceQuery {
		return false
	}
	if u.RawQuery == "" {
		return true
	}
	values, err := url.ParseQuery(u.RawQuery)
	version := values["api-version"]
	return err == nil && len(values) == 1 && len(version) == 1 && version[0] != "" &&
		!strings.ContainsFunc(version[0], func(r rune) bool {
			return r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
		})
}

// Pasted is the address without the endpoint that was cut off it, "" if none
// was: somebody should hear of it.
func (b Base) Pasted() string { return b.pasted }

// Other is u, which Join made, without its version, where the text of the
// address leaves open whether there is one: vendors whose base has no version at
// its end mean it either way. It is nil where there is no doubt.
func (b Base) Other(u *url.URL) *url.URL {
	if b.form == nil || b.style != joinWhole || b.form.unversioned.Load() {
		return nil
	}
	path, ours := strings.CutPrefix(u.EscapedPath(), b.path)
	short := withoutVersion(path)
	if !ours || short == path {
		return nil
	}
	other := *u
	setPath(&other, b.path+short)
	return &other
}

// Learn notes that what Other returned is an endpoint and what Join returned is
// none: Join leaves the version out from now on.
func (b Base) Learn() {
	if b.form != nil {
		b.form.unversioned.Store(true)
	}
}

// setPath sets an escaped path.
func setPath(u *url.URL, escaped string) {
	plainPath, err := url.PathUnescape(escaped)
	if err != nil {
		u.Path, u.RawPath = escaped, "" // not escaped at all: sent escaped
		return
	}
	u.Path, u.RawPath = plainPath, escaped
}
