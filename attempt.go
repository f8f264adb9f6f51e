package ccload

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/selection"
)

// errTotalTimeout ends a call that took longer than its handler allows.
var errTotalTimeout = errors.New("the call took longer than total_timeout")

// endedHere reports whether a call was ended by the gateway itself, which is no
// fault of the upstream's.
func endedHere(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return errors.Is(cause, errTotalTimeout) || errors.Is(cause, relay.ErrExiting)
}

// serve tries targets until one answers well or the caller is told why none
// could.
func (c *call) serve() error {
	ctx, end := context.WithCancelCause(c.r.Context())
	defer end(nil)
	c.h.app.running.Store(c, end)
	defer c.h.app.running.Delete(c)
	if total := c.h.limits.TotalTimeout; total > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, total, errTotalTimeout)
		defer cancel()
	}
	c.choose()
	if err := c.pin(ctx); err != nil {
		return c.refuse(err)
	}
	for len(c.record.Attempts) < c.h.limits.MaxAttempts && ctx.Err() == nil {
		t, ok := c.next(ctx)
		if !ok {
			break
		}
		if c.attempt(ctx, t) {
			return nil
		}
	}
	return c.giveUp(ctx)
}

// choosers are used again: their lists are the largest part of a call.
var choosers = sync.Pool{New: func() any { return new(routing.Chooser) }}

// choose makes the call's chooser.
func (c *call) choose() {
	k := choosers.Get().(*routing.Chooser)
	k.Route, k.Call, k.Token, k.Now = c.route, &c.Call, c.token, time.Now()
	k.State, k.Policy = c.h.app.state.routing.Selection, c.h.policy
	k.Seed = rand.Uint64() //nolint:gosec // spreads load, guards nothing
	k.Estimator = c
	if codecOf(c.Protocol) != nil {
		k.Translator = c
	}
	k.Situation.HTTP, k.Situation.Writer = c.r, c.w
	c.chooser = k
}

// next picks what to try, or says that nothing is left. It waits for something
// that is due within the handler's patience if nothing else can serve, and falls
// back on the least bad target that rests.
func (c *call) next(ctx context.Context) (*routing.Target, bool) {
	k := c.chooser
	for {
		k.Now = time.Now()
		t := k.Next()
		for _, full := range k.Full {
			c.h.app.observer.LimitReached("channel", full.Channel, full.Limit, full.Until)
		}
		if t != nil {
			return t, true
		}
		if !c.wait(ctx) {
			break
		}
	}
	if ctx.Err() != nil {
		return nil, false
	}
	k.Now = time.Now()
	t := k.LeastBad()
	return t, t != nil
}

// wait waits for the first candidate that is due within the handler's patience.
// It reports whether there is something to look at again.
func (c *call) wait(ctx context.Context) bool {
	pause, ok := c.chooser.Due(c.h.limits.MaxWait - c.waited)
	if !ok {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		c.waited += pause
		c.chooser.Now = time.Now()
		c.chooser.ForgetLimits()
		return true
	}
}

// pin finds the key that made the stored response the call builds on.
func (c *call) pin(ctx context.Context) error {
	if c.Continues == "" {
		return nil
	}
	st := c.h.app.state
	made, ok := st.gateway.ResponseOwners.ownerOf(c.Continues)
	if !ok && st.opened.Load() {
		target, token, err := st.store.ResponseOwner(ctx, c.Continues)
		ok, made = err == nil, owner{target, token}
	}
	// What another token made is not there for this one.
	stranger := ok && made.token != c.Token
	if ok && !stranger && c.Owns(made.Target) {
		c.chooser.Pinned = &made.Target
		return nil
	}
	if c.Operation == ai.StoredResponse || stranger {
		return &protocol.RequestError{
			Status: http.StatusNotFound, Code: "response_not_found", Param: "response_id",
			Message: fmt.Sprintf("no response with the id %q was made through this gateway with this token", ai.Shorten(c.Continues, 100)),
		}
	}
	return nil // perhaps made elsewhere with one of our keys: any may try
}

