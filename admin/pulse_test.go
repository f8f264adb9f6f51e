package admin

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

func TestPulse(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 30, 10, 0, time.UTC)
	attempt := func(channel string, after time.Duration, kind ai.Kind) ai.Attempt {
		return ai.Attempt{Target: ai.Target{Channel: channel}, Start: after, Outcome: ai.Outcome{Kind: kind}}
	}
	var p Pulse
	p.Add(&ai.Record{Time: now.Add(-2 * time.Minute), Attempts: []ai.Attempt{
		attempt("a", 0, ai.RateLimited), attempt("b", time.Second, ai.SoftError), attempt("a", time.Minute, ai.OK),
	}})
	p.Add(&ai.Record{Time: now.Add(-70 * time.Minute), Attempts: []ai.Attempt{attempt("a", 0, ai.OK)}})
	p.Add(&ai.Record{Time: now.Add(-59 * time.Minute), Attempts: []ai.Attempt{attempt("b", 0, ai.OK)}})
	p.Add(&ai.Record{Time: now, Attempts: []ai.Attempt{attempt("b", 0, ai.InvalidRequest), attempt("b", 0, ai.ClientGone), attempt("b", 0, ai.Timeout)}})
	for _, c := range []struct {
		channel string
		at      time.Duration
		want    Health
	}{
		{"a", 0, Health{Attempts: 2, OK: 1, Limited: 1, Minutes: []int64{57, 0, 1, 0, 58, 1, 0, 0}}},
		{"b", 0, Health{Attempts: 3, OK: 1, Failed: 2, Minutes: []int64{0, 1, 0, 0, 57, 0, 0, 1, 59, 0, 0, 1}}},
		{"b", time.Minute, Health{Attempts: 2, Failed: 2, Minutes: []int64{56, 0, 0, 1, 58, 0, 0, 1}}},
		{"b", time.Hour, Health{Minutes: []int64{}}},
		{"none", 0, Health{Minutes: []int64{}}},
	} {
		got := p.Of(c.channel, now.Add(c.at))
		if share := got.Success; (share == nil) != (got.Attempts == 0) || share != nil && *share != float64(c.want.OK)/float64(c.want.Attempts) {
			t.Errorf("%s after %s: the share of good answers is %v", c.channel, c.at, share)
		}
		got.Success = nil
		if fmt.Sprint(got) != fmt.Sprint(c.want) || got.Minutes == nil {
			t.Errorf("%s after %s: %+v, want %+v", c.channel, c.at, got, c.want)
		}
	}
	// What ends late does not overwrite a minute that came after it.
	p.Add(&ai.Record{Time: now.Add(-2*time.Minute - time.Hour), Attempts: []ai.Attempt{attempt("a", 0, ai.OK)}})
	if got := p.Of("a", now); !slices.Equal(got.Minutes, []int64{57, 0, 1, 0, 58, 1, 0, 0}) {
		t.Errorf("a late call changed %v", got.Minutes)
	}
}
