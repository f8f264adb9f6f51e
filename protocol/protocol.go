// Package protocol is what must be known of a wire format: its endpoints,
// what routing reads from a request, how an answer proves itself, what it
// cost, and how an error is written. Each format is a package below this one;
// adding one is a new package and a line in gateway/routes.go.
package protocol

import (
	"net/http"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/protocol/sse"
)

// Format is one wire format. Implementations are stateless values, safe for
// concurrent use.
type Format interface {
	// ID names the format.
	ID() ai.Protocol

	RequestReader
	AnswerJudge
	AnswerWriter
}

// RequestReader reads the requests of a format, and says how they go upstream.
type RequestReader interface {
	// Endpoints lists what it serves. The root builds its route table of them.
	Endpoints() []Endpoint
	// ReadRequest finds in a request what routing must know. body is the whole
	// request body; it is neither kept nor changed. The error is a
	// *RequestError and the caller's fault.
	ReadRequest(ep *Endpoint, r *http.Request, body []byte) (Request, error)
	// SetKey puts an upstream key where this format expects it when the
	// channel's provider says nothing else.
	SetKey(h http.Header, key string)
	// ForwardHeader reports whether a client's header may go upstream. name is
	// in canonical form. Hop-by-hop headers and credentials are removed before.
	ForwardHeader(name string) bool
}

// AnswerJudge tells good answers of a format from those that only look good.
type AnswerJudge interface {
	// JudgeBody judges a whole, decoded answer body that came with a 2xx status.
	JudgeBody(ep *Endpoint, body []byte) Verdict
	// NewJudge returns a judge for one stream of events that came with a 2xx.
	NewJudge(ep *Endpoint) Judge
}

// AnswerWriter writes answers of the gateway's own in a format.
type AnswerWriter interface {
	// WriteError writes e in the format's own shape.
	WriteError(e *Error) (contentType string, body []byte)
	// ErrorEvent returns the bytes that end a committed stream honestly: the
	// format's own error event, blank line included. For the array form of
	// Gemini it is the last element and the closing bracket.
	ErrorEvent(e *Error, array bool) []byte
	// WriteModels writes a model list, and WriteModel one model of it, for the
	// client that sent r.
	WriteModels(r *http.Request, models []Model) []byte
	WriteModel(r *http.Request, m Model) []byte
}

// Endpoint is one row of a format's route table.
type Endpoint struct {
	Operation ai.Operation
	// Methods that are served, e.g. {"POST"}.
	Methods []string
	// Path is literal, or holds one "{model}" or "{id}" segment, possibly
	// followed by a literal suffix such as ":generateContent" or "/cancel".
	Path string
	// Query lists the parameters of a client's query that go upstream. Never
	// name one that is a credential, or that changes the model or what of an
	// answer comes back.
	Query []string
	// ModelIn says where the model's name is.
	ModelIn ModelPlace
	// Streams says when the answer is a stream.
	Streams StreamRule
	// Opaque answers are not JSON of a known shape (audio, images as bytes,
	// files): they are judged by status and content type alone.
	Opaque bool
}

// ModelPlace says where an endpoint's model name is.
type ModelPlace uint8

// Places of a model name.
const (
	ModelInBody  ModelPlace = iota // top-level "model" of a JSON or multipart body
	ModelInPath                    // the {model} segment
	ModelNowhere                   // the endpoint has no model
	ModelMaybe                     // top-level "model" of the body, optional
)

// StreamRule says when an endpoint answers with a stream.
type StreamRule uint8

// Rules for streams.
const (
	StreamNever  StreamRule = iota
	StreamByBody            // top-level "stream": true
	StreamAlways
)

// Request is what routing reads from a client's request.
type Request struct {
	Model string
	// ModelStart and ModelEnd are the span of the model's JSON string value in
	// the body, quotes included; both 0 when it is not in a JSON body.
	ModelStart, ModelEnd int
	Stream               bool
	// Array is true for a Gemini stream without alt=sse: a JSON array.
	Array        bool
	MaxOutput    int64
	Conversation uint64 // see ai.Call
	Continues    string // see ai.Call
	WantsUsage   bool   // the client asked for usage in the stream, or the format always sends it
	AskUsage     Change // how to ask for it if the client did not; zero where there is nothing to ask
	Order        Order  // what is billed by the piece
	// Index is where the members of a JSON body lie; of none if the body is of
	// another kind.
	Index scan.Index
}

// Change replaces the bytes from Start to End of a body by Text.
type Change struct {
	Start, End int
	Text       string
}

// RequestError says what is wrong with a client's request.
type RequestError struct {
	Status  int    // 400, 413, …
	Code    string // stable code such as invalid_json, missing_model, duplicate_model
	Param   string // the field at fault, if one is
	Message string // for the person who made the request
}

func (e *RequestError) Error() string { return e.Message }

// Error is an error the gateway answers with, free of any wire format.
type Error struct {
	Status    int    // HTTP status
	Code      string // stable code: unknown_token, model_not_found, upstream_unavailable, …
	Param     string // field of the request at fault, if one is
	Message   string // for the person who made the request
	RequestID string
}

// Model is one model a token may use.
type Model struct {
	ID      string
	OwnedBy string // provider, or "ccload" for an alias
	Created int64  // unix seconds, 0 if unknown
}

// Verdict is a judgement of a whole answer body.
type Verdict struct {
	// Kind is ai.OK, or ai.SoftError (an error inside; Failure says which),
	// ai.Empty, ai.BadAnswer (not JSON of this format), ai.Truncated (JSON that
	// ends early), or ai.ContentFilter.
	Kind ai.Kind
	// Blank says that an answer of kind ai.OK has nothing in it, and that this is
	// all the model had to say: the client gets it and nobody is tried again, but
	// it is recorded as ai.Empty.
	Blank      bool
	Failure    ai.Failure
	Usage      ai.Usage
	ResponseID string // id of a response that upstream stored, for formats that store
	Model      string // the model that answered, as upstream names it
}

// Step says what one event of a stream means for the decision to commit.
type Step uint8

// Steps of a stream.
const (
	Preamble Step = iota // ping, message_start, response.created, role-only chunk: proves nothing
	Content              // text, tool call, reasoning, image, refusal: the answer is real
	Finish               // the answer has ended as it should; more events may follow
	End                  // the end marker: nothing follows that a client needs
	Failed               // an error event; Failure says which
)

// Judge follows one stream. It is used by one goroutine.
type Judge interface {
	// Event judges the next event. ev is valid only during the call.
	Event(ev sse.Event) Step
	// Failure is the error of the event that was Failed.
	Failure() ai.Failure
	// Ended reports whether the stream may end here: a Finish or End was seen.
	Ended() bool
	// Verdict sums up what was seen so far: usage, response id, model, and the
	// kind that an end of the stream at this point amounts to: ai.OK,
	// ai.Truncated, ai.Empty or ai.SoftError.
	Verdict() Verdict
}
