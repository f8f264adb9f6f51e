package admin

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/ccload/ccload/ai"
)

// ChannelHealth is how a channel did in a range.
type ChannelHealth struct {
	Since time.Time     `json:"since"`   // begin of the range
	Until time.Time     `json:"until"`   // end of the range
	Step  time.Duration `json:"step_ns"` // width of a step of the series

	Calls    int64        `json:"calls"`    // that it served or was the last to fail
	Attempts int64        `json:"attempts"` // that were made on it
	Series   []HealthStep `json:"series"`   // steps that had attempts, the oldest first
	Ended    []EndedAs    `json:"ended"`    // what became of the calls, the most first
}

// HealthStep is what happened on a channel in a step. The first four add up to
// the calls that it served or was the last to fail.
type HealthStep struct {
	Start    time.Time `json:"start"`                          // of the step
	OK       int64     `json:"ok"`                             // calls with a good answer
	Limited  int64     `json:"limited"`                        // calls that ended rate limited, out of quota or overloaded
	Caller   int64     `json:"caller"`                         // the caller's fault, the caller hung up, or an operator ended it
	Failed   int64     `json:"failed"`                         // calls that failed in another way
	PassedOn int64     `json:"passed_on"`                      // attempts after which the call was tried again, here or elsewhere
	Attempts int64     `json:"attempts"`                       // all that were made on it
	FirstP50 int64     `json:"first_content_p50_ns,omitempty"` // of calls that went well
	FirstP95 int64     `json:"first_content_p95_ns,omitempty"` // of calls that went well
	FirstP99 int64     `json:"first_content_p99_ns,omitempty"` // of calls that went well
}

// EndedAs is how many calls ended in one way.
type EndedAs struct {
	Outcome string   `json:"outcome"`  // such as ok or rate_limited
	Class   string   `json:"class"`    // ok, limited, caller or failed
	Calls   int64    `json:"calls"`    // how many
	Share   float64  `json:"share"`    // of all its calls, 0 to 1
	Cost    ai.Money `json:"cost_usd"` // of these calls
}

const classLimited = "limited"

// channelClass says as what a call counts for its channel.
func channelClass(kind ai.Kind) string {
	if limits(kind) {
		return classLimited
	}
	return classOf(kind, false)
}

// limits reports whether an upstream has said that it was too much.
func limits(kind ai.Kind) bool {
	return kind == ai.RateLimited || kind == ai.QuotaExhausted || kind == ai.Overloaded
}

// channelHealth answers how one channel did.
func channelHealth(q *request) (any, error) {
	ask, err := q.span()
	if err != nil {
		return nil, err
	}
	if ask.Step == 0 {
		return nil, invalid("step", "step is missing: the width of a bar, such as 1m")
	}
	name := q.r.PathValue("name")
	if !slices.ContainsFunc(q.op.ChannelConfigs(), func(c ChannelConfig) bool { return c.Name == name }) {
		return nil, Problemf(http.StatusNotFound, CodeNotFound, "", "there is no channel %q", ai.Shorten(name, maxTold))
	}
	ask.Where["channel"] = name
	outcomes, quantiles := ask, ask
	outcomes.By, quantiles.Quantiles = []string{"outcome"}, true
	answers, err := askAll(q.r.Context(), q.op, outcomes, quantiles)
	if err != nil {
		return nil, err
	}
	h := &ChannelHealth{Since: ask.Since, Until: ask.Until, Step: ask.Step, Series: []HealthStep{}, Ended: []EndedAs{}}
	h.fill(answers[0].Rows, answers[1].Rows)
	return h, nil
}

// fill makes the series of sums by outcome and of quantiles.
func (h *ChannelHealth) fill(outcomes, quantiles []StatisticsRow) {
	steps := make(map[int64]*HealthStep)
	step := func(start time.Time) *HealthStep {
		s := steps[start.Unix()]
		if s == nil {
			s = &HealthStep{Start: start}
			steps[start.Unix()] = s
		}
		return s
	}
	ended := make(map[string]*EndedAs)
	for i := range outcomes {
		row := &outcomes[i]
		var kind ai.Kind
		_ = kind.UnmarshalText([]byte(row.Values["outcome"])) // it never fails
		class := channelClass(kind)
		s := step(row.Start)
		s.Attempts += row.Attempts
		s.PassedOn += row.Attempts - min(row.Attempts, row.Calls)
		*map[string]*int64{classOK: &s.OK, classLimited: &s.Limited, classCaller: &s.Caller, classFailed: &s.Failed}[class] += row.Calls
		h.Attempts += row.Attempts
		h.Calls += row.Calls
		if row.Calls == 0 {
			continue // it only tried in vain
		}
		one := ended[row.Values["outcome"]]
		if one == nil {
			one = &EndedAs{Outcome: row.Values["outcome"], Class: class}
			ended[one.Outcome] = one
		}
		one.Calls += row.Calls
		one.Cost += row.Cost
	}
	for i := range quantiles {
		row := &quantiles[i]
		s := step(row.Start)
		s.FirstP50, s.FirstP95, s.FirstP99 = row.FirstP50, row.FirstP95, row.FirstP99
	}
	for _, s := range steps {
		h.Series = append(h.Series, *s)
	}
	slices.SortFunc(h.Series, func(a, b HealthStep) int { return a.Start.Compare(b.Start) })
	for _, one := range ended {
		one.Share = float64(one.Calls) / float64(h.Calls)
		h.Ended = append(h.Ended, *one)
	}
	slices.SortFunc(h.Ended, func(a, b EndedAs) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Outcome, b.Outcome))
	})
}
