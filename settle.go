package ccload

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/ccload/ccload/ai"
)

// settle closes the account of a call, however it ended: record, metrics, log
// fields and placeholders. It does not wait for the database.
//
// It ends with the panic that makes net/http cut the connection when an answer
// broke off: without it a cut stream would look complete to the client.
func (c *call) settle() {
	if !c.finished {
		c.end(ai.ServerError, http.StatusInternalServerError, "the handler ended without an answer")
	}
	rec := c.record
	rec.Duration = c.since()
	rec.Model, rec.Stream, rec.Token = c.Model, c.Stream, c.Token
	rec.RequestBytes = int64(c.BodySize)
	rec.Candidates = c.explanation()
	if c.chooser != nil {
		c.chooser.Reset()
		choosers.Put(c.chooser)
		c.chooser = nil
	}
	c.keepCapture()
	if c.body != nil {
		c.body.release()
		c.body = nil
	}
	rec.Day = c.Calendar.Day(c.Received)
	if c.admission != nil {
		c.used.Money = rec.Cost.Amount
		c.admission.Settle(c.used)
	}
	c.h.app.state.gateway.Ledger.Record(rec) // before anything that may go wrong
	c.h.app.state.publishCall(rec)
	c.h.app.observer.CallEnded(rec, c.route != nil)
	c.logFields()
	c.traceFields()
	if c.abort {
		panic(http.ErrAbortHandler)
	}
}

// explanation lists every candidate and why it was left out.
func (c *call) explanation() []ai.Candidate {
	switch {
	case c.route == nil:
		return nil
	case c.chooser == nil:
		return c.route.Steps[0].All
	}
	return c.chooser.Explanation()
}

// setPlaceholders makes the call readable for other directives. Values are
// looked up when asked for, so that nobody pays for what nobody reads.
func (c *call) setPlaceholders() {
	repl, ok := c.r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return
	}
	repl.Map(func(name string) (any, bool) {
		field, ours := strings.CutPrefix(name, "http.ccload.")
		if !ours {
			return nil, false
		}
		return c.placeholder(field)
	})
}

func (c *call) placeholder(field string) (any, bool) {
	rec := c.record
	switch field {
	case "request_id":
		return c.ID, true
	case "token":
		return c.Token, true
	case "model":
		return c.Model, true
	case "upstream_model":
		return rec.UpstreamModel, true
	case "channel":
		return rec.Channel, true
	case "attempts":
		return len(rec.Attempts), true
	case "protocol":
		return string(c.Protocol), true
	case "stream":
		return c.Stream, true
	case "input_tokens":
		return rec.Usage.Input, true
	case "cached_tokens":
		return rec.Usage.CachedInput, true
	case "output_tokens":
		return rec.Usage.Output, true
	case "cost_usd":
		if rec.Cost.Unpriced {
			return "", true
		}
		return rec.Cost.Amount.String(), true
	case "ttfb_ms":
		return rec.FirstContent.Milliseconds(), true
	case "outcome":
		if !c.finished {
			return "", true
		}
		return rec.Outcome.String(), true
	}
	return nil, false
}

// logFields adds the call to Caddy's access log line.
func (c *call) logFields() {
	extra, ok := c.r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields)
	if !ok {
		return
	}
	extra.Set(zap.Object("ccload", loggedCall{c.record}))
}

// loggedCall writes a record as fields of a log line.
type loggedCall struct{ *ai.Record }

// MarshalLogObject writes the fields under the names of the placeholders.
func (l loggedCall) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("request_id", l.ID)
	enc.AddString("token", l.Token)
	enc.AddString("protocol", string(l.Protocol))
	enc.AddString("model", l.Model)
	enc.AddString("upstream_model", l.UpstreamModel)
	enc.AddString("channel", l.Channel)
	enc.AddInt("attempts", len(l.Attempts))
	enc.AddBool("stream", l.Stream)
	enc.AddInt64("input_tokens", l.Usage.Input)
	enc.AddInt64("cached_tokens", l.Usage.CachedInput)
	enc.AddInt64("output_tokens", l.Usage.Output)
	if !l.Cost.Unpriced {
		enc.AddString("cost_usd", l.Cost.Amount.String())
	}
	enc.AddInt64("ttfb_ms", l.FirstContent.Milliseconds())
	enc.AddString("outcome", l.Outcome.String())
	return nil
}

// traceFields adds the call to the span of Caddy's tracing handler, in the
// names of OpenTelemetry's semantic conventions for generative AI.
func (c *call) traceFields() {
	span := trace.SpanFromContext(c.r.Context())
	if !span.IsRecording() {
		return
	}
	rec := c.record
	span.SetAttributes(
		attribute.String("gen_ai.operation.name", string(rec.Operation)),
		attribute.String("gen_ai.request.model", rec.Model),
		attribute.String("gen_ai.response.model", rec.UpstreamModel),
		attribute.Int64("gen_ai.usage.input_tokens", rec.Usage.Input),
		attribute.Int64("gen_ai.usage.output_tokens", rec.Usage.Output),
		attribute.String("ccload.request_id", rec.ID),
		attribute.String("ccload.channel", rec.Channel),
		attribute.Int("ccload.attempts", len(rec.Attempts)),
		attribute.String("ccload.outcome", rec.Outcome.String()),
	)
}
