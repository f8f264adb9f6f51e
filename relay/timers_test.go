package relay

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ccload/ccload/ai"
)

var (
	errTotal = errors.New("the call's own limit")
	errReset = errors.New("read: connection reset by peer")
)

type thinks bool

func (t thinks) Thinks() bool { return bool(t) }

// What each timer ends, and what none of them ends.
func TestTimers(t *testing.T) {
	const second = time.Second
	off := Timers{}
	json := http.Header{"Content-Type": {jsonText}}
	for _, row := range []struct {
		name   string
		script script
		timers Timers
		once   bool
		total  time.Duration
		kind   ai.Kind // before the first byte
		phase  string
		takes  time.Duration // Send
		ending ai.Kind       // after it
		late   string        // phase of the ending
		lasts  time.Duration // from the start to the end of CopyTo
		body   string
	}{
		{name: "no headers", script: script{headers: never}, timers: Timers{Headers: 5 * second}, kind: ai.Timeout, phase: "headers", takes: 5 * second},
		{name: "no headers, first content is sooner", script: script{headers: never}, timers: Timers{Headers: 5 * second, FirstContent: 3 * second}, kind: ai.Timeout, phase: "first_content", takes: 3 * second},
		{name: "no headers, only first content", script: script{headers: never}, timers: Timers{FirstContent: 3 * second}, kind: ai.Timeout, phase: "first_content", takes: 3 * second},
		{name: "no headers, only total", script: script{headers: never}, total: 7 * second, kind: ai.Timeout, phase: "total", takes: 7 * second},
		{name: "no content", script: script{headers: 2 * second, steps: []any{preamble, never}}, timers: Timers{Headers: 5 * second, FirstContent: 9 * second}, kind: ai.Timeout, phase: "first_content", takes: 9 * second},
		{name: "pings are no content", script: script{steps: []any{ping, 4 * second, ping, 4 * second, ping, 4 * second, ping, never}}, timers: Timers{FirstContent: 9 * second, Idle: 5 * second}, kind: ai.Timeout, phase: "first_content", takes: 9 * second},
		{name: "idle is not for thinking", script: script{steps: []any{preamble, 8 * second, hello, done}}, timers: Timers{FirstContent: 9 * second, Idle: 5 * second}, takes: 8 * second, lasts: 8 * second, body: preamble + hello + done},
		{name: "headers are no silence", script: script{headers: 2 * second, steps: []any{never}}, timers: Timers{FirstContent: 9 * second, Begun: 20 * second}, kind: ai.Timeout, phase: "first_content", takes: 20 * second},
		{name: "nor are events", script: script{headers: 2 * second, steps: []any{preamble, 17 * second, hello, done}}, timers: Timers{FirstContent: 9 * second, Begun: 20 * second}, takes: 19 * second, lasts: 19 * second, body: preamble + hello + done},
		{name: "silence is", script: script{headers: never}, timers: Timers{FirstContent: 9 * second, Begun: 20 * second, Thinking: 50 * second, Thinker: thinks(true)}, kind: ai.Timeout, phase: "first_content", takes: 9 * second},
		{name: "it thinks", script: script{headers: 2 * second, steps: []any{preamble, 40 * second, hello, done}}, timers: Timers{FirstContent: 9 * second, Begun: 20 * second, Thinking: 50 * second, Thinker: thinks(true)}, takes: 42 * second, lasts: 42 * second, body: preamble + hello + done},
		{name: "it thinks for ever", script: script{headers: 2 * second, steps: []any{preamble, never}}, timers: Timers{FirstContent: 9 * second, Begun: 20 * second, Thinking: 50 * second, Thinker: thinks(true)}, kind: ai.Timeout, phase: "first_content", takes: 50 * second},
		{name: "it does not think", script: script{steps: []any{preamble, never}}, timers: Timers{FirstContent: 9 * second, Begun: 20 * second, Thinking: 50 * second, Thinker: thinks(false)}, kind: ai.Timeout, phase: "first_content", takes: 20 * second},
		{name: "a longer limit counts", script: script{steps: []any{preamble, never}}, timers: Timers{FirstContent: 60 * second, Begun: 20 * second, Thinking: 50 * second, Thinker: thinks(true)}, kind: ai.Timeout, phase: "first_content", takes: 60 * second},
		{name: "idle without a limit for the first content", script: script{steps: []any{preamble, never}}, timers: Timers{Idle: 5 * second}, kind: ai.Timeout, phase: "idle", takes: 5 * second},
		{name: "first content is off", script: script{steps: []any{100 * second, hello, done}}, timers: Timers{Headers: 5 * second, Idle: 5 * second}, takes: 100 * second, lasts: 100 * second, body: hello + done},
		{name: "all are off", script: script{headers: 1000 * second, steps: []any{1000 * second, preamble, 1000 * second, hello, 1000 * second, world, done}}, timers: off, takes: 3000 * second, lasts: 4000 * second, body: preamble + hello + world + done},
		{name: "late, but in time", script: script{headers: 4 * second, steps: []any{4 * second, hello, done}}, timers: Timers{Headers: 5 * second, FirstContent: 9 * second}, takes: 8 * second, lasts: 8 * second, body: hello + done},
		{name: "a stall in the preamble of a stall", script: script{steps: []any{hello, never}}, timers: Timers{FirstContent: 9 * second, Idle: 5 * second}, lasts: 5 * second, ending: ai.Timeout, late: "idle", body: hello + silent},
		{name: "a stall", script: script{steps: []any{hello, 4 * second, world, 4 * second, world, never}}, timers: Timers{Idle: 5 * second}, lasts: 13 * second, ending: ai.Timeout, late: "idle", body: hello + world + world + silent},
		{name: "a stall inside an event", script: script{steps: []any{hello, world[:9], never}}, timers: Timers{Idle: 5 * second}, lasts: 5 * second, ending: ai.Timeout, late: "idle", body: hello + world[:9] + "\n\n" + silent},
		{name: "pings are life", script: script{steps: []any{hello, 4 * second, ping, 4 * second, ping, 4 * second, done}}, timers: Timers{Idle: 5 * second}, lasts: 12 * second, body: hello + ping + ping + done},
		{name: "total in the stream", script: script{steps: []any{hello, never}}, total: 7 * second, lasts: 7 * second, ending: ai.Timeout, late: "total", body: hello + "data: {\"error\":\"total_timeout\"}\n\n"},
		{name: "total before the stream", script: script{steps: []any{preamble, never}}, total: 7 * second, timers: Timers{FirstContent: 9 * second}, kind: ai.Timeout, phase: "total", takes: 7 * second},

		{name: "end marker, and never closed", script: script{steps: []any{hello, done, never}}, timers: Timers{Idle: 5 * second}, lasts: lingerEnd, body: hello + done},
		{name: "end marker, then the end", script: script{steps: []any{hello, second, done}}, lasts: second, body: hello + done},
		{name: "end marker, then reset", script: script{steps: []any{hello, second, done, errReset}}, lasts: second, body: hello + done},
		{name: "end marker, idle is off", script: script{steps: []any{hello, done, never}}, lasts: lingerEnd, body: hello + done},
		{name: "end marker, then pings for ever", script: script{steps: []any{hello, done, lingerEnd * 2 / 5, ping, lingerEnd * 2 / 5, ping, lingerEnd * 2 / 5, ping, never}}, lasts: lingerEnd, body: hello + done + ping + ping},
		{name: "end marker, then a trailer", script: script{steps: []any{hello, done, lingerEnd / 2, ping}}, lasts: lingerEnd / 2, body: hello + done + ping},
		{name: "finish, and never closed", script: script{steps: []any{hello, stop, never}}, timers: Timers{Idle: 5 * second}, lasts: lingerFinish, body: hello + stop},
		{name: "finish, then pings for ever", script: script{steps: []any{hello, stop, second, ping, second / 2, ping, second, ping, never}}, lasts: lingerFinish, body: hello + stop + ping + ping},
		{name: "finish, then usage, then the end", script: script{steps: []any{hello, stop, 3 * second / 2, stop, 3 * second / 2, done}}, lasts: 3 * second, body: hello + stop + stop + done},
		{name: "finish, then reset", script: script{steps: []any{hello, stop, second, errReset}}, lasts: second, body: hello + stop},
		{name: "an error, and never closed", script: script{steps: []any{hello, failed, never}}, lasts: lingerEnd, ending: ai.SoftError, body: hello + failed},

		{name: "once: no headers", once: true, script: script{headers: never}, timers: Timers{Headers: 5 * second, FirstContent: second}, kind: ai.Timeout, phase: "headers", takes: 5 * second},
		{name: "once: headers, then no body", once: true, script: script{header: json, steps: []any{never}}, timers: Timers{Headers: 5 * second, Idle: second}, kind: ai.Timeout, phase: "headers", takes: 5 * second},
		{name: "once: headers, then thinking", once: true, script: script{header: json, steps: []any{8 * second, aJSON}}, timers: Timers{Idle: second}, takes: 8 * second, lasts: 8 * second, body: aJSON},
		{name: "once: half a body", once: true, script: script{header: json, steps: []any{aJSON[:5], never}}, timers: Timers{Idle: 5 * second}, kind: ai.Timeout, phase: "idle", takes: 5 * second},
		{name: "once: blanks are life", once: true, script: script{header: json, steps: []any{" ", 4 * second, " ", 4 * second, aJSON}}, timers: Timers{Idle: 5 * second}, takes: 8 * second, lasts: 8 * second, body: "  " + aJSON},
		{name: "JSON instead of a stream, late", script: script{header: json, steps: []any{aJSON[:5], never}}, timers: Timers{FirstContent: 9 * second, Idle: second}, kind: ai.Timeout, phase: "first_content", takes: 9 * second},
		{name: "an error that does not end", script: script{status: 503, header: json, steps: []any{`{"error":{"message":"x`, never}}, takes: errorPatience},
		{name: "an error that drips", script: script{status: 503, header: json, steps: []any{`{`, second, `"`, second, `e`, second, `r`, second, `r`, second, `o`, second, never}}, takes: errorPatience},
		{name: "a page that does not end", script: script{header: http.Header{"Content-Type": {html}}, steps: []any{"<html>", never}}, timers: Timers{Idle: 5 * second}, kind: ai.BadAnswer, takes: 5 * second},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if row.total > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeoutCause(ctx, row.total, errTotal)
					defer cancel()
				}
				r := newRequest(t, "http://upstream", &row.script)
				r.Stream, r.Timers = !row.once, row.timers
				start := time.Now()
				a := Send(ctx, r)
				defer a.Close()
				if took := time.Since(start); took != row.takes {
					t.Errorf("Send took %v, want %v", took, row.takes)
				}
				if a.Evidence.Kind != row.kind || a.Evidence.Phase != row.phase {
					t.Fatalf("got %v in phase %q, want %v in %q", a.Evidence.Kind, a.Evidence.Phase, row.kind, row.phase)
				}
				if !a.Good() {
					return
				}
				if a.FirstContent != row.takes {
					t.Errorf("first content after %v, want %v", a.FirstContent, row.takes)
				}
				time.Sleep(0) // nothing may be armed between the two
				var c client
				e := a.CopyTo(ctx, &c)
				if took := time.Since(start); took != row.lasts {
					t.Errorf("all took %v, want %v", took, row.lasts)
				}
				if e.Evidence.Kind != row.ending || e.Evidence.Phase != row.late || e.Abort != (row.ending != ai.OK && row.ending != ai.SoftError) {
					t.Errorf("ended as %v in %q, abort %v, want %v in %q", e.Evidence.Kind, e.Evidence.Phase, e.Abort, row.ending, row.late)
				}
				if c.body.String() != row.body {
					t.Errorf("the client got %q, want %q", c.body.String(), row.body)
				}
			})
		})
	}
}

