package ai

import (
	"fmt"
	"time"
)

// Day is a day of the calendar that budgets are kept by, as the number
// YYYYMMDD. The zero Day is none.
type Day int32

// DayOf is the day of a moment in the moment's own zone.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day(y*10000 + int(m)*100 + d) //nolint:gosec // years have four digits
}

// Month is the first day of d's month.
func (d Day) Month() Day { return d/100*100 + 1 }

// Start is the moment the day begins in a zone.
func (d Day) Start(zone *time.Location) time.Time {
	return time.Date(int(d/10000), time.Month(d/100%100), int(d%100), 0, 0, 0, 0, zone)
}

// String writes YYYY-MM-DD.
func (d Day) String() string { return fmt.Sprintf("%04d-%02d-%02d", d/10000, d/100%100, d%100) }
