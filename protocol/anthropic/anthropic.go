// Package anthropic is what must be known of Anthropic's Messages API.
//
// A stream begins with message_start, which only repeats the request's side.
// Content comes in blocks (content_block_start, deltas, content_block_stop);
// message_delta carries the stop reason and the final usage, message_stop ends
// the stream, and ping may come anywhere. Errors are an event of their own,
// and some relays send them without naming the event.
package anthropic

import (
	"net/http"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// Format is the Anthropic Messages wire format.
type Format struct{}

var _ protocol.Format = Format{}

// ID is ai.Anthropic.
func (Format) ID() ai.Protocol { return ai.Anthropic }

// Endpoints lists what the format serves. Model lists share their path with
// OpenAI's and are routed there.
func (Format) Endpoints() []protocol.Endpoint {
	query := []string{"beta"}
	return []protocol.Endpoint{
		{
			Operation: ai.Generate, Methods: []string{http.MethodPost}, Path: "/v1/messages", Query: query,
			ModelIn: protocol.ModelInBody, Streams: protocol.StreamByBody,
		},
		{
			Operation: ai.CountTokens, Methods: []string{http.MethodPost}, Path: "/v1/messages/count_tokens", Query: query,
			ModelIn: protocol.ModelInBody, Streams: protocol.StreamNever,
		},
	}
}

// ReadRequest finds in a request what routing must know.
func (Format) ReadRequest(ep *protocol.Endpoint, r *http.Request, body []byte) (protocol.Request, error) {
	f, err := protocol.ReadJSONRequest(body)
	if err != nil {
		return protocol.Request{}, err
	}
	if err := f.RequireModel(); err != nil {
		return protocol.Request{}, err
	}
	f.WantsUsage = true
	if ep.Streams == protocol.StreamNever {
		f.Stream = false
	}
	f.Conversation = conversation(r.Header, body, &f)
	return f.Request, nil
}

// conversation is the session that the client names, else a hash of what the
// prompt cache is keyed by: tools, system prompt and first user turn.
func conversation(header http.Header, body []byte, f *protocol.Fields) uint64 {
	if named := protocol.Session(header); named != 0 {
		return named
	}
	// user_id is a session only if it says so, as Claude Code's does. Anything
	// else names a person or a whole application, and would tie all of their
	// conversations to one key.
	if start, end, ok := scan.Get(f.Metadata.In(body), "user_id"); ok {
		id, _ := scan.String(f.Metadata.In(body)[start:end])
		if strings.Contains(id, "session") {
			return protocol.Named(id)
		}
	}
	var h protocol.Hash
	h.Add(f.Tools.In(body))
	h.AddContent(f.System.In(body))
	h.AddOpening(f.Messages.In(body))
	return h.Sum()
}

// SetKey sets x-api-key.
func (Format) SetKey(h http.Header, key string) { h["X-Api-Key"] = []string{key} }

// ForwardHeader reports whether a client's header may go upstream.
func (Format) ForwardHeader(name string) bool {
	return protocol.ForwardHeader(name) || protocol.HeaderFamily(name, "Anthropic-", "X-Anthropic-", "X-Claude-")
}

type errorBody struct {
	Type  string `json:"type"`
	Error struct {
		Type    string `json:"type"`
		Message string `json:"message"`
		Code    string `json:"code,omitempty"`
		Param   string `json:"param,omitempty"`
	} `json:"error"`
	RequestID string `json:"request_id,omitempty"`
}

// WriteError writes {"type":"error","error":{…},"request_id":…}. The gateway's
// stable code stands beside the type, where clients of this format ignore it.
func (Format) WriteError(e *protocol.Error) (contentType string, body []byte) {
	return "application/json", writeError(e)
}

func writeError(e *protocol.Error) []byte {
	b := errorBody{Type: "error", RequestID: e.RequestID}
	b.Error.Type = protocol.ErrorType(ai.Anthropic, e.Status)
	b.Error.Message, b.Error.Code, b.Error.Param = e.Message, e.Code, e.Param
	return protocol.JSON(b)
}

// ErrorEvent is an error event, which every client of this format raises.
func (Format) ErrorEvent(e *protocol.Error, _ bool) []byte {
	data := writeError(e)
	event := make([]byte, 0, len(data)+32)
	event = append(event, "event: error\ndata: "...)
	event = append(event, data...)
	return append(event, "\n\n"...)
}

type model struct {
	Type        string `json:"type"`
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	CreatedAt   string `json:"created_at"`
}

func newModel(m protocol.Model) model {
	return model{Type: "model", ID: m.ID, DisplayName: m.ID, CreatedAt: time.Unix(m.Created, 0).UTC().Format(time.RFC3339)}
}

// maxModels is how many models a page has at most.
// https://docs.claude.com/en/api/models-list
const maxModels = 1000

// WriteModels writes the page of models that is asked for with limit, after_id
// and before_id; all of them if no limit is said.
func (Format) WriteModels(r *http.Request, models []protocol.Model) []byte {
	models, more := protocol.Page(models, protocol.PageQuery{
		Limit: min(protocol.QueryNumber(r, "limit"), maxModels),
		After: protocol.QueryText(r, "after_id"), Before: protocol.QueryText(r, "before_id"),
	})
	page := struct {
		Data    []model `json:"data"`
		HasMore bool    `json:"has_more"`
		FirstID *string `json:"first_id"`
		LastID  *string `json:"last_id"`
	}{Data: make([]model, 0, len(models)), HasMore: more}
	for _, m := range models {
		page.Data = append(page.Data, newModel(m))
	}
	if n := len(page.Data); n > 0 {
		page.FirstID, page.LastID = &page.Data[0].ID, &page.Data[n-1].ID
	}
	return protocol.JSON(page)
}

// WriteModel writes one model.
func (Format) WriteModel(_ *http.Request, m protocol.Model) []byte { return protocol.JSON(newModel(m)) }

// ModelMember is where an answer, or an event of a stream, names its model.
func (Format) ModelMember() (member, within string) { return "model", "message" }
