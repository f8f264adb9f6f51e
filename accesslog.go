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

// setPlaceholders makes the call readable for other directives. Values are
// looked up when asked for, so that nobody pays for what nobody reads.
func setPlaceholders(r *http.Request, rec *ai.Record) {
	repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return
	}
	repl.Map(func(name string) (any, bool) {
		field, ours := strings.CutPrefix(name, "http.ccload.")
		if !ours {
			return nil, false
		}
		return placeholder(rec, field)
	})
}

// placeholder is a field of a call, which may still be under way.
func placeholder(rec *ai.Record, field string) (any, bool) {
	switch field {
	case "request_id":
		return rec.ID, true
	case "token":
		return rec.Token, true
	case "model":
		return rec.Model, true
	case "upstream_model":
		return rec.UpstreamModel, true
	case "channel":
		return rec.Channel, true
	case "attempts":
		return len(rec.Attempts), true
	case "protocol":
		return string(rec.Protocol), true
	case "stream":
		return rec.Stream, true
	case "input_tokens":
		return rec.Usage.Input, true
	case "cached_tokens":
		return rec.Usage.CachedInput, true
	case "output_tokens":
		return rec.Usage.Output, true
	case "cost_usd":
		if !rec.Cost.Known() {
			return "", true
		}
		return rec.Cost.Amount.String(), true
	case "ttfb_ms":
		return rec.FirstContent.Milliseconds(), true
	case "outcome":
		if rec.Status == 0 { // not ended yet
			return "", true
		}
		return rec.Outcome.String(), true
	}
	return nil, false
}

// logFields adds the call to Caddy's access log line.
func logFields(r *http.Request, rec *ai.Record) {
	extra, ok := r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields)
	if !ok {
		return
	}
	extra.Set(zap.Object("ccload", loggedCall{rec}))
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
	if l.Cost.Known() {
		enc.AddString("cost_usd", l.Cost.Amount.String())
	}
	enc.AddInt64("ttfb_ms", l.FirstContent.Milliseconds())
	enc.AddString("outcome", l.Outcome.String())
	return nil
}

// traceFields adds the call to the span of Caddy's tracing handler, in the
// names of OpenTelemetry's semantic conventions for generative AI.
func traceFields(r *http.Request, rec *ai.Record) {
	span := trace.SpanFromContext(r.Context())
	if !span.IsRecording() {
		return
	}
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
