// Package openai is what must be known of OpenAI's Chat Completions API and of
// its neighbours under /v1 that many vendors speak too.
//
// A stream is chunks, each with the next piece of every choice. The first one
// usually carries only the role; a finish reason ends a choice, a chunk
// without choices may follow with the usage, and [DONE] ends the stream. Of
// these, vendors leave out any. Errors are a chunk with an error member.
package openai

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openaikit"
	"github.com/ccload/ccload/protocol/scan"
)

// Format is the Chat Completions wire format.
type Format struct{}

var _ protocol.Format = Format{}

// ID is ai.OpenAI.
func (Format) ID() ai.Protocol { return ai.OpenAI }

// Endpoints lists what the format serves.
func (Format) Endpoints() []protocol.Endpoint {
	post, get := []string{http.MethodPost}, []string{http.MethodGet}
	row := func(op ai.Operation, path string, model protocol.ModelPlace, streams protocol.StreamRule) protocol.Endpoint {
		return protocol.Endpoint{
			Operation: op, Methods: post, Path: path, Query: openaikit.Query, ModelIn: model, Streams: streams, Opaque: op == ai.Audio,
		}
	}
	return []protocol.Endpoint{
		row(ai.Generate, "/v1/chat/completions", protocol.ModelInBody, protocol.StreamByBody),
		row(ai.Complete, "/v1/completions", protocol.ModelInBody, protocol.StreamByBody),
		row(ai.Embed, "/v1/embeddings", protocol.ModelInBody, protocol.StreamNever),
		row(ai.Image, "/v1/images/generations", protocol.ModelMaybe, protocol.StreamByBody),
		row(ai.Image, "/v1/images/edits", protocol.ModelMaybe, protocol.StreamByBody),
		row(ai.Image, "/v1/images/variations", protocol.ModelMaybe, protocol.StreamByBody),
		row(ai.Audio, "/v1/audio/speech", protocol.ModelInBody, protocol.StreamByBody),
		row(ai.Audio, "/v1/audio/transcriptions", protocol.ModelInBody, protocol.StreamByBody),
		row(ai.Audio, "/v1/audio/translations", protocol.ModelInBody, protocol.StreamByBody),
		row(ai.Moderate, "/v1/moderations", protocol.ModelMaybe, protocol.StreamNever),
		row(ai.Rerank, "/v1/rerank", protocol.ModelInBody, protocol.StreamNever),
		{Operation: ai.ListModels, Methods: get, Path: "/v1/models", ModelIn: protocol.ModelNowhere},
		{Operation: ai.GetModel, Methods: get, Path: "/v1/models/{model}", ModelIn: protocol.ModelNowhere},
	}
}

// ReadRequest finds in a request what routing must know.
func (Format) ReadRequest(ep *protocol.Endpoint, r *http.Request, body []byte) (protocol.Request, error) {
	if ep.ModelIn == protocol.ModelNowhere {
		return protocol.Request{}, nil
	}
	contentType := r.Header.Get("Content-Type")
	if strings.HasPrefix(strings.ToLower(contentType), "multipart/form-data") {
		return readForm(ep, contentType, body)
	}
	f, err := protocol.ReadJSONRequest(body)
	if err != nil {
		return protocol.Request{}, err
	}
	if ep.ModelIn == protocol.ModelInBody {
		if err := f.RequireModel(); err != nil {
			return protocol.Request{}, err
		}
	}
	if ep.Operation == ai.Audio && string(f.StreamFormat.In(body)) == `"sse"` {
		f.Stream = true // speech does not say it with "stream"
	}
	if ep.Streams == protocol.StreamNever {
		f.Stream = false
	}
	if start, end, ok := scan.Get(f.StreamOptions.In(body), "include_usage"); ok {
		f.WantsUsage, _ = scan.Bool(f.StreamOptions.In(body)[start:end])
	}
	if f.Stream && !f.WantsUsage && (ep.Operation == ai.Generate || ep.Operation == ai.Complete) {
		f.AskUsage = askUsage(body, f.StreamOptions)
	}
	f.Conversation = openaikit.Conversation(r.Header, body, &f)
	f.Order = protocol.ReadOrder(ep.Operation, body, &f)
	return f.Request, nil
}

