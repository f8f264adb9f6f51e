package config

import (
	"errors"
	"strconv"
	"strings"
	"time"
	// A window in a person's own time must also work where the system has no
	// time zone files, as in Caddy's container image.
	_ "time/tzdata"
)

// Hours is a daily window of time, from its first minute to the first one
// outside again. It follows the wall clock of its zone, also on the days when
// that is changed.
type Hours struct {
	// From is the first minute, HH:MM. A window may cross midnight.
	From string `json:"from"`
	// To is the first minute outside again, HH:MM; 24:00 is midnight. Equal to
	// From: always.
	To string `json:"to"`
	// Zone is an IANA time zone such as Asia/Shanghai. Default UTC.
	Zone string `json:"zone,omitempty"`
}

// ParseHours reads a window such as 08:00-23:00. zone may be empty.
func ParseHours(text, zone string) (*Hours, error) {
	from, to, ok := strings.Cut(text, "-")
	if !ok {
		return nil, &Error{Field: "hours", Value: quote(text), Problem: "must be two times of day, as in 08:00-23:00 Europe/Berlin"}
	}
	h := &Hours{From: strings.TrimSpace(from), To: strings.TrimSpace(to), Zone: zone}
	return h, h.Validate()
}

// Validate checks times and zone.
func (h *Hours) Validate() error { return first("", "", h.check()) }

func (h *Hours) check() *Error {
	if h == nil {
		return nil
	}
	_, p := h.window()
	return p
}

// String writes the window as it is written in a Caddyfile.
func (h *Hours) String() string {
	if h == nil {
		return "always"
	}
	zone := h.Zone
	if zone == "" {
		zone = "UTC"
	}
	return h.From + "-" + h.To + " " + zone
}

// Window reads the times, so that many moments can be compared with them. The
// window of nil Hours is nil: always.
func (h *Hours) Window() (*Window, error) {
	if h == nil {
		return nil, nil
	}
	w, p := h.window()
	return w, first("", "", p)
}

func (h *Hours) window() (*Window, *Error) {
	fail := func(value, problem string) (*Window, *Error) {
		return nil, &Error{Field: "hours", Value: quote(value), Problem: problem}
	}
	from, err := minuteOfDay(h.From)
	if err != nil || from == dayMinutes {
		return fail(h.From, "must be a time of day such as 08:00")
	}
	to, err := minuteOfDay(h.To)
	if err != nil {
		return fail(h.To, "must be a time of day such as 23:00")
	}
	zone, err := loadZone(h.Zone)
	if err != nil {
		return fail(h.Zone, zoneProblem)
	}
	return &Window{from: from, to: to % dayMinutes, zone: zone}, nil
}

// Window is a daily window of time that has been read. A nil Window is always
// open. It is immutable.
type Window struct {
	from, to int // minutes of the day
	zone     *time.Location
}

// Contains reports whether t is within the window.
func (w *Window) Contains(t time.Time) bool {
	if w == nil || w.from == w.to {
		return true
	}
	hour, minute, _ := t.In(w.zone).Clock()
	m := hour*60 + minute
	if w.from < w.to {
		return m >= w.from && m < w.to
	}
	return m >= w.from || m < w.to
}

const dayMinutes = 24 * 60

var errTime = errors.New("no time of day")

// minuteOfDay reads H:MM or HH:MM up to 24:00.
func minuteOfDay(s string) (int, error) {
	hours, minutes, ok := strings.Cut(s, ":")
	if !ok || len(hours) < 1 || len(hours) > 2 || len(minutes) != 2 {
		return 0, errTime
	}
	h, err := strconv.ParseUint(hours, 10, 8)
	if err != nil {
		return 0, errTime
	}
	m, err := strconv.ParseUint(minutes, 10, 8)
	if err != nil || m > 59 || h*60+m > dayMinutes {
		return 0, errTime
	}
	return int(h*60 + m), nil
}

const zoneProblem = "is no time zone: write an IANA name such as Europe/Berlin or UTC"

// loadZone finds a time zone; "" is UTC.
func loadZone(name string) (*time.Location, error) {
	if HasPlaceholder(name) {
		return nil, errTime
	}
	return time.LoadLocation(name)
}

// ParseExpires reads until when something is valid: a day, YYYY-MM-DD, which is
// valid to its end in UTC, or a moment as in RFC 3339. It returns the first
// moment it is no longer valid.
func ParseExpires(s string) (time.Time, error) {
	t, p := parseExpires(s)
	return t, first("", "", p)
}

func parseExpires(s string) (time.Time, *Error) {
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	if moment, err := time.Parse(time.RFC3339, s); err == nil {
		return moment, nil
	}
	return time.Time{}, &Error{Field: "expires", Value: quote(s), Problem: "must be a day such as 2027-01-31 or a moment such as 2027-01-31T18:00:00Z"}
}
