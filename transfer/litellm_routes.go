package transfer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/provider"
)

// litellmNames are what the models of a file are called here.
type litellmNames struct {
	fallbacks map[string]*litellmFallback // by the name that clients ask for
	order     []string
	renamed   map[string]string // names whose deployments are asked for by another one, below an alias
	groups    map[string]bool
	wanted    map[string][]string // names below a prefix that are asked for somewhere
}

type litellmFallback struct {
	line   int
	from   string
	models []string
}

// pattern checks a deployment whose name stands for many models: LiteLLM puts
// what the * stands for into the model's name.
func (d *deployment) pattern() (problem string) {
	wild, upstream := strings.Contains(d.group, "*"), strings.Contains(d.upstream, "*")
	switch {
	case !wild && !upstream:
		return ""
	case !wild:
		return "the name of one model cannot stand for a pattern upstream"
	case upstream && (d.group == "*" || d.group == d.upstream):
		return ""
	case strings.HasSuffix(d.group, "/*") && strings.Count(d.group, "*") == 1 && d.upstream == "*":
		return ""
	}
	return "a pattern with another name upstream has no counterpart: name its models"
}

// prefix is what stands before the * of a name such as anthropic/*, whose
// models may be asked for without it here.
func (d *deployment) prefix() (string, bool) {
	if d.group == "*" || d.group == d.upstream {
		return "", false
	}
	return strings.CutSuffix(d.group, "*")
}

// client is the name by which a deployment is asked for here.
func (n *litellmNames) client(d *deployment) string {
	if other, renamed := n.renamed[d.group]; renamed {
		return other
	}
	return d.group
}

// serve lets a channel serve a deployment. It reports whether it can beside
// what it serves already.
func (l *litellm) serve(c *litellmChannel, d *deployment) bool {
	prefix, below := d.prefix()
	switch {
	case d.group == "*":
		return mapModel(&c.Channel, d.upstream, d.upstream)
	case !below:
		return mapModel(&c.Channel, l.names.client(d), d.upstream)
	}
	if !mapModel(&c.Channel, d.group, "*") {
		return false
	}
	models := []string{"*"}
	if p, known := provider.Get(c.Provider); known {
		models = p.Models
	}
	for _, model := range models {
		if !slices.Contains(c.Models, model) {
			c.Models = append(c.Models, model)
		}
	}
	for _, name := range l.names.wanted[d.group] {
		mapModel(&c.Channel, name, strings.TrimPrefix(name, prefix))
	}
	d.notes = append(d.notes, fmt.Sprintf("clients ask for its models with or without %s before the name", prefix))
	return true
}

// routes reads fallbacks, and what they need of names.
func (l *litellm) routes(root *node) *litellmNames {
	n := &litellmNames{
		fallbacks: make(map[string]*litellmFallback), renamed: make(map[string]string), groups: make(map[string]bool), wanted: make(map[string][]string),
	}
	for _, d := range l.deployments {
		n.groups[d.group] = true
	}
	for _, section := range []string{"litellm_settings", "router_settings"} {
		for i, item := range root.get(section).get("fallbacks").list() {
			for _, f := range item.object() {
				l.fallback(n, f, path(section+".fallbacks", i, f.name))
			}
		}
	}
	for _, section := range []string{"litellm_settings", "router_settings"} {
		usual := root.get(section).get("default_fallbacks")
		for _, d := range l.deployments {
			if usual.set() && n.fallbacks[d.group] == nil && !slices.Contains(usual.strs(), d.group) && !strings.Contains(d.group, "*") {
				l.fallback(n, nodeField{d.group, usual}, section+".default_fallbacks "+told(d.group))
			}
		}
	}
	for _, group := range n.order {
		n.renamed[group] = l.primary(n, group)
	}
	return n
}

func (l *litellm) fallback(n *litellmNames, f nodeField, from string) {
	line := f.value.at()
	if !n.groups[f.name] || strings.Contains(f.name, "*") {
		l.lost(line, from, "no model of this name is in model_list")
		return
	}
	if n.fallbacks[f.name] != nil {
		l.lost(line, from, "the model has fallbacks already")
		return
	}
	fb := &litellmFallback{line: line, from: from}
	for _, name := range f.value.strs() {
		switch {
		case name == f.name:
		case n.groups[name] || n.want(l.deployments, name):
			if !slices.Contains(fb.models, name) {
				fb.models = append(fb.models, name)
			}
		default:
			l.lost(line, from, "no model "+told(name)+" is in model_list")
		}
	}
	if len(fb.models) > 0 {
		n.fallbacks[f.name] = fb
		n.order = append(n.order, f.name)
	}
}