// askUsage is the change that makes stream_options ask for usage.
func askUsage(body []byte, options protocol.Span) protocol.Change {
	const ask = `"include_usage":true`
	at := options.Start
	switch text := options.In(body); {
	case len(text) == 0: // there are none
		at = bytes.IndexByte(body, '{') + 1
		return protocol.Change{Start: at, End: at, Text: `"stream_options":{` + ask + `},`}
	case text[0] != '{': // null, or upstream's to refuse
		return protocol.Change{Start: at, End: options.End, Text: `{` + ask + `}`}
	default:
		if from, to, ok := scan.Get(text, "include_usage"); ok {
			return protocol.Change{Start: at + from, End: at + to, Text: "true"}
		}
		if len(bytes.Trim(text[1:], " \t\r\n}")) == 0 {
			return protocol.Change{Start: at, End: options.End, Text: `{` + ask + `}`}
		}
		return protocol.Change{Start: at + 1, End: at + 1, Text: ask + `,`}
	}
}

// UsageOnly reports whether a chunk of a stream carries nothing but usage: it
// is sent because somebody asked for it.
func UsageOnly(data []byte) bool {
	from, to, ok := scan.Get(data, "usage")
	if !ok || data[from] != '{' || to-from < 3 {
		return false
	}
	from, to, ok = scan.Get(data, "choices")
	return ok && len(bytes.Trim(data[from:to], "[] \t\r\n")) == 0
}

// RefusesUsage reports whether an error is about having been asked for usage:
// some servers take no field they do not know.
func RefusesUsage(status int, body []byte) bool {
	return (status == http.StatusBadRequest || status == http.StatusUnprocessableEntity) &&
		(bytes.Contains(body, []byte("stream_options")) || bytes.Contains(body, []byte("include_usage")))
}

// readForm reads a multipart request. The model's name in it has no quotes, so
// it has no span: see ReplaceFormModel.
func readForm(ep *protocol.Endpoint, contentType string, body []byte) (protocol.Request, error) {
	form, err := protocol.ReadForm(contentType, body)
	if err != nil {
		return protocol.Request{}, err
	}
	req := protocol.Request{
		Model:  string(body[form.ModelStart:form.ModelEnd]),
		Stream: form.Stream && ep.Streams == protocol.StreamByBody,
	}
	if ep.Operation == ai.Image {
		req.Order = form.Order()
	}
	if req.Model == "" {
		if ep.ModelIn == protocol.ModelInBody {
			return req, protocol.MissingModel()
		}
		return req, nil
	}
	return req, protocol.CheckModel(req.Model)
}

// ReplaceFormModel returns a copy of a multipart body with another model name;
// every other byte stays.
func ReplaceFormModel(contentType string, body []byte, model string) ([]byte, error) {
	form, err := protocol.ReadForm(contentType, body)
	if err != nil || form.ModelEnd == 0 {
		return body, err
	}
	start, end := form.ModelStart, form.ModelEnd
	out := make([]byte, 0, len(body)-(end-start)+len(model))
	out = append(out, body[:start]...)
	out = append(out, model...)
	return append(out, body[end:]...), nil
}

// SetKey sets Authorization.
func (Format) SetKey(h http.Header, key string) { h["Authorization"] = []string{"Bearer " + key} }

// ForwardHeader reports whether a client's header may go upstream.
func (Format) ForwardHeader(name string) bool { return openaikit.ForwardHeader(name) }

// WriteError writes {"error":{…}}.
func (Format) WriteError(e *protocol.Error) (contentType string, body []byte) {
	return "application/json", openaikit.WriteError(e)
}

// ErrorEvent is a chunk with an error member, which the SDKs raise. No [DONE]
// follows it.
func (Format) ErrorEvent(e *protocol.Error, _ bool) []byte {
	data := openaikit.WriteError(e)
	event := make([]byte, 0, len(data)+8)
	event = append(event, "data: "...)
	event = append(event, data...)
	return append(event, "\n\n"...)
}

// WriteModels writes a model list.
func (Format) WriteModels(_ *http.Request, models []protocol.Model) []byte {
	return openaikit.WriteModels(models)
}

// WriteModel writes one model.
func (Format) WriteModel(_ *http.Request, m protocol.Model) []byte { return openaikit.WriteModel(m) }

// ModelMember is where an answer, or an event of a stream, names its model.
func (Format) ModelMember() (member, within string) { return "model", "" }
