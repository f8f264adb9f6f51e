package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/ccload/ccload/protocol/scan"
)

// MaxModel is how long a model's name may be, in bytes.
const MaxModel = 256

// Span is where a value lies in a body; the zero Span is nowhere.
type Span struct{ Start, End int }

// In returns the bytes of the span in b, nil if it is nowhere.
func (s Span) In(b []byte) []byte {
	if s.End == 0 {
		return nil
	}
	return b[s.Start:s.End]
}

// Fields are the top-level members of a JSON request that any wire format
// needs to know. Of a field that appears twice the last counts, as it does for
// most upstreams; model may not appear twice.
type Fields struct {
	Request // Model, its span, Stream and MaxOutput are filled in

	System, Tools, Messages, Metadata            Span // Anthropic; OpenAI chat
	Instructions, Input, PreviousResponse        Span // OpenAI Responses
	ConversationID, PromptCacheKey, User, Prompt Span // OpenAI
	StreamOptions, Functions, Store              Span // OpenAI
	StreamFormat                                 Span // OpenAI's speech
	Contents, SystemInstruction                  Span // Gemini
	GenerationConfig, CachedContent, Requests    Span // Gemini
}

// ReadJSONRequest finds in one pass over a JSON request body what routing must
// know, and validates it. The body is neither kept nor changed. A missing
// model is no error here, see RequireModel. The error is a *RequestError.
func ReadJSONRequest(body []byte) (Fields, error) {
	var f Fields
	var bad *RequestError
	models := 0
	var limits [3]int64 // by how much each name of the output limit is to be believed
	err := scan.Members(body, func(key []byte, start, end int) bool {
		f.Index.Add(body, key, start, end)
		if bytes.IndexByte(key, '\\') >= 0 {
			var short [32]byte
			plain, _ := scan.Unescape(short[:0], key)
			key = plain
		}
		value, span := body[start:end], Span{start, end}
		switch string(key) {
		case "model":
			models++
			f.ModelStart, f.ModelEnd = start, end
		case "stream":
			bad = firstError(bad, f.setStream(value))
		case "max_tokens":
			limits[0] = limit(value)
		case "max_completion_tokens":
			limits[1] = limit(value)
		case "max_output_tokens":
			limits[2] = limit(value)
		case "system":
			f.System = span
		case "tools":
			f.Tools = span
		case "messages":
			f.Messages = span
		case "metadata":
			f.Metadata = span
		case "instructions":
			f.Instructions = span
		case "input":
			f.Input = span
		case "previous_response_id":
			f.PreviousResponse = span
		case "conversation":
			f.ConversationID = span
		case "prompt_cache_key":
			f.PromptCacheKey = span
		case "user":
			f.User = span
		case "prompt":
			f.Prompt = span
		case "stream_options":
			f.StreamOptions = span
		case "stream_format":
			f.StreamFormat = span
		case "functions":
			f.Functions = span
		case "store":
			f.Store = span
		case "contents":
			f.Contents = span
		case "systemInstruction", "system_instruction":
			f.SystemInstruction = span
		case "generationConfig", "generation_config":
			f.GenerationConfig = span
		case "cachedContent", "cached_content":
			f.CachedContent = span
		case "requests":
			f.Requests = span
		default:
			// Some upstreams read keys without regard to case, so a second
			// "Model" would be a way around what a token may use.
			if len(key) == len("model") && bytes.EqualFold(key, []byte("model")) {
				models++
			}
		}
		return true
	})
	switch {
	case err != nil:
		return f, jsonError(body, err)
	case bad != nil:
		return f, bad
	case models > 1:
		return f, &RequestError{
			Status: http.StatusBadRequest, Code: CodeDuplicateModel, Param: "model",
			Message: `the field "model" appears more than once`,
		}
	}
	f.MaxOutput = max(limits[0], limits[1], limits[2])
	return f, f.setModel(body)
}

