package admin

import (
	"net/http"
	"slices"
	"time"

	"github.com/ccload/ccload/ai"
)

// Burndown is how a budget is spent in its day or month.
type Burndown struct {
	Kind     string         `json:"kind"`                // token or channel
	Name     string         `json:"name"`                // of the token or channel
	Since    time.Time      `json:"since"`               // when it began at 0
	Until    time.Time      `json:"until"`               // when it begins anew
	Spent    ai.Money       `json:"spent_usd"`           // what calls have cost since then
	Limit    ai.Money       `json:"limit_usd,omitempty"` // 0: none
	Reserved ai.Money       `json:"reserved_usd"`        // set aside for calls under way
	Pace     ai.Money       `json:"pace_usd"`            // what it comes to at the end if it goes on as it did
	Step     time.Duration  `json:"step_ns"`             // width of a step
	Steps    []BurndownStep `json:"steps"`               // all until now, the oldest first
}

// BurndownStep is what had been spent when a step ended.
type BurndownStep struct {
	End   time.Time `json:"end"`       // of the step
	Spent ai.Money  `json:"spent_usd"` // from the beginning to the end of the step
}

// burndown answers how one budget is spent.
func burndown(q *request) (any, error) {
	query := q.r.URL.Query()
	kind, name, period := query.Get("kind"), query.Get("name"), query.Get("period")
	if kind == "" {
		kind = "token"
	}
	if kind != "token" && kind != "channel" {
		return nil, invalid("kind", "kind %q: must be token or channel", ai.Shorten(kind, maxTold))
	}
	if own := q.token(); own != "" && (kind != "token" || name != own) {
		return nil, Problemf(http.StatusForbidden, CodeForbidden, "", "a client token may see its own budget only")
	}
	now := serverTime()
	list := q.op.Budgets(now)
	at := slices.IndexFunc(list, func(b Budget) bool { return b.Kind == kind && b.Name == name })
	if at < 0 {
		return nil, Problemf(http.StatusNotFound, CodeNotFound, "name", "there is no %s %q", kind, ai.Shorten(name, maxTold))
	}
	b := Burndown{Kind: kind, Name: name, Reserved: list[at].Reserved}
	var spent Spent
	switch period {
	case "", "day":
		spent, b.Step = list[at].Day, 15*time.Minute
		b.Since = spent.Resets.AddDate(0, 0, -1)
	case "month":
		spent, b.Step = list[at].Month, 6*time.Hour
		b.Since = spent.Resets.AddDate(0, -1, 0)
	default:
		return nil, invalid("period", "period %q: must be day or month", ai.Shorten(period, maxTold))
	}
	b.Until, b.Spent, b.Limit = spent.Resets, spent.Spent, spent.Limit
	sums, err := q.op.Statistics(q.r.Context(), StatisticsQuestion{Since: b.Since, Until: now, Step: b.Step, By: []string{}, Where: map[string]string{kind: name}})
	if err != nil {
		return nil, err
	}
	b.add(sums, now)
	return b, nil
}

// add makes the curve: what calls came to until each step's end.
func (b *Burndown) add(sums *Statistics, now time.Time) {
	b.Steps = []BurndownStep{{End: b.Since}}
	rows := slices.SortedFunc(slices.Values(sums.Rows), func(x, y StatisticsRow) int { return x.Start.Compare(y.Start) })
	spent := ai.Money(0)
	for end := b.Since.Add(b.Step); ; end = end.Add(b.Step) {
		for len(rows) > 0 && rows[0].Start.Before(end) {
			spent += rows[0].Cost
			rows = rows[1:]
		}
		if !end.Before(now) {
			b.Steps = append(b.Steps, BurndownStep{now, spent})
			break
		}
		b.Steps = append(b.Steps, BurndownStep{end, spent})
	}
	b.Pace = b.Spent
	if gone := now.Sub(b.Since); gone > 0 {
		b.Pace = ai.Money(float64(b.Spent) * float64(b.Until.Sub(b.Since)) / float64(gone))
	}
}
