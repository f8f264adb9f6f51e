package protocol

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// maxMessage is how many bytes of an upstream's error text are kept.
const maxMessage = 4 << 10

// maxWraps is how often an error may hold another one as text.
const maxWraps = 5

// ParseFailure reads an error in whatever shape an upstream wrote it: the
// shapes of the four wire formats and of the vendors compatible with them, an
// error inside the text of another error, an event stream, HTML, plain text.
// isError says that the body by itself is an error, whatever status it came
// with; for an answer that has an error status, f holds what text there is
// either way. A body that is cut short is read as far as it goes.
func ParseFailure(body []byte) (f ai.Failure, isError bool) {
	isError = parseFailure(&f, body, 0)
	f.Message = ai.CutBytes(strings.TrimSpace(f.Message), maxMessage)
	return f, isError
}

func parseFailure(f *ai.Failure, body []byte, wraps int) bool {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(body) == 0 || wraps > maxWraps {
		return false
	}
	switch body[0] {
	case '{':
		return objectFailure(f, membersOf(body), wraps)
	case '[':
		isError := false
		_ = scan.Elements(body, func(start, end int) bool {
			isError = parseFailure(f, body[start:end], wraps+1)
			return false
		})
		return isError
	case '"':
		if text, ok := scan.String(body); ok {
			return textFailure(f, text, wraps+1)
		}
	}
	return textFailure(f, string(body), wraps)
}

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

// googleDetail reads one entry of a Google error's details.
func googleDetail(f *ai.Failure, m object) {
	waits(f, m)
	meta := membersOf(m["metadata"])
	waits(f, meta)
	set(&f.Code, m.text("reason")) // ErrorInfo
	if meta.text("model") != "" {
		f.Model = true
	}
	violations := m["violations"]
	if len(violations) == 0 || violations[0] != '[' {
		return
	}
	_ = scan.Elements(violations, func(start, end int) bool {
		v := membersOf(violations[start:end])
		dimensions := membersOf(v["quotaDimensions"])
		if strings.Contains(v.text("quotaId"), "PerModel") || dimensions.text("model") != "" {
			f.Model = true
		}
		return true
	})
}

// waits reads the fields that say how long to wait, or until when.
func waits(f *ai.Failure, m object) {
	if len(m) == 0 {
		return
	}
	if f.RetryAfter == 0 {
		f.RetryAfter = wait(m)
	}
	if f.Reset.IsZero() {
		for _, name := range []string{"resets_at", "reset_at", "resetsAt", "resetAt", "reset_time", "resetTime", "quotaResetTimeStamp"} {
			if at := moment(m.text(name)); !at.IsZero() {
				f.Reset = at
				return
			}
		}
	}
}

// wait reads a duration from the fields that vendors use for it.
func wait(m object) time.Duration {
	for _, field := range [...]struct {
		name string
		unit time.Duration // of a bare number
	}{
		{"retryDelay", time.Second},
		{"retry_delay", time.Second},
		{"retry_after_ms", time.Millisecond},
		{"retry_after", time.Second},
		{"retryAfter", time.Second},
		{"retry_after_seconds", time.Second},
		{"resets_in_seconds", time.Second},
		{"reset_seconds", time.Second},
		{"reset_after", time.Second},
		{"quotaResetDelay", time.Second},
	} {
		raw, ok := m[field.name]
		if !ok {
			continue
		}
		if inner := membersOf(raw); inner != nil { // protobuf as JSON: {"seconds":26,"nanos":0}
			seconds, _ := scan.Int(inner["seconds"])
			nanos, _ := scan.Int(inner["nanos"])
			if d := span(float64(seconds), time.Second) + span(float64(nanos), 1); d > 0 {
				return d
			}
			continue
		}
		text := m.text(field.name)
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			if d := span(n, field.unit); d > 0 {
				return d
			}
		} else if d, err := time.ParseDuration(text); err == nil && d > 0 {
			return d
		}
	}
	return 0
}