func firstError(a, b *RequestError) *RequestError {
	if a != nil {
		return a
	}
	return b
}

// limit reads an output limit; what is no positive number is the upstream's to
// refuse.
func limit(value []byte) int64 {
	n, _ := scan.Int(value)
	return max(n, 0)
}

// setStream is lenient: besides true and false it takes 1 and 0, quoted or
// not, and "true" and "false", which some clients send.
func (f *Fields) setStream(value []byte) *RequestError {
	switch string(bytes.Trim(value, `"`)) {
	case "true", "1":
		f.Stream = true
	case "false", "0", "null":
		f.Stream = false
	default:
		return &RequestError{
			Status: http.StatusBadRequest, Code: CodeInvalidType, Param: "stream",
			Message: `the field "stream" must be true or false`,
		}
	}
	return nil
}

// setModel decodes the model's name from its span.
func (f *Fields) setModel(body []byte) error {
	value := body[f.ModelStart:f.ModelEnd]
	if scan.IsNull(value) {
		f.ModelStart, f.ModelEnd = 0, 0
		return nil
	}
	// Six bytes of JSON say one byte of text at most.
	name, ok := "", false
	if len(value) <= 2+6*MaxModel {
		name, ok = scan.String(value)
	} else if value[0] == '"' {
		return ModelError("the model's name is too long")
	}
	if !ok {
		return &RequestError{
			Status: http.StatusBadRequest, Code: CodeInvalidType, Param: "model",
			Message: `the field "model" must be a string`,
		}
	}
	f.Model = name
	if name == "" {
		return nil
	}
	return CheckModel(name)
}

// CheckModel refuses what cannot be a model's name: too long, no UTF-8, or with
// control characters. The error is a *RequestError.
func CheckModel(name string) error {
	if len(name) > MaxModel {
		return ModelError(fmt.Sprintf("the model's name is longer than %d bytes", MaxModel))
	}
	for i := range len(name) {
		if name[i] < ' ' || name[i] == 0x7f {
			return ModelError("the model's name contains a control character")
		}
	}
	if !utf8.ValidString(name) {
		return ModelError("the model's name is not UTF-8")
	}
	if strings.ContainsAny(name, ".%") && dotSegments(name) {
		return ModelError(`the model's name holds "." or ".." as a part of a path`)
	}
	return nil
}

// ModelError is a *RequestError about the model's name.
func ModelError(message string) error {
	return &RequestError{Status: http.StatusBadRequest, Code: CodeInvalidModel, Param: "model", Message: message}
}

// RequireModel refuses a request that names no model. The error is a
// *RequestError.
func (f *Fields) RequireModel() error {
	if f.Model != "" {
		return nil
	}
	return MissingModel()
}

// MissingModel is the *RequestError of a request that names no model.
func MissingModel() error {
	return &RequestError{
		Status: http.StatusBadRequest, Code: CodeMissingModel, Param: "model",
		Message: `the field "model" is missing`,
	}
}

// jsonError says what is wrong with a request body.
func jsonError(body []byte, err error) *RequestError {
	at := 0
	if where, ok := errors.AsType[*scan.Error](err); ok {
		at = where.Offset
	}
	e := &RequestError{Status: http.StatusBadRequest, Code: CodeInvalidJSON}
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		e.Message = "the request body is empty; a JSON object is expected"
	case errors.Is(err, scan.ErrTruncated):
		e.Message = fmt.Sprintf("the request body is cut short: its JSON ends at byte %d", at)
	case errors.Is(err, scan.ErrType):
		e.Message = "the request body must be a JSON object"
	case errors.Is(err, scan.ErrDepth):
		e.Message = "the request body is nested too deeply"
	default:
		e.Message = fmt.Sprintf("the request body is not valid JSON: unexpected character at byte %d", at)
	}
	return e
}

// Text decodes the string that lies at s in body; empty if there is none.
func (s Span) Text(body []byte) string {
	text, _ := scan.String(s.In(body))
	return text
}
