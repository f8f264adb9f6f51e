package admin

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/ai"
)

// PulseMinutes is how far back the health of channels is kept by the minute.
const PulseMinutes = 60

// Pulse is how the attempts of the last hour went, by channel and minute, as
// this process has seen them, and before it began as the log of calls has it.
// Statistics count calls by the channel that served them; what failed on a
// channel and was served by another is only here. The zero Pulse is ready. It
// may be used by several goroutines.
type Pulse struct {
	channels sync.Map // name → *channelPulse

	mu       sync.Mutex
	began    atomic.Pointer[time.Time] // when the earliest call that was counted arrived
	restored bool
}

// channelPulse is the hour of one channel.
type channelPulse struct {
	mu      sync.Mutex
	minutes [PulseMinutes]pulseMinute
}

type pulseMinute struct {
	minute              int64 // since 1970; another one than asked for: nothing happened
	ok, limited, failed int64
}

// restorePages bounds what is read of the log of calls, in pages of maxPage.
const restorePages = 10

// restore counts the calls of the log from before this process began, once. Of
// more than 5,000 calls in that hour it counts the newest.
func (p *Pulse) restore(ctx context.Context, source Source, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.restored {
		return nil
	}
	f := CallFilter{Since: now.Add(-PulseMinutes * time.Minute), Until: p.start(now), Limit: maxPage}
	for range restorePages {
		list, err := source.Calls(ctx, f)
		if err != nil {
			return err
		}
		for _, r := range list {
			p.count(r)
		}
		if len(list) < f.Limit {
			break
		}
		f.Before = list[len(list)-1].ID
	}
	p.restored = true
	return nil
}

// start is where this process took over from the log.
func (p *Pulse) start(now time.Time) time.Time {
	if began := p.began.Load(); began != nil {
		return *began
	}
	return now
}

// Add counts the attempts of a call that has ended.
func (p *Pulse) Add(r *ai.Record) {
	for {
		began := p.began.Load()
		if began != nil && !r.Time.Before(*began) || p.began.CompareAndSwap(began, &r.Time) {
			break
		}
	}
	p.count(r)
}

func (p *Pulse) count(r *ai.Record) {
	for i := range r.Attempts {
		a := &r.Attempts[i]
		if a.Outcome.Kind == ai.ClientGone || a.Outcome.Kind == ai.Ended || a.Outcome.Kind.CallersFault() {
			continue // says nothing of the channel
		}
		known, ok := p.channels.Load(a.Target.Channel)
		if !ok {
			known, _ = p.channels.LoadOrStore(a.Target.Channel, new(channelPulse))
		}
		known.(*channelPulse).add(r.Time.Add(a.Start+a.Duration).Unix()/60, a.Outcome.Kind) //nolint:forcetypeassert // nothing else is stored there
	}
}

func (c *channelPulse) add(minute int64, kind ai.Kind) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := &c.minutes[minute%PulseMinutes]
	if m.minute > minute {
		return // a call that took more than an hour
	}
	if m.minute != minute {
		*m = pulseMinute{minute: minute}
	}
	switch kind {
	case ai.OK:
		m.ok++
	default:
		if limits(kind) {
			m.limited++
		} else {
			m.failed++
		}
	}
}

// Health is how the attempts on a channel went within the last hour.
type Health struct {
	Attempts int64 `json:"attempts"` // what the caller did wrong is not counted
	OK       int64 `json:"ok"`       // attempts with a good answer
	Limited  int64 `json:"limited"`  // rate limited, out of quota, overloaded
	Failed   int64 `json:"failed"`   // attempts that failed in another way

	Success *float64 `json:"success,omitempty"` // the part of the attempts with a good answer, 0 to 1; absent where there were none

	// Minutes that had attempts: four numbers each, the minute (0 is the oldest
	// of 60, 59 the one that runs), ok, limited and failed.
	Minutes []int64 `json:"minutes"`
}

// Of returns the last hour of a channel.
func (p *Pulse) Of(channel string, now time.Time) Health {
	h := Health{Minutes: []int64{}}
	known, ok := p.channels.Load(channel)
	if !ok {
		return h
	}
	c := known.(*channelPulse) //nolint:forcetypeassert // nothing else is stored there
	last := now.Unix() / 60
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range int64(PulseMinutes) {
		minute := last - PulseMinutes + 1 + i
		m := c.minutes[minute%PulseMinutes]
		if m.minute != minute {
			continue
		}
		h.Minutes = append(h.Minutes, i, m.ok, m.limited, m.failed)
		h.OK, h.Limited, h.Failed = h.OK+m.ok, h.Limited+m.limited, h.Failed+m.failed
	}
	h.Attempts = h.OK + h.Limited + h.Failed
	h.Success = ratio(h.OK, h.Attempts)
	return h
}