// Between Send and CopyTo nothing is guarded: the gateway has things to do.
func TestNothingGuardedBetweenSendAndCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequest(t, "http://upstream", &script{steps: []any{hello, world, done}})
		r.Timers = Timers{Headers: time.Second, FirstContent: time.Second, Idle: time.Second}
		a := Send(t.Context(), r)
		defer a.Close()
		time.Sleep(time.Minute)
		var c client
		if e := a.CopyTo(t.Context(), &c); e.Evidence.Kind != ai.OK || c.body.String() != hello+world+done {
			t.Errorf("%+v %q", e, c.body.String())
		}
	})
}

// A client that reads slowly is no silence of the upstream.
func TestSlowClientIsNotBlamedOnUpstream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script{steps: []any{hello, world, 4 * time.Second, world, 4 * time.Second, done, never}}
		r := newRequest(t, "http://upstream", &s)
		r.Timers.Idle = 5 * time.Second
		a := Send(t.Context(), r)
		defer a.Close()
		c := client{slow: time.Minute}
		if e := a.CopyTo(t.Context(), &c); e.Evidence.Kind != ai.OK || c.body.String() != hello+world+world+done {
			t.Errorf("%v in %q: %q", e.Evidence.Kind, e.Evidence.Phase, c.body.String())
		}
	})
}