// attempt tries one target. It reports whether the call is over: answered, or
// without anybody to answer.
func (c *call) attempt(ctx context.Context, t *routing.Target) (over bool) {
	defer t.Release()
	defer c.leaveHabit(t)
	start := c.since()
	c.record.Attempts = append(c.record.Attempts, ai.Attempt{
		Target: t.ID(), Start: start, Why: t.Why, Probe: t.Claim.Probe(),
	})
	a := &c.record.Attempts[len(c.record.Attempts)-1]
	if t.Protocol != c.Protocol {
		a.Protocol, a.Dropped = t.Protocol, c.dropped(t)
	}
	request, err := c.upstreamRequest(t)
	if err != nil {
		t.Claim.Abandon()
		a.Outcome = ai.Outcome{Kind: ai.BadAnswer, Rule: "request", Message: err.Error(), Retry: true}
		c.chooser.Tried = append(c.chooser.Tried, routing.Tried{Channel: t.Channel, Protocol: t.Protocol, Model: t.Model, Kind: ai.BadAnswer, Scope: ai.ScopeChannel})
		return false
	}
	c.record.UpstreamModel = t.Model

	answer := relay.Send(ctx, request)
	defer answer.Close()
	if answer.Good() {
		t.Conf.HeaderDown.Apply(answer.Header, answer.Upstream)
	}
	secrets.RedactHeader(answer.Header, t.Secret())
	a.ServerID = serverID(answer.Upstream)
	if answer.Good() {
		c.commit(ctx, t, a, answer)
		a.Duration = c.since() - start
		return true
	}
	a.Duration = c.since() - start
	a.Usage = answer.Verdict().Usage
	c.bill(t, a, nil, false)
	now := time.Now()
	a.Outcome = classify(t, &answer.Evidence, now)
	c.capture.said(t, answer.Status, answer.Held())
	if c.usageRefused(t, answer) {
		t.Claim.Abandon()
		a.Outcome.Retry = true
		return false
	}
	return c.afterFailure(ctx, t, a, answer, now)
}

// classify says what an answer was, in words that do not hold the credential:
// some upstreams repeat it.
func classify(t *routing.Target, evidence *health.Evidence, now time.Time) ai.Outcome {
	o := health.Classify(evidence, t.Rules, now)
	o.Message = secrets.Redact(o.Message, t.Secret())
	return o
}

// afterFailure tells health, selection and metrics of a bad answer, and says
// whether the call ends with it.
func (c *call) afterFailure(ctx context.Context, t *routing.Target, a *ai.Attempt, answer *relay.Answer, now time.Time) (over bool) {
	o := a.Outcome
	c.h.app.observer.AttemptEnded(t.Name, o.Kind)
	switch {
	case o.Kind == ai.ClientGone || (c.r.Context().Err() != nil):
		t.Claim.Abandon()
		c.end(ai.ClientGone, statusClientGone, "the client hung up")
		c.record.Usage = a.Usage
		return true
	case endedHere(ctx):
		t.Claim.Abandon()
	case o.Kind.CallersFault():
		t.Claim.Abandon()
	case !c.tellsOfHealth(o.Kind):
		t.Claim.Abandon()
	default:
		a.Rested = t.Claim.Report(o, answer.Upstream, now)
		c.observe(t, a, false, now)
	}
	failed := &failedAnswer{
		outcome: o, status: answer.Status, header: answer.Header, body: answer.Held(), foreign: t.Protocol != c.Protocol,
		secrets: []string{t.Secret()},
	}
	if len(t.Conf.URLs) > 0 { // an address of the operator's own; those of services are known
		failed.secrets = append(failed.secrets, t.URLs[t.URL].Host)
	}
	// What a target says against a translation may not hold against the request.
	translated := failed.foreign && o.Kind == ai.InvalidRequest
	scope := triedScope(o)
	if translated {
		scope = ai.ScopeModel
	}
	c.chooser.Tried = append(c.chooser.Tried, routing.Tried{
		Channel: t.Channel, Protocol: t.Protocol, URL: t.URL, Key: t.Key, Model: t.Model, Kind: o.Kind, Scope: scope, Until: later(o.Until, a.Rested),
	})
	if o.Kind.CallersFault() && !translated && (o.Kind != ai.ContextLength || !c.largerWindowLeft(t)) {
		c.passOn(failed)
		return true
	}
	if c.failure == nil || telling(o.Kind) >= telling(c.failure.outcome.Kind) {
		c.failure = failed
	}
	return false
}

// tellsOfHealth reports whether an outcome of this operation is evidence of how
// well the target does its main job. A service without, say, embeddings is no
// worse for it; counting tokens and reading stored responses go another way
// inside a provider than answers do, and speak only of key and network.
func (c *call) tellsOfHealth(k ai.Kind) bool {
	switch c.Operation {
	case ai.Generate:
		return true
	case ai.CountTokens, ai.StoredResponse:
		return k == ai.AuthFailed || k == ai.QuotaExhausted || k == ai.NetworkError
	}
	// An answer that is nothing may be all there is to say to an empty list.
	return k != ai.NoSuchEndpoint && k != ai.NoSuchModel && k != ai.BadAnswer && k != ai.Empty
}

