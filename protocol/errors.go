package protocol

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/ccload/ccload/ai"
)

// Stable codes of errors that are found while a request is read. Others are
// made by the gateway itself.
const (
	CodeInvalidJSON    = "invalid_json"    // not JSON, cut short, or not an object
	CodeInvalidType    = "invalid_type"    // a field of another type than it must have
	CodeInvalidModel   = "invalid_model"   // a model name that cannot be one
	CodeMissingModel   = "missing_model"   // no model was named
	CodeDuplicateModel = "duplicate_model" // the model was named twice
	CodeInvalidForm    = "invalid_form"    // a multipart body that cannot be read
	CodeNotFound       = "not_found"       // a path that nothing is at
)

// errorTypes names an HTTP status in the words of each wire format.
var errorTypes = []struct {
	status                    int
	anthropic, openai, google string
}{
	{http.StatusBadRequest, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"},
	{http.StatusUnauthorized, "authentication_error", "authentication_error", "UNAUTHENTICATED"},
	{http.StatusPaymentRequired, "billing_error", "insufficient_quota", "RESOURCE_EXHAUSTED"},
	{http.StatusForbidden, "permission_error", "permission_error", "PERMISSION_DENIED"},
	{http.StatusNotFound, "not_found_error", "not_found_error", "NOT_FOUND"},
	{http.StatusRequestTimeout, "timeout_error", "timeout_error", "DEADLINE_EXCEEDED"},
	{http.StatusConflict, "invalid_request_error", "conflict_error", "ABORTED"},
	{http.StatusRequestEntityTooLarge, "request_too_large", "invalid_request_error", "INVALID_ARGUMENT"},
	{http.StatusTooManyRequests, "rate_limit_error", "rate_limit_error", "RESOURCE_EXHAUSTED"},
	{499, "api_error", "server_error", "CANCELLED"},
	{http.StatusInternalServerError, "api_error", "server_error", "INTERNAL"},
	{http.StatusNotImplemented, "api_error", "server_error", "UNIMPLEMENTED"},
	{http.StatusBadGateway, "api_error", "server_error", "UNAVAILABLE"},
	{http.StatusServiceUnavailable, "overloaded_error", "server_error", "UNAVAILABLE"},
	{http.StatusGatewayTimeout, "timeout_error", "server_error", "DEADLINE_EXCEEDED"},
	{529, "overloaded_error", "server_error", "UNAVAILABLE"},
}

// ErrorType is the error type (Gemini: status) that a wire format's clients
// know for an HTTP status. A status without a row of its own counts as 400
// below 500 and as 500 otherwise.
func ErrorType(p ai.Protocol, status int) string {
	fallback := http.StatusBadRequest
	if status >= http.StatusInternalServerError {
		fallback = http.StatusInternalServerError
	}
	var found string
	for _, row := range errorTypes {
		if row.status != status && row.status != fallback {
			continue
		}
		name := row.openai
		switch p {
		case ai.Anthropic:
			name = row.anthropic
		case ai.Gemini:
			name = row.google
		default: // both of OpenAI's formats
		}
		if row.status == status {
			return name
		}
		found = name
	}
	return found
}

// JSON encodes v without escaping what is only dangerous inside HTML. It is for
// small answers of the gateway itself, whose types always encode.
func JSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte("{}")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
