package health

import (
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

func TestRulesThatAreWrongSaySo(t *testing.T) {
	many := make([]RuleSpec, 33)
	for _, c := range []struct {
		specs []RuleSpec
		want  string
	}{
		{many, "33 cooldown rules are too many: at most 32"},
		{[]RuleSpec{{For: time.Second}}, "cooldown rule 1: it would fit every answer: give it a status or a pattern"},
		{[]RuleSpec{{Status: []int{429}, For: time.Second}, {Status: []int{4290}, For: time.Second}}, "cooldown rule 2: 4290 is not an HTTP status"},
		{[]RuleSpec{{Status: []int{429}, Scope: "url", For: time.Second}}, `cooldown rule 1: unknown scope "url": use key, model or channel`},
		{[]RuleSpec{{Status: []int{429}}}, `cooldown rule 1: it does not say how long to cool down: give it "for" or a group (?P<reset>...) in the pattern`},
		{[]RuleSpec{{Body: "("}}, "cooldown rule 1: the pattern is no regular expression (RE2 syntax): error parsing regexp: missing closing ): `(`"},
		{[]RuleSpec{{Body: strings.Repeat("é", 1025)}}, "cooldown rule 1: the pattern has 1025 characters: at most 1024"},
		{[]RuleSpec{{Body: "x", For: -1}}, "cooldown rule 1: for -1ns is out of range: between 0 and 366 days"},
		{[]RuleSpec{{Body: "x", For: 367 * 24 * time.Hour}}, "cooldown rule 1: for 8808h0m0s is out of range: between 0 and 366 days"},
		{[]RuleSpec{{Body: "x", For: time.Second, Layout: "unix"}}, "cooldown rule 1: layout and zone need a group (?P<reset>...) in the pattern"},
		{[]RuleSpec{{Body: "(?P<reset>.*)", Zone: "Mars/Olympus"}}, `cooldown rule 1: zone "Mars/Olympus" is not known on this machine: use an IANA name such as Asia/Shanghai`},
		{[]RuleSpec{{Body: "(?P<reset>.*)", Layout: "YYYY-MM-DD"}}, `cooldown rule 1: layout "YYYY-MM-DD" is none: use unix, unix_ms, seconds, time_of_day, or a Go layout with a date such as 2006-01-02 15:04:05`},
	} {
		if _, err := CompileRules(c.specs); err == nil || err.Error() != c.want {
			t.Errorf("%+v:\n got %v\nwant %s", c.specs, err, c.want)
		}
	}
}

func TestRulesDecideBeforeTheTable(t *testing.T) {
	for _, c := range []struct {
		name   string
		spec   RuleSpec
		status int
		body   string
		want   string
		until  string
	}{
		{"fixed", RuleSpec{Status: []int{403}, For: time.Minute}, 403, `{}`, "auth key cooldown_rule_1", "2026-11-23T12:01:00Z"},
		{"scope", RuleSpec{Status: []int{500}, Scope: "channel", For: time.Minute}, 500, `{}`, "server channel cooldown_rule_1", "2026-11-23T12:01:00Z"},
		{"model", RuleSpec{Status: []int{500}, Scope: "model", For: time.Minute}, 500, `{}`, "server model cooldown_rule_1", "2026-11-23T12:01:00Z"},
		{"a caller's fault that is none", RuleSpec{Body: "come back", For: time.Minute}, 400, `{"error":{"message":"come back"}}`, "rate_limited key cooldown_rule_1", "2026-11-23T12:01:00Z"},
		{"status and body", RuleSpec{Status: []int{429}, Body: "x", For: time.Minute}, 429, `{}`, "rate_limited key status_429", ""},
		{"soft error", RuleSpec{Status: []int{200}, Body: "busy", For: time.Minute}, 200, `{"error":{"message":"busy"}}`, "soft_error key cooldown_rule_1", "2026-11-23T12:01:00Z"},
		{"status inside", RuleSpec{Status: []int{429}, For: time.Minute}, 200, `{"error":{"code":429}}`, "rate_limited key cooldown_rule_1", "2026-11-23T12:01:00Z"},
		{"date", RuleSpec{Body: `resets at (?P<reset>[0-9: -]+)`, Layout: time.DateTime, Zone: "Asia/Shanghai"}, 429, `{"error":{"message":"resets at 2026-11-23 21:00:00"}}`, "rate_limited key cooldown_rule_1", "2026-11-23T13:00:00Z"},
		{"date in UTC", RuleSpec{Body: `resets at (?P<reset>[0-9: -]+)`, Layout: time.DateTime}, 429, `{"error":{"message":"resets at 2026-11-23 21:00:00"}}`, "rate_limited key cooldown_rule_1", "2026-11-23T21:00:00Z"},
		{"RFC 3339", RuleSpec{Body: `until (?P<reset>\S+)"`}, 429, `{"m":"until 2026-11-23T12:09:00Z"}`, "rate_limited key cooldown_rule_1", "2026-11-23T12:09:00Z"},
		{"unix", RuleSpec{Body: `(?P<reset>\d+)`, Layout: "unix"}, 429, `{"m":1795453200}`, "rate_limited key cooldown_rule_1", "2026-11-23T17:00:00Z"},
		{"unix_ms", RuleSpec{Body: `(?P<reset>\d+)`, Layout: "unix_ms"}, 429, `{"m":1795453200000}`, "rate_limited key cooldown_rule_1", "2026-11-23T17:00:00Z"},
		{"seconds", RuleSpec{Body: `(?P<reset>[0-9.]+)`, Layout: "seconds"}, 429, `{"m":1.5}`, "rate_limited key cooldown_rule_1", "2026-11-23T12:00:01.5Z"},
		{"time of day", RuleSpec{Body: `at (?P<reset>\w+)`, Layout: "time_of_day"}, 429, `at 3pm`, "rate_limited key cooldown_rule_1", "2026-11-23T15:00:00Z"},
		{"time of day tomorrow", RuleSpec{Body: `at (?P<reset>[0-9:]+)`, Layout: "time_of_day", Zone: "Asia/Shanghai"}, 429, `at 08:30`, "rate_limited key cooldown_rule_1", "2026-11-24T00:30:00Z"},
		{"a reset that is over falls back", RuleSpec{Body: `(?P<reset>\d+)`, Layout: "unix", For: time.Minute}, 429, `{"m":1}`, "rate_limited key cooldown_rule_1", "2026-11-23T12:01:00Z"},
		{"a reset that is over backs off", RuleSpec{Body: `(?P<reset>\d+)`, Layout: "unix"}, 429, `{"m":1}`, "rate_limited key cooldown_rule_1", ""},
		{"a reset years away is a mistake", RuleSpec{Body: `(?P<reset>\d+)`, Layout: "seconds"}, 429, `99999999`, "rate_limited key cooldown_rule_1", ""},
		{"escaped text", RuleSpec{Body: `额度`, For: time.Minute}, 429, `{"error":{"message":"\u989d\u5ea6"}}`, "rate_limited key cooldown_rule_1", "2026-11-23T12:01:00Z"},
	} {
		rules, err := CompileRules([]RuleSpec{c.spec})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		o := Classify(answer(c.status, c.body), rules, noon)
		if got := judged(o) + " " + o.Rule; got != c.want || !o.Until.Equal(at(c.until)) {
			t.Errorf("%s: %s until %v, want %s until %s", c.name, got, o.Until, c.want, c.until)
		}
	}
}

func TestFirstRuleWins(t *testing.T) {
	rules, err := CompileRules([]RuleSpec{
		{Status: []int{500}, For: time.Hour}, {Status: []int{429}, Scope: "model", For: time.Minute}, {Status: []int{429}, For: time.Hour},
	})
	if err != nil {
		t.Fatal(err)
	}
	if o := Classify(answer(429, ""), rules, noon); o.Rule != "cooldown_rule_2" || o.Scope != ai.ScopeModel || o.Until.Sub(noon) != time.Minute {
		t.Errorf("%+v", o)
	}
}

// Rules are about answers. Without one, and for a client that hung up, they
// have no say.
func TestRulesNeedAnAnswer(t *testing.T) {
	rules, err := CompileRules([]RuleSpec{{Body: `.*`, For: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []Evidence{{Kind: ai.NetworkError}, {Kind: ai.ClientGone, Status: 200}, {Kind: ai.OK, Status: 200}} {
		if o := Classify(&e, rules, noon); strings.HasPrefix(o.Rule, "cooldown") {
			t.Errorf("%v: %s", e.Kind, o.Rule)
		}
	}
	if o := Classify(&Evidence{Status: 429, Committed: true}, rules, noon); o.Retry {
		t.Error("retry after commit")
	}
}
