package transfer

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ccload/ccload/config"
)

// Channels of new-api (docs.newapi.pro) and one-api
// (github.com/songquanpeng/one-api): what GET /api/channel answers, a list of
// channels, or one, and the SQLite files. Both systems keep the same columns
// (model/channel.go in their repositories); new-api has more of them.

// newAPIOnly are columns that one-api does not have.
var newAPIOnly = []string{"auto_ban", "tag", "setting", "settings", "channel_info", "param_override", "header_override", "other_info", "status_code_mapping"}

// newAPIKnown are the columns that are taken over, or say nothing that could be.
var newAPIKnown = []string{
	"id", "type", "key", "openai_organization", "test_model", "status", "name", "weight", "created_time", "test_time", "response_time",
	"base_url", "other", "balance", "balance_updated_time", "models", "group", "used_quota", "model_mapping", "priority", "auto_ban",
	"other_info", "tag", "setting", "settings", "param_override", "header_override", "remark", "channel_info", "config", "key_mode", "multi_key_mode",
}

// newAPIChannels finds the channels in what the API answers. It returns nil for
// a file of something else.
func newAPIChannels(root *node) []*node {
	list := root
	for _, below := range []string{"data", "items"} {
		if inner := list.get(below); inner != nil {
			list = inner
		}
	}
	switch {
	case isNewAPIChannel(list):
		return []*node{list}
	case len(list.list()) > 0 && slices.ContainsFunc(list.list(), isNewAPIChannel):
		return list.list()
	}
	return nil
}

func isNewAPIChannel(n *node) bool {
	_, numbered := n.get("type").num()
	return numbered && n.has("models") && (n.has("base_url") || n.has("model_mapping") || n.has("key"))
}

type newAPI struct {
	*mover
	types  map[int]channelType
	groups map[string][]string // channels by group
}

func moverOfChannels(list []*node, newFormat, oldFormat string) *newAPI {
	newer := slices.ContainsFunc(list, func(n *node) bool {
		return slices.ContainsFunc(newAPIOnly, n.has)
	})
	a := &newAPI{mover: newMover(oldFormat), types: oneAPITypes, groups: make(map[string][]string)}
	if newer {
		a.mover, a.types = newMover(newFormat), newAPITypes
	}
	return a
}

func moveNewAPI(root *node) *File {
	list := newAPIChannels(root)
	a := moverOfChannels(list, FormatNewAPI, FormatOneAPI)
	for i, n := range list {
		a.channelOf(n, path("channels", i, n.get("name").str()))
	}
	if total := root.get("data").get("total").whole(); total > len(list) {
		a.file.Notes = append(a.file.Notes, fmt.Sprintf("the file holds %d of %d channels: it is one page of the list", len(list), total))
	}
	return a.done()
}

// channelOf takes one channel.
func (a *newAPI) channelOf(n *node, from string) {
	name := n.get("name").str()
	kind, known := a.types[n.get("type").whole()]
	if !known {
		kind, known = sharedTypes[n.get("type").whole()]
	}
	switch {
	case !known:
		a.refuse(n.at(), from, name, fmt.Sprintf("the type %s is not known", told(n.get("type").str())))
		return
	case kind.why != "":
		a.refuse(n.at(), from, name, kind.name+": "+kind.why)
		return
	}
	ch := Channel{Channel: config.Channel{Name: a.name(cmp.Or(name, kind.name))}}
	notes := []string{leftOut(n, newAPIKnown...)}
	if ch.Name != name {
		notes = append(notes, "it is called so here because its name is taken or not possible")
	}
	if problem := placeOfType(&ch, kind, n.get("base_url").str()); problem != "" {
		a.refuse(n.at(), from, name, problem)
		return
	}
	if problem := keysOfChannel(&ch, n); problem != "" {
		a.refuse(n.at(), from, name, "key: "+problem)
		return
	}
	ch.Priority = n.get("priority").whole()
	ch.Weight = weightOf(n.get("weight").whole())
	switch n.get("status").str() {
	case "", "1":
	case "3":
		ch.Disabled = true
		notes = append(notes, "it was switched off because of errors, and is disabled here")
	default:
		ch.Disabled = true
	}
	if len(ch.Keys) == 0 {
		notes = append(notes, withoutKey(&ch))
	}
	notes = append(notes, modelsOfChannel(&ch, n)...)
	notes = append(notes, extrasOfChannel(&ch, n)...)
	groups := splitList(n.get("group").str())
	if len(groups) > 0 && !slices.Equal(groups, []string{"default"}) {
		notes = append(notes, "the groups "+told(strings.Join(groups, ", "))+" become lists of channels in tokens")
	}
	if a.add(n.at(), from, ch, notes...) {
		for _, g := range groups {
			a.groups[g] = append(a.groups[g], ch.Name)
		}
	}
}