// triedScope is how much an outcome rules out for the rest of this call. It is
// the scope that rests, but for silence, which is never met twice.
func triedScope(o ai.Outcome) ai.Scope {
	switch o.Kind {
	case ai.ContextLength:
		return ai.ScopeModel
	case ai.Timeout:
		return ai.ScopeURL
	}
	return o.Scope
}

// largerWindowLeft reports whether there is somebody else to ask who may take a
// longer request.
func (c *call) largerWindowLeft(t *routing.Target) bool {
	c.chooser.Now = time.Now()
	return c.chooser.LargerWindowLeft(t)
}

// commit gives the client an answer that has proved itself, follows it to its
// end, and tells everybody how it went.
func (c *call) commit(ctx context.Context, t *routing.Target, a *ai.Attempt, answer *relay.Answer) {
	now := time.Now()
	if c.tellsOfHealth(ai.OK) {
		a.Rested = t.Claim.Report(ai.Outcome{Kind: ai.OK}, answer.Upstream, now)
	} else {
		t.Claim.Abandon()
	}
	a.FirstContent = answer.FirstContent
	c.record.FirstContent = a.Start + answer.FirstContent
	c.record.Channel = t.Name
	c.exposeRoute()

	c.own(a, answer.Verdict().ResponseID) // the client may use it before the answer has ended
	ending := answer.CopyTo(ctx, c.w)
	verdict := answer.Verdict()
	a.Usage = verdict.Usage
	c.noteSubstitution(t, a, verdict.Model)
	if ending.Evidence.Kind == ai.OK {
		c.learnHabit(t, verdict.Usage.Reported)
	}
	c.bill(t, a, answer, ending.Evidence.Kind == ai.OK)
	c.record.Usage = a.Usage
	c.record.AnswerBytes = ending.Bytes
	a.Outcome = ai.Outcome{Kind: ai.OK, Status: answer.Status}
	c.own(a, verdict.ResponseID)
	switch kind := ending.Evidence.Kind; kind {
	case ai.OK:
		if verdict.Kind == ai.ContentFilter { // a refusal is an answer too
			a.Outcome.Kind = ai.ContentFilter
		}
		c.end(a.Outcome.Kind, answer.Status, "")
		c.observe(t, a, true, now)
	case ai.ClientGone:
		a.Outcome.Kind = ai.ClientGone
		c.end(ai.ClientGone, statusClientGone, "the client hung up")
		c.observe(t, a, true, now)
	default:
		c.broken(ctx, t, a, answer, &ending)
	}
	c.h.app.observer.AttemptEnded(t.Name, a.Outcome.Kind)
	if ending.Abort {
		c.abort = true
	}
}

// own notes that a response which upstream stores was made by this target, for
// this token.
func (c *call) own(a *ai.Attempt, id string) {
	if id != "" && id != c.record.ResponseID {
		c.record.ResponseID = id
		c.h.app.state.gateway.ResponseOwners.remember(id, owner{a.Target, c.Token})
	}
}

// broken accounts for an answer that failed after the client had its
// beginning: it was ended honestly, the target rests, the call is no success.
func (c *call) broken(ctx context.Context, t *routing.Target, a *ai.Attempt, answer *relay.Answer, ending *relay.Ending) {
	now := time.Now()
	o := classify(t, &ending.Evidence, now)
	o.Retry = false
	a.Outcome = o
	c.end(o.Kind, answer.Status, strings.TrimSuffix("the answer broke off: "+o.Message, ": "))
	if o.Kind.CallersFault() || !c.tellsOfHealth(o.Kind) || endedHere(ctx) {
		return
	}
	a.Rested = t.Claim.Report(o, nil, now)
	c.observe(t, a, false, now)
}

// observe feeds the latency and affinity memory.
func (c *call) observe(t *routing.Target, a *ai.Attempt, ok bool, now time.Time) {
	if c.Operation != ai.Generate {
		return
	}
	var waited time.Duration
	if a.Outcome.Kind == ai.Timeout {
		waited = a.Duration
	}
	c.h.app.state.routing.Selection.Observe(selection.Observation{
		Waited:  waited,
		Channel: t.Name, URL: t.Address(), Key: t.Keys[t.Key].ID, Model: t.Model,
		FirstContent: a.FirstContent, Size: c.BodySize, Call: &c.Call, Usage: a.Usage, OK: ok, Now: now,
	})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// serverID is the upstream's own id of a request, for its support.
func serverID(h http.Header) string {
	for _, name := range [...]string{"Request-Id", "X-Request-Id", "X-Goog-Request-Id", "Cf-Ray"} {
		if v := h[name]; len(v) > 0 {
			return ai.Shorten(v[0], 100)
		}
	}
	return ""
}
