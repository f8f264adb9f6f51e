package gateway

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// admission is a call's place under the limits of its token, and what it took of
// them.
type admission struct {
	granted *access.Admission // nil until the token has admitted the call
	bound   boundCall         // of one that was admitted before it was counted
	used    access.Use        // by all attempts together, see addCost
}

// settle gives the place back, and accounts for what the call used and cost.
func (a *admission) settle(cost ai.Money) {
	if a.granted == nil {
		return
	}
	a.used.Money = cost
	a.granted.Settle(a.used)
}

// Admit takes the call's place under the limits of its token, and sets aside
// what it may cost; Settle gives both back.
func (c *Call) Admit() error {
	if c.admitByBound() {
		return nil
	}
	freed := c.token.Limiter().Freed()
	granted, err := c.token.Admit(c.Received, c.forecast.expected())
	if c.inTheWay(err) {
		granted, err = c.token.Admit(c.Received, c.forecast.expected())
	}
	for until := c.Received.Add(shareWait); err != nil && (c.waitForShare(err, until) || c.waitForReserved(err, until, freed)); {
		freed = c.token.Limiter().Freed()
		granted, err = c.token.Admit(time.Now(), c.forecast.expected())
	}
	if over, ok := errors.AsType[*access.LimitError](err); ok {
		if over.RetryAfter > 0 {
			setRetryAfter(c.w.Header(), over.RetryAfter)
		}
		c.site.gateway.Observer.LimitReached("token", c.Token, over.Limit, over.Resets)
		status := http.StatusTooManyRequests
		if over.Limit == access.LimitUnknown {
			status = http.StatusServiceUnavailable
		}
		return &protocol.RequestError{Status: status, Code: over.Code(), Message: over.Error()}
	}
	c.admission.granted = granted
	return err
}

// inTheWay reports whether a call was refused for what others may not use: bounds
// of theirs that have been replaced since.
func (c *Call) inTheWay(err error) bool {
	over, ok := errors.AsType[*access.LimitError](err)
	if !ok || over.Limit == access.LimitRPM || over.Limit == access.LimitConcurrency {
		return false
	}
	return c.site.gateway.State.Recounts.replace(c.token.Limiter())
}

// shareWait is how long a call waits for a larger share of a limit.
const shareWait = 1200 * time.Millisecond

// waitForShare waits for a larger share of a limit that other nodes leave room
// in, and says whether it is worth trying again.
func (c *Call) waitForShare(err error, until time.Time) bool {
	over, ok := errors.AsType[*access.LimitError](err)
	if !ok || !over.Shared || !time.Now().Before(until) {
		return false
	}
	ctx, cancel := context.WithDeadline(c.r.Context(), until)
	defer cancel()
	c.site.gateway.Shares.Wait(ctx)
	if ctx.Err() != nil {
		c.token.Limiter().WaitedInVain(time.Now())
	}
	return ctx.Err() == nil
}

// waitForReserved waits until a call under way gives back what it reserved of
// the token's budget, and says whether it is worth trying again.
func (c *Call) waitForReserved(err error, until time.Time, freed <-chan struct{}) bool {
	over, ok := errors.AsType[*access.LimitError](err)
	if !ok || !over.Reserved {
		return false
	}
	ctx, cancel := context.WithDeadline(c.r.Context(), until)
	defer cancel()
	select {
	case <-freed:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
