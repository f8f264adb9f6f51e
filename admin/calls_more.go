package admin

import (
	"slices"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/pricing"
)

// CallVolume is how many calls there were, for the bars above a list of them.
type CallVolume struct {
	Since  time.Time     `json:"since"`   // begin of the range
	Until  time.Time     `json:"until"`   // end of the range
	Step   time.Duration `json:"step_ns"` // width of a step of the series
	Total  CallClasses   `json:"total"`   // the sum of the range
	Series []CallClasses `json:"series"`  // steps that had calls, the oldest first
}

// CallClasses are numbers of calls that add up to all of them.
type CallClasses struct {
	Start      time.Time `json:"start,omitzero"` // of the step; empty in a sum
	OK         int64     `json:"ok"`             // at the first attempt
	FailedOver int64     `json:"failed_over"`    // ok, after an attempt that was not
	Caller     int64     `json:"caller"`         // the caller's fault, or the caller hung up
	Failed     int64     `json:"failed"`         // no attempt was good, and the caller is not at fault
}

// callVolume counts calls by step and by what became of them.
func callVolume(q *request) (any, error) {
	ask, err := q.span()
	if err != nil {
		return nil, err
	}
	if ask.Step == 0 {
		return nil, invalid("step", "step is missing: the width of a bar, such as 1m")
	}
	if err := q.narrow(&ask); err != nil {
		return nil, err
	}
	class := q.r.URL.Query().Get("class")
	if class != "" && !slices.Contains(classes, class) {
		return nil, invalid("class", "class %q is not known; there are %v", ai.Shorten(class, maxTold), classes)
	}
	ask.By = []string{"outcome"}
	sums, err := q.op.Statistics(q.r.Context(), ask)
	if err != nil {
		return nil, err
	}
	v := CallVolume{Since: ask.Since, Until: ask.Until, Step: ask.Step, Series: []CallClasses{}}
	for i := range sums.Rows {
		row := &sums.Rows[i]
		at := slices.IndexFunc(v.Series, func(s CallClasses) bool { return s.Start.Equal(row.Start) })
		if at < 0 {
			at = len(v.Series)
			v.Series = append(v.Series, CallClasses{Start: row.Start})
		}
		v.Series[at].add(row, class)
		v.Total.add(row, class)
	}
	slices.SortFunc(v.Series, func(a, b CallClasses) int { return a.Start.Compare(b.Start) })
	return v, nil
}

// add counts calls of one outcome; class, unless empty, is the only one that
// counts.
func (c *CallClasses) add(row *StatisticsRow, class string) {
	var kind ai.Kind
	_ = kind.UnmarshalText([]byte(row.Values["outcome"])) // it never fails
	only := func(name string, to *int64, n int64) {
		if class == "" || class == name {
			*to += n
		}
	}
	switch name := classOf(kind, false); name {
	case classOK:
		only(classOK, &c.OK, row.Calls-row.FailedOver)
		only(classFailedOver, &c.FailedOver, row.FailedOver)
	case classCaller:
		only(name, &c.Caller, row.Calls)
	default:
		only(name, &c.Failed, row.Calls)
	}
}

// PricedAttempt is how the cost of an attempt comes about, by the prices that
// are known now for the moment of the call.
type PricedAttempt struct {
	Attempt int            `json:"attempt"`  // its place in the call, from 0
	Model   string         `json:"model"`    // as the upstream names it
	Lines   []pricing.Line `json:"lines"`    // the parts of the price
	List    ai.Money       `json:"list_usd"` // what the lines come to
	Changed bool           `json:"changed"`  // not what was recorded: prices have changed since
}

// callPrice explains the cost of a call.
func callPrice(q *request) (any, error) {
	r, err := q.op.Call(q.r.Context(), q.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	providers := make(map[string]string)
	for _, c := range q.op.ChannelConfigs() {
		providers[c.Name] = c.Provider
	}
	list := []PricedAttempt{}
	for i := range r.Attempts {
		a := &r.Attempts[i]
		if a.Usage.IsZero() {
			continue
		}
		p := q.op.Price(PriceQuestion{Provider: providers[a.Target.Channel], Model: a.Target.Model, At: r.Time, Usage: a.Usage})
		one := PricedAttempt{Attempt: i, Model: a.Target.Model, Lines: p.Lines, List: p.Cost.List, Changed: p.Cost.List != a.Cost.List || p.Cost.Price != a.Cost.Price}
		if one.Lines == nil {
			one.Lines = []pricing.Line{}
		}
		list = append(list, one)
	}
	return list, nil
}
