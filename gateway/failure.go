package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/secrets"
)

// failedAnswer is a bad answer that may have to be told to the client.
type failedAnswer struct {
	outcome ai.Outcome
	status  int
	header  http.Header
	body    []byte
	foreign bool     // in another protocol than the client's
	secrets []string // the credential and the host that were asked, which some upstreams repeat
}

// hideSecrets takes what is nobody's business out of what the client will see.
func (f *failedAnswer) hideSecrets() {
	f.body = secrets.RedactExact(f.body, f.secrets...)
	f.outcome.Message = string(secrets.RedactExact([]byte(f.outcome.Message), f.secrets...))
}

// errorRank ranks failures by how much they say to the client: of several, the
// one of the highest rank is answered.
func errorRank(k ai.Kind) int {
	switch k {
	case ai.ContextLength, ai.InvalidRequest:
		return 6
	case ai.RateLimited, ai.QuotaExhausted:
		return 5
	case ai.Overloaded:
		return 4
	case ai.NoSuchModel, ai.NoSuchEndpoint:
		return 3
	case ai.Timeout:
		return 2
	case ai.ServerError, ai.SoftError, ai.Truncated, ai.Empty, ai.BadAnswer:
		return 1
	}
	return 0
}

// forwardError gives the client the upstream's own answer to its own mistake.
func (c *Call) forwardError(f *failedAnswer) {
	if f.foreign || c.alive.has() {
		f.hideSecrets()
		c.end(f.outcome.Kind, max(f.status, http.StatusBadRequest), f.outcome.Message)
		c.writeError(&protocol.Error{
			Status: max(f.status, http.StatusBadRequest), Code: cmp.Or(f.outcome.Code, f.outcome.Kind.String()),
			Message: cmp.Or(f.outcome.Message, "the upstream refused the request"), RequestID: c.ID,
		})
		return
	}
	f.hideSecrets()
	header := c.w.Header()
	header.Set("Content-Type", relay.ErrorType(f.header, f.body))
	header.Set("Content-Length", strconv.Itoa(len(f.body)))
	status := max(f.status, http.StatusBadRequest) // an error may come dressed as 200
	c.exposeRoute()
	sayFinal(header, status)
	c.end(f.outcome.Kind, status, f.outcome.Message)
	c.w.WriteHeader(status)
	n, _ := c.w.Write(f.body)
	c.Record.AnswerBytes = int64(n)
}

// giveUp answers a call that nobody could serve.
func (c *Call) giveUp(ctx context.Context) error {
	if n := len(c.Record.Attempts); n > 0 && c.Record.Usage.IsZero() {
		c.Record.Usage = c.Record.Attempts[n-1].Usage // estimated, if it was given up
	}
	if c.r.Context().Err() != nil {
		c.end(ai.ClientGone, StatusClientGone, "the client hung up")
		return nil //nolint:nilerr // there is nobody to tell
	}
	if c.failure != nil && c.failure.outcome.Kind.CallersFault() && !errors.Is(context.Cause(ctx), relay.ErrEnded) {
		c.forwardError(c.failure)
		return nil
	}
	if c.failure == nil && c.untranslatable() {
		return c.Refuse(c.whyUntranslatable())
	}
	e := c.finalError(ctx)
	e.RequestID = c.ID
	c.writeError(e)
	return nil
}

// finalError says why nobody could serve the call. It names kinds of failures
// and when to come back, never addresses, keys or texts of an upstream.
func (c *Call) finalError(ctx context.Context) *protocol.Error {
	e := &protocol.Error{Status: http.StatusServiceUnavailable, Code: "upstream_unavailable"}
	due, causes, permanent := c.retryOutlook()
	kind := ai.Overloaded
	switch {
	case context.Cause(ctx) == errTotalTimeout: //nolint:errorlint // the very value is the cause
		kind, e.Status, e.Code = ai.Timeout, http.StatusGatewayTimeout, "total_timeout"
	case errors.Is(context.Cause(ctx), relay.ErrEnded):
		// A status after which SDKs do not try again.
		c.end(ai.Ended, http.StatusForbidden, "")
		return &protocol.Error{Status: http.StatusForbidden, Code: "ended_by_operator", Message: c.progress.ended.Load().message()}
	case c.failure != nil:
		kind = c.failure.outcome.Kind
		e.Status, e.Code = finalStatus(kind)
	case permanent != "":
		e.Status, e.Code = permanentStatus(permanent)
		kind = ai.InvalidRequest
		switch permanent {
		case ai.OverBudget:
			kind = ai.QuotaExhausted
		case ai.SpendingUnknown:
			kind = ai.Overloaded
		}
	case causes == ai.RateLimited, causes == ai.QuotaExhausted:
		kind, e.Status, e.Code = causes, http.StatusTooManyRequests, "upstream_rate_limited"
	}
	e.Message = explainFailure(c, permanent)
	if due.IsZero() && (c.failure != nil || permanent == "") {
		due = sooner(c.chooser)
	}
	if !due.IsZero() && e.Status != http.StatusForbidden && e.Status != http.StatusNotFound {
		wait := time.Until(due)
		setRetryAfter(c.w.Header(), wait)
		e.Message += fmt.Sprintf("; try again in %d s", max(1, int(wait.Seconds()+0.999)))
	}
	c.end(kind, e.Status, e.Message)
	return e
}

