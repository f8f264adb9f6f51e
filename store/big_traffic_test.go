package store_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
)

// bigTraffic makes the calls of a large installation in the order of their
// arrivals: 200 channels, 40 tokens and 60 models, but not each of them with
// each other, for a token has some models it likes and a model some channels
// that have it. That makes some ten thousand groups in statistics.
type bigTraffic struct {
	*traffic
	random *rand.Rand
	start  time.Time
	step   time.Duration
}

const (
	bigChannels, bigTokens, bigModels = 200, 40, 60

	// What occurs once in bigRare calls.
	bigRare        = 10_000
	bigRareChannel = "channel-rare"
	bigRareModel   = "claude-preview"
	bigRareStatus  = 503
)

// newBigTraffic spreads so many calls over bigDays that end now.
func newBigTraffic(rows int, now time.Time) *bigTraffic {
	whole := bigDays * 24 * time.Hour
	return &bigTraffic{
		traffic: newTraffic(bigChannels), random: rand.New(rand.NewPCG(1, 2)),
		start: now.Add(-whole), step: whole / time.Duration(rows),
	}
}

// some draws a number below n, small ones more often.
func (t *bigTraffic) some(n int) int {
	f := t.random.Float64()
	return int(f * f * float64(n))
}

func (t *bigTraffic) next() *ai.Record {
	return t.at(t.start.Add(time.Duration(t.n) * t.step))
}

// at makes the call that arrives at a moment.
func (t *bigTraffic) at(arrival time.Time) *ai.Record {
	r := t.traffic.next()
	r.Time = arrival
	r.ID = fmt.Sprintf("req_%012x%012x", arrival.UnixMilli(), t.random.Uint64()>>16)
	token := t.some(bigTokens)
	model := (token*7 + t.some(6)*5) % bigModels
	channel := (model*3 + t.some(10)*11) % bigChannels
	r.Token = fmt.Sprintf("token-%d", token)
	r.Model = fmt.Sprintf("%s-%d", []string{"claude-sonnet", "gpt-codex", "gemini-pro"}[model%3], model)
	r.Channel = fmt.Sprintf("channel-%d", channel)
	switch t.n % bigRare {
	case 1:
		r.Channel = bigRareChannel
	case 2:
		r.Model = bigRareModel
	case 3:
		r.Outcome, r.Status = ai.Overloaded, bigRareStatus
	default:
		switch t.random.IntN(50) {
		case 0:
			r.Outcome, r.Status = ai.RateLimited, 429
		case 1:
			r.Outcome, r.Status = ai.Timeout, 504
		case 2:
			r.Outcome, r.Status = ai.ClientGone, 499
		}
	}
	r.Duration = time.Duration(1+t.some(60_000)) * time.Millisecond
	r.FirstContent = time.Duration(1+t.some(3000)) * time.Millisecond
	r.UpstreamModel = r.Model
	r.Cost = ai.Cost{Amount: ai.Money(1000 * t.random.IntN(100_000))}
	r.Day = ai.Day(arrival.Year()*10_000 + int(arrival.Month())*100 + arrival.Day())
	key := fmt.Sprintf("k%d", channel*2+t.random.IntN(2))
	for i := range r.Attempts {
		r.Attempts[i].Target.Channel, r.Attempts[i].Target.Model = r.Channel, r.Model
	}
	last := &r.Attempts[len(r.Attempts)-1]
	last.Target.Key, last.Cost = key, r.Cost
	return r
}

func (t *bigTraffic) batch(n int) []*ai.Record {
	batch := make([]*ai.Record, n)
	for i := range batch {
		batch[i] = t.next()
	}
	return batch
}

// now makes calls that arrive at this moment.
func (t *bigTraffic) now(n int) []*ai.Record {
	batch := make([]*ai.Record, n)
	now := time.Now()
	for i := range batch {
		batch[i] = t.at(now.Add(time.Duration(i) * time.Microsecond))
	}
	return batch
}

// bigList is a list of calls to ask for.
type bigList struct {
	name string
	f    store.CallFilter
}

