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
	if prompt.User != "" {
		prompt.Pseudonym = c.h.app.state.control.Pseudonym(prompt.User)
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
func (c *call) CanTranslate(p ai.Protocol, model string) (whole bool, err error) {
	out, err := c.translate(p, model)
	return err == nil && !out.Left, err
}

// compromises are how a prompt is said in the next best way where a protocol
// cannot say it, from the least loss to the greatest. Each is tried on top of
// those that cost nothing.
var compromises = []struct{ byTool, inWords, hosted, search bool }{
	{},
	{byTool: true},
	{inWords: true},
	{hosted: true},
	{hosted: true, search: true},
	{inWords: true, hosted: true},
	{inWords: true, hosted: true, search: true},
}

// encodePrompt says a prompt in a protocol. What cannot be said there is said
// in the next best way, if there is one: free text for tools as an object with
// a text in it, allowed tools by offering no others, the form of the answer by a
// tool or in words, and nothing of what the provider would run among an agent's
// own tools.
func encodePrompt(codec protocol.Codec, prompt *protocol.Prompt, model string) (*protocol.Outbound, error) {
	out, err := codec.EncodePrompt(prompt, model)
	if err == nil {
		return out, nil
	}
	plain := prompt.AsFunctions().WithAllowedOnly()
	for _, c := range compromises {
		p, applies := plain, true
		var left, hints []string
		switch {
		case c.search:
			p, left, applies = p.Without(protocol.Hosted, protocol.WebSearch)
		case c.hosted:
			p, left, applies = p.Without(protocol.Hosted)
		}
		switch {
		case !applies:
		case c.byTool:
			p, applies = p.WithFormByTool()
			hints = []string{"the form of the answer, which is asked for by a tool"}
		case c.inWords:
			p, applies = p.WithFormInWords()
			hints = []string{"the form of the answer, which is asked for in words"}
		}
		if !applies {
			continue
		}
		if out, again := codec.EncodePrompt(p, model); again == nil {
			out.Hints = append(append(out.Hints, hints...), left...)
			out.Left, out.Answer = len(left) > 0, c.byTool
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
	_, thoughts := protocol.WantsThoughts(t.Model)
	return &relay.Request{
		ID: c.ID, Method: http.MethodPost, URL: u, Header: header, Body: relay.Body{Parts: [5][]byte{body}},
		Format: codec, Endpoint: endpoint, Stream: c.Stream,
		Transport: c.transports[t.Channel][t.URL],
		Timers:    c.timers(t),
		Translate: &relay.Translation{
			Upstream: codec, Client: codecOf(c.Protocol), Prompt: c.translation.prompt, Back: protocol.Back{Names: out.Names, Answer: out.Answer},
			Stream: c.Stream, Array: c.request.Array, Thoughts: thoughts,
			Model: c.Model, Input: c.inputTold(),
		},
	}, nil
}

// inputTold counts the input for streams that tell it at their beginning, which
// is before most upstreams do; nil where the client's do not.
func (c *call) inputTold() func() int64 {
	if c.Protocol != ai.Anthropic || !c.Stream {
		return nil
	}
	return c.countInput
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
	fields := slices.Clone(t.prompt.Native)
	said := slices.Clone(t.prompt.Native)
	for i := range t.made {
		if e, ok := errors.AsType[*protocol.InexpressibleError](t.made[i].err); ok {
			field := protocol.ClientField(c.Protocol, e.Field)
			fields, said = append(fields, field), append(said, field+" ("+e.Field+")")
		}
	}
	fields, said = sortedOnce(fields), sortedOnce(said)
	return &protocol.RequestError{
		Status: http.StatusBadRequest, Code: "untranslatable", Param: strings.Join(fields, ", "),
		Message: "no channel that serves this model speaks the " + string(c.Protocol) +
			" protocol, and what the request asks for cannot be said in another: " + strings.Join(said, ", "),
	}
}

func sortedOnce(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
