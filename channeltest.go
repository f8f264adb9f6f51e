package ccload

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
	"github.com/ccload/ccload/routing"
)

// Bounds of the test of a channel.
const (
	testTimeout  = 60 * time.Second // of one model
	testsAtOnce  = 4
	mostTests    = 200
	mostPrompt   = 4 << 10 // bytes
	testOutput   = 128     // tokens
	mostTestText = 4 << 10 // bytes of the answer that are shown
)

// testPolicy stands in the record of a test instead of a selection policy.
const testPolicy = "test by hand"

// TestChannel implements control.Gateway. A test is a call like any other, but
// that nothing keeps it from its target: it is recorded, costs money, and
// health learns of it, so that a good answer ends a rest.
func (a *App) TestChannel(ctx context.Context, q admin.TestQuestion) ([]admin.TestAnswer, error) {
	h := a.anyHandler.Load()
	if h == nil {
		return nil, admin.Problemf(http.StatusConflict, admin.CodeInvalid, "", "no site uses the ccload handler, so nothing can be tested: write `ccload` into one")
	}
	ch := h.snapshot().ByName[q.Channel]
	if ch == nil {
		return nil, admin.Problemf(http.StatusNotFound, admin.CodeNotFound, "", "there is no channel %q in use", q.Channel)
	}
	order, err := newTestOrder(ch, &q)
	if err != nil {
		return nil, err
	}
	models := q.Models
	if len(models) == 0 {
		models = slices.DeleteFunc(ch.Patterns(), access.IsPattern)
	}
	if len(models) == 0 || len(models) > mostTests {
		return nil, admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "models", "models: name 1 to %d; the channel names none itself, only patterns", mostTests)
	}
	answers := make([]admin.TestAnswer, len(models))
	var wait sync.WaitGroup
	slots := make(chan struct{}, testsAtOnce)
	for i, model := range models {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			answers[i] = h.testModel(ctx, order, model)
		})
	}
	wait.Wait()
	return answers, nil
}

// testOrder is how a channel is to be tested.
type testOrder struct {
	channel  string
	protocol ai.Protocol
	url      string // "": one that may be used
	key      string // fingerprint; "": one that may be used
	stream   bool
	prompt   string
}

func newTestOrder(ch *routing.Channel, q *admin.TestQuestion) (*testOrder, error) {
	o := &testOrder{channel: ch.Name, protocol: q.Protocol, url: q.URL, key: q.Key, stream: q.Stream, prompt: cmp.Or(q.Prompt, "hi")}
	wrong := func(field, format string, args ...any) error {
		return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, field, format, args...)
	}
	switch {
	case len(q.Prompt) > mostPrompt:
		return nil, wrong("prompt", "prompt: must be at most %d bytes", mostPrompt)
	case ch.Keyless:
		return nil, wrong("", "the channel has no key that may be used")
	case q.URL != "" && !slices.ContainsFunc(ch.URLs, func(u routing.URL) bool { return u.Address == q.URL }):
		return nil, wrong("url", "url: the channel has no address %q", ai.Shorten(q.URL, 100))
	case q.Key != "" && !slices.ContainsFunc(ch.Keys, func(k routing.Key) bool { return k.ID == q.Key }):
		return nil, wrong("key", "key: the channel uses no key with that fingerprint")
	}
	if o.protocol == "" {
		o.protocol = ch.URLs[max(0, slices.IndexFunc(ch.URLs, func(u routing.URL) bool { return u.Address == q.URL }))].Speaks[0]
	}
	if !slices.ContainsFunc(ch.URLs, func(u routing.URL) bool {
		return (q.URL == "" || u.Address == q.URL) && slices.Contains(u.Speaks, o.protocol)
	}) {
		return nil, wrong("protocol", "protocol: that channel speaks %s there", strings.Join(ch.ProtocolNames(), ", "))
	}
	return o, nil
}

// target picks what to ask: what was wanted, and of what was left open
// something that does not rest.
func (o *testOrder) target(ch *routing.Channel, model string, now time.Time) (url, key int) {
	url, key = -1, -1
	for i := range ch.URLs {
		u := &ch.URLs[i]
		if slices.Contains(u.Speaks, o.protocol) && (o.url == "" || o.url == u.Address) &&
			(url < 0 || !ch.Health.ReadyURL(url, o.protocol, model, now).OK) {
			url = i
		}
	}
	for i := range ch.Keys {
		if (o.key == "" || o.key == ch.Keys[i].ID) && (key < 0 || !ch.Health.ReadyKey(key, model, now).OK) {
			key = i
		}
	}
	return url, key
}

// heldAnswer is an answer that nobody waits for but the gateway itself.
type heldAnswer struct {
	header http.Header
	body   []byte
}

// mostHeld bounds what is held of an answer.
const mostHeld = 1 << 20

func (w *heldAnswer) Header() http.Header { return w.header }
func (w *heldAnswer) WriteHeader(int)     {}
func (w *heldAnswer) Flush()              {}

func (w *heldAnswer) Write(b []byte) (int, error) {
	w.body = append(w.body, b[:min(len(b), mostHeld-len(w.body))]...)
	return len(b), nil
}

