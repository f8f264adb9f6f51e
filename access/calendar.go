package access

import (
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/ai"
)

// Calendar tells the day of a moment in one zone. It is safe for concurrent
// use; what day it is, is worked out once a day.
type Calendar struct {
	zone  *time.Location
	today atomic.Pointer[span]
}

// span is a day and the moments it lies between.
type span struct {
	day        ai.Day
	start, end int64 // Unix seconds; end is the start of the next day
}

// NewCalendar returns the calendar of a zone.
func NewCalendar(zone *time.Location) *Calendar { return &Calendar{zone: zone} }

// Zone is the calendar's zone.
func (c *Calendar) Zone() *time.Location { return c.zone }

// Day is the day of a moment.
func (c *Calendar) Day(t time.Time) ai.Day {
	now := t.Unix()
	if s := c.today.Load(); s != nil && s.start <= now && now < s.end {
		return s.day
	}
	day := ai.DayOf(t.In(c.zone))
	start := day.Start(c.zone)
	c.today.Store(&span{day: day, start: start.Unix(), end: start.AddDate(0, 0, 1).Unix()})
	return day
}

// Resets is when a limit that holds for a while begins anew: the next day or
// month. It is zero for one that never does.
func (c *Calendar) Resets(l Limit, day ai.Day) time.Time {
	switch l {
	case LimitDay:
		return day.Start(c.zone).AddDate(0, 0, 1)
	case LimitMonth:
		return day.Month().Start(c.zone).AddDate(0, 1, 0)
	}
	return time.Time{}
}
