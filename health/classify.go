package health

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
)

// Classify says what an attempt amounts to: the channel's own rules first, the
// table after that. Evidence of a good answer gives ai.OK.
func Classify(e *Evidence, rules []Rule, now time.Time) ai.Outcome {
	if e.Kind == ai.OK && e.Status/100 == 2 {
		return ai.Outcome{Kind: ai.OK, Status: e.Status, Rule: "ok"} // by far the most frequent
	}
	f := newFacts(e)
	r := f.row()
	o := ai.Outcome{
		Kind: r.kind, Scope: r.scope, Status: e.Status, Rule: r.name,
		Code: f.code(), Message: f.message(), Retry: retries(r.kind) && !e.Committed,
	}
	if o.Kind == ai.OK {
		return o
	}
	if e.Status > 0 && e.Kind != ai.ClientGone && e.Kind != ai.Ended {
		for i := range rules {
			if rules[i].fits(f) {
				return rules[i].outcome(e, o, now)
			}
		}
	}
	switch {
	case r.until != nil:
		o.Until = r.until(f, now)
	case patience[o.Kind] > 0:
		o.Until = statedReset(f, now)
	}
	if most := patience[o.Kind]; o.Until.After(now.Add(most)) {
		o.Until = now.Add(most)
	}
	return o
}

// row finds the row that decides. The last one fits everything.
func (f *facts) row() *row {
	for i := range table {
		if table[i].fits(f) {
			return &table[i]
		}
	}
	return &table[len(table)-1]
}

func (r *row) fits(f *facts) bool {
	seen := r.seen
	if seen == nil && r.name != "no_answer" {
		seen = answers
	}
	if f.status == http.StatusPaymentRequired && r.seen == nil && r.kind != ai.QuotaExhausted {
		return false // whatever else it says, it is about money
	}
	return (seen == nil || slices.Contains(seen, f.Kind)) &&
		(r.status == nil || r.status.has(f.status)) &&
		(r.codes == nil || f.hasCode(r.codes)) &&
		(r.text == nil || anyLike(f.text, r.text)) &&
		(r.body == nil || anyLike(f.body, r.body)) &&
		(r.when == nil || r.when(f))
}

// retries reports whether another target may do better.
func retries(k ai.Kind) bool {
	return k != ai.OK && k != ai.ClientGone && k != ai.Ended && k != ai.InvalidRequest && k != ai.ContentFilter
}

// code is upstream's most telling code: a word rather than a number that
// repeats the status.
func (f *facts) code() string {
	code := f.Failure.Code
	if f.Failure.Type != "" && (code == "" || len(code) == 3 && strings.Trim(code, "0123456789") == "") {
		code = f.Failure.Type
	}
	if len(code) > 64 {
		code = code[:64]
	}
	return strings.ToValidUTF8(code, "")
}

// patience is the longest cooldown a server's word is taken for, by kind. A kind
// that is absent ignores what the server says. A day for rate limits: real ones
// are counted in minutes, and a mistake must heal by itself. Limits are
// renewed monthly or with a contract. Nobody knows for longer than ten minutes
// when an outage will be over.
var patience = map[ai.Kind]time.Duration{
	ai.RateLimited:    24 * time.Hour,
	ai.QuotaExhausted: longestCooldown,
	ai.Overloaded:     10 * time.Minute,
	ai.ServerError:    10 * time.Minute,
	ai.SoftError:      10 * time.Minute,
}

// longestCooldown bounds every cooldown whoever asks for it.
const longestCooldown = 366 * 24 * time.Hour

// Conditions of rows.

func kinds(k ai.Kind) []ai.Kind { return []ai.Kind{k} }

func phase(name string) func(*facts) bool {
	return func(f *facts) bool { return f.Phase == name }
}

func page(f *facts) bool { return f.page }

// inside is true for a status that stands in the body and not in the status
// line. A server that says 408 itself waited for the request; one that is
// quoted waited for its model.
func inside(f *facts) bool { return f.status != f.Status || f.Status < 400 }

// limitScope is true if upstream says how wide its limit is.
func limitScope(names ...string) func(*facts) bool {
	return func(f *facts) bool {
		return slices.Contains(names, strings.ToLower(strings.TrimSpace(f.Header.Get("X-Ratelimit-Scope"))))
	}
}

// modelNamed is true for a limit of one model: a field of the error says so, or
// the headers are those of Anthropic and OpenAI, who count each model apart.
func modelNamed(f *facts) bool {
	return f.Failure.Model || len(f.Header["X-Ratelimit-Limit-Requests"]) > 0 || len(f.Header["X-Ratelimit-Limit-Tokens"]) > 0 ||
		len(f.Header["Anthropic-Ratelimit-Requests-Limit"]) > 0 || len(f.Header["Anthropic-Ratelimit-Tokens-Limit"]) > 0 ||
		len(f.Header["Anthropic-Ratelimit-Input-Tokens-Limit"]) > 0
}

// unifiedRejected is true for a subscription whose five hours or week are used
// up; its credential is the account.
func unifiedRejected(f *facts) bool {
	return f.Header.Get("Anthropic-Ratelimit-Unified-Status") == "rejected" ||
		(f.Header.Get("Anthropic-Ratelimit-Unified-Reset") != "" && f.Header.Get("Anthropic-Ratelimit-Unified-Status") == "")
}