// lists are those that the dashboard asks for, and some that are hard.
func (b *bigStore) lists() []bigList {
	now := time.Now()
	list := []bigList{
		{"newest 50", store.CallFilter{}},
		{"newest 500", store.CallFilter{Limit: store.MaxCalls}},
		{"page after half of them", store.CallFilter{Before: b.callAt(now.Add(-bigDays * 12 * time.Hour))}},
		{"token", store.CallFilter{Token: "token-7"}},
		{"token, page deep inside", store.CallFilter{Token: "token-7", Before: b.callAt(now.Add(-bigDays * 12 * time.Hour))}},
		{"token, two days of it", store.CallFilter{Token: "token-7", Since: now.Add(-96 * time.Hour), Until: now.Add(-48 * time.Hour)}},
		{"channel", store.CallFilter{Channel: "channel-33"}},
		{"channel, rare", store.CallFilter{Channel: bigRareChannel}},
		{"channel, none", store.CallFilter{Channel: "channel-none"}},
		{"model", store.CallFilter{Model: "gpt-codex-7"}},
		{"model, rare", store.CallFilter{Model: bigRareModel}},
		{"model claude-*", store.CallFilter{Model: "claude-*"}},
		{"model claude-*, page deep inside", store.CallFilter{Model: "claude-*", Before: b.callAt(now.Add(-bigDays * 12 * time.Hour))}},
		{"model *-PREVIEW, rare", store.CallFilter{Model: "*-PREVIEW"}},
		{"model nothing-*", store.CallFilter{Model: "nothing-*"}},
		{"token pattern and rare channel pattern", store.CallFilter{Token: "token-*", Channel: "*-rare"}},
		{"outcome timeout", store.CallFilter{Outcome: ai.Timeout.String()}},
		{"outcome of none", store.CallFilter{Outcome: ai.ContentFilter.String()}},
		{"status 200", store.CallFilter{Status: 200}},
		{"status 429", store.CallFilter{Status: 429}},
		{"status 503, rare", store.CallFilter{Status: bigRareStatus}},
		{"status of none", store.CallFilter{Status: 418}},
		{"time range", store.CallFilter{Since: now.Add(-200 * time.Hour), Until: now.Add(-199 * time.Hour)}},
		{"token and channel", store.CallFilter{Token: "token-0", Channel: "channel-15"}},
		{"token and channel that never met", store.CallFilter{Token: "token-0", Channel: "channel-1"}},
		{"token, model and outcome", store.CallFilter{Token: "token-0", Model: "claude-sonnet-0", Outcome: ai.Timeout.String()}},
		{"token and rare status", store.CallFilter{Token: "token-0", Status: bigRareStatus}},
		{"token and model nothing-*", store.CallFilter{Token: "token-0", Model: "nothing-*"}},
		{"token and model pattern that never met", store.CallFilter{Token: "token-0", Model: "gemini-pro-2*"}},
		{"channel and outcome ok", store.CallFilter{Channel: "channel-15", Outcome: ai.OK.String()}},
	}
	return list
}

// callAt is the id of the last call before a moment.
func (b *bigStore) callAt(moment time.Time) string {
	b.Helper()
	list, err := b.Calls(b.Context(), store.CallFilter{Until: moment, Limit: 1})
	if err != nil || len(list) != 1 {
		b.Fatalf("%d calls before %v: %v", len(list), moment, err)
	}
	return list[0].ID
}

// bigQuestion is statistics to ask for.
type bigQuestion struct {
	name string
	f    store.StatsFilter
}

// questions are those that the dashboard asks for.
func (b *bigStore) questions() []bigQuestion {
	now := time.Now()
	hours := func(n int) time.Time { return now.Add(-time.Duration(n) * time.Hour) }
	list := []bigQuestion{
		{"24 h by hour", store.StatsFilter{Since: hours(24), Step: time.Hour}},
		{"24 h by hour, with quantiles", store.StatsFilter{Since: hours(24), Step: time.Hour, Quantiles: true}},
		{"30 days by day", store.StatsFilter{Since: hours(720), Step: 24 * time.Hour}},
		{"30 days by day, elsewhere", store.StatsFilter{
			Since: hours(720), Step: 24 * time.Hour, Origin: time.Date(2026, 1, 1, 5, 30, 0, 0, time.UTC),
		}},
		{"channel over 24 h by hour, with quantiles", store.StatsFilter{Since: hours(24), Step: time.Hour, Channel: "channel-33", Quantiles: true}},
		{"token over 30 days by day", store.StatsFilter{Since: hours(720), Step: 24 * time.Hour, Token: "token-7"}},
		{"token over 7 days by model", store.StatsFilter{Since: hours(168), Token: "token-7", By: []store.Dimension{store.ByModel}}},
	}
	for _, stretch := range []struct {
		name  string
		hours int
	}{{"24 h", 24}, {"7 days", 168}, {"30 days", 720}} {
		for _, by := range []store.Dimension{store.ByChannel, store.ByModel, store.ByToken} {
			list = append(list, bigQuestion{stretch.name + " by " + string(by), store.StatsFilter{Since: hours(stretch.hours), By: []store.Dimension{by}}})
		}
		list = append(list,
			bigQuestion{stretch.name + " by model, with quantiles", store.StatsFilter{
				Since: hours(stretch.hours), By: []store.Dimension{store.ByModel}, Quantiles: true,
			}},
			bigQuestion{stretch.name + " by token and model", store.StatsFilter{
				Since: hours(stretch.hours), By: []store.Dimension{store.ByToken, store.ByModel},
			}},
			bigQuestion{stretch.name + " by everything", store.StatsFilter{Since: hours(stretch.hours), By: store.Dimensions}},
		)
	}
	return list
}

// bigFits says whether a call fits a filter, from its description alone.
func bigFits(r *ai.Record, f store.CallFilter) bool {
	text := func(pattern, s string) bool {
		if !strings.Contains(pattern, "*") {
			return pattern == "" || pattern == s
		}
		return regexp.MustCompile("^(?i:" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + ")$").MatchString(s)
	}
	return text(f.Token, r.Token) && text(f.Channel, r.Channel) && text(f.Model, r.Model) &&
		(f.Outcome == "" || f.Outcome == r.Outcome.String()) && (f.Status == 0 || f.Status == r.Status) &&
		!r.Time.Before(f.Since) && (f.Until.IsZero() || r.Time.Before(f.Until))
}
