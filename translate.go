package ccload

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/relay"
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

// translatable reports whether calls of this kind can be translated at all: a
// stored response is bound to whoever stored it, and only answers of models
// mean the same everywhere.
func (c *call) translatable() bool {
	return c.Operation == ai.Generate && c.pinned == nil && codecOf(c.Protocol) != nil
}

// readPrompt decodes the client's request, once.
func (c *call) readPrompt() *protocol.Prompt {
	t := &c.translation
	if t.read {
		return t.prompt
	}
	t.read = true
	if c.body == nil { // only thought about: see hypothetical
		t.prompt = &protocol.Prompt{Model: c.Model, Turns: []protocol.Turn{{Parts: []protocol.Part{{Text: "Hi"}}}}}
		return t.prompt
	}
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
	if v := c.h.app.state.control.Keyring.Load(); prompt.User != "" && v != nil {
		prompt.Pseudonym = v.Pseudonym(prompt.User)
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

// way is how a candidate would be asked.
type way struct {
	protocol ai.Protocol
	ready    health.Readiness
	reason   ai.Reason
	detail   string
}

// wayTo finds the protocol to ask a candidate in: the client's own if that can
// be used, else the first of the candidate's that the request can be said in.
func (c *call) wayTo(cand *candidate, now time.Time) way {
	w := way{protocol: c.Protocol, reason: ai.WrongProtocol}
	if cand.speaks(c.Protocol) {
		w.ready = cand.health.Ready(c.Protocol, cand.model, now)
		w.reason = reasonOf(w.ready)
		lost := w.ready.Scope == ai.ScopeURLProtocol || c.protocolFailed(cand, c.Protocol)
		if !lost || !c.translatable() {
			return w
		}
	}
	if !c.translatable() {
		return w
	}
	for _, p := range cand.spoken {
		if p == c.Protocol || c.protocolFailed(cand, p) {
			continue
		}
		if _, err := c.translate(p, cand.model); err != nil {
			if w.reason == ai.WrongProtocol {
				w.reason, w.detail = ai.Untranslatable, err.Error()
			}
			continue
		}
		ready := cand.health.Ready(p, cand.model, now)
		if ready.OK || w.reason != ai.Eligible {
			w = way{protocol: p, ready: ready, reason: reasonOf(ready)}
		}
		if ready.OK {
			return w
		}
	}
	return w
}

// leavesTools reports whether a candidate would not be told of tools that the
// request has and its protocol has not.
func (c *call) leavesTools(cand *candidate, p ai.Protocol) bool {
	out, err := c.translate(p, cand.model)
	return err == nil && out.Left
}

func reasonOf(r health.Readiness) ai.Reason {
	switch {
	case r.OK:
		return ai.Eligible
	case r.Probing:
		return ai.Probing
	}
	return ai.Cooling
}

// protocolFailed reports whether this call found that none of the candidate's
// addresses serves a protocol.
func (c *call) protocolFailed(cand *candidate, p ai.Protocol) bool {
	if len(c.tried) == 0 {
		return false
	}
	return !slices.ContainsFunc(indexes(len(cand.urls)), func(u int) bool { return c.mayTryURL(cand, u, p) })
}

// translatedRequest is what is sent to a target that speaks another protocol.
func (c *call) translatedRequest(t *target) (*relay.Request, error) {
	out, err := c.translate(t.protocol, t.model)
	if err != nil {
		return nil, err
	}
	codec := codecOf(t.protocol)
	header := make(http.Header, len(out.Header)+6)
	maps.Copy(header, out.Header)
	for _, name := range [...]string{"User-Agent", "Traceparent", "Tracestate"} {
		if v := c.r.Header[name]; len(v) > 0 {
			header[name] = v
		}
	}
	header["Content-Type"] = jsonType
	header["Accept-Encoding"] = identity
	t.setCredential(header, codec, t.keys[t.key].secret)
	if ops := t.conf.HeaderUp; ops != nil {
		applyHeaderOps(header, ops)
	}
	if len(header["User-Agent"]) == 0 {
		header["User-Agent"] = noUserAgent
	}
	endpoint := generateEndpoint(codec, c.Stream)
	u, err := t.endpointURL(endpoint, t.protocol, t.model, out.Query)
	if err != nil {
		return nil, err
	}
	body := out.Body
	for _, e := range t.edits {
		body = e.Apply(body)
	}
	_, thoughts := protocol.WantsThoughts(t.model)
	return &relay.Request{
		ID: c.ID, Method: http.MethodPost, URL: u, Base: t.urls[t.url].bases[t.protocol], Header: header, Body: relay.Body{Parts: [5][]byte{body}},
		Format: codec, Endpoint: endpoint, Stream: c.Stream,
		Transport: c.transports[t.channel][t.url],
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
func (c *call) dropped(t *target) []string {
	if t.protocol == c.Protocol {
		return nil
	}
	out, err := c.translate(t.protocol, t.model)
	if err != nil {
		return nil
	}
	return append(slices.Clone(c.translation.prompt.Hints), out.Hints...)
}

// untranslatable reports whether nobody can serve the call because nobody
// speaks the client's protocol and the request cannot be said in another.
func (c *call) untranslatable() bool {
	if !c.translatable() || !c.translation.read {
		return false
	}
	found := false
	for i := range c.candidates.stages {
		c.filter(&c.candidates.stages[i], time.Now())
		for _, l := range c.left {
			switch l.reason {
			case ai.Untranslatable:
				found = true
			case ai.Disabled, ai.NoKey, ai.NotAllowed, ai.WrongProtocol:
			default:
				return false // it could serve at another time
			}
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