// A client that hangs up is never blamed on the upstream, and stops it at once;
// what was seen of the usage is kept.
func TestClientGone(t *testing.T) {
	for _, row := range []struct {
		name   string
		script script
		once   bool
		after  time.Duration // the client hangs up
		good   bool
		ending ai.Kind
		usage  int64
	}{
		{name: "before the headers", script: script{headers: never}, after: time.Second},
		{name: "in the preamble", script: script{steps: []any{preamble, never}}, after: time.Second},
		{name: "in a body", once: true, script: script{header: http.Header{"Content-Type": {jsonText}}, steps: []any{"{", never}}, after: time.Second},
		{name: "in an error's body", script: script{status: 500, steps: []any{"{", never}}, after: time.Second},
		{name: "in a page", script: script{header: http.Header{"Content-Type": {html}}, steps: []any{"<", never}}, after: time.Second},
		{name: "in the stream", script: script{steps: []any{"data: {\"text\":\"a\",\"usage\":5}\n\n", never}}, after: time.Second, good: true, ending: ai.ClientGone, usage: 5},
		{name: "inside an event", script: script{steps: []any{hello, world[:9], never}}, after: time.Second, good: true, ending: ai.ClientGone},
		{name: "after the finish", script: script{steps: []any{hello, stop, never}}, after: time.Second, good: true, usage: 7},
		{name: "after the end marker", script: script{steps: []any{hello, stop, done, never}}, after: lingerEnd / 2, good: true, usage: 7},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, hangUp := context.WithCancel(t.Context())
				defer hangUp()
				time.AfterFunc(row.after, hangUp)
				r := newRequest(t, "http://upstream", &row.script)
				r.Stream = !row.once
				r.Timers = Timers{Headers: time.Minute, FirstContent: time.Minute, Idle: time.Minute}
				start := time.Now()
				a := Send(ctx, r)
				defer a.Close()
				if a.Good() != row.good {
					t.Fatalf("good is %v: %+v", a.Good(), a.Evidence)
				}
				kind := a.Evidence.Kind
				if a.Good() {
					var c client
					e := a.CopyTo(ctx, &c)
					kind = e.Evidence.Kind
					if e.Abort || strings.Contains(c.body.String(), "error") {
						t.Errorf("abort %v, the client got %q", e.Abort, c.body.String())
					}
				} else {
					row.ending = ai.ClientGone
				}
				if kind != row.ending {
					t.Errorf("got %v, want %v", kind, row.ending)
				}
				if took := time.Since(start); took != row.after {
					t.Errorf("took %v, want %v", took, row.after)
				}
				if got := a.Verdict().Usage.Output; got != row.usage {
					t.Errorf("usage %d, want %d", got, row.usage)
				}
			})
		})
	}
}

// A client whose connection breaks while it is written to.
func TestClientWriteFails(t *testing.T) {
	for _, row := range []struct {
		name   string
		steps  []any
		breaks int
		ending ai.Kind
		usage  int64
	}{
		{"at the held bytes", []any{hello, never}, 1, ai.ClientGone, 0},
		{"in the stream", []any{hello, "data: {\"text\":\"b\",\"usage\":5}\n\n", never}, len(hello), ai.ClientGone, 5},
		{"at the end marker", []any{hello, stop + done, never}, len(hello), ai.OK, 7},
		{"at the error", []any{hello, failed}, len(hello), ai.ClientGone, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := Send(t.Context(), newRequest(t, "http://upstream", &script{steps: row.steps}))
				defer a.Close()
				e := a.CopyTo(t.Context(), &client{breaks: row.breaks})
				if e.Evidence.Kind != row.ending || e.Abort || a.Verdict().Usage.Output != row.usage {
					t.Errorf("%v, abort %v, usage %d", e.Evidence.Kind, e.Abort, a.Verdict().Usage.Output)
				}
				if a.ctx.Err() == nil {
					t.Error("the upstream was not stopped")
				}
			})
		})
	}
}
