package protocol

import (
	"bytes"
	"strings"

	"github.com/ccload/ccload/protocol/scan"
)

// WithoutSeals returns a request without what the upstream of another format
// signed in this conversation: an upstream of the request's own format would
// refuse it. Thoughts go as a whole, other parts lose their signature only, and
// ids of calls what was appended to them. What is empty then, a part or a whole
// message, goes too: no upstream takes it. The rest keeps its bytes.
func WithoutSeals(body []byte) []byte {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] != '{' || !Sealed(body) {
		return body
	}
	return withoutSealedMembers(nil, body)
}

// withoutSeals appends to dst what is left of a value; drop says that nothing
// is.
func withoutSeals(dst, v []byte) (out []byte, drop bool) {
	if len(v) == 0 || !Sealed(v) {
		return append(dst, v...), false
	}
	switch v[0] {
	case '{':
		if isThought(v) {
			return dst, true
		}
		before := len(dst)
		dst = withoutSealedMembers(dst, v)
		if isHollow(dst[before:]) {
			return dst[:before], true
		}
		return dst, false
	case '[':
		return withoutSealedElements(dst, v), false
	}
	return dst, true
}

func withoutSealedMembers(dst, object []byte) []byte {
	dst = append(dst, '{')
	first := true
	_ = scan.Members(object, func(key []byte, start, end int) bool {
		before := len(dst)
		if !first {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), key...), '"', ':')
		value := object[start:end]
		drop := false
		if id, ok := shortID(key, value); ok {
			dst = append(dst, JSON(id)...)
		} else {
			from := len(dst)
			dst, drop = withoutSeals(dst, value)
			drop = drop || string(key) == "reasoning_details" && string(dst[from:]) == "[]"
		}
		if drop {
			dst = dst[:before]
		} else {
			first = false
		}
		return true
	})
	return append(dst, '}')
}

func withoutSealedElements(dst, array []byte) []byte {
	dst = append(dst, '[')
	first := true
	_ = scan.Elements(array, func(start, end int) bool {
		before := len(dst)
		if !first {
			dst = append(dst, ',')
		}
		var drop bool
		if dst, drop = withoutSeals(dst, array[start:end]); drop {
			dst = dst[:before]
		} else {
			first = false
		}
		return true
	})
	return append(dst, ']')
}

// isHollow reports whether an object from which something was taken says nothing
// any more: a message without content, calls and whatever else stands for them,
// or a text part without text.
func isHollow(object []byte) bool {
	message, text, said := false, false, false
	_ = scan.Members(object, func(key []byte, start, end int) bool {
		value := object[start:end]
		empty := scan.IsNull(value) || string(value) == `""` || string(value) == "[]"
		switch string(key) {
		case "role":
			message = true
		case "parts":
			message = true
			said = said || !empty
		case "text":
			text = true
			said = said || !empty
		case "id", "type", "status", "name", "cache_control", "thought", "reasoning_content", "reasoning", "phase":
		default:
			said = said || !empty
		}
		return true
	})
	return (message || text) && !said
}

// shortID is an id of a call without the seal behind it. The point between the
// two is how the ids of Chat Completions carry one.
func shortID(key, value []byte) (id string, ok bool) {
	switch string(key) {
	case "id", "call_id", "tool_call_id", "tool_use_id":
	default:
		return "", false
	}
	whole, ok := scan.String(value)
	if !ok {
		return "", false
	}
	id, seal, _ := strings.Cut(whole, ".")
	return id, strings.HasPrefix(seal, sealMark)
}

// isThought reports whether an object is a thought in any of the formats, or
// what a search found, which is nothing without its signature either.
func isThought(object []byte) bool {
	if start, end, ok := scan.Get(object, "thought"); ok {
		v, _ := scan.Bool(object[start:end])
		return v
	}
	start, end, ok := scan.Get(object, "type")
	if !ok {
		return false
	}
	kind, _ := scan.String(object[start:end])
	switch kind {
	case "thinking", "redacted_thinking", "reasoning", "web_search_result", "web_search_result_location":
		return true
	}
	return strings.HasPrefix(kind, "reasoning.")
}
