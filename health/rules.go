package health

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
)

const (
	maxRules   = 32
	maxPattern = 1024     // characters of a rule's pattern
	maxSearch  = 64 << 10 // bytes of an answer a rule looks at
)

// ruleName begins the Outcome.Rule of a channel's own rules.
const ruleName = "cooldown_rule_"

// RuleSpec is a rule as people write it; see config.CooldownRule for what the
// fields mean to them.
type RuleSpec struct {
	Status []int         // HTTP statuses; empty: any
	Body   string        // RE2 pattern the answer must match; empty: any answer
	Scope  string        // key (default), model or channel
	For    time.Duration // how long it cools down if no reset is captured
	Layout string        // of the captured reset: a Go layout, unix, unix_ms, seconds or time_of_day; default RFC 3339
	Zone   string        // IANA zone of a captured reset without one; default UTC
}

// Rule is a compiled rule. It is never changed and may be shared.
type Rule struct {
	name     string
	status   []int
	body     *regexp.Regexp
	reset    int // index of the group named reset, 0 if there is none
	scope    ai.Scope
	cooldown time.Duration
	layout   string
	zone     *time.Location
}

// ruleScopes are the scopes a rule may name.
var ruleScopes = map[string]ai.Scope{
	"": ai.ScopeKey, "key": ai.ScopeKey, "model": ai.ScopeModel, "channel": ai.ScopeChannel,
}

// CompileRules checks rules and makes them ready. The error says which rule is
// wrong, what is wrong with it and what would be right.
func CompileRules(specs []RuleSpec) ([]Rule, error) {
	if len(specs) > maxRules {
		return nil, fmt.Errorf("%d cooldown rules are too many: at most %d", len(specs), maxRules)
	}
	rules := make([]Rule, len(specs))
	for i := range specs {
		r, err := specs[i].compile()
		if err != nil {
			return nil, fmt.Errorf("cooldown rule %d: %w", i+1, err)
		}
		r.name = ruleName + strconv.Itoa(i+1)
		rules[i] = r
	}
	return rules, nil
}

func (s *RuleSpec) compile() (Rule, error) {
	r := Rule{status: slices.Clone(s.Status), cooldown: s.For, layout: s.Layout, zone: time.UTC}
	for _, code := range s.Status {
		if code < 100 || code > 599 {
			return r, fmt.Errorf("%d is not an HTTP status", code)
		}
	}
	if len(s.Status) == 0 && s.Body == "" {
		return r, errors.New("it would fit every answer: give it a status or a pattern")
	}
	var ok bool
	if r.scope, ok = ruleScopes[s.Scope]; !ok {
		return r, fmt.Errorf("unknown scope %q: use key, model or channel", s.Scope)
	}
	if s.For < 0 || s.For > longestCooldown {
		return r, fmt.Errorf("for %v is out of range: between 0 and 366 days", s.For)
	}
	if s.Body != "" {
		if n := len([]rune(s.Body)); n > maxPattern {
			return r, fmt.Errorf("the pattern has %d characters: at most %d", n, maxPattern)
		}
		pattern, err := regexp.Compile(s.Body)
		if err != nil {
			return r, fmt.Errorf("the pattern is no regular expression (RE2 syntax): %w", err)
		}
		r.body, r.reset = pattern, max(0, pattern.SubexpIndex("reset"))
	}
	switch {
	case r.reset == 0 && s.For == 0:
		return r, errors.New(`it does not say how long to cool down: give it "for" or a group (?P<reset>...) in the pattern`)
	case r.reset == 0 && (s.Layout != "" || s.Zone != ""):
		return r, errors.New("layout and zone need a group (?P<reset>...) in the pattern")
	}
	if s.Zone != "" {
		zone, err := time.LoadLocation(s.Zone)
		if err != nil {
			return r, fmt.Errorf("zone %q is not known on this machine: use an IANA name such as Asia/Shanghai", s.Zone)
		}
		r.zone = zone
	}
	return r, r.checkLayout()
}

// words are layouts that are not Go layouts.
var words = []string{"", "unix", "unix_ms", "seconds", "time_of_day"}

