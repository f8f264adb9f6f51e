package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Bounds of amounts of money.
const (
	MaxBudget         = 1_000_000_000 // US dollars
	MaxCostMultiplier = 1000
	MaxTPM            = 1_000_000_000_000
)

// Budget is how much may be spent, in US dollars. When it is used up, calls are
// refused until it begins anew. What a call costs is known when it has ended;
// while it is under way, what it is expected to cost is set aside.
type Budget struct {
	// Day is the most that may be spent in a day of the app's time zone.
	// Default 0: no limit.
	Day float64 `json:"day,omitempty"`
	// Month is the most that may be spent in a month of the calendar. Default
	// 0: no limit.
	Month float64 `json:"month,omitempty"`
	// Total is the most that may ever be spent. Default 0: no limit.
	Total float64 `json:"total,omitempty"`
}

// ParseBudget adds an amount such as 5/day, 100/month or 500/total.
func (b *Budget) ParseBudget(text string) error {
	amount, period, _ := strings.Cut(text, "/")
	fields := map[string]*float64{"day": &b.Day, "month": &b.Month, "total": &b.Total}
	field, known := fields[period]
	usd, err := ParseUSD(amount)
	switch {
	case !known || err != nil:
		return &Error{Value: quote(text), Problem: "must be US dollars for a period, as in 5/day 100/month 500/total"}
	case *field != 0:
		return &Error{Value: quote(text), Problem: "gives a second amount for the same period: keep one of them"}
	case usd == 0:
		return &Error{Value: quote(text), Problem: "must be more than 0; leave it out for no limit"}
	}
	*field = usd
	return nil
}

// ParseUSD reads an amount of US dollars, with or without a dollar sign.
func ParseUSD(text string) (float64, error) {
	usd, err := strconv.ParseFloat(strings.TrimPrefix(text, "$"), 64)
	if err != nil || !(usd >= 0 && usd <= MaxBudget) {
		return 0, &Error{Value: quote(text), Problem: fmt.Sprintf("must be US dollars, 0 to %d", MaxBudget)}
	}
	return usd, nil
}

func (b Budget) check(field string) *Error {
	for name, usd := range map[string]float64{"day": b.Day, "month": b.Month, "total": b.Total} {
		if !(usd >= 0 && usd <= MaxBudget) {
			return &Error{Field: field, Value: name, Problem: fmt.Sprintf("must be US dollars, 0 to %d", MaxBudget)}
		}
	}
	return nil
}

// Prices is where prices come from beside those that are built in.
type Prices struct {
	// Files hold prices of your own, which go before all others: CSV with a
	// header line, or a JSON array of objects with the same names. Placeholders
	// are replaced.
	Files []string `json:"files,omitempty"`

	// SyncURL is the address of a list of prices in the form of models.dev's
	// api.json. It is fetched from time to time; what differs from a known price
	// counts from that day on. Default: none.
	SyncURL string `json:"sync_url,omitempty"`

	// SyncInterval is how often the list is fetched. Default 6h; at least 1m.
	SyncInterval Duration `json:"sync_interval,omitzero"`
}

// DefaultSyncInterval is how often a list of prices is fetched.
const DefaultSyncInterval = 6 * time.Hour

func (p *Prices) check() *Error {
	if p == nil {
		return nil
	}
	for i, f := range p.Files {
		if f == "" {
			return &Error{Field: "files", Value: "#" + strconv.Itoa(i+1), Problem: "is empty: remove it"}
		}
	}
	if problem := checkClosed("sync_url", "", p.SyncURL); problem != nil {
		return problem
	}
	if p.SyncURL != "" && !HasPlaceholder(p.SyncURL) && !strings.HasPrefix(p.SyncURL, "https://") && !strings.HasPrefix(p.SyncURL, "http://") {
		return &Error{Field: "sync", Value: quote(p.SyncURL), Problem: "must be an http or https address"}
	}
	every := p.SyncInterval
	return checkDuration("sync", &every, time.Minute)
}

func checkZone(field, zone string) *Error {
	if _, err := time.LoadLocation(zone); err != nil {
		return &Error{Field: field, Value: quote(zone), Problem: "must be an IANA time zone, as in Europe/Berlin"}
	}
	return nil
}

// Location is the time zone that budgets' days begin in.
func (a *App) Location() *time.Location {
	zone, err := time.LoadLocation(a.TimeZone)
	if err != nil {
		return time.UTC // Validate has refused it
	}
	return zone
}
