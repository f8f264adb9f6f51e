package admin

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
)

// RunningState is how far a call under way has come.
type RunningState string

// States of calls under way.
const (
	RunningChoosing  RunningState = "choosing"  // no target has been found yet, or it waits for one that is due
	RunningWaiting   RunningState = "waiting"   // a target was asked and has not proved its answer yet
	RunningStreaming RunningState = "streaming" // the client is given an answer
	RunningEnding    RunningState = "ending"    // an operator has ended it
)

// RunningCall is a call under way.
type RunningCall struct {
	ID           string        `json:"id"`                         // of the call
	Time         time.Time     `json:"time"`                       // when it arrived
	Token        string        `json:"token"`                      // the client token's name; empty for an operator's call
	Protocol     ai.Protocol   `json:"protocol"`                   // the client speaks it
	Operation    ai.Operation  `json:"operation"`                  // what was asked for, such as generate
	Model        string        `json:"model"`                      // as the client named it
	Stream       bool          `json:"stream"`                     // the client asked for a stream
	Playground   bool          `json:"playground,omitempty"`       // it was made in the dashboard's playground
	ClientIP     string        `json:"client_ip,omitempty"`        // where it came from
	UserAgent    string        `json:"user_agent,omitempty"`       // the client's, shortened
	State        RunningState  `json:"state"`                      // choosing, waiting, streaming or ending
	Attempts     int64         `json:"attempts"`                   // targets tried so far, the one at hand included
	Target       *ai.Target    `json:"target,omitempty"`           // that is tried now; left out before the first
	AttemptTime  time.Time     `json:"attempt_time,omitzero"`      // when that attempt began
	FirstContent time.Duration `json:"first_content_ns,omitempty"` // from its arrival to the first content that the client got; 0: none yet
	AnswerBytes  int64         `json:"answer_bytes"`               // of the answer that the client was given so far
}

// Own is what the holder of a token may see of its call: nothing of the
// accounts it goes to.
func (c RunningCall) Own() RunningCall {
	c.Target, c.AttemptTime, c.Attempts = nil, time.Time{}, 0
	return c
}

// RunningCalls are calls under way.
type RunningCalls struct {
	Calls []RunningCall `json:"calls"` // the oldest first
	Total int           `json:"total"` // how many there are, also those that are not listed
}

// shape stands for which calls there are and how far they are, without how much
// they have given.
func (l *RunningCalls) shape() string {
	var b strings.Builder
	for i := range l.Calls {
		c := &l.Calls[i]
		b.WriteString(c.ID)
		b.WriteString(string(c.State))
		b.WriteByte(byte(c.Attempts))
	}
	return b.String()
}

// Running are the calls under way.
type Running interface {
	// RunningCalls lists at most so many, the oldest first; token narrows it to
	// those of one client token, as its holder may see them.
	RunningCalls(token string, most int) RunningCalls
	// EndCall ends one, honestly towards its client; its record and the audit
	// trail say who did so, and the record why.
	EndCall(ctx context.Context, who Actor, id, why string) error
}

// EndOrder ends a call under way.
type EndOrder struct {
	// Reason is told to the client and stands in the call's record; at most 200
	// bytes, may be empty.
	Reason string `json:"reason,omitempty"`
}

const (
	maxRunning  = 500 // calls of an answer
	liveRunning = 50  // calls of an event
	maxReason   = 200 // bytes
)

func runningCalls(q *request) (any, error) {
	return q.op.RunningCalls(q.token(), maxRunning), nil
}

func endCall(q *request) (any, error) {
	var in EndOrder
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	reason := strings.TrimSpace(in.Reason)
	if len(reason) > maxReason {
		return nil, invalid("reason", "reason: must be at most %d bytes", maxReason)
	}
	if strings.ContainsFunc(reason, func(r rune) bool { return r < ' ' }) {
		return nil, invalid("reason", "reason: must be one line")
	}
	id := q.r.PathValue("id")
	if err := q.op.EndCall(q.r.Context(), q.actor(), id, reason); err != nil {
		return nil, err
	}
	return Removed{true}, nil
}

// errNotRunning says that a call is not under way.
var errNotRunning = Problemf(http.StatusNotFound, CodeNotFound, "", "no such call is under way; it may have ended meanwhile")

// NotRunning is the error of ending a call that is not under way.
func NotRunning() error { return errNotRunning }