func placeOfType(ch *Channel, kind channelType, base string) (problem string) {
	base = strings.TrimRight(base, "/")
	if special := specialBases[base]; special != "" {
		return place(ch, vendor{protocols: speaksOpenAI}, special)
	}
	if kind.name == "Custom" && base != "" { // its address is that of the endpoint
		return place(ch, kind.vendor, base+"#")
	}
	if base != "" && !isPresetAddress(kind.vendor, base) && !strings.HasSuffix(base, kind.below) {
		base += kind.below
	}
	return place(ch, kind.vendor, base)
}

// keysOfChannel takes the keys: one in each line.
func keysOfChannel(ch *Channel, n *node) (problem string) {
	off, _ := n.get("channel_info").nested()
	for i, line := range strings.Split(n.get("key").str(), "\n") {
		secret := strings.TrimSpace(line)
		if plainSecret(secret) != nil {
			return errPlaceholder.Error()
		}
		before := len(ch.Keys)
		addKeys(ch, secret)
		status := off.get("multi_key_status_list").get(strconv.Itoa(i)).str()
		if len(ch.Keys) > before {
			ch.Keys[before].Disabled = status != "" && status != "1"
		}
	}
	return ""
}

// modelsOfChannel takes the models, by the names of model_mapping. A mapping may
// lead to another one.
func modelsOfChannel(ch *Channel, n *node) (notes []string) {
	mapping, err := n.get("model_mapping").nested()
	if err != nil {
		return []string{"model_mapping " + err.Error() + ", so it is left out"}
	}
	for _, model := range splitList(n.get("models").str()) {
		upstream := model
		for range 10 {
			next := mapping.get(upstream).str()
			if next == "" {
				break
			}
			upstream = next
		}
		if !mapModel(ch, model, upstream) {
			notes = append(notes, "the model "+told(model)+" stands there twice")
		}
	}
	if len(ch.Models)+len(ch.ModelNames) == 0 {
		ch.Disabled = true
		notes = append(notes, noteNoModels)
	}
	return notes
}

// extrasOfChannel takes what is written as JSON within the channel.
func extrasOfChannel(ch *Channel, n *node) (notes []string) {
	if org := n.get("openai_organization").str(); org != "" {
		ch.HeaderUp = &config.HeaderOps{Set: map[string][]string{"Openai-Organization": {org}}}
	}
	for _, field := range []string{"setting", "settings", "param_override", "header_override", "config"} {
		inner, err := n.get(field).nested()
		switch {
		case err != nil:
			notes = append(notes, field+" "+err.Error()+", so it is left out")
		case field == "param_override" && inner.has("operations"):
			notes = append(notes, "not taken over: operations of param_override")
		case field == "param_override":
			notes = append(notes, setBody(ch, inner))
		case field == "header_override":
			notes = append(notes, setHeaders(ch, inner))
		case field == "setting":
			if proxy := inner.get("proxy").str(); !config.HasPlaceholder(proxy) {
				ch.Proxy = proxy
			}
			notes = append(notes, switchedOn(inner, "proxy"))
		default:
			notes = append(notes, switchedOn(inner))
		}
	}
	return notes
}

// switchedOn names the settings that say something else than false and are not
// taken over.
func switchedOn(n *node, known ...string) string {
	off := slices.Clone(known)
	for _, f := range n.object() {
		if on, isSwitch := f.value.truth(); isSwitch && !on {
			off = append(off, f.name)
		}
	}
	return leftOut(n, off...)
}
