package storetest

import (
	"errors"
	"strconv"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
)

func (t suite) statsFilters() {
	s := t.opened()
	now := time.Now().Truncate(24 * time.Hour)
	for n, model := range []string{"gpt-5", "gpt-5-mini", "GPT-5", "a_b", "a%b", "axb", "x*", "claude"} {
		r := call(n)
		r.Time, r.Model = now, model
		if n%2 == 1 {
			r.Channel, r.Token, r.Protocol, r.Outcome = "spare", "phone", ai.OpenAI, ai.Timeout
			r.Attempts[0].Target.Channel, r.Attempts[0].Target.Key = "spare", "k2"
		}
		t.write(s, r)
	}
	for range 2 { // pending, then folded
		for _, c := range []struct {
			f    store.StatsFilter
			want int64
		}{
			{store.StatsFilter{}, 8},
			{store.StatsFilter{Model: "gpt-5"}, 1},
			{store.StatsFilter{Model: "gpt-*"}, 3},
			{store.StatsFilter{Model: "*-M*i"}, 1},
			{store.StatsFilter{Model: "*gpt-5*gpt*"}, 0},
			{store.StatsFilter{Model: "a_*"}, 1},
			{store.StatsFilter{Model: "a%*"}, 1},
			{store.StatsFilter{Model: "*"}, 8},
			{store.StatsFilter{Model: "gpt"}, 0},
			{store.StatsFilter{Channel: "spare"}, 4},
			{store.StatsFilter{Channel: "' OR ''='"}, 0},
			{store.StatsFilter{Key: "k2"}, 4},
			{store.StatsFilter{Token: "phone"}, 4},
			{store.StatsFilter{Protocol: "openai"}, 4},
			{store.StatsFilter{Outcome: "timeout"}, 4},
			{store.StatsFilter{Outcome: "ok", Token: "phone"}, 0},
			{store.StatsFilter{Outcome: "ok", Model: "gpt-5", Token: "laptop", Protocol: "anthropic", Key: "k1", Channel: "main"}, 1},
			{store.StatsFilter{Since: now, Until: now.Add(time.Minute)}, 8},
			{store.StatsFilter{Since: now.Add(59 * time.Second)}, 8}, // whole minutes
			{store.StatsFilter{Since: now.Add(time.Minute)}, 0},
			{store.StatsFilter{Until: now}, 0},
			{store.StatsFilter{Since: now, Until: now.Add(-time.Hour)}, 0},
		} {
			rows, err := s.Stats(t.Context(), c.f)
			if err != nil {
				t.Fatal(err)
			}
			var got int64
			for _, row := range rows {
				got += row.Calls
			}
			if got != c.want || len(rows) > 1 || len(rows) == 1 && !rows[0].Start.Equal(c.f.Since) {
				t.Errorf("%+v: %d calls, want %d: %+v", c.f, got, c.want, rows)
			}
		}
		if _, err := s.Prune(t.Context(), time.Time{}, 0, 1); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []store.StatsFilter{
		{Step: time.Second}, {Step: -time.Minute}, {Step: 90 * time.Second}, {By: []store.Dimension{"price; DROP TABLE calls"}},
	} {
		if rows, err := s.Stats(t.Context(), f); err == nil {
			t.Errorf("%+v: %+v", f, rows)
		}
	}
}

func (t suite) statsQuantiles() {
	s := t.opened()
	day := time.Now().UTC().Truncate(24 * time.Hour)
	close := func(got, want time.Duration) bool { return got >= want*97/100 && got <= want*103/100 }
	for n := range 1000 {
		r := call(n)
		r.Time = day.Add(-time.Duration(n) * time.Minute)
		r.Duration = time.Duration(n+1) * 10 * time.Millisecond
		if r.FirstContent = r.Duration / 2; n%2 == 1 {
			r.FirstContent = 0
		}
		failed := call(n + 1000)
		failed.Time, failed.Outcome, failed.Duration, failed.Token = r.Time, ai.Timeout, time.Hour, "slow"
		t.write(s, r, failed)
	}
	for range 2 { // pending, then folded
		rows, err := s.Stats(t.Context(), store.StatsFilter{Quantiles: true, By: []store.Dimension{store.ByToken}})
		if err != nil || len(rows) != 2 || rows[0].DurationQuantiles == nil || rows[0].FirstContentQuantiles == nil {
			t.Fatalf("%+v, %v", rows, err)
		}
		d, first := rows[0].DurationQuantiles, rows[0].FirstContentQuantiles
		if !close(d.P50, 5*time.Second) || !close(d.P95, 9500*time.Millisecond) || !close(d.P99, 9900*time.Millisecond) || !close(first.P50, 2500*time.Millisecond) {
			t.Errorf("%+v, %+v", d, first)
		}
		if rows[1].DurationQuantiles != nil || rows[1].FirstContentQuantiles != nil {
			t.Errorf("of calls that failed: %+v", rows[1])
		}
		if rows, err := s.Stats(t.Context(), store.StatsFilter{}); err != nil || rows[0].DurationQuantiles != nil {
			t.Errorf("nobody asked for quantiles: %+v, %v", rows, err)
		}
		if _, err := s.Prune(t.Context(), time.Time{}, 0, 1); err != nil {
			t.Fatal(err)
		}
	}
}

func (t suite) statsAreLimited() {
	s := t.opened()
	day := time.Now().UTC().Truncate(24 * time.Hour)
	const minutes, each = 1001, 50 // one group more than is allowed, with 50 of one more
	for m := range minutes {
		batch := make([]*ai.Record, each)
		for i := range batch {
			r := call(m*each + i)
			r.Time, r.Token = day.Add(-time.Duration(m)*time.Minute), strconv.Itoa(i)
			batch[i] = r
		}
		t.write(s, batch...)
	}
	f := store.StatsFilter{Step: time.Minute, By: []store.Dimension{store.ByToken}}
	for range 2 { // pending, then folded
		if rows, err := s.Stats(t.Context(), f); !errors.Is(err, store.ErrTooMany) {
			t.Errorf("%d rows, %v", len(rows), err)
		}
		fewer := f
		fewer.Since = day.Add(-999 * time.Minute)
		if rows, err := s.Stats(t.Context(), fewer); err != nil || len(rows) != store.MaxStats {
			t.Errorf("%d rows, %v", len(rows), err)
		}
		if _, err := s.Prune(t.Context(), time.Time{}, 0, 1); err != nil {
			t.Fatal(err)
		}
	}
}