// sooner is when to come back where nothing that could serve cools down: at once,
// unless upstreams that were tried said when.
func sooner(k *routing.Chooser) time.Time {
	due := time.Now().Add(time.Second)
	if k.AnyLeft(nil) {
		return due
	}
	var stated time.Time
	for i := range k.Tried {
		if until := k.Tried[i].Until; until.After(due) && (stated.IsZero() || until.Before(stated)) {
			stated = until
		}
	}
	return later(due, stated)
}

// finalStatus is the status a client gets when the most telling failure was of
// kind k. The client's own token is fine whatever an upstream says of a key,
// so 401 and 403 become 502.
func finalStatus(k ai.Kind) (status int, code string) {
	switch k {
	case ai.RateLimited, ai.QuotaExhausted:
		return http.StatusTooManyRequests, "upstream_rate_limited"
	case ai.Overloaded:
		return http.StatusServiceUnavailable, "upstream_overloaded"
	case ai.Timeout:
		return http.StatusGatewayTimeout, "upstream_timeout"
	case ai.NoSuchModel:
		return http.StatusNotFound, "model_not_found"
	}
	return http.StatusBadGateway, "upstream_" + k.String()
}

// permanentStatus is the answer when every candidate is left out for a reason
// that waiting does not mend.
func permanentStatus(r ai.Reason) (status int, code string) {
	switch r {
	case ai.NotAllowed:
		return http.StatusForbidden, "channel_not_permitted"
	case ai.WrongProtocol:
		return http.StatusNotFound, "protocol_not_served"
	case ai.OverBudget:
		return http.StatusTooManyRequests, "channel_budget_exhausted"
	case ai.SpendingUnknown:
		return http.StatusServiceUnavailable, "channel_spending_unknown"
	}
	return http.StatusServiceUnavailable, "upstream_unavailable"
}

// retryOutlook looks at why candidates are left out: when the first is due, what
// most of them cool down for, and, if no waiting helps, the reason that they share.
func (c *Call) retryOutlook() (due time.Time, cause ai.Kind, permanent ai.Reason) {
	now := time.Now()
	count := make(map[ai.Kind]int)
	temporary := len(c.chooser.Tried) > 0
	c.chooser.Now = now
	sooner := func(until time.Time) {
		if due.IsZero() || until.Before(due) {
			due = until
		}
	}
	for _, e := range c.chooser.Exclusions() {
		until := e.Ready.Until
		switch e.Reason {
		case ai.Cooling, ai.Probing:
			temporary = true
			count[e.Ready.Kind]++
			if until.After(now) {
				sooner(until)
			}
		case ai.OverBudget, ai.SpendingUnknown:
			permanent = e.Reason
			if until.After(now) {
				sooner(until)
			}
		case ai.OverRate, ai.OverTokens, ai.OverConcurrent:
			temporary = true
			count[ai.RateLimited]++
			if until.IsZero() {
				until = now.Add(time.Second)
			}
			sooner(until)
		default:
			permanent = e.Reason
		}
	}
	for kind, n := range count {
		if n > count[cause] || count[cause] == 0 {
			cause = kind
		}
	}
	if temporary {
		permanent = ""
	}
	return due, cause, permanent
}

// explainFailure is the sentence for the client.
func explainFailure(c *Call, permanent ai.Reason) string {
	switch {
	case permanent == ai.NotAllowed:
		return "this token may not use any channel that serves the model"
	case permanent == ai.WrongProtocol:
		return fmt.Sprintf("no channel that serves the model speaks the %s protocol", c.Protocol)
	case permanent == ai.OutsideHours:
		return "every channel that serves the model is outside its hours"
	case permanent == ai.SpendingUnknown:
		return "the channels that serve the model have a budget, and what was spent of it cannot be read now, because the gateway has just started or its database is away"
	case permanent == ai.OverBudget:
		return "what may be spent on the channels that serve the model is spent"
	case permanent == ai.NoKey:
		return "the channels that serve the model have no upstream key"
	case permanent == ai.Disabled:
		return "every channel that serves the model is switched off"
	case permanent == ai.NotTheOwner:
		return "the channel that made the stored response cannot serve now"
	case len(c.Record.Attempts) == 0:
		return "every upstream that serves the model is cooling down after failures or busy"
	}
	kinds := make([]string, 0, len(c.Record.Attempts))
	for i := range c.Record.Attempts {
		kinds = append(kinds, c.Record.Attempts[i].Outcome.Kind.String())
	}
	return fmt.Sprintf("no upstream could answer; %d tried: %s", len(kinds), strings.Join(kinds, ", "))
}