// want notes that a name below a prefix is asked for, so that the channel of
// the prefix serves it. It reports whether there is one.
func (n *litellmNames) want(all []*deployment, name string) bool {
	found := false
	for _, d := range all {
		prefix, below := d.prefix()
		if d.group == "*" || below && strings.HasPrefix(name, prefix) && len(name) > len(prefix) {
			if below && !slices.Contains(n.wanted[d.group], name) {
				n.wanted[d.group] = append(n.wanted[d.group], name)
			}
			found = true
		}
	}
	return found
}

// primary is the name by which the deployments of a group with fallbacks are
// asked for below its alias: that of their model, if it is free.
func (l *litellm) primary(n *litellmNames, group string) string {
	upstream := ""
	for _, d := range l.deployments {
		switch {
		case d.group != group:
		case upstream == "" || upstream == d.upstream:
			upstream = d.upstream
		default:
			return group + "-primary"
		}
	}
	taken := upstream == group || n.groups[upstream]
	for _, other := range n.renamed {
		taken = taken || other == upstream
	}
	if taken {
		return group + "-primary"
	}
	return upstream
}

// aliases makes an alias of every fallback.
func (l *litellm) aliases() {
	for _, group := range l.names.order {
		f := l.names.fallbacks[group]
		a := config.Alias{Name: group, Models: []string{l.names.renamed[group]}}
		for _, model := range f.models {
			if other, renamed := l.names.renamed[model]; renamed {
				model = other
			}
			if !slices.Contains(a.Models, model) {
				a.Models = append(a.Models, model)
			}
		}
		l.addAlias(f.line, f.from, a)
	}
}

// addAlias takes an alias and tells of it.
func (m *mover) addAlias(line int, from string, a config.Alias) {
	before := len(m.file.Problems)
	m.alias(line, a)
	if len(m.file.Problems) > before {
		m.lost(line, from, m.file.Problems[len(m.file.Problems)-1].Message)
		return
	}
	m.becomes(line, from, fmt.Sprintf("alias %s of %s", told(a.Name), strings.Join(a.Models, ", ")))
}

// litellmElsewhere says where a setting of LiteLLM is to be found here.
var litellmElsewhere = map[string]string{
	"master_key":               "make tokens for clients: caddy ccload token create",
	"database_url":             "keys and users in LiteLLM's database are not in this file; make tokens here",
	"routing_strategy":         "lb_policy of the ccload directive: priority, weighted, latency or affinity",
	"num_retries":              "max_attempts of the ccload directive",
	"timeout":                  "total_timeout of the ccload directive",
	"request_timeout":          "total_timeout of the ccload directive",
	"stream_timeout":           "first_content_timeout of the ccload directive",
	"allowed_fails":            "how long a target cools down follows from its answers; cooldown_rule in a channel changes it",
	"cooldown_time":            "how long a target cools down follows from its answers; cooldown_rule in a channel changes it",
	"drop_params":              "hints that the other format cannot express are dropped anyway",
	"context_window_fallbacks": "a model with a larger window is tried if an alias names it",
	"content_policy_fallbacks": "what a filter refused is answered as it is",
	"provider_budget_config":   "budget in each channel",
	"max_budget":               "budget in each token",
	"environment_variables":    "set them where the gateway runs",
	"include":                  "import each file by itself",
	"cache":                    "answers are not cached",
}

// settings tells of everything beside the models.
func (l *litellm) settings(root *node) {
	for _, f := range root.object() {
		switch f.name {
		case "model_list", "credential_list":
		case "litellm_settings", "router_settings", "general_settings":
			for _, s := range f.value.object() {
				l.setting(f.name+".", s)
			}
		default:
			l.setting("", f)
		}
	}
}

func (l *litellm) setting(section string, f nodeField) {
	switch {
	case f.name == "fallbacks" || f.name == "default_fallbacks" || !f.value.set():
	case f.name == "model_group_alias":
		for _, a := range f.value.object() {
			l.groupAlias(a, section+f.name+" "+told(a.name))
		}
	default:
		why := litellmElsewhere[f.name]
		if why == "" {
			why = "has no counterpart"
		}
		l.lost(f.value.at(), section+strings.Trim(shown(f.name), `"`), why)
	}
}

func (l *litellm) groupAlias(f nodeField, from string) {
	model := f.value.str()
	if f.value.is(nodeObject) {
		model = f.value.get("model").str()
	}
	if !l.names.groups[model] || l.names.groups[f.name] {
		l.lost(f.value.at(), from, "it does not lead from a free name to a model of model_list")
		return
	}
	l.addAlias(f.value.at(), from, config.Alias{Name: f.name, Models: []string{model}})
}
