package store

import (
	"slices"
	"time"

	"github.com/ccload/ccload/ai"
)

// stretch is a time that is read from the roll-ups of one level.
type stretch struct {
	level       level
	from, until int64
}

// stretches divides the time asked for, so that as few rows as possible are
// read: whole stretches of the widest level that fits the step, the edges from
// finer ones. What is kept of no finer level is widened.
func (q *statsQuery) stretches(now time.Time) []stretch {
	widest := minutely
	for _, l := range levels {
		if q.step%int64(l) == 0 && q.origin%int64(l) == 0 {
			widest = l
		}
	}
	var list []stretch
	for i, finest := range slices.Backward(levels) { // the oldest first
		from, until := keptFrom(finest, now), nanos(lastMoment)
		if i > 0 {
			until = keptFrom(levels[i-1], now)
		}
		from, until = max(from, floor(q.since, finest)), min(until, ceiling(q.until, finest))
		if from < until {
			list = cover(list, i, max(i, slices.Index(levels, widest)), from, until)
		}
	}
	return list
}

// cover appends the stretches between two bounds of the finest level, the
// widest first tried.
func cover(list []stretch, finest, widest int, from, until int64) []stretch {
	l := levels[widest]
	begin, end := ceiling(from, l), floor(until, l)
	if widest == finest {
		return append(list, stretch{l, from, until})
	}
	if begin >= end {
		return cover(list, finest, widest-1, from, until)
	}
	if from < begin {
		list = cover(list, finest, widest-1, from, begin)
	}
	list = append(list, stretch{l, begin, end})
	if end < until {
		list = cover(list, finest, widest-1, end, until)
	}
	return list
}

// ceiling is the first begin of a stretch at a moment or after it.
func ceiling(moment int64, l level) int64 {
	down := floor(moment, l)
	if down == moment || down > nanos(lastMoment)-int64(l) {
		return moment
	}
	return down + int64(l)
}

// fill makes a row of a group's sums.
func (q *statsQuery) fill(key group, s *sums) StatsRow {
	v, n := &key.values, &s.counts
	row := StatsRow{
		Start: q.whole, Channel: v[0], Key: v[1], Model: v[2], Token: v[3], Protocol: v[4], Outcome: v[5],
		Calls: n[countCalls], Attempts: n[countAttempts], FailedOver: n[countFailedOver], Streams: n[countStreams],
		Input: n[countInput], CachedInput: n[countCachedInput], CacheWrite: n[countCacheWrite], Output: n[countOutput],
		Reasoning: n[countReasoning], Cost: ai.Money(n[countCost]), ListCost: ai.Money(n[countListCost]),
		Unpriced: n[countUnpriced], Estimated: n[countEstimated],
		Duration: n[countDuration], FirstContent: n[countFirstContent], FirstContents: n[countFirstContents],
	}
	if q.step > 0 {
		row.Start = time.Unix(0, key.start).UTC()
	}
	if s.duration.Count() > 0 {
		row.DurationQuantiles = &Quantiles{s.duration.Quantile(0.5), s.duration.Quantile(0.95), s.duration.Quantile(0.99)}
	}
	if s.firstContent.Count() > 0 {
		row.FirstContentQuantiles = &Quantiles{s.firstContent.Quantile(0.5), s.firstContent.Quantile(0.95), s.firstContent.Quantile(0.99)}
	}
	return row
}
