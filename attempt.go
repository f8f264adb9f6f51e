package ccload

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/relay"
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
	if ok && !stranger && c.owns(made.Target) {
		c.pinned = &made.Target
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

// owns reports whether a channel still has the key of a target.
func (r *registry) owns(t ai.Target) bool {
	ch := r.byName[t.Channel]
	if ch == nil {
		return false
	}
	for i := range ch.keys {
		if ch.keys[i].id == t.Key {
			return true
		}
	}
	return false
}

// attempt tries one target. It reports whether the call is over: answered, or
// without anybody to answer.
func (c *call) attempt(ctx context.Context, t *target) (over bool) {
	defer t.release()
	defer c.leaveHabit(t)
	start := c.since()
	c.record.Attempts = append(c.record.Attempts, ai.Attempt{
		Target: t.id(), Start: start, Why: t.why, Probe: t.claim.Probe(),
	})
	a := &c.record.Attempts[len(c.record.Attempts)-1]
	if t.protocol != c.Protocol {
		a.Protocol, a.Dropped = t.protocol, c.dropped(t)
	}
	request, err := c.upstreamRequest(t)
	if err != nil {
		t.claim.Abandon()
		a.Outcome = ai.Outcome{Kind: ai.BadAnswer, Rule: "request", Message: err.Error(), Retry: true}
		c.tried = append(c.tried, trial{channel: t.channel, protocol: t.protocol, model: t.model, kind: ai.BadAnswer, scope: ai.ScopeChannel})
		return false
	}
	c.record.UpstreamModel = t.model

	answer := relay.Send(ctx, request)
	defer answer.Close()
	if answer.Good() {
		t.conf.HeaderDown.Apply(answer.Header, answer.Upstream)
	}
	secrets.RedactHeader(answer.Header, t.keys[t.key].secret)
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
	a.Outcome = t.classify(&answer.Evidence, now)
	c.capture.said(t, answer.Status, answer.Held())
	if c.usageRefused(t, answer) {
		t.claim.Abandon()
		a.Outcome.Retry = true
		return false
	}
	return c.afterFailure(ctx, t, a, answer, now)
}

// classify says what an answer was, in words that do not hold the credential:
// some upstreams repeat it.
func (t *target) classify(evidence *health.Evidence, now time.Time) ai.Outcome {
	o := health.Classify(evidence, t.rules, now)
	o.Message = secrets.Redact(o.Message, t.keys[t.key].secret)
	return o
}

// afterFailure tells health, selection and metrics of a bad answer, and says
// whether the call ends with it.
func (c *call) afterFailure(ctx context.Context, t *target, a *ai.Attempt, answer *relay.Answer, now time.Time) (over bool) {
	o := a.Outcome
	c.h.app.observer.AttemptEnded(t.name, o.Kind)
	switch {
	case o.Kind == ai.ClientGone || (c.r.Context().Err() != nil):
		t.claim.Abandon()
		c.end(ai.ClientGone, statusClientGone, "the client hung up")
		c.record.Usage = a.Usage
		return true
	case endedHere(ctx):
		t.claim.Abandon()
	case o.Kind.CallersFault():
		t.claim.Abandon()
	case !c.tellsOfHealth(o.Kind):
		t.claim.Abandon()
	default:
		a.Rested = t.claim.Report(o, answer.Upstream, now)
		c.observe(t, a, false, now)
	}
	failed := &failedAnswer{
		outcome: o, status: answer.Status, header: answer.Header, body: answer.Held(), foreign: t.protocol != c.Protocol,
		secrets: []string{t.keys[t.key].secret},
	}
	if len(t.conf.URLs) > 0 { // an address of the operator's own; those of services are known
		failed.secrets = append(failed.secrets, t.urls[t.url].host)
	}
	// What a target says against a translation may not hold against the request.
	translated := failed.foreign && o.Kind == ai.InvalidRequest
	scope := triedScope(o)
	if translated {
		scope = ai.ScopeModel
	}
	c.tried = append(c.tried, trial{
		channel: t.channel, protocol: t.protocol, url: t.url, key: t.key, model: t.model, kind: o.Kind, scope: scope, until: later(o.Until, a.Rested),
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

// largerWindowLeft reports whether a candidate with another upstream model can
// be asked now, which may take a longer request. It is asked once.
func (c *call) largerWindowLeft(t *target) bool {
	for i := range c.tried {
		if c.tried[i].kind == ai.ContextLength && c.tried[i].model != t.model {
			return false
		}
	}
	now := time.Now()
	for i := range c.candidates.stages {
		for j := range c.candidates.stages[i].candidates {
			cand := &c.candidates.stages[i].candidates[j]
			if cand.model == t.model {
				continue
			}
			if reason, _ := c.judge(cand, now); reason != ai.Eligible {
				continue
			}
			if w := c.wayTo(cand, now); w.reason == ai.Eligible && !c.exhausted(cand, w.protocol) {
				return true
			}
		}
	}
	return false
}

// commit gives the client an answer that has proved itself, follows it to its
// end, and tells everybody how it went.
func (c *call) commit(ctx context.Context, t *target, a *ai.Attempt, answer *relay.Answer) {
	now := time.Now()
	if c.tellsOfHealth(ai.OK) {
		a.Rested = t.claim.Report(ai.Outcome{Kind: ai.OK}, answer.Upstream, now)
	} else {
		t.claim.Abandon()
	}
	a.FirstContent = answer.FirstContent
	c.record.FirstContent = a.Start + answer.FirstContent
	c.record.Channel = t.name
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
		if verdict.Blank {
			a.Outcome.Kind = ai.Empty
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
	c.h.app.observer.AttemptEnded(t.name, a.Outcome.Kind)
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
func (c *call) broken(ctx context.Context, t *target, a *ai.Attempt, answer *relay.Answer, ending *relay.Ending) {
	now := time.Now()
	o := t.classify(&ending.Evidence, now)
	o.Retry = false
	a.Outcome = o
	c.end(o.Kind, answer.Status, strings.TrimSuffix("the answer broke off: "+o.Message, ": "))
	if o.Kind.CallersFault() || !c.tellsOfHealth(o.Kind) || endedHere(ctx) {
		return
	}
	a.Rested = t.claim.Report(o, nil, now)
	c.observe(t, a, false, now)
}

// observe feeds the latency and affinity memory.
func (c *call) observe(t *target, a *ai.Attempt, ok bool, now time.Time) {
	if c.Operation != ai.Generate {
		return
	}
	var waited time.Duration
	if a.Outcome.Kind == ai.Timeout {
		waited = a.Duration
	}
	c.h.app.state.routing.Selection.Observe(selection.Observation{
		Waited:  waited,
		Channel: t.name, URL: t.urls[t.url].address, Key: t.keys[t.key].id, Model: t.model,
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
