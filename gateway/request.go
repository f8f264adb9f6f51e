package gateway

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openai"
	"github.com/ccload/ccload/provider"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/routing"
)

// This file builds what goes to upstreams. Whatever is sent passes finish, be it
// a call, its translation, a check, a test or a question for models, so that a
// channel's address, credential and headers are the same for all of them.

// finish completes a request to a target: it returns the address of a path in
// the format's protocol, and gives the header the target's credential and the
// channel's changes. r is the client's request, nil for what the gateway asks by
// itself.
func finish(t *routing.Target, r *http.Request, format protocol.Format, header http.Header, path, query string) *url.URL {
	header["Accept-Encoding"] = identity
	setCredential(t, header, format)
	if t.HeaderUp != nil {
		t.HeaderUp(header, r)
	}
	if len(header["User-Agent"]) == 0 {
		header["User-Agent"] = noUserAgent
	}
	u := t.URLs[t.URL].Bases[format.ID()].Join(path)
	u.RawQuery = protocol.JoinQuery(u.RawQuery, query)
	return u
}

// edit makes a channel's changes of request bodies.
func edit(t *routing.Target, body []byte) []byte {
	for _, e := range t.Edits {
		body = e.Apply(body)
	}
	return body
}

// upstreamRequest builds what is sent to a target: the client's request with
// only the address, the credential and the model's name changed, and what the
// channel's own config asks for.
func (a *attempt) upstreamRequest() (relay.Request, error) {
	c, t := a.call, a.target
	if t.Protocol != c.Protocol {
		return a.translatedRequest()
	}
	endpoint, value := c.match.Endpoint, c.match.variable
	if endpoint.ModelIn == protocol.ModelInPath && t.Model != "" {
		value = t.Model
	}
	path, err := endpoint.URLPath(value)
	if err != nil {
		return relay.Request{}, err
	}
	header := a.upstreamHeader()
	u := finish(t, c.r, c.match.Format, header, path, endpoint.ForwardQuery(c.r.URL.RawQuery))
	a.asksUsage = a.mustAskUsage()
	body, err := a.upstreamBody(header)
	if err != nil {
		return relay.Request{}, err
	}
	return relay.Request{
		ID: c.ID, Method: c.r.Method, URL: u, Base: t.Base(), Header: header, Body: body,
		Format: c.match.Format, Endpoint: endpoint, Stream: c.Stream, Array: c.request.Array,
		Transport: c.snapshot.transports[t.Channel][t.URL],
		Timers:    a.timers(),
		Progress:  a,
		Hide:      a.hides(),
		Rename:    a.renames(),
		Given:     &c.progress.given,
	}, nil
}

// renames is the name that the answer gives the model: the client's, where the
// target was sent another; "" leaves what the upstream says. Clients compare it
// with what they asked for, and throw away thoughts of any other model.
func (a *attempt) renames() string {
	c, t := a.call, a.target
	if t.Model == c.Model || t.Model == "" {
		return ""
	}
	return c.Model
}

// hides is what of a stream the client does not get, because it did not ask
// for it.
func (a *attempt) hides() func(data []byte) bool {
	if !a.asksUsage {
		return nil
	}
	return openai.UsageOnly
}

func (a *attempt) timers() relay.Timers {
	c, t := a.call, a.target
	l := &c.site.Limits
	timers := relay.Timers{Headers: l.HeaderTimeout, FirstContent: l.FirstContentTimeout, Idle: l.IdleTimeout}
	if l.FirstContentAuto {
		limit, known := c.site.gateway.Routing.Selection.FirstContentLimit(t.Name, t.Address(), t.Model)
		switch {
		case known:
			timers.FirstContent = limit
		case c.chooser.AnyLeft(t.Channel):
			timers.FirstContent = config.FirstContentUnknown
		}
		timers.Begun, timers.Thinking, timers.Thinker = config.FirstContentBegun, config.FirstContentThinking, thinker{c}
	}
	if !c.Stream {
		timers.FirstContent = 0
	}
	return timers
}

// thinker knows whether a call has reasoning switched on.
type thinker struct{ *Call }

// Thinks implements relay.Thinker. It reads the request alone: a timer asks.
func (c thinker) Thinks() bool {
	codec := CodecOf(c.Protocol)
	if codec == nil || c.Operation != ai.Generate {
		return false
	}
	prompt, err := codec.DecodePrompt(&protocol.Inbound{
		Endpoint: c.match.Endpoint, Model: c.Model, Stream: c.Stream, Header: c.r.Header, Body: c.body.bytes,
	})
	return err == nil && prompt.Thinking.Mode == protocol.ThinkingOn
}

// upstreamHeader is what of the client's headers goes to the target: those that
// the protocol knows.
func (a *attempt) upstreamHeader() http.Header {
	c, t := a.call, a.target
	format := c.match.Format
	header := make(http.Header, len(c.r.Header)+3)
	dropped := c.r.Header["Connection"]
	for name, values := range c.r.Header {
		if format.ForwardHeader(name) && !namedIn(dropped, name) {
			header[name] = values
		}
	}
	if c.r.Header.Get("Content-Encoding") != "" {
		header.Del("Content-Encoding") // the body was decoded when it was read
	}
	if f, ok := format.(protocol.HeaderFitter); ok {
		f.FitHeader(header, c.Model, t.Model)
	}
	return header
}

// noUserAgent keeps net/http from naming itself where the client names nobody.
var noUserAgent = []string{""}

// identity asks for an answer that is not compressed: it is judged as it
// passes, and Caddy's encode compresses towards the client.
var identity = []string{"identity"}

// namedIn reports whether a Connection header names a header as hop-by-hop.
func namedIn(connection []string, name string) bool {
	for _, line := range connection {
		for token := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(token), name) {
				return true
			}
		}
	}
	return false
}

// setCredential puts the upstream key where the channel, its provider or the
// protocol wants it. An address of nobody in particular gets it in each place
// where relays of the protocol look.
func setCredential(t *routing.Target, header http.Header, format protocol.Format) {
	secret := t.Secret()
	if secret == "" {
		return
	}
	auth := provider.Auth(t.Conf.Auth)
	if auth == "" {
		auth = t.Preset.AuthFor(format.ID())
	}
	if auth.Set(header, secret) {
		return
	}
	if f, ok := format.(protocol.RelayKeySetter); ok && t.Conf.Provider == "" {
		f.SetRelayKey(header, secret)
		return
	}
	format.SetKey(header, secret)
}
