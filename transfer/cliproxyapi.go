package transfer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/provider"
)

// CLIProxyAPI's config.yaml, after config.example.yaml in its repository and
// help.router-for.me. Each key is a channel of its own, as it may have its own
// address, proxy and models; a service of openai-compatibility is one with all
// its keys. Accounts that were signed in to are not in this file.

type cliSection struct {
	name, word string
	vendor     vendor
	why        string // why it has no counterpart
}

// cliSections are the lists of keys, by whose they are.
var cliSections = []cliSection{
	{"claude-api-key", "claude", vendor{"anthropic", speaksAnthropic, ""}, ""},
	{"codex-api-key", "codex", vendor{"openai", speaksResponses, ""}, ""},
	{"gemini-api-key", "gemini", vendor{"gemini", speaksGemini, ""}, ""},
	{"generative-language-api-key", "gemini", vendor{"gemini", speaksGemini, ""}, ""},
	{"xai-api-key", "xai", vendor{"xai", speaksResponses, ""}, ""},
	{"openai-compatibility", "", vendor{"", speaksOpenAI, ""}, ""},
	{"vertex-api-key", "", vendor{}, "Google Vertex AI is not offered yet"},
	{"interactions-api-key", "", vendor{}, "Gemini's interactions are not offered"},
}

// cliKnown are the fields of an entry that are taken over.
var cliKnown = []string{
	"name", "api-key", "api-keys", "api-key-entries", "weight", "priority", "prefix", "base-url", "headers", "proxy-url", "models", "excluded-models", "disabled",
}

// cliElsewhere says where a setting is to be found here.
var cliElsewhere = map[string]string{
	"host": "the address of the site in the Caddyfile", "port": "the address of the site in the Caddyfile", "tls": "Caddy has certificates by itself",
	"auth-dir":          "accounts signed in to with a subscription (OAuth) have no counterpart",
	"remote-management": "ccload_admin in the Caddyfile, and admin_password",
	"request-retry":     "max_attempts of the ccload directive", "max-retry-interval": "max_wait of the ccload directive",
	"routing":                          "lb_policy of the ccload directive: priority, weighted, latency or affinity",
	"transient-error-cooldown-seconds": "how long a target cools down follows from its answers; cooldown_rule in a channel changes it",
	"payload":                          "body_set and body_remove in a channel",
	"oauth-model-alias":                "alias, or a model line in a channel", "oauth-excluded-models": "models in a channel",
}

func isCLIProxyAPI(root *node) bool {
	return root.has("auth-dir") && root.has("api-keys") ||
		slices.ContainsFunc(cliSections, func(s cliSection) bool { return root.get(s.name).is(nodeList) })
}

type cliProxy struct {
	*mover
	proxy  string
	strict bool // a prefix has to be written
}

func moveCLIProxyAPI(root *node) *File {
	c := &cliProxy{mover: newMover(FormatCLIProxyAPI), proxy: cliProxyAddress(root.get("proxy-url"))}
	c.strict, _ = root.get("force-model-prefix").truth()
	sections := make(map[string]bool)
	for _, s := range cliSections {
		sections[s.name] = true
		for i, n := range root.get(s.name).list() {
			from := path(s.name, i, n.get("name").str())
			if s.why != "" {
				c.refuse(n.at(), from, "", s.why)
				continue
			}
			c.entry(n, from, s.word, s.vendor)
		}
	}
	c.clientTokens("api-keys", root.get("api-keys").list(), "client")
	for _, f := range root.object() {
		if sections[f.name] || f.name == "api-keys" || f.name == "proxy-url" || f.name == "force-model-prefix" || !f.value.set() {
			continue
		}
		if on, isSwitch := f.value.truth(); isSwitch && !on {
			continue // as it is without being written
		}
		why := cliElsewhere[f.name]
		if why == "" {
			why = "has no counterpart"
		}
		c.lost(f.value.at(), settingName(f.name), why)
	}
	return c.done()
}

// settingName is the name of a setting that has hyphens, as far as it may be
// shown.
func settingName(name string) string {
	return strings.ReplaceAll(strings.Trim(shown(strings.ReplaceAll(name, "-", "_")), `"`), "_", "-")
}

