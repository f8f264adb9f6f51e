package pricing

import (
	"fmt"
	"strings"
	"time"
)

// window is the hours of a week in which a price holds, in UTC.
type window struct {
	days    [7]bool // by time.Weekday
	minutes [][2]int
	outside bool // it holds in all other hours instead
}

// weekdays by their names in a window.
var weekdays = map[string]time.Weekday{
	"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday,
	"thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday,
}

// parseWindow reads hours in UTC such as
//
//	mon-fri 01:00-04:00 06:00-10:00
//
// "not" before them means all other hours; without days they are every day's.
func parseWindow(s string) (*window, error) {
	words := strings.Fields(strings.ToLower(s))
	if len(words) == 0 {
		return nil, nil //nolint:nilnil // always
	}
	bad := fmt.Errorf("when %q must be hours in UTC, as in mon-fri 01:00-04:00 06:00-10:00, or not and those", s)
	var w window
	if words[0] == "not" {
		w.outside, words = true, words[1:]
	}
	w.days = [7]bool{true, true, true, true, true, true, true}
	if len(words) > 0 && !strings.Contains(words[0], ":") {
		var ok bool
		if w.days, ok = parseDays(words[0]); !ok {
			return nil, bad
		}
		words = words[1:]
	}
	for _, word := range words {
		minutes, ok := parseHours(word)
		if !ok {
			return nil, bad
		}
		w.minutes = append(w.minutes, minutes)
	}
	if len(w.minutes) == 0 {
		return nil, bad
	}
	return &w, nil
}

// parseDays reads a day or a span of days, as in sat or mon-fri.
func parseDays(word string) (days [7]bool, ok bool) {
	from, to, _ := strings.Cut(word, "-")
	first, ok := weekdays[from]
	last, ok2 := weekdays[to]
	if to == "" {
		last, ok2 = first, ok
	}
	if !ok || !ok2 {
		return days, false
	}
	for d := first; ; d = (d + 1) % 7 {
		days[d] = true
		if d == last {
			return days, true
		}
	}
}

// parseHours reads a span of hours, as in 01:00-04:00, as minutes of the day.
func parseHours(word string) (minutes [2]int, ok bool) {
	var h1, m1, h2, m2 int
	if n, err := fmt.Sscanf(word, "%d:%d-%d:%d", &h1, &m1, &h2, &m2); n != 4 || err != nil ||
		h1 < 0 || h1 > 23 || h2 < 0 || h2 > 24 || m1 < 0 || m1 > 59 || m2 < 0 || m2 > 59 {
		return minutes, false
	}
	minutes = [2]int{h1*60 + m1, h2*60 + m2}
	return minutes, minutes[0] < minutes[1] && minutes[1] <= 24*60
}

// contains reports whether a moment is in the window; nil is always.
func (w *window) contains(t time.Time) bool {
	if w == nil {
		return true
	}
	t = t.UTC()
	inside := false
	minute := t.Hour()*60 + t.Minute()
	for _, m := range w.minutes {
		inside = inside || w.days[t.Weekday()] && m[0] <= minute && minute < m[1]
	}
	return inside != w.outside
}
