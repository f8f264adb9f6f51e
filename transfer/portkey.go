package transfer

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/ccload/ccload/config"
)

// Portkey's gateway configs, after
// portkey.ai/docs/product/ai-gateway/configs and
// portkey.ai/docs/api-reference/inference-api/config-object. Each target is a
// channel; the order of a fallback is priority. Names of fields are in snake
// case or camel case.

// portkeyKnown are the fields of a target that are taken over.
var portkeyKnown = []string{
	"provider", "api_key", "apiKey", "virtual_key", "virtualKey", "weight", "override_params", "overrideParams", "custom_host", "customHost",
	"name", "targets", "strategy", "resource_name", "resourceName", "deployment_id", "deploymentId", "api_version", "apiVersion",
	"openai_organization", "openaiOrganization",
}

// portkeyElsewhere says where a setting is to be found here.
var portkeyElsewhere = map[string]string{
	"retry": "max_attempts of the ccload directive", "cache": "answers are not cached", "request_timeout": "total_timeout of the ccload directive",
	"requestTimeout": "total_timeout of the ccload directive", "input_guardrails": "guardrails are not offered", "output_guardrails": "guardrails are not offered",
	"before_request_hooks": "guardrails are not offered", "after_request_hooks": "guardrails are not offered", "forward_headers": "has no counterpart",
}

// portkeyConfig finds the config in what the API answers, or nil.
func portkeyConfig(root *node) *node {
	for _, below := range []string{"data", "config"} {
		if inner := root.get(below); inner.is(nodeObject) || inner.is(nodeText) {
			root = inner
		}
	}
	root, err := root.nested()
	if err != nil || !root.is(nodeObject) {
		return nil
	}
	target := root.get("provider", "virtual_key", "virtualKey").is(nodeText) &&
		(root.has("api_key") || root.has("apiKey") || root.has("virtual_key") || root.has("virtualKey") || root.has("override_params") || root.has("custom_host"))
	if root.get("targets").is(nodeList) || root.get("strategy").has("mode") || target {
		return root
	}
	return nil
}

// portkeyTarget is one target, with its place among the others.
type portkeyTarget struct {
	n      *node
	from   string
	rank   []int // its places in the fallbacks that it is in
	weight float64
}

type portkey struct {
	*mover
	targets []portkeyTarget
}

func movePortkey(file *node) *File {
	p := &portkey{mover: newMover(FormatPortkey)}
	root := portkeyConfig(file)
	p.walk(root, "", nil, 1, false)
	scale, ranks := 1.0, make([][]int, 0, len(p.targets))
	for _, t := range p.targets {
		ranks = append(ranks, t.rank)
		if t.weight != math.Trunc(t.weight) {
			scale = 100 // weights such as 0.7
		}
	}
	slices.SortFunc(ranks, slices.Compare)
	shared := make(map[string]int) // how many targets have a rank
	for _, rank := range ranks {
		shared[fmt.Sprint(rank)]++
	}
	ranks = slices.CompactFunc(ranks, slices.Equal)
	for _, t := range p.targets {
		place, _ := slices.BinarySearchFunc(ranks, t.rank, slices.Compare)
		weight := min(int(math.Round(t.weight*scale)), config.MaxWeight)
		if shared[fmt.Sprint(t.rank)] == 1 {
			weight = min(weight, 1)
		}
		p.target(t, len(ranks)-1-place, weight)
	}
	return p.done()
}

// walk collects targets. balanced says that the object is within a loadbalance.
func (p *portkey) walk(n *node, at string, rank []int, weight float64, balanced bool) {
	mode := n.get("strategy").get("mode").str()
	list := n.get("targets").list()
	from := cmp.Or(at, "config")
	switch {
	case mode == "conditional":
		p.lost(n.get("strategy").at(), from+" strategy", "conditions have no counterpart: its targets share the models they serve; channels in a token say who may use which")
	case mode == "fallback" && balanced && len(list) > 1:
		p.lost(n.get("strategy").at(), from+" strategy", "a fallback within a loadbalance has no counterpart: its later targets are used when all others of the loadbalance cannot be")
	case n.get("strategy").has("on_status_codes") || n.get("strategy").has("onStatusCodes"):
		p.lost(n.get("strategy").at(), from+" on_status_codes", "which answers lead to another target is decided by a table; cooldown_rule in a channel adds to it")
	}
	for _, f := range n.object() {
		if why := portkeyElsewhere[f.name]; why != "" && f.value.set() {
			p.lost(f.value.at(), strings.TrimPrefix(at+"."+f.name, "."), why)
		}
	}
	if len(list) == 0 {
		p.targets = append(p.targets, portkeyTarget{n, from, rank, weight})
		return
	}
	for i, t := range list {
		own := slices.Clone(rank)
		if mode == "fallback" {
			own = append(own, i)
		}
		share := weight
		if w, given := t.get("weight").num(); given && mode == "loadbalance" {
			share *= w
		}
		p.walk(t, strings.TrimPrefix(path(at+".targets", i, ""), "."), own, share, balanced || mode == "loadbalance")
	}
}

// target takes one target.
func (p *portkey) target(t portkeyTarget, priority, weight int) {
	n, from := t.n, t.from
	word := n.get("provider").str()
	if slug, ok := strings.CutPrefix(word, "@"); ok || word == "" {
		name := cmp.Or(slug, n.get("virtual_key", "virtualKey").str())
		p.refuse(n.at(), from, name, fmt.Sprintf("%q is a name in Portkey's own catalog: which service it is, and its key, are not in the file", told(name)))
		return
	}
	v, problem := findVendor(word)
	if problem != "" {
		p.refuse(n.at(), from, word, problem)
		return
	}
	ch := Channel{Channel: config.Channel{Name: p.name(cmp.Or(n.get("name").str(), word)), Priority: priority}}
	notes := []string{leftOut(n, append(slices.Sorted(maps.Keys(portkeyElsewhere)), portkeyKnown...)...)}
	base := n.get("custom_host", "customHost").str()
	if resource := n.get("resource_name", "resourceName").str(); resource != "" && v.preset == "azure" && base == "" {
		base = "https://" + resource + ".openai.azure.com/openai/v1"
	}
	if problem = place(&ch, v, strings.TrimRight(base, "/")); problem == "" && plainSecret(n.get("api_key", "apiKey").str()) != nil {
		problem = "api_key: " + errPlaceholder.Error()
	}
	if problem != "" {
		p.refuse(n.at(), from, word, problem)
		return
	}
	ch.Weight = weightOf(weight)
	if weight <= 0 {
		ch.Disabled = true
		notes = append(notes, "its weight is 0, so it is disabled")
	}
	addKeys(&ch, n.get("api_key", "apiKey").str())
	if len(ch.Keys) == 0 {
		notes = append(notes, withoutKey(&ch))
	}
	if org := n.get("openai_organization", "openaiOrganization").str(); org != "" {
		ch.HeaderUp = &config.HeaderOps{Set: map[string][]string{"Openai-Organization": {org}}}
	}
	notes = append(notes, setBody(&ch, n.get("override_params", "overrideParams")))
	if model := n.get("deployment_id", "deploymentId").str(); model != "" && !n.get("override_params", "overrideParams").has("model") {
		notes = append(notes, setBody(&ch, &node{kind: nodeObject, fields: []nodeField{{"model", &node{kind: nodeText, text: model}}}}))
	}
	p.add(n.at(), from, ch, notes...)
}
