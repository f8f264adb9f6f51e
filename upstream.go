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
	"github.com/ccload/ccload/routing"
)

// transportSet is the connection pool of every address of every channel, as
// one handler uses them.
type transportSet map[*routing.Channel][]http.RoundTripper

func newTransportSet(r *routing.Table, pool *relay.Pool, connect time.Duration) (transportSet, error) {
	set := make(transportSet, len(r.Channels))
	for _, ch := range r.Channels {
		list, err := transports(ch, pool, connect)
		if err != nil {
			return nil, err
		}
		set[ch] = list
	}
	return set, nil
}

// transports are the connection pools of a channel's addresses.
func transports(ch *routing.Channel, pool *relay.Pool, connect time.Duration) ([]http.RoundTripper, error) {
	list := make([]http.RoundTripper, 0, len(ch.URLs))
	for i := range ch.URLs {
		u := &ch.URLs[i]
		n := relay.Network{
			Proxy: ch.Conf.Proxy, AllowPrivate: ch.Conf.AllowPrivateAddresses,
			InsecureSkipVerify: ch.Conf.TLSInsecureSkipVerify, ConnectTimeout: connect,
		}
		if u.Literal {
			n.LiteralHost = u.Host
		}
		tr, err := pool.Get(u.Host, n)
		if err != nil {
			return nil, fmt.Errorf("channel %q: %w", ch.Name, err)
		}
		list = append(list, tr)
	}
	return list, nil
}

// connectable fails if connections to a channel cannot be made.
func (a *App) connectable(ch *routing.Channel) error {
	_, err := transports(ch, a.state.gateway.Pool, config.DefaultConnectTimeout)
	return err
}

// upstreamRequest builds what is sent to a target: the client's request with
// only the address, the credential and the model's name changed, and what the
// channel's own config asks for.
func (c *call) upstreamRequest(t *routing.Target) (*relay.Request, error) {
	if t.Protocol != c.Protocol {
		return c.translatedRequest(t)
	}
	header := c.upstreamHeader(t)
	c.question = c.usageQuestion(t)
	spans, err := c.upstreamBody(t, header)
	if err != nil {
		return nil, err
	}
	u, err := c.upstreamURL(t)
	if err != nil {
		return nil, err
	}
	return &relay.Request{
		ID: c.ID, Method: c.r.Method, URL: u, Header: header, Body: spans,
		Format: c.match.format, Endpoint: c.match.endpoint, Stream: c.Stream, Array: c.request.Array,
		Transport: c.transports[t.Channel][t.URL],
		Timers:    c.timers(t),
		Hide:      c.hides(t),
		Rename:    c.renames(t),
	}, nil
}

// renames is the name that the answer gives the model: the client's, where the
// target was sent another; "" leaves what the upstream says. Clients compare it
// with what they asked for, and throw away thoughts of any other model.
func (c *call) renames(t *routing.Target) string {
	if t.Model == c.Model || t.Model == "" {
		return ""
	}
	return c.Model
}

// hides is what of a stream the client does not get, because it did not ask
// for it.
func (c *call) hides(t *routing.Target) func(data []byte) bool {
	if c.question != asked {
		return nil
	}
	return openai.UsageOnly
}

