package fakeai

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
)

// told is a problem as it is told in one answer.
type told struct {
	problem
	kind  Problem
	after time.Duration
	size  int
	id    string // request id
}

// tell works out the problem of a behaviour.
func tell(r *Request, b *Behaviour) told {
	kind := b.Problem
	if kind == "" {
		kind = Overloaded
	}
	t := told{problem: problems[kind], kind: kind, after: b.RetryAfter, size: b.ErrorSize, id: fmt.Sprintf("req_%06d", r.Number)}
	switch {
	case kind == Auth && r.Protocol == ai.Gemini:
		t.status = http.StatusBadRequest // that is how Google refuses a key
	case kind == Overloaded && r.Protocol != ai.Anthropic:
		t.status = http.StatusServiceUnavailable // 529 is Anthropic's own
	}
	if b.Status != 0 {
		t.status = b.Status
	}
	reset := r.Time.Add(b.RetryAfter)
	if kind == Quota1308 {
		reset = reset.In(shanghai)
	} else {
		reset = reset.UTC()
	}
	fill := strings.NewReplacer("{model}", cmp.Or(r.Model, r.ID), "{id}", r.ID+r.in.Previous, "{reset}", reset.Format(time.DateTime))
	t.anthropic[1], t.openai[3], t.gemini[1] = fill.Replace(t.anthropic[1]), fill.Replace(t.openai[3]), fill.Replace(t.gemini[1])
	return t
}

// body is the error as a format writes it.
func (t *told) body(p ai.Protocol) []byte {
	switch p {
	case ai.Anthropic:
		return fmt.Appendf(nil, `{"type":"error","error":{"type":"%s","message":%s},"request_id":"%s"}`, t.anthropic[0], t.message(t.anthropic[1]), t.id)
	case ai.Gemini:
		return indent(fmt.Appendf(nil, `{"error":{"code":%d,"message":%s,"status":"%s"%s}}`, t.status, t.message(t.gemini[1]), t.gemini[0], t.details()))
	}
	return indent([]byte(`{"error":` + t.openaiError() + `}`))
}

func (t *told) openaiError() string {
	orNull := func(s string) string {
		if s == "" {
			return "null"
		}
		return quote(s)
	}
	return fmt.Sprintf(`{"message":%s,"type":%s,"param":%s,"code":%s}`,
		t.message(t.openai[3]), orNull(t.openai[0]), orNull(t.openai[2]), orNull(t.openai[1]))
}

// message is a text, made as long as the error has to be.
func (t *told) message(text string) string {
	if missing := t.size - len(text); missing > 0 {
		text += strings.Repeat(" (details follow)", missing/17+1)
	}
	return quote(text)
}

// details are what Google adds to an error.
func (t *told) details() string {
	var list []string
	switch t.kind {
	case Auth:
		list = append(list, `{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com","metadata":{"service":"generativelanguage.googleapis.com"}}`)
	case RateLimit:
		list = append(list, `{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateContentInputTokensPerModelPerMinute-FreeTier","quotaValue":"250000"}]}`)
	case Quota:
		list = append(list, `{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier","quotaValue":"250"}]}`)
	}
	if t.after > 0 {
		list = append(list, fmt.Sprintf(`{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"%gs"}`, t.after.Seconds()))
	}
	if len(list) == 0 {
		return ""
	}
	return `,"details":[` + strings.Join(list, ",") + `]`
}

// event is the error as a stream tells it; started says that a preamble was
// sent.
func (t *told) event(p ai.Protocol, started bool, a *answer) event {
	switch {
	case p == ai.Anthropic:
		return event{"error", string(t.body(p))}
	case p == ai.Responses && started:
		w := responsesWriter{a: a, id: a.responseID()}
		failed := strings.Replace(w.response("failed", "", ""), `"error":null`,
			fmt.Sprintf(`"error":{"code":"%s","message":%s}`, t.openai[1], t.message(t.openai[3])), 1)
		return event{"response.failed", `{"type":"response.failed","response":` + failed + `,"sequence_number":99}`}
	case p == ai.Responses:
		return event{"error", fmt.Sprintf(`{"type":"error","code":"%s","message":%s,"param":null,"sequence_number":0}`, t.openai[1], t.message(t.openai[3]))}
	case p == ai.Gemini:
		return event{"", fmt.Sprintf(`{"error": {"code": %d,"message": %s,"status": "%s"%s}}`, t.status, t.message(t.gemini[1]), t.gemini[0], t.details())}
	}
	return event{"", `{"error":` + t.openaiError() + `}`}
}