// testModel asks for one model.
func (h *Handler) testModel(ctx context.Context, o *testOrder, model string) (answer admin.TestAnswer) {
	answer = admin.TestAnswer{Model: model, Protocol: o.protocol, Outcome: ai.NoSuchModel}
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	path, body := o.request(model)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader(body))
	if err != nil {
		answer.Message = "the model's name cannot stand in an address"
		return answer
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "ccload-test")
	if o.protocol == ai.Anthropic {
		r.Header.Set("Anthropic-Version", "2023-06-01")
	}
	done := h.app.enter()
	defer done()
	w := &heldAnswer{header: make(http.Header)}
	c := newCall(h, w, r, findRoute(r.Method, r.URL.Path))
	c.record.Policy = testPolicy
	c.token = access.Unlimited
	func() {
		defer func() {
			// An answer that broke off ends with the panic that cuts a client's
			// connection; here there is none.
			if p := recover(); p != nil && p != http.ErrAbortHandler { //nolint:errorlint // the very value
				panic(p)
			}
		}()
		defer c.settle() //nolint:contextcheck // it has the request of its own
		c.testOnce(ctx, o)
	}()
	c.tell(&answer, w)
	return answer
}

// testOnce makes the one attempt of a test.
func (c *call) testOnce(ctx context.Context, o *testOrder) {
	if err := c.readRequest(); err != nil {
		_ = c.refuse(err)
		return
	}
	ch := c.ByName[o.channel]
	if ch == nil {
		c.end(ai.InvalidRequest, http.StatusNotFound, "the channel was removed meanwhile")
		return
	}
	c.route = routing.RouteTo(ch, c.Model)
	c.choose()
	cand := &c.route.Steps[0].Candidates[0]
	u, key := o.target(ch, cand.Model, c.chooser.Now)
	if u < 0 || key < 0 {
		c.end(ai.InvalidRequest, http.StatusNotFound, "the channel has this address or key no more")
		return
	}
	t, over := c.chooser.Take(cand, o.protocol, u, key, true)
	switch {
	case over != "":
		c.end(ai.RateLimited, http.StatusTooManyRequests, "the channel has used up what it may: "+string(over))
		return
	case t == nil:
		c.end(ai.Overloaded, http.StatusServiceUnavailable, "somebody else is just trying it")
		return
	}
	t.Why = testPolicy
	if !c.attempt(ctx, t) {
		_ = c.giveUp(ctx)
	}
}

// tell says what came of a test.
func (c *call) tell(answer *admin.TestAnswer, w *heldAnswer) {
	rec := c.record
	answer.Outcome, answer.Status, answer.Message = rec.Outcome, rec.Status, rec.Message
	answer.OK = rec.Outcome == ai.OK
	answer.UpstreamModel, answer.Duration, answer.FirstContent = rec.UpstreamModel, rec.Duration, rec.FirstContent
	answer.Usage, answer.Cost, answer.ID = rec.Usage, rec.Cost, rec.ID
	if n := len(rec.Attempts); n > 0 {
		last := &rec.Attempts[n-1]
		answer.URL, answer.Key, answer.Rested = last.Target.URL, last.Target.Key, last.Rested
		if !answer.OK {
			answer.Outcome, answer.Status = last.Outcome.Kind, last.Outcome.Status
			answer.Message = cmp.Or(last.Outcome.Message, answer.Message)
		}
	}
	if answer.OK {
		answer.Text = ai.Shorten(textOf(codecOf(answer.Protocol), w.header.Get("Content-Type"), w.body), mostTestText)
	}
}

// textOf is what an answer says.
func textOf(codec protocol.Codec, contentType string, body []byte) string {
	var b strings.Builder
	if !strings.HasPrefix(contentType, "text/event-stream") {
		reply, err := codec.DecodeReply(body)
		if err != nil {
			return ""
		}
		for i := range reply.Parts {
			if reply.Parts[i].Kind == protocol.Text {
				b.WriteString(reply.Parts[i].Text)
			}
		}
		return b.String()
	}
	decoder := codec.NewReplyDecoder()
	text := false
	take := func(p *protocol.Piece) {
		switch p.Kind {
		case protocol.PieceOpen:
			if text = p.Part.Kind == protocol.Text; text {
				b.WriteString(p.Part.Text)
			}
		case protocol.PieceMore:
			if text {
				b.WriteString(p.Text)
			}
		}
	}
	var scanner sse.Scanner
	event := func(ev sse.Event) bool {
		decoder.Event(ev, take)
		return true
	}
	if scanner.Feed(body, event) == nil {
		scanner.Close(event)
		decoder.Close(take)
	}
	return b.String()
}

// request is what is asked.
func (o *testOrder) request(model string) (path string, body []byte) {
	type object = map[string]any
	message := []object{{"role": "user", "content": o.prompt}}
	var ask object
	switch o.protocol {
	case ai.Anthropic:
		path, ask = "/v1/messages", object{"model": model, "max_tokens": testOutput, "stream": o.stream, "messages": message}
	case ai.Responses:
		path, ask = "/v1/responses", object{"model": model, "max_output_tokens": testOutput, "stream": o.stream, "store": false, "input": o.prompt}
	case ai.Gemini:
		action := ":generateContent"
		if o.stream {
			action = ":streamGenerateContent?alt=sse"
		}
		path = "/v1beta/models/" + url.PathEscape(model) + action
		ask = object{"contents": []object{{"role": "user", "parts": []object{{"text": o.prompt}}}}, "generationConfig": object{"maxOutputTokens": testOutput}}
	default:
		path, ask = "/v1/chat/completions", object{"model": model, "max_completion_tokens": testOutput, "stream": o.stream, "messages": message}
	}
	body, _ = json.Marshal(ask) // texts and numbers cannot fail
	return path, body
}
