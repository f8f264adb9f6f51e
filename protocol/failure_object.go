package protocol

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// object is the members of a JSON object, their values still JSON.
type object map[string][]byte

// membersOf reads an object; of one that is cut short, the members that are
// whole. It is nil for anything else.
func membersOf(b []byte) object {
	if len(b) == 0 || b[0] != '{' {
		return nil
	}
	m := make(object)
	_ = scan.Members(b, func(key []byte, start, end int) bool {
		if plain, ok := scan.Unescape(nil, key); ok {
			m[string(plain)] = b[start:end]
		}
		return len(m) < 100
	})
	return m
}

// text is the first of the named members that says anything: a string as it
// is, a number as it is written.
func (m object) text(names ...string) string {
	for _, name := range names {
		raw := m[name]
		if len(raw) == 0 {
			continue
		}
		if text, ok := scan.String(raw); ok && text != "" {
			return text
		}
		if c := raw[0]; c == '-' || c >= '0' && c <= '9' {
			return string(raw)
		}
	}
	return ""
}

// present reports whether a member says anything at all.
func (m object) present(name string) bool {
	switch raw := bytes.TrimSpace(m[name]); string(raw) {
	case "", "null", `""`, "{}", "[]", "false", "0":
		return false
	}
	return true
}

// answerKeys are members of real answers: an object with one of these is no
// error just because it has a message or a code.
var answerKeys = []string{
	"choices", "content", "candidates", "output", "data", "result", "results", "embedding", "embeddings", "usage",
	"usageMetadata", "input_tokens", "totalTokens", "models", "text", "segments",
}

// objectFailure reads an object that may be an error or hold one.
func objectFailure(f *ai.Failure, m object, wraps int) bool {
	kind := m.text("type")
	if inner := membersOf(m["response"]); inner != nil && (kind == "" || strings.HasPrefix(kind, "response.")) {
		// An event of OpenAI's Responses: the response is inside.
		return objectFailure(f, inner, wraps+1)
	}
	isError := kind == "error" || m.text("object") == "error"
	switch {
	case m.present("error"):
		isError = true
		if word, ok := scan.String(m["error"]); ok && !strings.ContainsAny(word, " {") && m.text(messageNames...) != "" {
			f.Code = word // {"error":"invalid_grant","error_description":"…"}
			break
		}
		errorMember(f, m["error"], wraps)
	case m.present("errors"):
		isError = !m.answers()
		if isError {
			errorMember(f, m["errors"], wraps)
		}
	}
	if base := membersOf(m["base_resp"]); base != nil { // MiniMax
		if code := base.text("status_code"); code != "" && code != "0" {
			isError = true
			set(&f.Code, code)
			set(&f.Message, base.text("status_msg"))
		}
	}
	switch {
	case isError:
		// What stands beside the error fills what it left open.
		fillFailure(f, m, wraps, false)
	case !m.answers() && m.complains():
		isError = true
		fillFailure(f, m, wraps, true)
	}
	return isError
}

func (m object) answers() bool {
	return slices.ContainsFunc(answerKeys, m.present)
}

// complains reports whether an object without an error member is one itself:
// {"code":…,"message":…}, {"detail":…}, {"success":false,…}.
func (m object) complains() bool {
	switch m.text("code", "status_code", "statusCode") {
	case "0", "200", "success", "ok", "OK", "Success":
		return string(m["success"]) == "false"
	}
	if string(m["success"]) == "false" {
		return true
	}
	return m.text(messageNames...) != "" || m.present("detail") || m.text("status") == "failed"
}

// errorMember reads the value of a member called error or errors.
func errorMember(f *ai.Failure, raw []byte, wraps int) {
	switch raw[0] {
	case '{':
		m := membersOf(raw)
		if inner := m["error"]; len(inner) > 0 && m.present("error") && wraps < maxWraps {
			errorMember(f, inner, wraps+1)
		}
		fillFailure(f, m, wraps, true)
	case '[':
		_ = scan.Elements(raw, func(start, end int) bool {
			if wraps < maxWraps {
				errorMember(f, raw[start:end], wraps+1)
			}
			return false
		})
	case '"':
		text, _ := scan.String(raw)
		wrapped(f, text, wraps)
	case 't', 'n':
	default:
		set(&f.Code, string(raw))
	}
}

var messageNames = []string{"message", "msg", "error_message", "errorMessage", "error_msg", "Message", "error_description", "title"}

// fillFailure reads the fields of an error object into what f does not know
// yet. own says that m is the error itself and not what surrounds it.
func fillFailure(f *ai.Failure, m object, wraps int, own bool) {
	if message := m.text(messageNames...); message != "" {
		wrapped(f, message, wraps)
	}
	if kind := m.text("type", "error_type", "__type"); kind != "error" && !strings.HasPrefix(kind, "response.") {
		set(&f.Type, kind)
	}
	if status := m.text("status"); status != "" && status != "failed" && status != "error" {
		if n, err := strconv.Atoi(status); err == nil {
			setStatus(f, int64(n))
		} else if own {
			set(&f.Type, status) // Google's status
		}
	}
	code := m.text("code", "error_code", "errorCode", "Code")
	set(&f.Code, code)
	for _, number := range []string{code, m.text("status_code", "statusCode", "http_code", "http_status", "upstream_status")} {
		if n, err := strconv.Atoi(number); err == nil {
			setStatus(f, int64(n))
		}
	}
	set(&f.Param, m.text("param"))
	waits(f, m)
	if detail := m["detail"]; m.present("detail") {
		detailMember(f, detail, wraps)
	}
	if details := m["details"]; len(details) > 0 && details[0] == '[' {
		_ = scan.Elements(details, func(start, end int) bool {
			googleDetail(f, membersOf(details[start:end]))
			return true
		})
	}
	for _, name := range []string{"innererror", "inner_error"} { // Azure
		if inner := membersOf(m[name]); inner != nil {
			set(&f.Type, inner.text("code"))
		}
	}
	meta := membersOf(m["metadata"])
	waits(f, meta)
	if raw := meta.text("raw"); raw != "" { // OpenRouter: what the provider behind it said
		replaced := f.Message
		f.Message = ""
		wrapped(f, raw, wraps)
		set(&f.Message, replaced)
	}
}

// detailMember reads FastAPI's {"detail":…}: text, an object, or a list of
// complaints about fields.
func detailMember(f *ai.Failure, raw []byte, wraps int) {
	switch raw[0] {
	case '"':
		text, _ := scan.String(raw)
		wrapped(f, text, wraps)
	case '{', '[':
		if wraps < maxWraps {
			errorMember(f, raw, wraps+1)
		}
	}
}
