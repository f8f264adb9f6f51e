package gateway

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

// CodecOf returns what translates a protocol; nil if nothing does.
func CodecOf(p ai.Protocol) protocol.Codec {
	codec, _ := formatOf(p).(protocol.Codec)
	return codec
}

// readPrompt decodes the client's request, once.
func (c *Call) readPrompt() *protocol.Prompt {
	t := &c.translation
	if t.read {
		return t.prompt
	}
	t.read = true
	prompt, err := CodecOf(c.Protocol).DecodePrompt(&protocol.Inbound{
		Endpoint: c.match.Endpoint, Model: c.Model, Stream: c.Stream, Header: c.r.Header, Body: c.body.bytes,
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
		prompt.Pseudonym = c.site.gateway.Pseudonym(prompt.User)
	}
	keepAnswer(c, prompt)
	t.prompt = prompt
	return prompt
}

// translate returns the request in another protocol, for a model. The error
// says which of its fields cannot be said there.
func (c *Call) translate(p ai.Protocol, model string) (*protocol.Outbound, error) {
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
	if codec := CodecOf(p); codec != nil {
		m.request, m.err = protocol.EncodePrompt(codec, prompt, model)
	} else {
		m.err = &protocol.InexpressibleError{Protocol: p, Field: "anything"}
	}
	c.translation.made = append(c.translation.made, m)
	return m.request, m.err
}

// CanTranslate implements routing.Translator.
func (c *Call) CanTranslate(p ai.Protocol, model string) (whole bool, err error) {
	out, err := c.translate(p, model)
	return err == nil && !out.Left, err
}

// translatedRequest is what is sent to a target that speaks another protocol.
func (a *attempt) translatedRequest() (relay.Request, error) {
	c, t := a.call, a.target
	out, err := c.translate(t.Protocol, t.Model)
	if err != nil {
		return relay.Request{}, err
	}
	codec := CodecOf(t.Protocol)
	header := make(http.Header, len(out.Header)+6)
	maps.Copy(header, out.Header)
	for _, name := range [...]string{"User-Agent", "Traceparent", "Tracestate"} {
		if v := c.r.Header[name]; len(v) > 0 {
			header[name] = v
		}
	}
	header["Content-Type"] = jsonType
	endpoint := protocol.GenerateEndpoint(codec, c.Stream)
	path, err := endpoint.URLPath(t.Model)
	if err != nil {
		return relay.Request{}, err
	}
	u := finish(t, c.r, codec, header, path, out.Query)
	body := edit(t, out.Body)
	_, thoughts := protocol.WantsThoughts(t.Model)
	return relay.Request{
		ID: c.ID, Method: http.MethodPost, URL: u, Base: t.Base(), Header: header, Body: relay.Body{Parts: [5][]byte{body}},
		Format: codec, Endpoint: endpoint, Stream: c.Stream,
		Transport: c.snapshot.transports[t.Channel][t.URL],
		Timers:    a.timers(),
		Progress:  a,
		Translate: &relay.Translation{
			Upstream: codec, Client: CodecOf(c.Protocol), Prompt: c.translation.prompt, Back: protocol.Back{Names: out.Names, Answer: out.Answer},
			Stream: c.Stream, Array: c.request.Array, Thoughts: thoughts,
			Model: c.Model, Input: c.inputTold(),
		},
	}, nil
}

// inputTold counts the input for streams that tell it at their beginning, which
// is before most upstreams do; nil where the client's do not.
func (c *Call) inputTold() func() int64 {
	if f, ok := c.match.Format.(protocol.InputTeller); !c.Stream || !ok || !f.TellsInputFirst() {
		return nil
	}
	return c.forecast.countInput
}

var jsonType = []string{"application/json"}

// dropped lists what a target was not told, because its protocol cannot say it
// and it changes nothing of what is meant.
func (a *attempt) dropped() []string {
	c, t := a.call, a.target
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
func (c *Call) untranslatable() bool {
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
func (c *Call) whyUntranslatable() error {
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
	advice := ""
	if refersToOthers(fields) {
		advice = "; " + wholeConversation
	}
	return &protocol.RequestError{
		Status: http.StatusBadRequest, Code: "untranslatable", Param: strings.Join(fields, ", "),
		Message: "no channel that serves this model speaks the " + string(c.Protocol) +
			" protocol, and what the request asks for cannot be said in another: " + strings.Join(said, ", ") + advice,
	}
}

// refersToOthers reports whether fields of a request refer to what an upstream
// made, which no other knows.
func refersToOthers(fields []string) bool {
	return slices.ContainsFunc(fields, func(f string) bool { return f == "previous_response_id" || strings.HasSuffix(f, " item_reference") })
}

func sortedOnce(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
