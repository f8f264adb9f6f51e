package ccload

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/routing"
)

// This file decides whether and how a candidate that speaks another protocol
// than the client serves a call: by translation.

// translation is what the translations of one call share. It is made when a
// candidate first needs it: most calls never do.
type translation struct {
	read    bool
	prompt  *protocol.Prompt
	invalid *protocol.RequestError // the request is not valid in its own protocol
	made    []translated
}

// translated is the request in one protocol, for one model.
type translated struct {
	protocol ai.Protocol
	model    string
	request  *protocol.Outbound
	err      error // why it cannot be said
}

// codecOf returns what translates a protocol; nil if nothing does.
func codecOf(p ai.Protocol) protocol.Codec {
	codec, _ := formatOf(p).(protocol.Codec)
	return codec
}

// generateEndpoint is the endpoint of a protocol that answers as the client
// wants it to: streamed or not.
func generateEndpoint(f protocol.Format, stream bool) *protocol.Endpoint {
	endpoints := f.Endpoints()
	for i := range endpoints {
		ep := &endpoints[i]
		if ep.Operation == ai.Generate && (ep.Streams == protocol.StreamByBody || (ep.Streams == protocol.StreamAlways) == stream) {
			return ep
		}
	}
	return nil
}

// readPrompt decodes the client's request, once.
func (c *call) readPrompt() *protocol.Prompt {
	t := &c.translation
	if t.read {
		return t.prompt
	}
	t.read = true
	prompt, err := codecOf(c.Protocol).DecodePrompt(&protocol.Inbound{
		Endpoint: c.match.endpoint, Model: c.Model, Stream: c.Stream, Header: c.r.Header, Body: c.body.bytes,
	})
	if bad, ok := errors.AsType[*protocol.RequestError](err); ok {
		t.invalid = bad
		return nil
	}
	if err != nil {
		t.invalid = protocol.BadRequest("", err.Error())
		return nil
	}
	t.prompt = prompt
	return prompt
}

// translate returns the request in another protocol, for a model. The error
// says which of its fields cannot be said there.
func (c *call) translate(p ai.Protocol, model string) (*protocol.Outbound, error) {
	prompt := c.readPrompt()
	if prompt == nil {
		return nil, c.translation.invalid
	}
	if len(prompt.Native) > 0 {
		return nil, &protocol.InexpressibleError{Protocol: p, Field: strings.Join(prompt.Native, ", ")}
	}
	for i := range c.translation.made {
		if m := &c.translation.made[i]; m.protocol == p && m.model == model {
			return m.request, m.err
		}
	}
	m := translated{protocol: p, model: model}
	if codec := codecOf(p); codec != nil {
		m.request, m.err = encodePrompt(codec, prompt, model)
	} else {
		m.err = &protocol.InexpressibleError{Protocol: p, Field: "anything"}
	}
	c.translation.made = append(c.translation.made, m)
	return m.request, m.err
}

// CanTranslate implements routing.Translator.
func (c *call) CanTranslate(p ai.Protocol, model string) error {
	_, err := c.translate(p, model)
	return err
}

// encodePrompt says a prompt in a protocol. What cannot be said there is said
// in the next best way, if there is one: free text for tools as an object with
// a text in it, allowed tools by offering no others, JSON without a schema in
// words, and nothing of a web search that is only one of an agent's many tools.
func encodePrompt(codec protocol.Codec, prompt *protocol.Prompt, model string) (*protocol.Outbound, error) {
	out, err := codec.EncodePrompt(prompt, model)
	if err == nil {
		return out, nil
	}
	plain := prompt.AsFunctions().WithAllowedOnly()
	var hints []string
	if words, ok := plain.WithJSONInWords(); ok {
		if _, again := codec.EncodePrompt(plain, model); again != nil {
			plain, hints = words, append(hints, "JSON mode, which is asked for in words")
		}
	}
	if out, again := codec.EncodePrompt(plain, model); again == nil {
		out.Hints = append(out.Hints, hints...)
		return out, nil
	}
	if without, ok := plain.WithoutSearch(); ok {
		if out, again := codec.EncodePrompt(without, model); again == nil {
			out.Hints = append(append(out.Hints, hints...), "web search")
			return out, nil
		}
	}
	return nil, err
}