func (c *call) timers(t *routing.Target) relay.Timers {
	l := &c.h.limits
	timers := relay.Timers{Headers: l.HeaderTimeout, FirstContent: l.FirstContentTimeout, Idle: l.IdleTimeout}
	if l.FirstContentAuto {
		limit, known := c.h.app.state.routing.Selection.FirstContentLimit(t.Name, t.Address(), t.Model)
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
func (c *call) upstreamURL(t *routing.Target) (*url.URL, error) {
	value := c.match.variable
	if c.match.endpoint.ModelIn == protocol.ModelInPath && t.Model != "" {
		value = t.Model
	}
	return endpointURL(t, c.match.endpoint, c.Protocol, value, c.match.endpoint.ForwardQuery(c.r.URL.RawQuery))
}

// endpointURL is the target's address of an endpoint in a protocol.
func endpointURL(t *routing.Target, ep *protocol.Endpoint, p ai.Protocol, value, query string) (*url.URL, error) {
	path, err := ep.URLPath(value)
	if err != nil {
		return nil, err
	}
	u := t.URLs[t.URL].Bases[p].Join(path)
	u.RawQuery = protocol.JoinQuery(u.RawQuery, query)
	return u, nil
}

// upstreamHeader is what of the client's headers goes to the target: those the
// protocol knows, the target's credential, and the channel's changes.
func (c *call) upstreamHeader(t *routing.Target) http.Header {
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
	if !protocol.SameFamily(c.Model, t.Model) {
		delete(header, protocol.CodexLite)
	}
	header["Accept-Encoding"] = identity
	setCredential(t, header, format, t.Secret())
	if ops := t.Conf.HeaderUp; ops != nil {
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
func setCredential(t *routing.Target, header http.Header, format protocol.Format, secret string) {
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
	format.SetKey(header, secret)
	if format.ID() == ai.Anthropic && t.Conf.Provider == "" {
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
func (c *call) upstreamBody(t *routing.Target, header http.Header) (relay.Body, error) {
	whole := c.body.bytes
	if c.Operation == ai.Generate && protocol.Sealed(whole) {
		return relay.Body{Parts: [5][]byte{c.unsealedBody(t)}}, nil
	}
	out := relay.Body{Hold: c.body.hold, Release: c.body.release}
	changes := make([]protocol.Change, 0, 2)
	if t.Model != c.Model && t.Model != "" {
		start, end := c.request.ModelStart, c.request.ModelEnd
		switch {
		case end > start:
			changes = append(changes, protocol.Change{Start: start, End: end, Text: string(scan.Quote(t.Model))})
		case c.match.endpoint.ModelIn != protocol.ModelInPath:
			changed, err := openai.ReplaceFormModel(header.Get("Content-Type"), whole, t.Model)
			if err != nil {
				return relay.Body{}, err
			}
			whole = changed
		}
	}
	if c.question == asked {
		changes = append(changes, c.request.AskUsage)
	}
	if c.Protocol == ai.Gemini && c.Operation == ai.Embed && t.Model != c.Model {
		whole = renameGeminiModel(whole, t.Model)
	}
	changed := out.Parts[:0]
	slices.SortFunc(changes, func(a, b protocol.Change) int { return a.Start - b.Start })
	at := 0
	for _, change := range changes {
		changed = append(changed, whole[at:change.Start], []byte(change.Text))
		at = change.End
	}
	changed = append(changed, whole[at:])
	if len(t.Edits) > 0 && c.match.endpoint.ModelIn != protocol.ModelNowhere && isJSON(whole) {
		edited := bytes.Join(changed, nil)
		for _, e := range t.Edits {
			edited = e.Apply(edited)
		}
		clear(out.Parts[:])
		out.Parts[0] = edited
	}
	return out, nil
}

// unsealedBody is the client's body without what upstreams of other protocols
// signed in its conversation, which was translated before; changed as ever.
func (c *call) unsealedBody(t *routing.Target) []byte {
	body := protocol.WithoutSeals(c.body.bytes)
	var edits []scan.Edit
	if t.Model != c.Model && t.Model != "" && c.match.endpoint.ModelIn == protocol.ModelInBody {
		edits = append(edits, scan.Edit{Path: []string{"model"}, Value: scan.Quote(t.Model)})
	}
	if c.question == asked {
		edits = append(edits, scan.Edit{Path: []string{"stream_options", "include_usage"}, Value: []byte("true")})
	}
	if start, end, ok := scan.Get(body, "thinking", "type"); ok && scan.StringIs(body[start:end], "enabled") {
		// Anthropic wants each turn of a tool loop to begin with its thinking,
		// if thinking is on; the thinking of another is no use to it.
		edits = append(edits, scan.Edit{Path: []string{"thinking"}})
	}
	for _, e := range append(edits, t.Edits...) {
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
