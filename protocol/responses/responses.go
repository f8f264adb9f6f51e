// Package responses is what must be known of OpenAI's Responses API.
//
// A stream's events have types. It begins with response.created, perhaps
// queued and in_progress, which prove nothing; items are added and filled with
// deltas; response.completed or response.incomplete ends it and carries the
// whole response with its usage. response.failed and error say that there will
// be no answer. Responses may be stored upstream, and then only the key that
// made them can continue, read or delete them.
package responses

import (
	"bytes"
	"net/http"
	"slices"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openaikit"
)

// Format is the Responses wire format.
type Format struct{}

var _ protocol.Format = Format{}

// ID is ai.Responses.
func (Format) ID() ai.Protocol { return ai.Responses }

// Endpoints lists what the format serves.
func (Format) Endpoints() []protocol.Endpoint {
	post, get := []string{http.MethodPost}, []string{http.MethodGet}
	stored := func(methods []string, path string, query ...string) protocol.Endpoint {
		return protocol.Endpoint{
			Operation: ai.StoredResponse, Methods: methods, Path: path, ModelIn: protocol.ModelNowhere,
			Query: append(query, openaikit.Query...),
		}
	}
	return []protocol.Endpoint{
		{Operation: ai.Generate, Methods: post, Path: "/v1/responses", Query: openaikit.Query, Streams: protocol.StreamByBody},
		{Operation: ai.Compact, Methods: post, Path: "/v1/responses/compact", Query: openaikit.Query, Streams: protocol.StreamByBody},
		{Operation: ai.CountTokens, Methods: post, Path: "/v1/responses/input_tokens", Query: openaikit.Query},
		stored(get, "/v1/responses/{id}", "include", "include[]", "include_obfuscation", "starting_after", "stream"),
		stored([]string{http.MethodDelete}, "/v1/responses/{id}"),
		stored(post, "/v1/responses/{id}/cancel"),
		stored(get, "/v1/responses/{id}/input_items", "after", "before", "include", "include[]", "limit", "order"),
	}
}

// ReadRequest finds in a request what routing must know.
func (Format) ReadRequest(ep *protocol.Endpoint, r *http.Request, body []byte) (protocol.Request, error) {
	if ep.Operation == ai.StoredResponse {
		id, ok := protocol.PathValue(ep, r.URL.Path)
		if !ok || !protocol.ValidID(id) {
			return protocol.Request{}, &protocol.RequestError{
				Status: http.StatusNotFound, Code: "response_not_found", Message: "the path names no response",
			}
		}
		stream := slices.Contains(ep.Query, "stream") && r.URL.Query().Get("stream") == "true"
		return protocol.Request{Continues: id, Stream: stream}, nil
	}
	f, err := protocol.ReadJSONRequest(body)
	if err != nil {
		return protocol.Request{}, err
	}
	if err := f.RequireModel(); err != nil {
		return protocol.Request{}, err
	}
	if ep.Streams == protocol.StreamNever {
		f.Stream = false
	}
	f.WantsUsage = true
	f.Continues = f.PreviousResponse.Text(body)
	f.Conversation = openaikit.Conversation(r.Header, body, &f)
	return f.Request, nil
}

// SetKey sets Authorization.
func (Format) SetKey(h http.Header, key string) { h["Authorization"] = []string{"Bearer " + key} }

// ForwardHeader reports whether a client's header may go upstream.
func (Format) ForwardHeader(name string) bool { return openaikit.ForwardHeader(name) }

// WriteError writes {"error":{…}}.
func (Format) WriteError(e *protocol.Error) (contentType string, body []byte) {
	return "application/json", openaikit.WriteError(e)
}

// ErrorEvent is an error event and response.failed, one after the other as
// OpenAI sends them: the SDKs raise the first, Codex knows the second.
// sequence_number is there for the clients that insist on one.
func (Format) ErrorEvent(e *protocol.Error, _ bool) []byte {
	type failure struct {
		Type    string  `json:"type,omitempty"`
		Code    string  `json:"code"`
		Message string  `json:"message"`
		Param   *string `json:"param,omitempty"`
	}
	why := failure{Code: e.Code, Message: e.Message}
	var said struct {
		Type     string  `json:"type"`
		Sequence int     `json:"sequence_number"`
		Code     string  `json:"code"`
		Message  string  `json:"message"`
		Param    *string `json:"param"`
		Error    failure `json:"error"`
	}
	said.Type, said.Code, said.Message, said.Error = "error", e.Code, e.Message, why
	said.Error.Type = protocol.ErrorType(ai.Responses, e.Status)
	if e.Param != "" {
		said.Param, said.Error.Param = &e.Param, &e.Param
	}
	var failed struct {
		Type     string `json:"type"`
		Sequence int    `json:"sequence_number"`
		Response struct {
			ID         string     `json:"id"`
			Object     string     `json:"object"`
			Status     string     `json:"status"`
			Error      failure    `json:"error"`
			Incomplete *struct{}  `json:"incomplete_details"`
			Output     []struct{} `json:"output"`
			Usage      *struct{}  `json:"usage"`
		} `json:"response"`
	}
	failed.Type, failed.Sequence = "response.failed", 1
	r := &failed.Response
	r.ID, r.Object, r.Status, r.Error, r.Output = e.RequestID, "response", "failed", why, []struct{}{}
	var b bytes.Buffer
	b.WriteString("event: error\ndata: ")
	b.Write(protocol.JSON(said))
	b.WriteString("\n\nevent: response.failed\ndata: ")
	b.Write(protocol.JSON(failed))
	b.WriteString("\n\n")
	return b.Bytes()
}

// WriteModels writes a model list.
func (Format) WriteModels(_ *http.Request, models []protocol.Model) []byte {
	return openaikit.WriteModels(models)
}

// WriteModel writes one model.
func (Format) WriteModel(_ *http.Request, m protocol.Model) []byte { return openaikit.WriteModel(m) }

// ModelMember is where an answer, or an event of a stream, names its model.
func (Format) ModelMember() (member, within string) { return "model", "response" }
