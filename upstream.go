package ccload

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openai"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/provider"
	"github.com/ccload/ccload/relay"
)

// transportSet is the connection pool of every address of every channel, as
// one handler uses them.
type transportSet map[*channel][]http.RoundTripper

func newTransportSet(r *registry, pool *relay.Pool, connect time.Duration) (transportSet, error) {
	set := make(transportSet, len(r.channels))
	for _, ch := range r.channels {
		list, err := ch.transports(pool, connect)
		if err != nil {
			return nil, err
		}
		set[ch] = list
	}
	return set, nil
}

// transports are the connection pools of a channel's addresses.
func (ch *channel) transports(pool *relay.Pool, connect time.Duration) ([]http.RoundTripper, error) {
	list := make([]http.RoundTripper, 0, len(ch.urls))
	for i := range ch.urls {
		u := &ch.urls[i]
		n := relay.Network{
			Proxy: ch.conf.Proxy, AllowPrivate: ch.conf.AllowPrivateAddresses,
			InsecureSkipVerify: ch.conf.TLSInsecureSkipVerify, ConnectTimeout: connect,
		}
		if u.literal {
			n.LiteralHost = u.host
		}
		tr, err := pool.Get(u.host, n)
		if err != nil {
			return nil, fmt.Errorf("channel %q: %w", ch.name, err)
		}
		list = append(list, tr)
	}
	return list, nil
}

// upstreamRequest builds what is sent to a target: the client's request with
// only the address, the credential and the model's name changed, and what the
// channel's own config asks for.
func (c *call) upstreamRequest(t *target) (*relay.Request, error) {
	if t.protocol != c.Protocol {
		return c.translatedRequest(t)
	}
	header := c.upstreamHeader(t)
	t.question = c.usageQuestion(t)
	spans, err := c.upstreamBody(t, header)
	if err != nil {
		return nil, err
	}
	u, err := c.upstreamURL(t)
	if err != nil {
		return nil, err
	}
	return &relay.Request{
		ID: c.ID, Method: c.r.Method, URL: u, Base: t.urls[t.url].bases[t.protocol], Header: header, Body: spans,
		Format: c.match.format, Endpoint: c.match.endpoint, Stream: c.Stream, Array: c.request.Array,
		Transport: c.transports[t.channel][t.url],
		Timers:    c.timers(t),
		Hide:      c.hides(t),
		Rename:    c.renames(t),
	}, nil
}

// renames is the name that the answer gives the model: the client's, where the
// target was sent another; "" leaves what the upstream says. Clients compare it
// with what they asked for, and throw away thoughts of any other model.
func (c *call) renames(t *target) string {
	if t.model == c.Model || t.model == "" {
		return ""
	}
	return c.Model
}

// hides is what of a stream the client does not get, because it did not ask
// for it.
func (c *call) hides(t *target) func(data []byte) bool {
	if t.question != asked {
		return nil
	}
	return openai.UsageOnly
}

func (c *call) timers(t *target) relay.Timers {
	l := &c.h.limits
	timers := relay.Timers{Headers: l.HeaderTimeout, FirstContent: l.FirstContentTimeout, Idle: l.IdleTimeout}
	if l.FirstContentAuto {
		limit, known := c.h.app.state.routing.Selection.FirstContentLimit(t.name, t.urls[t.url].address, t.model)
		if !known {
			limit = config.FirstContentUnknown
		}
		timers.FirstContent = limit
	}
	if !c.Stream {
		timers.FirstContent = 0
	}
	return timers
}

// upstreamURL is the target's address of the endpoint that the client asked
// for. Nothing of the client's own path is in it.
func (c *call) upstreamURL(t *target) (*url.URL, error) {
	value := c.match.variable
	if c.match.endpoint.ModelIn == protocol.ModelInPath && t.model != "" {
		value = t.model
	}
	return t.endpointURL(c.match.endpoint, c.Protocol, value, c.match.endpoint.ForwardQuery(c.r.URL.RawQuery))
}

// endpointURL is the target's address of an endpoint in a protocol.
func (t *target) endpointURL(ep *protocol.Endpoint, p ai.Protocol, value, query string) (*url.URL, error) {
	path, err := ep.URLPath(value)
	if err != nil {
		return nil, err
	}
	u := t.urls[t.url].bases[p].Join(path)
	u.RawQuery = protocol.JoinQuery(u.RawQuery, query)
	return u, nil
}

