package protocol

import (
	"net/http"
	"net/url"
	"strings"
)

// around is what stands before and behind the variable of an endpoint's path.
// Without one it is the whole path, and ok is false.
func (ep *Endpoint) around() (prefix, suffix string, ok bool) {
	prefix, rest, ok := strings.Cut(ep.Path, "{")
	if !ok {
		return ep.Path, "", false
	}
	_, suffix, _ = strings.Cut(rest, "}")
	return prefix, suffix, true
}

// hasID reports whether the variable of the path is the id of something stored.
func (ep *Endpoint) hasID() bool { return strings.Contains(ep.Path, "{id}") }

// PathValue is the part of path that stands where an endpoint's path has its
// variable, "{model}" or "{id}". ok is false if path is not of that endpoint or
// the endpoint has no variable.
func PathValue(ep *Endpoint, path string) (value string, ok bool) {
	prefix, suffix, ok := ep.around()
	if !ok {
		return "", false
	}
	if value, ok = strings.CutPrefix(path, prefix); !ok {
		return "", false
	}
	if value, ok = strings.CutSuffix(value, suffix); !ok {
		return "", false
	}
	return value, true
}

// URLPath builds the escaped path of an endpoint, with value in the place of
// its variable: one segment, whatever value holds. It is what goes upstream;
// nothing of a client's own path does. The error is a *RequestError: value
// cannot be such a segment.
func (ep *Endpoint) URLPath(value string) (string, error) {
	prefix, suffix, ok := ep.around()
	if !ok {
		return ep.Path, nil
	}
	if ep.hasID() {
		if !ValidID(value) {
			return "", &RequestError{Status: http.StatusNotFound, Code: CodeNotFound, Message: "the path names nothing that is stored"}
		}
		return prefix + value + suffix, nil
	}
	if strings.HasSuffix(prefix, "/models/") {
		value = strings.TrimPrefix(value, "models/") // some write the collection into the name
	}
	if value == "" {
		return "", MissingModel()
	}
	if err := CheckModel(value); err != nil {
		return "", err
	}
	return prefix + url.PathEscape(value) + suffix, nil
}

// MaxID is how long the id of something stored may be, in bytes. Those of
// OpenAI have 53; gateways that encode a route in theirs come to some 300.
const MaxID = 512

// ValidID reports whether a text can be the id of something stored: up to MaxID
// letters, digits, "_", "-" and "=" (of base64). None of them means anything in
// a path.
func ValidID(id string) bool {
	if id == "" || len(id) > MaxID {
		return false
	}
	for i := range len(id) {
		if !alphanumeric(rune(id[i])) && !strings.ContainsRune("_-=", rune(id[i])) {
			return false
		}
	}
	return true
}

func alphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// dotSegments reports whether a server that takes a name apart at its slashes
// would find "." or ".." in it, however often the name was escaped.
func dotSegments(name string) bool {
	for {
		for segment := range strings.FieldsFuncSeq(name, isSlash) {
			if isDots(segment) {
				return true
			}
		}
		plain := unescaped(name)
		if plain == name {
			return false
		}
		name = plain
	}
}

func isSlash(r rune) bool { return r == '/' || r == '\\' }

// isDots reports whether a segment is one or two dots, perhaps with parameters
// behind them ("..;x"), which some servers take off before they look.
func isDots(segment string) bool {
	segment, _, _ = strings.Cut(segment, ";")
	segment = strings.Trim(segment, " ")
	return segment == "." || segment == ".."
}
