package gateway

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/routing"
)

// Running are the calls under way, of all configs. Its zero value is ready.
type Running struct {
	calls sync.Map // *Call -> context.CancelCauseFunc
}

// progress is how far a call under way has come, as other goroutines may see it.
type progress struct {
	target   atomic.Pointer[routing.Target] // that is tried now or was tried last; nil: none yet
	attempts atomic.Int64
	began    atomic.Int64 // when that attempt began, in nanoseconds after the call arrived
	first    atomic.Int64 // when the client was given the first of the answer, likewise; 0: nothing yet
	given    atomic.Int64 // bytes of the answer that the client was given
	ended    atomic.Pointer[endedError]
	client   client
}

// client is what the record says of who calls, from when the call is listed: the
// journal changes the record while others look at the call.
type client struct {
	playground    bool
	ip, userAgent string
}

// endedError is the cause of a call's end that an operator asked for.
type endedError struct{ who, why string }

// Error says who ended the call, and why.
func (e *endedError) Error() string {
	text := "ended by " + e.who
	if e.why != "" {
		text += ": " + e.why
	}
	return text
}

// Is makes it an ErrEnded.
func (e *endedError) Is(target error) bool { return target == relay.ErrEnded }

// start lists a call as running. The context that it returns ends when somebody
// ends the call, or with errTotalTimeout after a time; 0: it may take any. end
// must be called when the call has ended.
func (r *Running) start(c *Call, parent context.Context, total time.Duration) (ctx context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(parent)
	c.progress.client = client{c.Record.Playground, c.Record.ClientIP, c.Record.UserAgent}
	r.calls.Store(c, cancel)
	var timer *time.Timer // a context of its own for it would cost more
	if total > 0 {
		timer = time.AfterFunc(total, func() { cancel(errTotalTimeout) })
	}
	return ctx, func() {
		if timer != nil {
			timer.Stop()
		}
		r.calls.Delete(c)
		cancel(nil)
	}
}

// endAll ends the calls of one config, because the process exits.
func (r *Running) endAll(g *Gateway) {
	for c, cancel := range r.calls.Range {
		if c.(*Call).site.gateway == g {
			cancel.(context.CancelCauseFunc)(relay.ErrExiting)
		}
	}
}

// End ends the call of an id honestly towards its client. who is named in the
// call's record, with why if that is not empty. It reports whether the call was
// under way.
func (r *Running) End(id, who, why string) bool {
	for c, cancel := range r.calls.Range {
		if c := c.(*Call); c.ID == id {
			e := &endedError{who, why}
			if c.progress.ended.CompareAndSwap(nil, e) {
				cancel.(context.CancelCauseFunc)(e)
			}
			return true
		}
	}
	return false
}

// List returns at most so many calls under way, the oldest first. token narrows
// it to the calls of one client token, as its holder may see them; "" does not.
func (r *Running) List(token string, most int) admin.RunningCalls {
	var found []*Call
	for c := range r.calls.Range {
		if c := c.(*Call); token == "" || c.Token == token {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b *Call) int { return cmp.Or(a.Received.Compare(b.Received), cmp.Compare(a.ID, b.ID)) })
	list := admin.RunningCalls{Total: len(found), Calls: make([]admin.RunningCall, min(len(found), most))}
	for i := range list.Calls {
		list.Calls[i] = shown(found[i])
		if token != "" {
			list.Calls[i] = list.Calls[i].Own()
		}
	}
	return list
}

// shown is a call under way as the dashboard shows it. It reads only what does
// not change any more once a call is listed, and the call's progress.
func shown(c *Call) admin.RunningCall {
	p := &c.progress
	shown := admin.RunningCall{
		ID: c.ID, Time: c.Received.UTC(), Token: c.Token, Protocol: c.Protocol, Operation: c.Operation, Model: c.Model,
		Stream: c.Stream, Playground: p.client.playground, ClientIP: p.client.ip, UserAgent: p.client.userAgent,
		State: admin.RunningChoosing, Attempts: p.attempts.Load(), AnswerBytes: p.given.Load(),
	}
	if t := p.target.Load(); t != nil {
		id := t.ID()
		shown.State, shown.Target = admin.RunningWaiting, &id
		shown.AttemptTime = c.Received.Add(time.Duration(p.began.Load())).UTC()
	}
	if first := p.first.Load(); first > 0 {
		shown.State, shown.FirstContent = admin.RunningStreaming, time.Duration(first)
	}
	if e := p.ended.Load(); e != nil {
		shown.State = admin.RunningEnding
	}
	return shown
}

// tries notes that a target is tried.
func (p *progress) tries(t *routing.Target, start time.Duration) {
	p.began.Store(int64(start))
	p.attempts.Add(1)
	p.target.Store(t)
}

// endedBy completes the record of a call that an operator ended.
func (p *progress) endedBy(rec *ai.Record) {
	if e := p.ended.Load(); e != nil && rec.Outcome == ai.Ended {
		rec.Message = e.Error()
	}
}

// message is what the client of such a call is told. Who ended it is none of
// its business.
func (e *endedError) message() string {
	text := "an operator of this gateway ended the call"
	if e.why != "" {
		text += ": " + e.why
	}
	return text
}
