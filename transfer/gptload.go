package transfer

import (
	"slices"
	"strings"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/provider"
)

// Exports of groups from GPT-Load: an object with group, keys and sub_groups, as
// the versions write it that can export a group (GroupExportData in their
// handler of groups), or several of them below groups. The fields of a group are
// those of www.gpt-load.com/docs and of internal/models/types.go in its
// repository.

// gptLoadTypes are the kinds of a group's upstreams.
var gptLoadTypes = map[string]vendor{
	"openai":          {"openai", speaksOpenAI, ""},
	"openai-response": {"openai", speaksResponses, ""},
	"codex":           {"openai", speaksResponses, ""},
	"gemini":          {"gemini", speaksGemini, ""},
	"anthropic":       {"anthropic", speaksAnthropic, ""},
}

// gptLoadKnown are the fields of a group that are taken over, or say nothing
// that could be.
var gptLoadKnown = []string{
	"id", "name", "display_name", "description", "group_type", "channel_type", "enabled", "test_model", "upstreams", "param_overrides",
	"config", "header_rules", "model_mapping", "model_redirect_rules", "model_redirect_strict", "proxy_keys", "sort", "endpoint",
	"effective_config", "created_at", "updated_at", "last_validated_at", "validation_endpoint",
}

// gptLoadGroups finds the exported groups; nil in a file of something else.
func gptLoadGroups(root *node) []*node {
	list := []*node{root}
	switch {
	case root.get("groups").is(nodeList):
		list = root.get("groups").items
	case root.get("data").is(nodeObject):
		list = []*node{root.get("data")}
	case root.is(nodeList):
		list = root.items
	}
	for _, n := range list {
		if g := n.get("group"); !g.has("channel_type") && !g.has("upstreams") && !g.has("group_type") {
			return nil
		}
	}
	return list
}

func moveGPTLoad(root *node) *File {
	m := newMover(FormatGPTLoad)
	for i, n := range gptLoadGroups(root) {
		m.gptLoadGroup(n, path("groups", i, n.get("group").get("name").str()))
	}
	m.file.Notes = append(m.file.Notes, "clients of GPT-Load call /proxy/ and the name of a group; here they call /v1 or /v1beta, and the model decides")
	return m.done()
}

func (m *mover) gptLoadGroup(n *node, from string) {
	g := n.get("group")
	name := g.get("name").str()
	if g.get("group_type").str() == "aggregate" || n.get("sub_groups").set() {
		m.lost(g.at(), from, "it is made of other groups: export those; channels that serve the same model share it, by priority and weight")
		return
	}
	kind, known := gptLoadTypes[g.get("channel_type").str()]
	if !known {
		m.refuse(g.at(), from, name, "the channel_type "+shown(g.get("channel_type").str())+" is not known")
		return
	}
	ch := Channel{Channel: config.Channel{Name: m.name(name)}}
	notes := []string{leftOut(g, gptLoadKnown...)}
	problem, note := gptLoadUpstreams(&ch, kind, g.get("upstreams"))
	if problem != "" {
		m.refuse(g.at(), from, name, "upstreams: "+problem)
		return
	}
	notes = append(notes, note)
	for _, k := range n.get("keys").list() {
		secret := k.get("key_value").str()
		if plainSecret(secret) != nil {
			m.refuse(k.at(), from, name, "keys: "+errPlaceholder.Error())
			return
		}
		before := len(ch.Keys)
		if addKeys(&ch, secret); len(ch.Keys) > before {
			ch.Keys[before].Disabled = k.get("status").str() == "invalid"
		}
	}
	if on, given := g.get("enabled").truth(); given && !on {
		ch.Disabled = true
	}
	if len(ch.Keys) == 0 {
		notes = append(notes, withoutKey(&ch))
	}
	notes = append(notes, gptLoadModels(&ch, g)...)
	overrides, err := g.get("param_overrides").nested()
	if err == nil {
		notes = append(notes, setBody(&ch, overrides))
	}
	notes = append(notes, gptLoadHeaders(&ch, g.get("header_rules")))
	settings, err := g.get("config").nested()
	if err == nil {
		if proxy := settings.get("proxy_url").str(); !config.HasPlaceholder(proxy) {
			ch.Proxy = proxy
		}
		notes = append(notes, leftOut(settings, "proxy_url"))
	}
	if m.add(g.at(), from, ch, notes...) {
		keys := make([]*node, 0, 1)
		for _, k := range splitList(g.get("proxy_keys").str()) {
			keys = append(keys, &node{line: g.get("proxy_keys").at(), kind: nodeText, text: k})
		}
		m.clientTokens(from+" proxy_keys", keys, name+" client")
	}
}

// gptLoadUpstreams sets the addresses. Their weights have no counterpart: the
// faster one is used.
func gptLoadUpstreams(ch *Channel, kind vendor, field *node) (problem, note string) {
	list, err := field.nested()
	if err != nil {
		return err.Error(), ""
	}
	weights := make(map[string]bool)
	var urls []config.URL
	for _, u := range list.list() {
		base := strings.TrimRight(u.get("url").str(), "/")
		if base == "" {
			continue
		}
		var one Channel
		if problem := place(&one, kind, base); problem != "" {
			return problem, ""
		}
		if one.Provider != "" && len(list.list()) == 1 {
			ch.Provider = one.Provider
			return "", ""
		}
		ch.Protocols = kind.protocols
		urls = append(urls, config.URL{URL: base})
		weights[u.get("weight").str()] = true
	}
	if ch.URLs = urls; len(urls) == 0 {
		return "there is no address", ""
	}
	if len(weights) > 1 {
		note = "weights of addresses have no counterpart: the faster one is used"
	}
	return "", note
}

// gptLoadModels takes the names that models are sent under.
func gptLoadModels(ch *Channel, g *node) (notes []string) {
	rules, err := g.get("model_redirect_rules", "model_mapping").nested()
	if err != nil {
		return []string{"the names of models are no valid JSON, so they are left out"}
	}
	for _, f := range rules.object() {
		if f.value.str() == "" {
			continue
		}
		if ch.ModelNames == nil {
			ch.ModelNames = make(map[string]string)
		}
		ch.ModelNames[f.name] = f.value.str()
	}
	// Without strict the other models are served beside those that are renamed.
	if strict, _ := g.get("model_redirect_strict").truth(); !strict && len(ch.ModelNames) > 0 {
		preset, _ := provider.Get(ch.Provider)
		if ch.Models = slices.Clone(preset.Models); len(ch.Models) == 0 {
			ch.Models = []string{"*"}
		}
	}
	return nil
}

func gptLoadHeaders(ch *Channel, field *node) string {
	rules, err := field.nested()
	if err != nil {
		return "header_rules " + err.Error() + ", so they are left out"
	}
	set := &node{kind: nodeObject}
	for _, r := range rules.list() {
		if r.get("action").str() != "remove" {
			set.fields = append(set.fields, nodeField{r.get("key").str(), r.get("value")})
			continue
		}
		ops := ch.HeaderUp.Clone()
		if ops == nil {
			ops = new(config.HeaderOps)
		}
		ops.Delete = append(ops.Delete, r.get("key").str())
		if ops.Validate() == nil {
			ch.HeaderUp = ops
		}
	}
	return setHeaders(ch, set)
}
