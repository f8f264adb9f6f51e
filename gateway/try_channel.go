package gateway

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/routing"
)

// Bounds of the test of a channel.
const (
	testTimeout = 60 * time.Second // of one model
	testsAtOnce = 4
	maxTests    = 200
	maxPrompt   = 4 << 10 // bytes
	testOutput  = 128     // tokens
	maxTestText = 4 << 10 // bytes of the answer that are shown
)

// testPolicy stands in the record of a test instead of a selection policy.
const testPolicy = "test by hand"

// TestChannel asks a channel for short answers, as a client would. A test is a call like any other, but
// that nothing keeps it from its target: it is recorded, costs money, and
// health learns of it, so that a good answer ends a cooldown.
func (g *Gateway) TestChannel(ctx context.Context, q admin.TestQuestion) ([]admin.TestAnswer, error) {
	s := g.anySite()
	if s == nil {
		return nil, admin.Problemf(http.StatusConflict, admin.CodeInvalid, "", "no site uses the ccload handler, so nothing can be tested: write `ccload` into one")
	}
	ch := s.snapshot().table.ByName[q.Channel]
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
	if len(models) == 0 || len(models) > maxTests {
		return nil, admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "models", "models: name 1 to %d; the channel names none itself, only patterns", maxTests)
	}
	answers := make([]admin.TestAnswer, len(models))
	var wait sync.WaitGroup
	slots := make(chan struct{}, testsAtOnce)
	for i, model := range models {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			answers[i] = s.testModel(ctx, order, model)
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
	case len(q.Prompt) > maxPrompt:
		return nil, wrong("prompt", "prompt: must be at most %d bytes", maxPrompt)
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
// something that does not cool down.
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

// maxHeld bounds what is held of an answer.
const maxHeld = 1 << 20

func (w *heldAnswer) Header() http.Header { return w.header }
func (w *heldAnswer) WriteHeader(int)     {}
func (w *heldAnswer) Flush()              {}

func (w *heldAnswer) Write(b []byte) (int, error) {
	w.body = append(w.body, b[:min(len(b), maxHeld-len(w.body))]...)
	return len(b), nil
}

// testModel asks for one model.
func (s *Site) testModel(ctx context.Context, o *testOrder, model string) (answer admin.TestAnswer) {
	answer = admin.TestAnswer{Model: model, Protocol: o.protocol}
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	r, err := o.request(ctx, model)
	if err != nil {
		answer.Outcome, answer.Status, answer.Message = ai.InvalidRequest, http.StatusBadRequest, err.Error()
		return answer
	}
	s.gateway.Enter()
	defer s.gateway.Leave()
	w := &heldAnswer{header: make(http.Header)}
	c := s.NewCall(w, r, FindRoute(r.Method, r.URL.Path), "")
	c.Record.Policy = testPolicy
	c.token = access.Unlimited
	testOnce(ctx, c, o)
	c.Settle() // an answer that broke off has no connection to cut
	report(c, &answer, w)
	return answer
}

// testOnce makes the one attempt of a test.
func testOnce(ctx context.Context, c *Call, o *testOrder) {
	if err := c.readRequest(); err != nil {
		_ = c.Refuse(err)
		return
	}
	ch := c.snapshot.table.ByName[o.channel]
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
	t, over := c.chooser.Acquire(cand, o.protocol, u, key, routing.Forced)
	switch {
	case over != "":
		c.end(ai.RateLimited, http.StatusTooManyRequests, "the channel has used up what it may: "+string(over))
		return
	case t == nil:
		c.end(ai.Overloaded, http.StatusServiceUnavailable, "somebody else is just trying it")
		return
	}
	t.Why = testPolicy
	ctx, end := c.site.gateway.State.Running.start(c, ctx, 0)
	defer end()
	if !c.try(ctx, t) {
		_ = c.giveUp(ctx)
	}
}

// report says what came of a test.
func report(c *Call, answer *admin.TestAnswer, w *heldAnswer) {
	rec := c.Record
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
	if writing := answer.Duration - answer.FirstContent; answer.OK && answer.FirstContent > 0 && writing > 0 && answer.Usage.Output > 1 {
		answer.Speed = float64(answer.Usage.Output) / writing.Seconds()
	}
	if answer.OK {
		answer.Text = ai.Shorten(textOf(CodecOf(answer.Protocol), w.header.Get("Content-Type"), w.body), maxTestText)
	}
}
