package admin

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ccload/ccload/ai"
)

// Overview is what the first page of the dashboard shows of a range.
type Overview struct {
	Since time.Time     `json:"since"`   // begin of the range
	Until time.Time     `json:"until"`   // end of the range
	Step  time.Duration `json:"step_ns"` // width of a step of the series

	Total OverviewStep `json:"total"` // the sum of the range
	Calls int64        `json:"calls"` // all that have ended in the range
	// ErrorShare is the part of the calls, 0 to 1, that failed by no fault of the
	// caller; absent where there were no calls.
	ErrorShare *float64 `json:"error_share,omitempty"`
	// SavedShare is the part of the calls, 0 to 1, that went well only after an
	// attempt that did not; absent where there were no calls.
	SavedShare *float64 `json:"saved_share,omitempty"`
	// CallsPerSecond is how many calls ended each second of the range, or of the
	// part of it that is over, a minute at least.
	CallsPerSecond float64 `json:"calls_per_second"`
	// OutputPerSecond is the same of tokens of answers.
	OutputPerSecond float64        `json:"output_tokens_per_second"`
	Series          []OverviewStep `json:"series"` // steps that had calls, the oldest first

	CostToday  ai.Money `json:"cost_today_usd"`            // by the day of budgets
	LimitToday ai.Money `json:"limit_today_usd,omitempty"` // what all channels together may cost; 0: not all are limited

	Channels []OverviewChannel `json:"channels"` // in the order of the config
}

// OverviewStep is what the calls of some time came to. The first four add up to
// all of them.
type OverviewStep struct {
	Start      time.Time `json:"start,omitzero"`                 // of the step; empty in a sum
	OK         int64     `json:"ok"`                             // at the first attempt
	FailedOver int64     `json:"failed_over"`                    // ok, after an attempt that was not: what the gateway saved
	Caller     int64     `json:"caller"`                         // the caller's fault, the caller hung up, or an operator ended it
	Failed     int64     `json:"failed"`                         // no attempt was good, and the caller is not at fault
	Output     int64     `json:"output_tokens"`                  // tokens of answers
	Cost       ai.Money  `json:"cost_usd"`                       // of all calls
	FirstP50   int64     `json:"first_content_p50_ns,omitempty"` // of calls that went well
	FirstP95   int64     `json:"first_content_p95_ns,omitempty"` // of calls that went well
	FirstP99   int64     `json:"first_content_p99_ns,omitempty"` // of calls that went well
}

// OverviewChannel is a channel's part in it.
type OverviewChannel struct {
	Name   string `json:"name"`   // of the channel
	Served int64  `json:"served"` // calls of the range that it answered or was the last to fail
	// Share is the part of the range's calls that it served, 0 to 1, of those
	// that reached a channel; absent where none did.
	Share *float64 `json:"share,omitempty"`
	// ExpectedShare is the part of calls that would go to it first, 0 to 1, by
	// the priorities, weights, limits and cooldowns of this moment, if what is
	// asked for is as it was in the last hour, or in the last day where that had
	// no calls. Absent where there were none, or where the policy goes by speed or
	// sites choose differently, so that nobody can say.
	ExpectedShare *float64 `json:"expected_share,omitempty"`
	FirstP95      int64    `json:"first_content_p95_ns,omitempty"` // of the range
	// Speed is the output tokens per second that its calls took, from their
	// arrival to their end; 0 where nothing is known.
	Speed      float64  `json:"tokens_per_second,omitempty"`
	CostToday  ai.Money `json:"cost_today_usd"`            // by the day of budgets
	LimitToday ai.Money `json:"limit_today_usd,omitempty"` // what it may cost; 0: no limit
	Hour       Health   `json:"hour"`                      // the last hour, whatever the range
}

// overview answers in one question what would take the page six.
func overview(q *request) (any, error) {
	ask, err := q.span()
	if err != nil {
		return nil, err
	}
	if ask.Step == 0 {
		return nil, invalid("step", "step is missing: the width of a bar, such as 1m")
	}
	o := &Overview{Since: ask.Since, Until: ask.Until, Step: ask.Step}
	if err := o.sums(q.r.Context(), q.op, ask); err != nil {
		return nil, err
	}
	o.rates(serverTime())
	return o, o.addChannels(q, ask)
}

// rates works out what the range came to.
func (o *Overview) rates(now time.Time) {
	t := &o.Total
	o.Calls = t.OK + t.FailedOver + t.Caller + t.Failed
	o.ErrorShare, o.SavedShare = ratio(t.Failed, o.Calls), ratio(t.FailedOver, o.Calls)
	end := o.Until
	if now.Before(end) {
		end = now
	}
	seconds := max(time.Minute, end.Sub(o.Since)).Seconds()
	o.CallsPerSecond, o.OutputPerSecond = float64(o.Calls)/seconds, float64(t.Output)/seconds
}

