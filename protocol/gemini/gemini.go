// Package gemini is what must be known of Google's generateContent API.
//
// The model stands in the path. A stream is server-sent events with alt=sse
// and the elements of one JSON array without; either way each event is an
// answer of its own, with the next parts of the candidates. There is no end
// marker: a finish reason is the last thing a candidate says, and the usage
// numbers are cumulative.
package gemini

import (
	"net/http"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// Format is the Gemini wire format.
type Format struct{}

var _ protocol.Format = Format{}

// ID is ai.Gemini.
func (Format) ID() ai.Protocol { return ai.Gemini }

// Endpoints lists what the format serves: each method of a model below both
// versions of the API, and model lists where OpenAI has none of the same path.
func (Format) Endpoints() []protocol.Endpoint {
	post, get := []string{http.MethodPost}, []string{http.MethodGet}
	var all []protocol.Endpoint
	for _, models := range []string{"/v1beta/models", "/v1/models"} {
		for _, row := range []struct {
			method    string
			operation ai.Operation
			streams   protocol.StreamRule
		}{
			{":generateContent", ai.Generate, protocol.StreamNever},
			{":streamGenerateContent", ai.Generate, protocol.StreamAlways},
			{":countTokens", ai.CountTokens, protocol.StreamNever},
			{":embedContent", ai.Embed, protocol.StreamNever},
			{":batchEmbedContents", ai.Embed, protocol.StreamNever},
		} {
			all = append(all, protocol.Endpoint{
				Operation: row.operation, Methods: post, Path: models + "/{model}" + row.method,
				ModelIn: protocol.ModelInPath, Streams: row.streams, Query: query,
			})
		}
	}
	return append(
		all,
		protocol.Endpoint{Operation: ai.ListModels, Methods: get, Path: "/v1beta/models", ModelIn: protocol.ModelNowhere},
		protocol.Endpoint{Operation: ai.GetModel, Methods: get, Path: "/v1beta/models/{model}", ModelIn: protocol.ModelNowhere},
	)
}

// SetKey sets x-goog-api-key.
func (Format) SetKey(h http.Header, key string) { h["X-Goog-Api-Key"] = []string{key} }

// forwarded are the headers of Google's clients. Others of the X-Goog family
// carry identities and projects, which are the client's own.
var forwarded = map[string]bool{
	"X-Goog-Api-Client":              true,
	"X-Goog-Api-Version":             true,
	"X-Goog-Fieldmask":               true,
	"X-Goog-Request-Params":          true,
	"X-Server-Timeout":               true,
	"X-Vertex-Ai-Llm-Request-Type":   true,
	"X-Vertex-Ai-Llm-Shared-Request": true,
}

// ForwardHeader reports whether a client's header may go upstream.
func (Format) ForwardHeader(name string) bool {
	return protocol.ForwardHeader(name) || forwarded[name] || protocol.HeaderFamily(name, "X-Gemini-")
}

type errorBody struct {
	Error struct {
		Code    int           `json:"code"`
		Message string        `json:"message"`
		Status  string        `json:"status"`
		Details []errorDetail `json:"details,omitempty"`
	} `json:"error"`
}

// errorDetail is a google.rpc.ErrorInfo.
type errorDetail struct {
	Type     string            `json:"@type"`
	Reason   string            `json:"reason"`
	Domain   string            `json:"domain"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// WriteError writes {"error":{"code","message","status","details"}}. The
// gateway's stable code is the reason in details.
func (Format) WriteError(e *protocol.Error) (contentType string, body []byte) {
	return "application/json; charset=UTF-8", writeError(e)
}

func writeError(e *protocol.Error) []byte {
	var b errorBody
	b.Error.Code, b.Error.Message, b.Error.Status = e.Status, e.Message, protocol.ErrorType(ai.Gemini, e.Status)
	meta := make(map[string]string, 2)
	if e.RequestID != "" {
		meta["request_id"] = e.RequestID
	}
	if e.Param != "" {
		meta["field"] = e.Param
	}
	if e.Code != "" || len(meta) > 0 {
		b.Error.Details = []errorDetail{{
			Type: "type.googleapis.com/google.rpc.ErrorInfo", Reason: e.Code, Domain: "ccload", Metadata: meta,
		}}
	}
	return protocol.JSON(b)
}

// ErrorEvent is an event that holds an error, or one more element of the array
// and its end.
func (Format) ErrorEvent(e *protocol.Error, array bool) []byte {
	data := writeError(e)
	before, after := "data: ", "\r\n\r\n"
	if array {
		before, after = ",\r\n", "\n]"
	}
	event := make([]byte, 0, len(before)+len(data)+len(after))
	event = append(event, before...)
	event = append(event, data...)
	return append(event, after...)
}

type model struct {
	Name        string   `json:"name"`
	BaseModelID string   `json:"baseModelId"`
	Version     string   `json:"version"`
	DisplayName string   `json:"displayName"`
	Methods     []string `json:"supportedGenerationMethods"`
}

func newModel(m protocol.Model) model {
	methods := []string{"generateContent", "streamGenerateContent", "countTokens"}
	if strings.Contains(m.ID, "embedding") {
		methods = []string{"embedContent", "batchEmbedContents", "countTokens"}
	}
	return model{Name: "models/" + m.ID, BaseModelID: m.ID, Version: "001", DisplayName: m.ID, Methods: methods}
}

// maxModels is how many models a page has at most.
// https://ai.google.dev/api/models#method:-models.list
const maxModels = 1000

// WriteModels writes the page of models that is asked for with pageSize and
// pageToken, which is the last id of the page before; all of them if no size is
// said.
func (Format) WriteModels(r *http.Request, models []protocol.Model) []byte {
	models, more := protocol.Page(models, protocol.PageQuery{
		Limit: min(protocol.QueryNumber(r, "pageSize", "page_size"), maxModels), After: protocol.QueryText(r, "pageToken", "page_token"),
	})
	page := struct {
		Models []model `json:"models"`
		Next   string  `json:"nextPageToken,omitempty"`
	}{Models: make([]model, 0, len(models))}
	if more {
		page.Next = models[len(models)-1].ID
	}
	for _, m := range models {
		page.Models = append(page.Models, newModel(m))
	}
	return protocol.JSON(page)
}

// WriteModel writes one model.
func (Format) WriteModel(_ *http.Request, m protocol.Model) []byte { return protocol.JSON(newModel(m)) }

// ModelMember is where an answer, or an event of a stream, names its model.
func (Format) ModelMember() (member, within string) { return "modelVersion", "" }
