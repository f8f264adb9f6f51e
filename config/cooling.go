package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Bounds of cooldown rules.
const (
	MaxCooldownRules = 32
	MaxRuleBody      = 1024                // characters of a rule's regular expression
	MaxCooldown      = 31 * 24 * time.Hour // a rule's For
)

var (
	ruleScopes  = []string{"key", "model", "channel"}
	ruleLayouts = []string{"unix", "unix_ms", "seconds", "time_of_day"}
)

// resetGroup is the group of a rule's regular expression that captures when the
// cooldown ends.
const resetGroup = "reset"

// CooldownRule recognises an answer and says what cools down for how long.
type CooldownRule struct {
	// Status codes the rule looks at. Default: any.
	Status []int `json:"status,omitempty"`
	// Body is a regular expression (RE2) the answer's text must match, at most
	// 1024 characters. A group named "reset" captures when the cooldown ends.
	Body string `json:"body,omitempty"`
	// Scope is what cools down: key, model or channel. Default key.
	Scope string `json:"scope,omitempty"`
	// For is how long it cools down if no reset is captured. At most 31 days;
	// required where Body has no group named "reset".
	For Duration `json:"for,omitzero"`
	// Layout is the Go time layout of the captured reset, or one of unix,
	// unix_ms, seconds, time_of_day. Default RFC 3339.
	Layout string `json:"layout,omitempty"`
	// Zone is the IANA time zone of a captured reset without one. Default UTC.
	Zone string `json:"zone,omitempty"`
}

// Validate checks that the rule can match something and says for how long.
func (r CooldownRule) Validate() error { return first("", "", r.check()) }

func (r CooldownRule) check() *Error {
	fail := func(problem string) *Error { return &Error{Field: "cooldown_rules", Problem: problem} }
	if len(r.Status) == 0 && r.Body == "" {
		return fail("needs a status or a regular expression: without either it would match every answer")
	}
	for _, s := range r.Status {
		if s < 100 || s > 599 {
			return &Error{Field: "cooldown_rules", Value: "status " + strconv.Itoa(s), Problem: RangeProblem(100, 599)}
		}
	}
	if len(r.Body) > MaxRuleBody {
		return fail(fmt.Sprintf("must have a regular expression of at most %d characters", MaxRuleBody))
	}
	re, err := regexp.Compile(r.Body)
	if err != nil {
		return fail("has no valid regular expression: " + err.Error())
	}
	captures := slices.Contains(re.SubexpNames(), resetGroup)
	switch rest := r.For.Duration; {
	case rest < 0 || rest > MaxCooldown:
		return &Error{Field: "cooldown_rules", Value: "for " + rest.String(), Problem: "must be more than 0 and at most " + MaxCooldown.String()}
	case rest == 0 && !captures:
		return fail(`does not say for how long: write for and a duration, as in for 10m, or capture the end in a group, as in "resets at (?P<reset>.+)"`)
	}
	if p := checkOneOf("cooldown_rules", r.Scope, ruleScopes); p != nil {
		p.Value = "scope " + p.Value
		return p
	}
	if (r.Layout != "" || r.Zone != "") && !captures {
		return fail("has a layout or a zone, but captures no reset: name a group of the regular expression, as in (?P<reset>.+)")
	}
	if !validLayout(r.Layout) {
		return &Error{Field: "cooldown_rules", Value: "layout " + quote(r.Layout), Problem: `must be a time layout of Go such as "2006-01-02 15:04:05", or unix, unix_ms, seconds or time_of_day`}
	}
	if _, err := loadZone(r.Zone); err != nil {
		return &Error{Field: "cooldown_rules", Value: "zone " + quote(r.Zone), Problem: zoneProblem}
	}
	return nil
}

// validLayout reports whether a layout can tell two moments from each other:
// what knows no Go layout, such as YYYY-MM-DD, writes all moments alike.
func validLayout(layout string) bool {
	if layout == "" || slices.Contains(ruleLayouts, layout) {
		return true
	}
	one := time.Date(2021, time.January, 5, 13, 1, 12, 0, time.UTC)
	other := time.Date(2034, time.November, 28, 6, 52, 41, 0, time.UTC)
	text := one.Format(layout)
	if text == other.Format(layout) {
		return false
	}
	_, err := time.Parse(layout, text)
	return err == nil
}

// Bounds of active checks.
const (
	DefaultHealthInterval = 5 * time.Minute
	MinHealthInterval     = 10 * time.Second
)

// HealthCheck is an active check of a channel.
type HealthCheck struct {
	// Interval between checks of one channel. Default 5m; at least 10s.
	Interval Duration `json:"interval,omitzero"`
	// Model to ask, by the name clients use. Default: the first of the
	// channel's that is no pattern.
	Model string `json:"model,omitempty"`
}

// Validate checks interval and model. A nil HealthCheck is none.
func (h *HealthCheck) Validate() error { return first("", "", h.check()) }

func (h *HealthCheck) check() *Error {
	if h == nil {
		return nil
	}
	if p := checkDuration("health_check", &h.Interval, MinHealthInterval); p != nil {
		return p
	}
	if h.Model == "" {
		return nil
	}
	return checkTarget("health_check", "", h.Model)
}

// Every returns the interval with its default applied, and 0 for a nil
// HealthCheck: none.
func (h *HealthCheck) Every() time.Duration {
	switch {
	case h == nil:
		return 0
	case h.Interval.Duration == 0:
		return DefaultHealthInterval
	}
	return h.Interval.Duration
}