// sums asks for the series, and for the quantiles, which no sum of sums gives.
func (o *Overview) sums(ctx context.Context, op Operator, ask StatisticsQuestion) error {
	outcomes, quantiles, whole := ask, ask, ask
	outcomes.By = []string{"outcome"}
	quantiles.Quantiles = true
	whole.Quantiles, whole.Step = true, 0
	answers, err := askAll(ctx, op, outcomes, quantiles, whole)
	if err != nil {
		return err
	}
	steps := make(map[int64]*OverviewStep)
	step := func(start time.Time) *OverviewStep {
		s := steps[start.Unix()]
		if s == nil {
			s = &OverviewStep{Start: start}
			steps[start.Unix()] = s
		}
		return s
	}
	for i := range answers[0].Rows {
		row := &answers[0].Rows[i]
		step(row.Start).add(row)
		o.Total.add(row)
	}
	for i := range answers[1].Rows {
		step(answers[1].Rows[i].Start).first(&answers[1].Rows[i])
	}
	for i := range answers[2].Rows {
		o.Total.first(&answers[2].Rows[i])
	}
	o.Series = make([]OverviewStep, 0, len(steps))
	for _, s := range steps {
		o.Series = append(o.Series, *s)
	}
	slices.SortFunc(o.Series, func(a, b OverviewStep) int { return a.Start.Compare(b.Start) })
	return nil
}

func (s *OverviewStep) add(row *StatisticsRow) {
	var kind ai.Kind
	_ = kind.UnmarshalText([]byte(row.Values["outcome"])) // it never fails
	switch classOf(kind, false) {
	case classOK:
		s.OK += row.Calls - row.FailedOver
		s.FailedOver += row.FailedOver
	case classCaller:
		s.Caller += row.Calls
	default:
		s.Failed += row.Calls
	}
	s.Output += row.Output
	s.Cost += row.Cost
}

func (s *OverviewStep) first(row *StatisticsRow) {
	s.FirstP50, s.FirstP95, s.FirstP99 = row.FirstP50, row.FirstP95, row.FirstP99
}

// addChannels tells each channel's part.
func (o *Overview) addChannels(q *request, ask StatisticsQuestion) error {
	ctx, now := q.r.Context(), serverTime()
	ask.Step, ask.By, ask.Quantiles = 0, []string{"channel"}, true
	served, err := q.op.Statistics(ctx, ask)
	if err != nil {
		return err
	}
	rows := make(map[string]*StatisticsRow, len(served.Rows))
	for i := range served.Rows {
		rows[served.Rows[i].Values["channel"]] = &served.Rows[i]
	}
	budgets := make(map[string]Spent)
	for _, b := range q.op.Budgets(now) {
		if b.Kind == "channel" {
			budgets[b.Name] = b.Day
			o.CostToday += b.Day.Spent
		}
	}
	pulse := &q.op.Shared().Pulse
	if err := pulse.restore(ctx, q.op, now); err != nil {
		return err
	}
	reached := int64(0)
	for name, row := range rows {
		if name != "" {
			reached += row.Calls
		}
	}
	expected, err := expectedShares(ctx, q.op, now)
	if err != nil {
		return err
	}
	limited := true
	channels := q.op.Channels(now)
	o.Channels = make([]OverviewChannel, len(channels))
	for i := range channels {
		c := OverviewChannel{Name: channels[i].Name, Hour: pulse.Of(channels[i].Name, now)}
		if row := rows[c.Name]; row != nil {
			c.Served, c.FirstP95, c.Speed = row.Calls, row.FirstP95, row.speed()
		}
		c.Share = ratio(c.Served, reached)
		if expected != nil {
			share := expected[c.Name]
			c.ExpectedShare = &share
		}
		day := budgets[c.Name]
		c.CostToday, c.LimitToday = day.Spent, day.Limit
		o.LimitToday += day.Limit
		limited = limited && (day.Limit > 0 || channels[i].State == ai.Disabled)
		o.Channels[i] = c
	}
	if !limited {
		o.LimitToday = 0
	}
	return nil
}

// ratio is a part of a whole, nil of nothing.
func ratio(part, whole int64) *float64 {
	if whole == 0 {
		return nil
	}
	share := float64(part) / float64(whole)
	return &share
}

// expectedShares tells where calls would go first, by what was asked for lately;
// nil where nobody can say.
func expectedShares(ctx context.Context, op Operator, now time.Time) (map[string]float64, error) {
	for _, back := range []time.Duration{time.Hour, 24 * time.Hour} {
		sums, err := op.Statistics(ctx, StatisticsQuestion{Since: now.Add(-back), Until: now, By: []string{"model", "protocol"}, Where: map[string]string{}})
		if err != nil {
			return nil, err
		}
		if len(sums.Rows) == 0 {
			continue
		}
		asked := make([]Asked, len(sums.Rows))
		for i := range sums.Rows {
			row := &sums.Rows[i]
			asked[i] = Asked{row.Values["model"], ai.Protocol(row.Values["protocol"]), row.Calls}
		}
		slices.SortFunc(asked, func(a, b Asked) int { return cmp.Compare(b.Calls, a.Calls) })
		return op.ExpectedShares(asked[:min(len(asked), maxAsked)]), nil
	}
	return nil, nil
}

// maxAsked is how many kinds of calls, the commonest, expected shares are made of.
const maxAsked = 300

// speed is the output tokens per second that the calls took. Where an answer
// comes whole, its first content is its last: it says nothing of the speed.
func (r *StatisticsRow) speed() float64 {
	took := time.Duration(r.Calls * r.MeanDuration)
	if took <= 0 {
		return 0
	}
	return float64(r.Output) / took.Seconds()
}

// askAll asks several questions at the same time.
func askAll(ctx context.Context, op Operator, questions ...StatisticsQuestion) ([]*Statistics, error) {
	answers, errs := make([]*Statistics, len(questions)), make([]error, len(questions))
	var all sync.WaitGroup
	for i := range questions {
		all.Go(func() { answers[i], errs[i] = op.Statistics(ctx, questions[i]) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return answers, nil
}
