package transfer

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ccload/ccload/config"
)

// originalRule is a rule of cooldown_detection_rules.
type originalRule struct {
	Enabled         bool   `json:"enabled"`
	Name            string `json:"name"`
	Priority        int    `json:"priority"`
	StatusCodes     []int  `json:"status_codes"`
	MessagePattern  string `json:"message_pattern"`
	Scope           string `json:"scope"`
	Mode            string `json:"mode"`
	CooldownSeconds int64  `json:"cooldown_seconds"`
	TimeCapture     string `json:"time_capture"`
	TimeFormat      string `json:"time_format"`
	TimeLayout      string `json:"time_layout"`
	Timezone        string `json:"timezone"`
}

// ruleLayouts are our layouts by the original's time_format.
var ruleLayouts = map[string]string{"unix": "unix", "unix_ms": "unix_ms", "duration_seconds": "seconds", "time_of_day": "time_of_day"}

const (
	noteRulesOff    = "cooldown rules that were switched off are left out"
	noteGlobalRules = "the cooldown rules for all channels are written into each that has none of its own"
)

// rulesOf sets the cooldown rules: the channel's own, or those for all.
func (im *importer) rulesOf(o *original, ch *Channel) error {
	text := o.row["cooldown_detection_rules"]
	global := blank(text)
	if global {
		text = im.rules
	}
	if blank(text) {
		return nil
	}
	var all struct {
		Rules []originalRule `json:"rules"`
	}
	if json.Unmarshal([]byte(text), &all) != nil {
		return wrong(o.row, "cooldown_detection_rules", "is no valid JSON of rules")
	}
	slices.SortStableFunc(all.Rules, func(a, b originalRule) int { return cmp.Compare(a.Priority, b.Priority) })
	for i := range all.Rules {
		r := &all.Rules[i]
		if !r.Enabled {
			im.notes.add(ch.Name, noteRulesOff)
			continue
		}
		ours := r.ours()
		if err := ours.Validate(); err != nil {
			im.notes.add(ch.Name, "a cooldown rule is left out: "+err.Error())
			continue
		}
		ch.CooldownRules = append(ch.CooldownRules, ours)
	}
	if global && len(ch.CooldownRules) > 0 {
		im.notes.add("", noteGlobalRules)
	}
	return nil
}

// ours is the rule in our words. Whether it makes sense here is checked after.
func (r *originalRule) ours() config.CooldownRule {
	ours := config.CooldownRule{Status: r.StatusCodes, Body: r.MessagePattern, Scope: r.Scope}
	if r.Mode != "reset_time" {
		// More than the most is that it says so, not that it wraps around.
		ours.For = config.NewDuration(time.Duration(min(max(r.CooldownSeconds, -1), int64(10*config.MaxCooldown/time.Second))) * time.Second)
		return ours
	}
	ours.Body = renameGroup(r.MessagePattern, r.TimeCapture)
	ours.Zone = r.Timezone
	if ours.Layout = ruleLayouts[r.TimeFormat]; ours.Layout == "" {
		ours.Layout = r.TimeLayout
	}
	return ours
}

// renameGroup gives the group that captures the end of a rest the name it has
// here.
func renameGroup(pattern, name string) string {
	if name == "" || name == "reset" {
		return pattern
	}
	group := regexp.MustCompile(`\(\?P?<` + regexp.QuoteMeta(name) + `>`)
	return group.ReplaceAllLiteralString(pattern, "(?P<reset>")
}

// originalRequestRules is custom_request_rules.
type originalRequestRules struct {
	Headers []struct {
		Action string `json:"action"`
		Name   string `json:"name"`
		Value  string `json:"value"`
	} `json:"headers"`
	Body []struct {
		Action string          `json:"action"`
		Path   string          `json:"path"`
		Value  json.RawMessage `json:"value"`
	} `json:"body"`
}

const (
	noteHeaderPart = "removing one part of a header's value has no counterpart and is left out"
	noteHeaderRule = "a rule for a request header is left out: "
	noteBodyRule   = "a rule for the request body is left out: "
	noteAction     = "its action is not known"
)

// requestRules sets what is changed of requests. The original's rules were
// applied one after the other; here the last one for a header or field counts.
func (im *importer) requestRules(o *original, ch *Channel) error {
	text := o.row["custom_request_rules"]
	if blank(text) {
		return nil
	}
	var rules originalRequestRules
	if json.Unmarshal([]byte(text), &rules) != nil {
		return wrong(o.row, "custom_request_rules", "is no valid JSON of rules")
	}
	var ops config.HeaderOps
	for _, r := range rules.Headers {
		one := config.HeaderOps{}
		switch strings.ToLower(r.Action) {
		case "remove":
			one.Delete = []string{r.Name}
		case "override":
			one.Set = map[string][]string{r.Name: {r.Value}}
		case "append":
			one.Add = map[string][]string{r.Name: {r.Value}}
		default:
			im.notes.add(ch.Name, noteHeaderRule+noteAction)
			continue
		}
		if len(one.Delete) > 0 && r.Value != "" {
			im.notes.add(ch.Name, noteHeaderPart)
			continue
		}
		if err := one.Validate(); err != nil {
			im.notes.add(ch.Name, noteHeaderRule+err.Error())
			continue
		}
		mergeHeader(&ops, &one, r.Name)
	}
	if len(ops.Set)+len(ops.Add)+len(ops.Delete) > 0 {
		ch.HeaderUp = &ops
	}
	for _, r := range rules.Body {
		whole := config.Channel{Name: "x", Provider: "x"}
		switch strings.ToLower(r.Action) {
		case "remove":
			whole.BodyRemove = []string{r.Path}
		case "override":
			whole.BodySet = []config.BodyField{{Path: r.Path, Value: r.Value}}
		default:
			im.notes.add(ch.Name, noteBodyRule+noteAction)
			continue
		}
		if err := whole.Validate(); err != nil {
			_, problem, _ := strings.Cut(err.Error(), `channel "x": `)
			im.notes.add(ch.Name, noteBodyRule+problem)
			continue
		}
		ch.BodySet = slices.DeleteFunc(ch.BodySet, func(f config.BodyField) bool { return f.Path == r.Path })
		ch.BodyRemove = slices.DeleteFunc(ch.BodyRemove, func(path string) bool { return path == r.Path })
		ch.BodySet, ch.BodyRemove = append(ch.BodySet, whole.BodySet...), append(ch.BodyRemove, whole.BodyRemove...)
	}
	compactBody(&ch.Channel)
	return nil
}

// mergeHeader adds a rule for one header to those before it.
func mergeHeader(ops, one *config.HeaderOps, name string) {
	same := func(other string) bool { return strings.EqualFold(other, name) }
	if one.Add == nil { // removed or replaced: what was before does not count
		for _, m := range []map[string][]string{ops.Set, ops.Add} {
			for other := range m {
				if same(other) {
					delete(m, other)
				}
			}
		}
		ops.Delete = slices.DeleteFunc(ops.Delete, same)
	}
	ops.Delete = append(ops.Delete, one.Delete...)
	for into, from := range map[*map[string][]string]map[string][]string{&ops.Set: one.Set, &ops.Add: one.Add} {
		for other, values := range from {
			if *into == nil {
				*into = make(map[string][]string)
			}
			(*into)[other] = append((*into)[other], values...)
		}
	}
}
