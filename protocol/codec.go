package protocol

import (
	"net/http"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/sse"
)

// Codec translates between a wire format and the neutral message. A format
// that has one can serve the clients of every other that has one. It is
// stateless and safe for concurrent use.
type Codec interface {
	Format
	// DecodePrompt reads a client's request to generate. What the neutral form
	// cannot say is in Prompt.Hints and Prompt.Native. The error is a
	// *RequestError: the request is not valid in its own format.
	DecodePrompt(in *Inbound) (*Prompt, error)
	// EncodePrompt writes a request for a model of this format's. The error is
	// an *InexpressibleError.
	EncodePrompt(p *Prompt, model string) (*Outbound, error)
	// DecodeReply reads a whole answer that was judged to be one.
	DecodeReply(body []byte) (*Reply, error)
	// EncodeReply writes a whole answer to the request that p was read from.
	EncodeReply(r *Reply, p *Prompt) []byte
	// NewReplyDecoder returns a decoder for one stream.
	NewReplyDecoder() ReplyDecoder
	// NewReplyEncoder returns an encoder for one stream that answers p; array
	// asks for Gemini's other form.
	NewReplyEncoder(p *Prompt, array bool) ReplyEncoder
}

// Inbound is a client's request.
type Inbound struct {
	Endpoint *Endpoint
	Model    string // where it is not in the body
	Stream   bool
	Header   http.Header
	Body     []byte
}

// Outbound is a request to an upstream. Its path is that of the format's
// endpoint for generation, see Endpoint.URLPath.
type Outbound struct {
	Query  string      // that the form of the answer takes, such as "alt=sse"
	Header http.Header // what the format needs beside Content-Type and credential, such as Anthropic-Version
	Body   []byte
	// Hints are fields that the target cannot say and that change nothing of
	// what is meant, by the neutral form's name: they were dropped.
	Hints []string
	// Names are how the tools are told back that the target was told other names
	// of: see Prompt.Fit.
	Names Names
	// Answer says that the arguments of AnswerTool are the answer.
	Answer bool
	// Left says that tools were left away which the target has not.
	Left bool
}

// ReplyDecoder reads one stream. It is used by one goroutine.
type ReplyDecoder interface {
	// Event reads the next event and hands its pieces over. Events that a Judge
	// found wrong are not shown to it.
	Event(ev sse.Event, give func(*Piece))
	// Close is called when the stream has ended as it should. It closes what is
	// open and hands over PieceStop, if there was a beginning.
	Close(give func(*Piece))
}

// ReplyEncoder writes one stream. It is used by one goroutine.
type ReplyEncoder interface {
	// Append appends to dst the bytes that a piece amounts to, maybe none.
	// PieceStop writes the format's end marker.
	Append(dst []byte, p *Piece) []byte
}

// InexpressibleError says that a target's format cannot say what a request means.
type InexpressibleError struct {
	Protocol ai.Protocol // of the target
	Field    string      // of the neutral form
}

func (e *InexpressibleError) Error() string {
	return e.Field + " cannot be said in the protocol " + string(e.Protocol)
}
