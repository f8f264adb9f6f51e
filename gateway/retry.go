package gateway

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/store"
)

// errTotalTimeout ends a call that took longer than its handler allows.
var errTotalTimeout error = totalTimeout{}

type totalTimeout struct{}

func (totalTimeout) Error() string { return "the call took longer than total_timeout" }

// Is makes it a timeout of the whole call to package relay.
func (totalTimeout) Is(target error) bool { return target == context.DeadlineExceeded }

// endedHere reports whether a call was ended by the gateway itself, which is no
// fault of the upstream's.
func endedHere(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return errors.Is(cause, errTotalTimeout) || errors.Is(cause, relay.ErrExiting) || errors.Is(cause, relay.ErrEnded)
}

// Serve tries targets until one answers well or the caller is told why none
// could.
func (c *Call) Serve() error {
	ctx, end := c.site.gateway.State.Running.start(c, c.r.Context(), c.site.Limits.TotalTimeout)
	defer end()
	c.choose()
	if err := c.pin(ctx); err != nil {
		return c.Refuse(err)
	}
	c.chooser.Repeats = true
	c.alive = newKeepalive(c)
	for attemptsLeft(c) > 0 && ctx.Err() == nil {
		t, ok := c.next(ctx)
		if !ok {
			break
		}
		if c.try(ctx, t) {
			return nil
		}
	}
	return c.giveUp(ctx)
}

// choosers are used again: their lists are the largest part of a call.
var choosers = sync.Pool{New: func() any { return new(routing.Chooser) }}

// choose makes the call's chooser.
func (c *Call) choose() {
	k := choosers.Get().(*routing.Chooser)
	k.Route, k.Call, k.Token, k.Now = c.route, &c.Call, c.token, time.Now()
	k.State, k.Policy = c.site.gateway.Routing.Selection, c.site.Policy
	k.Seed = rand.Uint64() //nolint:gosec // spreads load, guards nothing
	k.Estimator = &c.forecast
	if CodecOf(c.Protocol) != nil {
		k.Translator = c
	}
	k.Input.HTTP, k.Input.Writer = c.r, c.w
	c.chooser = k
}

// attemptsLeft is how many more attempts the call may make.
func attemptsLeft(c *Call) int { return c.site.Limits.MaxAttempts - len(c.Record.Attempts) }

// next picks what to try, or says that nothing is left. A failure that may be
// over is repeated in place; where nothing can serve it falls back on the least
// bad target that cools down, and waits for something that is due within the
// handler's patience.
func (c *Call) next(ctx context.Context) (*routing.Target, bool) {
	k := c.chooser
	k.Left = attemptsLeft(c)
	if t := repeat(ctx, k); t != nil {
		return t, true
	}
	for {
		k.Now = time.Now()
		t := k.Next()
		for _, full := range k.Full {
			c.site.gateway.Observer.LimitReached("channel", full.Channel, full.Limit, full.Until)
		}
		if t == nil {
			t = k.LeastBad(false)
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
	t := k.NextAtLast()
	if t == nil {
		t = k.LeastBad(true)
	}
	return t, t != nil
}

// wait waits for the first candidate that is due within the handler's patience.
// It reports whether there is something to look at again.
func (c *Call) wait(ctx context.Context) bool {
	due, ok := c.chooser.Due(c.site.Limits.MaxWait - c.chooser.Waited)
	if !ok || !pause(ctx, due) {
		return false
	}
	c.chooser.Waited += due
	c.chooser.Now = time.Now()
	c.chooser.ForgetLimits()
	return true
}

// ownerPatience is how long a call waits for the store to say who made a
// response.
const ownerPatience = time.Second

// pin finds the key that made the stored response the call builds on.
func (c *Call) pin(ctx context.Context) error {
	if c.Continues == "" {
		return nil
	}
	g := c.site.gateway
	made, ok := g.State.responseOwners.ownerOf(c.Continues)
	var unknown error // why it cannot be told who made it
	if !ok {
		ask, cancel := context.WithTimeout(ctx, ownerPatience)
		target, token, err := g.Owners.ResponseOwner(ask, c.Continues)
		cancel()
		ok, made = err == nil, owner{target, token}
		if !errors.Is(err, store.ErrNotFound) {
			unknown = err
		}
	}
	// What another token made is not there for this one.
	stranger := ok && made.token != c.Token
	if ok && !stranger && c.snapshot.table.Owns(made.Target) {
		c.chooser.Pinned = &made.Target
		return nil
	}
	if c.Operation == ai.StoredResponse && unknown != nil {
		setRetryAfter(c.w.Header(), untilStored)
		return &protocol.RequestError{
			Status: http.StatusServiceUnavailable, Code: "response_owner_unknown", Param: "response_id",
			Message: "the gateway cannot look up now which upstream made this response, because its database is away; try again in a moment",
		}
	}
	if c.Operation == ai.StoredResponse || stranger {
		return &protocol.RequestError{
			Status: http.StatusNotFound, Code: "response_not_found", Param: "response_id",
			Message: fmt.Sprintf("no response with the id %q was made through this gateway with this token", ai.Shorten(c.Continues, 100)),
		}
	}
	return nil // perhaps made elsewhere with one of our keys: any may try
}