// cliProxyAddress reads a proxy. direct and none use none at all.
func cliProxyAddress(n *node) string {
	switch s := n.str(); s {
	case "direct", "none":
		return config.ProxyOff
	default:
		return strings.TrimRight(s, "/")
	}
}

func (c *cliProxy) entry(n *node, from, word string, v vendor) {
	name := n.get("name").str()
	if name == "" {
		name = word
	}
	if n.is(nodeText) { // older files have the keys themselves
		n = &node{line: n.line, kind: nodeObject, fields: []nodeField{{"api-key", n}}}
	}
	ch := Channel{Channel: config.Channel{Name: c.name(name), Proxy: c.proxy, Priority: n.get("priority").whole(), Weight: weightOf(n.get("weight").whole())}}
	notes := []string{strings.ReplaceAll(leftOut(n, cliKnown...), "a name that is not shown", "settings of its own")}
	base, protocols := withoutEndpoint(n.get("base-url").str())
	if protocols != nil {
		v.protocols = protocols
	}
	if v.preset == "" {
		v.preset = presetAt(base)
	}
	problem := place(&ch, v, base)
	if own := cliProxyAddress(n.get("proxy-url")); own != "" {
		ch.Proxy = own
	}
	if problem == "" && config.HasPlaceholder(ch.Proxy) {
		problem = "proxy-url " + errPlaceholder.Error()
	}
	if problem == "" {
		problem = c.keys(&ch, n, &notes)
	}
	if problem != "" {
		c.refuse(n.at(), from, name, problem)
		return
	}
	if on, _ := n.get("disabled").truth(); on || n.get("weight").is(nodeNumber) && n.get("weight").whole() <= 0 {
		ch.Disabled = true
	}
	if len(ch.Keys) == 0 {
		notes = append(notes, withoutKey(&ch))
	}
	notes = append(notes, setHeaders(&ch, n.get("headers")))
	notes = append(notes, c.models(&ch, n, v)...)
	c.add(n.at(), from, ch, notes...)
}

func (c *cliProxy) keys(ch *Channel, n *node, notes *[]string) (problem string) {
	list := append([]*node{n.get("api-key")}, n.get("api-keys").list()...)
	for _, e := range n.get("api-key-entries").list() {
		list = append(list, e.get("api-key"))
		if own := cliProxyAddress(e.get("proxy-url")); own != "" && own != ch.Proxy {
			*notes = append(*notes, "not taken over: proxies of single keys; make a channel for each")
		}
	}
	for _, k := range list {
		if plainSecret(k.str()) != nil {
			return "api-key: " + errPlaceholder.Error()
		}
		addKeys(ch, k.str())
	}
	return ""
}

// models takes names and aliases, with the prefix before them.
func (c *cliProxy) models(ch *Channel, n *node, v vendor) (notes []string) {
	prefix := strings.Trim(n.get("prefix").str(), "/")
	excluded := n.get("excluded-models").strs()
	for _, m := range n.get("models").list() {
		upstream := m.get("name").str()
		client := m.get("alias").str()
		if client == "" {
			client = upstream
		}
		if upstream == "" || slices.ContainsFunc(excluded, func(p string) bool { return matches(p, upstream) }) {
			continue
		}
		if prefix == "" || !c.strict {
			mapModel(ch, client, upstream)
		}
		if prefix != "" {
			mapModel(ch, prefix+"/"+client, upstream)
		}
	}
	served := len(ch.Models)+len(ch.ModelNames) > 0
	if preset, known := provider.Get(v.preset); known && !served && ch.Provider == "" {
		ch.Models = slices.Clone(preset.Models) // whose models they are, wherever they are
	}
	if !served && len(excluded) > 0 {
		notes = append(notes, fmt.Sprintf("not taken over: %d excluded models; name those it serves in models", len(excluded)))
	}
	if !served && prefix != "" {
		notes = append(notes, "clients ask for its models without the prefix "+told(prefix))
	}
	return notes
}

// matches compares a name with a pattern whose * stand for any text.
func matches(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	rest, ok := strings.CutPrefix(name, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