// upstreamHeader is what of the client's headers goes to the target: those the
// protocol knows, the target's credential, and the channel's changes.
func (c *call) upstreamHeader(t *target) http.Header {
	format := c.match.format
	header := make(http.Header, len(c.r.Header)+2)
	dropped := c.r.Header["Connection"]
	for name, values := range c.r.Header {
		if format.ForwardHeader(name) && !namedIn(dropped, name) {
			header[name] = values
		}
	}
	if c.r.Header.Get("Content-Encoding") != "" {
		header.Del("Content-Encoding") // the body was decoded when it was read
	}
	if !protocol.SameFamily(c.Model, t.model) {
		delete(header, protocol.CodexLite)
	}
	header["Accept-Encoding"] = identity
	t.setCredential(header, format, t.keys[t.key].secret)
	if ops := t.conf.HeaderUp; ops != nil {
		applyHeaderOps(header, ops)
	}
	if len(header["User-Agent"]) == 0 {
		header["User-Agent"] = noUserAgent
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
// protocol wants it. An address of nobody in particular that speaks Anthropic
// gets it in both usual places, because relays look at either.
func (t *target) setCredential(header http.Header, format protocol.Format, secret string) {
	if secret == "" {
		return
	}
	auth := provider.Auth(t.conf.Auth)
	if auth == "" {
		auth = t.preset.AuthFor(format.ID())
	}
	if auth.Set(header, secret) {
		return
	}
	format.SetKey(header, secret)
	if format.ID() == ai.Anthropic && t.conf.Provider == "" {
		header["Authorization"] = []string{"Bearer " + secret}
	}
}

// applyHeaderOps makes a channel's changes of request headers.
func applyHeaderOps(header http.Header, ops *config.HeaderOps) {
	for _, name := range ops.Delete {
		header.Del(name)
	}
	for name, values := range ops.Set {
		header[http.CanonicalHeaderKey(name)] = values
	}
	for name, values := range ops.Add {
		key := http.CanonicalHeaderKey(name)
		header[key] = append(append([]string(nil), header[key]...), values...)
	}
}

// upstreamBody is the client's body with the upstream's name of the model, a
// question for usage where there would be none, and the channel's changes.
// Without the latter nothing is copied.
func (c *call) upstreamBody(t *target, header http.Header) (relay.Body, error) {
	whole := c.body.bytes
	if c.Operation == ai.Generate && protocol.Sealed(whole) {
		return relay.Body{Parts: [5][]byte{c.unsealedBody(t)}}, nil
	}
	out := relay.Body{Hold: c.body.hold, Release: c.body.release}
	changes := make([]protocol.Change, 0, 2)
	if t.model != c.Model && t.model != "" {
		start, end := c.request.ModelStart, c.request.ModelEnd
		switch {
		case end > start:
			changes = append(changes, protocol.Change{Start: start, End: end, Text: string(scan.Quote(t.model))})
		case c.match.endpoint.ModelIn != protocol.ModelInPath:
			changed, err := openai.ReplaceFormModel(header.Get("Content-Type"), whole, t.model)
			if err != nil {
				return relay.Body{}, err
			}
			whole = changed
		}
	}
	if t.question == asked {
		changes = append(changes, c.request.AskUsage)
	}
	if c.Protocol == ai.Gemini && c.Operation == ai.Embed && t.model != c.Model {
		whole = renameGeminiModel(whole, t.model)
	}
	changed := out.Parts[:0]
	slices.SortFunc(changes, func(a, b protocol.Change) int { return a.Start - b.Start })
	at := 0
	for _, change := range changes {
		changed = append(changed, whole[at:change.Start], []byte(change.Text))
		at = change.End
	}
	changed = append(changed, whole[at:])
	if len(t.edits) > 0 && c.match.endpoint.ModelIn != protocol.ModelNowhere && isJSON(whole) {
		edited := bytes.Join(changed, nil)
		for _, e := range t.edits {
			edited = e.Apply(edited)
		}
		clear(out.Parts[:])
		out.Parts[0] = edited
	}
	return out, nil
}

// unsealedBody is the client's body without what upstreams of other protocols
// signed in its conversation, which was translated before; changed as ever.
func (c *call) unsealedBody(t *target) []byte {
	body := protocol.WithoutSeals(c.body.bytes)
	var edits []scan.Edit
	if t.model != c.Model && t.model != "" && c.match.endpoint.ModelIn == protocol.ModelInBody {
		edits = append(edits, scan.Edit{Path: []string{"model"}, Value: scan.Quote(t.model)})
	}
	if t.question == asked {
		edits = append(edits, scan.Edit{Path: []string{"stream_options", "include_usage"}, Value: []byte("true")})
	}
	if start, end, ok := scan.Get(body, "thinking", "type"); ok && scan.StringIs(body[start:end], "enabled") {
		// Anthropic wants each turn of a tool loop to begin with its thinking,
		// if thinking is on; the thinking of another is no use to it.
		edits = append(edits, scan.Edit{Path: []string{"thinking"}})
	}
	for _, e := range append(edits, t.edits...) {
		body = e.Apply(body)
	}
	return body
}

// renameGeminiModel replaces the model that an embedding request repeats in its
// body: at the top, or in each request of a batch.
func renameGeminiModel(body []byte, model string) []byte {
	rename := func(v []byte) []byte {
		if start, end, ok := scan.Get(v, "model"); ok {
			return scan.Splice(v, start, end, scan.Quote("models/"+model))
		}
		return v
	}
	body = rename(body)
	from, to, ok := scan.Get(body, "requests")
	if !ok {
		return body
	}
	list := body[from:to]
	batch := []byte{'['}
	if scan.Elements(list, func(start, end int) bool {
		if len(batch) > 1 {
			batch = append(batch, ',')
		}
		batch = append(batch, rename(list[start:end])...)
		return true
	}) != nil {
		return body
	}
	return scan.Splice(body, from, to, append(batch, ']'))
}

func isJSON(body []byte) bool {
	body = bytes.TrimLeft(body, " \t\n\r")
	return len(body) > 0 && body[0] == '{'
}
