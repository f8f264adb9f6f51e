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
)

// errTotalTimeout ends a call that took longer than its handler allows.
var errTotalTimeout = errors.New("the call took longer than total_timeout")

// endedHere reports whether a call was ended by the gateway itself, which is no
// fault of the upstream's.
func endedHere(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return errors.Is(cause, errTotalTimeout) || errors.Is(cause, relay.ErrExiting)
}

// Serve tries targets until one answers well or the caller is told why none
// could.
func (c *Call) Serve() error {
	ctx, end := context.WithCancelCause(c.r.Context())
	defer end(nil)
	c.site.gateway.running.Store(c, end)
	defer c.site.gateway.running.Delete(c)
	if total := c.site.Limits.TotalTimeout; total > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, total, errTotalTimeout)
		defer cancel()
	}
	c.choose()
	if err := c.pin(ctx); err != nil {
		return c.Refuse(err)
	}
	for len(c.Record.Attempts) < c.site.Limits.MaxAttempts && ctx.Err() == nil {
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
	k.Estimator = c
	if CodecOf(c.Protocol) != nil {
		k.Translator = c
	}
	k.Input.HTTP, k.Input.Writer = c.r, c.w
	c.chooser = k
}

// next picks what to try, or says that nothing is left. It waits for something
// that is due within the handler's patience if nothing else can serve, and falls
// back on the least bad target that cools down.
func (c *Call) next(ctx context.Context) (*routing.Target, bool) {
	k := c.chooser
	for {
		k.Now = time.Now()
		t := k.Next()
		for _, full := range k.Full {
			c.site.gateway.Observer.LimitReached("channel", full.Channel, full.Limit, full.Until)
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
func (c *Call) wait(ctx context.Context) bool {
	pause, ok := c.chooser.Due(c.site.Limits.MaxWait - c.waited)
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
func (c *Call) pin(ctx context.Context) error {
	if c.Continues == "" {
		return nil
	}
	g := c.site.gateway
	made, ok := g.State.responseOwners.ownerOf(c.Continues)
	if !ok && g.Opened() {
		target, token, err := g.Owners.ResponseOwner(ctx, c.Continues)
		ok, made = err == nil, owner{target, token}
	}
	// What another token made is not there for this one.
	stranger := ok && made.token != c.Token
	if ok && !stranger && c.snapshot.table.Owns(made.Target) {
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
