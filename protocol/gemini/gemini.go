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
	"net/url"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
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

// ReadRequest finds in a request what routing must know.
func (Format) ReadRequest(ep *protocol.Endpoint, r *http.Request, body []byte) (protocol.Request, error) {
	if ep.ModelIn != protocol.ModelInPath {
		return protocol.Request{}, nil
	}
	model, _ := protocol.PathValue(ep, r.URL.Path)
	if model == "" {
		return protocol.Request{}, protocol.MissingModel()
	}
	if err := protocol.CheckModel(model); err != nil {
		return protocol.Request{}, err
	}
	f, err := protocol.ReadJSONRequest(body)
	if err != nil {
		return protocol.Request{}, err
	}
	if f.Model != "" && plain(f.Model) != plain(model) {
		return protocol.Request{}, otherModel()
	}
	if ep.Operation == ai.Embed {
		if err := checkRequests(f.Requests.In(body), model); err != nil {
			return protocol.Request{}, err
		}
	}
	req := protocol.Request{
		Model:      model,
		Stream:     ep.Streams == protocol.StreamAlways,
		MaxOutput:  maxOutput(f.GenerationConfig.In(body)),
		WantsUsage: true,
	}
	events, err := wantsEvents(r.URL.RawQuery)
	if err != nil {
		return protocol.Request{}, err
	}
	req.Array = req.Stream && !events
	if ep.Operation == ai.Generate {
		req.Conversation = conversation(r.Header, body, &f)
	}
	return req, nil
}

// plain is a model's name without the collection it is in.
func plain(model string) string { return model[strings.LastIndexByte(model, '/')+1:] }

// checkRequests refuses a batch that names another model than the path: what
// the token may use is checked on the path.
func checkRequests(requests []byte, model string) error {
	_, _, other := scan.FindElement(requests, func(start, end int) bool {
		one := requests[start:end]
		from, to, ok := scan.Get(one, "model")
		if !ok {
			return false
		}
		name, _ := scan.String(one[from:to])
		return plain(name) != plain(model)
	})
	if other {
		return otherModel()
	}
	return nil
}

func otherModel() error {
	return protocol.ModelError("the body names another model than the path")
}

func maxOutput(config []byte) int64 {
	for _, name := range []string{"maxOutputTokens", "max_output_tokens"} {
		if start, end, ok := scan.Get(config, name); ok {
			n, _ := scan.Int(config[start:end])
			return max(n, 0)
		}
	}
	return 0
}

// query lists what goes upstream of a query: how the answer is written. Others
// of Google's choose what of an answer comes back ("fields") or make it a
// script ("callback").
var query = []string{"alt", "$alt", "prettyPrint", "$prettyPrint"}

// wantsEvents reports whether a query asks for server-sent events rather than
// JSON. There is nothing else that could be followed here, and servers differ
// in which of two words they believe.
func wantsEvents(raw string) (bool, error) {
	said := ""
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); err != nil || name != "alt" && name != "$alt" {
			continue
		}
		value, err := url.QueryUnescape(value)
		value, _, _ = strings.Cut(value, ";") // "json;enum-encoding=int"
		if err != nil || value != "sse" && value != "json" || said != "" && said != value {
			return false, &protocol.RequestError{
				Status: http.StatusBadRequest, Code: "invalid_parameter", Param: "alt",
				Message: `the parameter "alt" must be sse or json, and only one of them`,
			}
		}
		said = value
	}
	return said == "sse", nil
}

// conversation is the session that the client names, else the cache it uses,
// else a hash of tools, system instruction and first user turn.
func conversation(header http.Header, body []byte, f *protocol.Fields) uint64 {
	if named := protocol.Session(header); named != 0 {
		return named
	}
	if named := protocol.Named(f.CachedContent.Text(body)); named != 0 {
		return named
	}
	var h protocol.Hash
	h.Add(f.Tools.In(body))
	h.AddContent(f.SystemInstruction.In(body))
	h.AddOpening(f.Contents.In(body))
	return h.Sum()
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
