package gateway

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/routing"
)

// This file repeats failed attempts in place: a service that fails one request
// in three is worth asking again, and whoever has nobody else would do so.

const (
	// repeatPause is the pause before the first repetition, at least; at most it
	// is three times as long. The second is twice that.
	repeatPause = 100 * time.Millisecond
	// maxRepeats is how often a target is repeated that is the only one left.
	maxRepeats = 2
)

// repeatable says of a failure whether the same target may be asked again
// within the call. It may not where the failure may have cost something, took
// long, or will not be over while the call can wait.
type repeatable uint8

const (
	never   repeatable = iota
	atLast             // once, at no time in place: only if nothing else is left
	alone              // in place, if nothing else is left
	healthy            // in place, also if others are free, where the target was healthy
)

func repeatability(o *ai.Outcome, usage *ai.Usage, patience time.Duration, now time.Time) repeatable {
	switch {
	case !usage.IsZero(), o.Until.Sub(now) > patience:
		return never
	case o.Status >= http.StatusBadRequest && o.Kind != ai.ServerError && o.Kind != ai.Overloaded:
		return never
	}
	switch o.Status {
	case http.StatusInternalServerError, http.StatusBadGateway:
		if o.Kind == ai.ServerError {
			return healthy
		}
		return alone
	case http.StatusServiceUnavailable, statusOverloaded:
		return alone
	}
	switch o.Kind {
	case ai.NetworkError: // before any byte, or it would be Truncated
		return alone
	case ai.ServerError, ai.SoftError, ai.Truncated, ai.Empty, ai.BadAnswer:
		if o.Status < http.StatusBadRequest {
			return atLast
		}
	}
	return never
}

// statusOverloaded is Anthropic's status of an overload.
const statusOverloaded = 529

// report tells health of a bad answer. What speaks of a target that may well
// serve the next attempt is kept from it: a failure that is repeated in place,
// and one of the only target that is left, if that has served lately.
func (a *attempt) report(answer *relay.Answer, again repeatable, now time.Time) {
	c, t, o := a.call, a.target, a.record.Outcome
	spared := false
	if health.Transient(o.Kind) {
		t.Proved(o.Kind, now)
		only := !c.chooser.AnyLeft(nil)
		if a.mayRepeat(again, only) && t.History.Retries.Take(now) {
			c.chooser.Repeat = &routing.Repetition{Target: t, Alone: only, Pause: pauseBefore(t.Repeats+1, o.Until.Sub(now))}
			spared = t.Repeats == 0 && !t.Permit.Doubtful()
		}
		spared = spared || only && t.Steady(now)
	}
	if spared {
		t.Permit.Release()
	} else {
		a.record.CooledUntil = t.Permit.Report(o, answer.Upstream, now)
	}
	a.observe(false, now)
}

// mayRepeat reports whether a target that failed is to be tried in place, but for
// its budget. only says that nothing else is left.
func (a *attempt) mayRepeat(again repeatable, only bool) bool {
	c, t := a.call, a.target
	switch {
	case !c.chooser.Repeats || again < alone || attemptsLeft(c) < 1:
		return false
	case only:
		return t.Repeats < maxRepeats
	}
	return again == healthy && t.Repeats == 0 && !t.Permit.Doubtful() && attemptsLeft(c) > 1
}

// pauseBefore is the pause before the n-th repetition, or what upstream asks for.
func pauseBefore(n int, stated time.Duration) time.Duration {
	pause := time.Duration(n) * (repeatPause + rand.N(2*repeatPause)) //nolint:gosec // spreads load, guards nothing
	return max(pause, stated)
}

// repeat takes what is to be tried once more, after its pause; nil if that is
// nothing or cannot be had.
func repeat(ctx context.Context, k *routing.Chooser) *routing.Target {
	r := k.Repeat
	k.Repeat = nil
	if r == nil || !pause(ctx, r.Pause) {
		return nil
	}
	k.Now = time.Now()
	return k.Again(r.Target, r.Alone)
}

// pause waits; it reports whether the context lived on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