// translatedRequest is what is sent to a target that speaks another protocol.
func (c *call) translatedRequest(t *routing.Target) (*relay.Request, error) {
	out, err := c.translate(t.Protocol, t.Model)
	if err != nil {
		return nil, err
	}
	codec := codecOf(t.Protocol)
	header := make(http.Header, len(out.Header)+6)
	maps.Copy(header, out.Header)
	for _, name := range [...]string{"User-Agent", "Traceparent", "Tracestate"} {
		if v := c.r.Header[name]; len(v) > 0 {
			header[name] = v
		}
	}
	header["Content-Type"] = jsonType
	header["Accept-Encoding"] = identity
	setCredential(t, header, codec, t.Secret())
	if ops := t.Conf.HeaderUp; ops != nil {
		applyHeaderOps(header, ops)
	}
	if len(header["User-Agent"]) == 0 {
		header["User-Agent"] = noUserAgent
	}
	endpoint := generateEndpoint(codec, c.Stream)
	u, err := endpointURL(t, endpoint, t.Protocol, t.Model, out.Query)
	if err != nil {
		return nil, err
	}
	body := out.Body
	for _, e := range t.Edits {
		body = e.Apply(body)
	}
	return &relay.Request{
		ID: c.ID, Method: http.MethodPost, URL: u, Header: header, Body: relay.Body{Parts: [5][]byte{body}},
		Format: codec, Endpoint: endpoint, Stream: c.Stream,
		Transport: c.transports[t.Channel][t.URL],
		Timers:    c.timers(t),
		Translate: &relay.Translation{
			Upstream: codec, Client: codecOf(c.Protocol), Prompt: c.translation.prompt,
			Stream: c.Stream, Array: c.request.Array,
		},
	}, nil
}

var jsonType = []string{"application/json"}

// dropped lists what a target was not told, because its protocol cannot say it
// and it changes nothing of what is meant.
func (c *call) dropped(t *routing.Target) []string {
	if t.Protocol == c.Protocol {
		return nil
	}
	out, err := c.translate(t.Protocol, t.Model)
	if err != nil {
		return nil
	}
	return append(slices.Clone(c.translation.prompt.Hints), out.Hints...)
}

// untranslatable reports whether nobody can serve the call because nobody
// speaks the client's protocol and the request cannot be said in another.
func (c *call) untranslatable() bool {
	if !c.chooser.Translatable() || !c.translation.read {
		return false
	}
	c.chooser.Now = time.Now()
	found := false
	for _, e := range c.chooser.Exclusions() {
		switch e.Reason {
		case ai.Untranslatable:
			found = true
		case ai.Disabled, ai.NoKey, ai.NotAllowed, ai.WrongProtocol:
		default:
			return false // it could serve at another time
		}
	}
	return found
}

// whyUntranslatable is what the client is told then.
func (c *call) whyUntranslatable() error {
	t := &c.translation
	if t.invalid != nil {
		return t.invalid
	}
	fields := t.prompt.Native
	for i := range t.made {
		if e, ok := errors.AsType[*protocol.InexpressibleError](t.made[i].err); ok {
			fields = append(fields, e.Field)
		}
	}
	slices.Sort(fields)
	fields = slices.Compact(fields)
	return &protocol.RequestError{
		Status: http.StatusBadRequest, Code: "untranslatable", Param: strings.Join(fields, ", "),
		Message: "no channel that serves this model speaks the " + string(c.Protocol) +
			" protocol, and what the request asks for cannot be said in another: " + strings.Join(fields, ", "),
	}
}
