package control

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/store"
)

// Statistics implements admin.Operator. Calls that have ended are in it, those
// that wait to be written included.
func (s *Service) Statistics(ctx context.Context, q admin.StatisticsQuestion) (*admin.Statistics, error) {
	f := store.StatsFilter{
		Since: q.Since, Until: q.Until, Step: q.Step, Quantiles: q.Quantiles,
		Channel: q.Where["channel"], Key: q.Where["key"], Model: q.Where["model"],
		Token: q.Where["token"], Protocol: q.Where["protocol"], Outcome: q.Where["outcome"],
	}
	if q.Step%(24*time.Hour) == 0 { // days begin where those of budgets do
		y, m, d := q.Since.In(s.gateway.Table().Calendar.Zone()).Date()
		f.Origin = time.Date(y, m, d, 0, 0, 0, 0, s.gateway.Table().Calendar.Zone())
	}
	for _, name := range q.By {
		f.By = append(f.By, store.Dimension(name))
	}
	if err := s.state.Gateway.Ledger.Flush(ctx); err != nil {
		return nil, storeProblem(err)
	}
	rows, err := s.state.Store.Stats(ctx, f)
	if errors.Is(err, store.ErrTooMany) {
		return nil, admin.Problemf(http.StatusBadRequest, admin.CodeTooLarge, "", "%s", err.Error())
	}
	if err != nil {
		return nil, storeProblem(err)
	}
	sums := &admin.Statistics{Since: q.Since, Until: q.Until, Step: q.Step, By: q.By, Rows: make([]admin.StatisticsRow, len(rows))}
	for i := range rows {
		sums.Rows[i] = summary(&rows[i], q.By)
		if q.Step == 0 {
			sums.Rows[i].Start = time.Time{}
		}
	}
	return sums, nil
}

// summary is a row as the API shows it.
func summary(r *store.StatsRow, by []string) admin.StatisticsRow {
	row := admin.StatisticsRow{
		Start: r.Start, Calls: r.Calls, Attempts: r.Attempts, FailedOver: r.FailedOver, Streams: r.Streams,
		Input: r.Input, CachedInput: r.CachedInput, CacheWrite: r.CacheWrite, Output: r.Output, Reasoning: r.Reasoning,
		Cost: r.Cost, ListCost: r.ListCost, Unpriced: r.Unpriced, Estimated: r.Estimated,
	}
	if len(by) > 0 {
		values := map[string]string{
			"channel": r.Channel, "key": r.Key, "model": r.Model, "token": r.Token, "protocol": r.Protocol, "outcome": r.Outcome,
		}
		row.Values = make(map[string]string, len(by))
		for _, name := range by {
			row.Values[name] = values[name]
		}
	}
	if r.Calls > 0 {
		row.MeanDuration = r.Duration * int64(time.Microsecond) / r.Calls
	}
	if r.FirstContents > 0 {
		row.MeanFirst = r.FirstContent * int64(time.Microsecond) / r.FirstContents
	}
	if q := r.DurationQuantiles; q != nil {
		row.DurationP50, row.DurationP95, row.DurationP99 = int64(q.P50), int64(q.P95), int64(q.P99)
	}
	if q := r.FirstContentQuantiles; q != nil {
		row.FirstP50, row.FirstP95, row.FirstP99 = int64(q.P50), int64(q.P95), int64(q.P99)
	}
	return row
}
