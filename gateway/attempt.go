package gateway

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/selection"
)

// attempt is one try of a target for a call.
type attempt struct {
	call      *Call
	target    *routing.Target
	record    *ai.Attempt
	request   relay.Request
	note      health.Note // of its success, in the target's history
	asksUsage bool        // of a stream whose client does not, see include_usage.go

	journaled time.Duration // when the journal was last told of it, since the call was received
}

// attempts are used again. An attempt is over when try returns: nobody keeps it.
var attempts = sync.Pool{New: func() any { return new(attempt) }}

func (a *attempt) release() {
	*a = attempt{}
	attempts.Put(a)
}

// try tries one target. It reports whether the call is over: answered, or
// without anybody to answer.
func (c *Call) try(ctx context.Context, t *routing.Target) (over bool) {
	defer t.Release()
	start := c.since()
	c.Record.Attempts = append(c.Record.Attempts, ai.Attempt{
		Target: t.ID(), Start: start, Why: t.Why, Probe: t.Permit.Probe(),
	})
	rec := &c.Record.Attempts[len(c.Record.Attempts)-1]
	a := attempts.Get().(*attempt)
	a.call, a.target, a.record = c, t, rec
	defer a.release()
	if t.Repeats == 0 {
		t.History.Retries.Call(c.Received.Add(start))
	}
	if c.tellsOfHealth(ai.OK) {
		t.Begin(c.Received.Add(start))
	}
	if t.Protocol != c.Protocol {
		rec.Protocol, rec.Dropped = t.Protocol, a.dropped()
	}
	var err error
	if a.request, err = a.upstreamRequest(); err != nil {
		t.Permit.Release()
		rec.Outcome = ai.Outcome{Kind: ai.BadAnswer, Rule: "request", Message: err.Error(), Retry: true}
		c.chooser.Tried = append(c.chooser.Tried, routing.Tried{Channel: t.Channel, Protocol: t.Protocol, Model: t.Model, Kind: ai.BadAnswer, Scope: ai.ScopeChannel})
		return false
	}
	c.Record.UpstreamModel = t.Model
	c.progress.tries(t, start)

	a.journaled = start
	a.journal(nil)
	c.alive.wait()
	answer := relay.Send(ctx, &a.request)
	defer answer.Release()
	c.alive.stop(c)
	if answer.Good() && a.asStream(answer) {
		t.Conf.HeaderDown.Apply(answer.Header, answer.Upstream)
	}
	secrets.RedactHeader(answer.Header, t.Secret())
	rec.ServerID = serverID(answer.Upstream)
	rec.Dialing, rec.FirstByte = answer.Dialing(), answer.FirstByte
	if answer.Good() {
		a.commit(ctx, answer)
		rec.Duration = c.since() - start
		return true
	}
	rec.Duration = c.since() - start
	rec.Usage = answer.Verdict().Usage
	a.addCost(a.givenUp(answer), false)
	now := time.Now()
	rec.Outcome = classify(t, &answer.Evidence, now)
	c.capture.said(t, answer.Status, answer.Held())
	if a.usageRefused(answer) {
		t.Permit.Release()
		rec.Outcome.Retry = true
		return false
	}
	return a.afterFailure(ctx, answer, now)
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
func (a *attempt) afterFailure(ctx context.Context, answer *relay.Answer, now time.Time) (over bool) {
	c, t := a.call, a.target
	o := a.record.Outcome
	c.site.gateway.Observer.AttemptEnded(t.Name, o.Kind)
	if o.Kind == ai.ClientGone || c.r.Context().Err() != nil {
		t.Permit.Release()
		c.end(ai.ClientGone, StatusClientGone, "the client hung up")
		return true
	}
	failed := &failedAnswer{
		outcome: o, status: answer.Status, header: maps.Clone(answer.Header), body: answer.Held(), foreign: t.Protocol != c.Protocol,
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
	again := repeatability(&o, &a.record.Usage, c.site.Limits.MaxWait-c.chooser.Waited, now)
	c.chooser.Tried = append(c.chooser.Tried, routing.Tried{
		Channel: t.Channel, Protocol: t.Protocol, URL: t.URL, Key: t.Key, Model: t.Model, Kind: o.Kind, Scope: scope, Until: o.Until,
		Again: again != never, Gamble: t.Gamble,
	})
	if endedHere(ctx) || o.Kind.CallersFault() || !c.tellsOfHealth(o.Kind) ||
		o.Kind == ai.AuthFailed && c.site.gateway.Table().Renewed(t) {
		t.Permit.Release()
	} else {
		a.report(answer, again, now)
		tried := &c.chooser.Tried[len(c.chooser.Tried)-1]
		tried.Until = later(o.Until, a.record.Rested)
	}
	if o.Kind.CallersFault() && !translated && (o.Kind != ai.ContextLength || !largerWindowLeft(c, t)) {
		c.forwardError(failed)
		return true
	}
	if c.failure == nil || errorRank(o.Kind) >= errorRank(c.failure.outcome.Kind) {
		c.failure = failed
	}
	return false
}

// tellsOfHealth reports whether an outcome of this operation is evidence of how
// well the target does its main job. A service without, say, embeddings is no
// worse for it; counting tokens and reading stored responses go another way
// inside a provider than answers do, and speak only of key and network.
func (c *Call) tellsOfHealth(k ai.Kind) bool {
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
// the scope that cools down, but for silence, which is never met twice.
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
func largerWindowLeft(c *Call, t *routing.Target) bool {
	c.chooser.Now = time.Now()
	return c.chooser.LargerWindowLeft(t)
}

// commit gives the client an answer that has proved itself, follows it to its
// end, and tells everybody how it went.
func (a *attempt) commit(ctx context.Context, answer *relay.Answer) {
	c, t := a.call, a.target
	now := time.Now()
	if c.tellsOfHealth(ai.OK) {
		a.record.Rested = t.Permit.Report(ai.Outcome{Kind: ai.OK}, answer.Upstream, now)
		a.note = t.Proved(ai.OK, now)
	} else {
		t.Permit.Release()
	}
	a.record.FirstContent = answer.FirstContent
	c.Record.FirstContent = a.record.Start + answer.FirstContent
	c.progress.first.Store(int64(c.Record.FirstContent))
	c.Record.Channel = t.Name
	c.exposeRoute()

	a.recordOwner(answer.Verdict().ResponseID) // the client may use it before the answer has ended
	ending := answer.CopyTo(ctx, c.w)
	verdict := answer.Verdict()
	a.record.Usage = verdict.Usage
	a.noteSubstitution(verdict.Model)
	a.addCost(answer, ending.Evidence.Kind == ai.OK)
	c.Record.AnswerBytes = ending.Bytes
	a.record.Outcome = ai.Outcome{Kind: ai.OK, Status: answer.Status}
	a.recordOwner(verdict.ResponseID)
	switch kind := ending.Evidence.Kind; kind {
	case ai.OK:
		if verdict.Kind == ai.ContentFilter { // a refusal is an answer too
			a.record.Outcome.Kind = ai.ContentFilter
		}
		if verdict.Blank {
			a.record.Outcome.Kind = ai.Empty
		}
		c.end(a.record.Outcome.Kind, answer.Status, "")
		a.observe(true, now)
	case ai.ClientGone:
		a.record.Outcome.Kind = ai.ClientGone
		c.end(ai.ClientGone, StatusClientGone, "the client hung up")
		a.observe(true, now)
	default:
		a.broken(ctx, answer, ending.Evidence)
	}
	c.site.gateway.Observer.AttemptEnded(t.Name, a.record.Outcome.Kind)
	if ending.Abort {
		c.abort = true
	}
}

// recordOwner notes that a response which upstream stores was made by this target, for
// this token.
func (a *attempt) recordOwner(id string) {
	c := a.call
	if id != "" && id != c.Record.ResponseID {
		c.Record.ResponseID = id
		c.site.gateway.State.responseOwners.remember(id, owner{a.record.Target, c.Token})
	}
}

// broken accounts for an answer that failed after the client had its
// beginning: it was ended honestly, the target cools down, the call is no success.
func (a *attempt) broken(ctx context.Context, answer *relay.Answer, evidence health.Evidence) {
	c, t := a.call, a.target
	now := time.Now()
	o := classify(t, &evidence, now)
	o.Retry = false
	a.record.Outcome = o
	c.end(o.Kind, answer.Status, strings.TrimSuffix("the answer broke off: "+o.Message, ": "))
	if o.Kind.CallersFault() || !c.tellsOfHealth(o.Kind) || endedHere(ctx) {
		return
	}
	t.History.Revoke(a.note)
	if !health.Transient(o.Kind) || !t.Steady(now) || c.chooser.AnyLeft(t.Channel) {
		a.record.Rested = t.Permit.Report(o, nil, now)
	}
	a.observe(false, now)
}

// observe feeds the latency and affinity memory.
func (a *attempt) observe(ok bool, now time.Time) {
	c, t := a.call, a.target
	if c.Operation != ai.Generate {
		return
	}
	var waited time.Duration
	if a.record.Outcome.Kind == ai.Timeout {
		waited = a.record.Duration
	}
	c.site.gateway.Routing.Selection.Observe(selection.Observation{
		Waited:  waited,
		Channel: t.Name, URL: t.Address(), Key: t.Keys[t.Key].ID, Model: t.Model,
		FirstContent: a.record.FirstContent, Size: c.BodySize, Call: &c.Call, Usage: a.record.Usage, OK: ok, Now: now,
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