// span is n units, or 0 where that is no sensible wait.
func span(n float64, unit time.Duration) time.Duration {
	d := n * float64(unit)
	if math.IsNaN(d) || d <= 0 || d > float64(10*365*24*time.Hour) {
		return 0
	}
	return time.Duration(d)
}

// moment reads a point in time: RFC 3339, or Unix seconds or milliseconds. A
// small number is no moment but a wait that was badly named.
func moment(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at
	}
	const first, last = 1e9, 1e11 // 2001 and 5138 in seconds
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || math.IsNaN(n):
	case n >= first && n < last:
		return time.UnixMilli(int64(n * 1000))
	case n >= first*1000 && n < last*1000:
		return time.UnixMilli(int64(n))
	}
	return time.Time{}
}

// wrapped reads an error's text. Relays put the error of the service behind
// them there, as JSON or with a few words before it; what is inside is closer
// to the fault and goes before what f already knows.
func wrapped(f *ai.Failure, text string, wraps int) {
	// A few words with brackets of their own may come before: "[openai] {…}".
	for at, tries := 0, 0; wraps < maxWraps && tries < 4; tries++ {
		open := strings.IndexAny(text[at:], "{[")
		if open < 0 {
			break
		}
		open += at
		at = open + 1
		if !strings.HasPrefix(strings.TrimLeft(text[at:], " \r\n\t[{"), `"`) {
			continue
		}
		var inner ai.Failure
		if parseFailure(&inner, []byte(text[open:]), wraps+1) && inner.Message != "" {
			merge(f, &inner)
			return
		}
	}
	set(&f.Message, text)
}

// merge lets what inner says go before what f said.
func merge(f, inner *ai.Failure) {
	outer := *f
	*f = *inner
	set(&f.Type, outer.Type)
	set(&f.Code, outer.Code)
	set(&f.Param, outer.Param)
	setStatus(f, int64(outer.Status))
	if f.RetryAfter == 0 {
		f.RetryAfter = outer.RetryAfter
	}
	if f.Reset.IsZero() {
		f.Reset = outer.Reset
	}
	f.Model = f.Model || outer.Model
}

// overloadPhrases begin the plain text with which some relays answer 200 when
// they have no capacity.
var overloadPhrases = []string{"当前模型负载过高", "Current model load too high"}

// textFailure reads what is not JSON.
func textFailure(f *ai.Failure, text string, wraps int) bool {
	switch {
	case strings.HasPrefix(text, "event:"), strings.HasPrefix(text, "data:"):
		return eventFailure(f, text, wraps)
	case strings.HasPrefix(text, "<"):
		set(&f.Message, pageTitle(text))
		return false
	}
	for _, phrase := range overloadPhrases {
		if len(text) <= 256 && strings.HasPrefix(text, phrase) {
			set(&f.Type, "overloaded_error")
			set(&f.Message, text)
			return true
		}
	}
	if wraps > 0 {
		wrapped(f, text, wraps)
		return f.Type != "" || f.Code != ""
	}
	set(&f.Message, text)
	return false
}

// eventFailure reads the first event with an error of an event stream that
// came where one JSON value was expected.
func eventFailure(f *ai.Failure, text string, wraps int) bool {
	for line := range strings.Lines(text) {
		data, ok := strings.CutPrefix(line, "data:")
		if !ok {
			continue
		}
		var inner ai.Failure
		if parseFailure(&inner, []byte(data), wraps+1) {
			merge(f, &inner)
			return true
		}
	}
	return false
}

// pageTitle is what an HTML page is about.
func pageTitle(page string) string {
	lower := strings.ToLower(page[:min(len(page), 8<<10)])
	if len(lower) > len(page) {
		return "an HTML page"
	}
	_, rest, ok := strings.Cut(lower, "<title>")
	title, _, ok2 := strings.Cut(rest, "</title>")
	if !ok || !ok2 || strings.TrimSpace(title) == "" {
		return "an HTML page"
	}
	return "an HTML page: " + strings.Join(strings.Fields(title), " ")
}

func set(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

func setStatus(f *ai.Failure, n int64) {
	if f.Status == 0 && n >= 400 && n <= 599 {
		f.Status = int(n)
	}
}