// checkLayout refuses a layout that reads no date: with it nothing would ever
// be captured.
func (r *Rule) checkLayout() error {
	if slices.Contains(words, r.layout) {
		return nil
	}
	sample := time.Date(2031, 11, 28, 21, 43, 57, 0, r.zone)
	back, err := time.ParseInLocation(r.layout, sample.Format(r.layout), r.zone)
	if err != nil || back.Year() != 2031 || back.YearDay() != sample.YearDay() {
		return fmt.Errorf("layout %q is none: use unix, unix_ms, seconds, time_of_day, or a Go layout with a date such as 2006-01-02 15:04:05", r.layout)
	}
	return nil
}

// find matches the rule's pattern with the answer as it came, and if that does
// not fit with the message in it, from which escapes are removed.
func (r *Rule) find(e *Evidence) [][]byte {
	if m := r.body.FindSubmatch(e.Body[:min(len(e.Body), maxSearch)]); m != nil {
		return m
	}
	return r.body.FindSubmatch([]byte(e.Failure.Message))
}

func (r *Rule) fits(f *facts) bool {
	return (len(r.status) == 0 || slices.Contains(r.status, f.Status) || slices.Contains(r.status, f.status)) &&
		(r.body == nil || r.find(f.Evidence) != nil)
}

// outcome is what the rule says about an answer that the table judged as o. The
// table keeps its word on the kind unless it blames the caller: somebody who
// writes a rule knows better.
func (r *Rule) outcome(e *Evidence, o ai.Outcome, now time.Time) ai.Outcome {
	if o.Kind.CallersFault() || o.Scope == ai.ScopeNone {
		o.Kind = ai.RateLimited
	}
	o.Scope, o.Rule, o.Retry, o.Until = r.scope, r.name, !e.Committed, time.Time{}
	if r.reset > 0 {
		o.Until = r.captured(e, now)
	}
	if o.Until.IsZero() && r.cooldown > 0 {
		o.Until, o.Configured = now.Add(r.cooldown), true
	}
	return o
}

// captured reads the captured reset; zero if it is over or cannot be.
func (r *Rule) captured(e *Evidence, now time.Time) time.Time {
	m := r.find(e)
	if m == nil {
		return time.Time{}
	}
	t := r.parse(strings.TrimSpace(string(m[r.reset])), now)
	if !t.After(now) || t.After(now.Add(longestCooldown)) {
		return time.Time{}
	}
	return t
}

func (r *Rule) parse(s string, now time.Time) time.Time {
	switch r.layout {
	case "unix", "unix_ms", "seconds":
		n, err := strconv.ParseFloat(s, 64)
		if err != nil || !(n >= 0 && n <= 1e14) { // not a number is neither
			return time.Time{}
		}
		switch r.layout {
		case "unix":
			return time.UnixMilli(int64(n * 1e3))
		case "unix_ms":
			return time.UnixMilli(int64(n))
		}
		if n > longestCooldown.Seconds() {
			return time.Time{}
		}
		return now.Add(time.Duration(n * float64(time.Second)))
	case "time_of_day":
		return r.timeOfDay(s, now)
	}
	layout := r.layout
	if layout == "" {
		layout = time.RFC3339
	}
	t, err := time.ParseInLocation(layout, s, r.zone)
	if err != nil {
		return time.Time{}
	}
	return t
}

// timeOfDay is the next time the clock shows s in the rule's zone.
func (r *Rule) timeOfDay(s string, now time.Time) time.Time {
	for _, layout := range [...]string{"15:04:05", "15:04", "3:04PM", "3:04 PM", "3PM", "3 PM"} {
		clock, err := time.Parse(layout, strings.ToUpper(s))
		if err != nil {
			continue
		}
		y, m, d := now.In(r.zone).Date()
		t := time.Date(y, m, d, clock.Hour(), clock.Minute(), clock.Second(), 0, r.zone)
		if !t.After(now) {
			t = time.Date(y, m, d+1, clock.Hour(), clock.Minute(), clock.Second(), 0, r.zone)
		}
		return t
	}
	return time.Time{}
}
