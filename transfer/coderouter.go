package transfer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/provider"
)

// claude-code-router's config.json, or the same in the database that it keeps
// from version 3 on, after README.md in
// github.com/musistudio/claude-code-router. A model is provider,model there;
// that name goes on to work, and the routes become aliases.

// routerTransformers are those that say which format a provider speaks.
var routerTransformers = map[string][]string{
	"anthropic": speaksAnthropic, "gemini": speaksGemini, "openai-responses": speaksResponses,
}

// routerElsewhere says where a setting is to be found here.
var routerElsewhere = map[string]string{
	"HOST": "the address of the site in the Caddyfile", "PORT": "the address of the site in the Caddyfile",
	"API_TIMEOUT_MS": "total_timeout of the ccload directive", "LOG": "Caddy's log", "LOG_LEVEL": "Caddy's log",
	"CUSTOM_ROUTER_PATH": "code of one's own is not run", "transformers": "formats are translated without being told how",
	"Plugins": "code of one's own is not run", "REWRITE_SYSTEM_PROMPT": "has no counterpart",
}

func isCodeRouter(root *node) bool {
	root = routerConfig(root)
	list := root.get("Providers", "providers")
	return list.is(nodeList) && (root.has("Router") || slices.ContainsFunc(list.items, func(n *node) bool { return n.has("api_base_url") }))
}

// routerConfig finds the configuration in an export of all data.
func routerConfig(root *node) *node {
	if inner := root.get("config"); inner.get("Providers", "providers").is(nodeList) {
		return inner
	}
	return root
}

func moveCodeRouter(root *node) *File {
	root = routerConfig(root)
	m := newMover(FormatCodeRouter)
	proxy := strings.TrimRight(root.get("PROXY_URL").str(), "/")
	served := make(map[string]bool)
	for i, n := range root.get("Providers", "providers").list() {
		m.routerProvider(n, path("Providers", i, n.get("name").str()), proxy, served)
	}
	m.clientTokens("APIKEY", keyNodes(root.get("APIKEY")), "claude-code")
	router := root.get("Router", "router")
	// From version 3 on it stands among the routes, for all of them.
	always := router.get("fallback").get("models").strs()
	if mode := router.get("fallback").get("mode").str(); mode == "off" {
		always = nil
	}
	for _, f := range router.object() {
		if f.value.is(nodeText) {
			m.route(f, append(root.get("fallback").get(f.name).strs(), always...), served)
		} else if f.name == "fallback" {
			m.lost(f.value.at(), "Router.fallback", "its models, if it is not off, follow in the aliases of the routes; max_attempts of the ccload directive says how many targets are tried")
		} else if f.value.set() {
			m.lost(f.value.at(), "Router."+f.name, "the length of a prompt decides on no route; a model with a larger window is tried if an alias names it")
		}
	}
	for _, f := range root.object() {
		if slices.Contains([]string{"Providers", "providers", "Router", "router", "APIKEY", "PROXY_URL", "fallback"}, f.name) || !f.value.set() {
			continue
		}
		why := routerElsewhere[f.name]
		if why == "" {
			why = "has no counterpart"
		}
		m.lost(f.value.at(), strings.Trim(shown(f.name), `"`), why)
	}
	return m.done()
}

func keyNodes(n *node) []*node {
	if !n.set() {
		return nil
	}
	return []*node{n}
}

// shellVariable turns $NAME and ${NAME} into a placeholder.
func shellVariable(s string) (text, problem string) {
	name, ok := strings.CutPrefix(s, "$")
	switch {
	case !ok && config.HasPlaceholder(s):
		return "", errPlaceholder.Error()
	case !ok:
		return s, ""
	}
	if inner, ok := strings.CutPrefix(name, "{"); ok {
		name = strings.TrimSuffix(inner, "}")
	}
	if environment(name) == "" {
		return "", "the $ is not followed by the name of a variable"
	}
	return environment(name), ""
}

func (m *mover) routerProvider(n *node, from, proxy string, served map[string]bool) {
	name := n.get("name").str()
	ch := Channel{Channel: config.Channel{Name: m.name(name), Proxy: proxy}}
	notes := []string{leftOut(n, "name", "api_base_url", "api_key", "models", "transformer")}
	address, problem := shellVariable(n.get("api_base_url").str())
	base, protocols := withoutEndpoint(address)
	v := vendor{preset: presetAt(base), protocols: speaksOpenAI}
	if protocols != nil {
		v.protocols = protocols
	}
	for _, use := range n.get("transformer").get("use").list() {
		word := use.str()
		if use.is(nodeList) && len(use.items) > 0 {
			word = use.items[0].str()
		}
		if p := routerTransformers[strings.ToLower(word)]; p != nil {
			v.protocols = p
		} else if strings.HasPrefix(word, "vertex") {
			problem = "Google Vertex AI is not offered yet"
		} else {
			notes = append(notes, "the transformer "+told(word)+" is not needed, or has no counterpart")
		}
	}
	secret := ""
	if problem == "" {
		if secret, problem = shellVariable(n.get("api_key").str()); problem != "" {
			problem = "api_key: " + problem
		}
	}
	if problem == "" {
		problem = place(&ch, v, base)
	}
	if problem != "" {
		m.refuse(n.at(), from, name, problem)
		return
	}
	addKeys(&ch, secret)
	if len(ch.Keys) == 0 {
		notes = append(notes, withoutKey(&ch))
	}
	for _, model := range n.get("models").strs() {
		mapModel(&ch, model, model)
		mapModel(&ch, name+","+model, model)
	}
	if m.add(n.at(), from, ch, notes...) {
		for client := range ch.ModelNames {
			served[client] = true
		}
	}
}

// route makes an alias of a route.
func (m *mover) route(f nodeField, fallbacks []string, served map[string]bool) {
	from := "Router." + strings.Trim(shown(f.name), `"`)
	a := config.Alias{Name: f.name}
	for _, model := range append([]string{f.value.str()}, fallbacks...) {
		switch {
		case !served[model]:
			m.lost(f.value.at(), from, "no provider that is taken over has the model "+told(model))
		case !slices.Contains(a.Models, model):
			a.Models = append(a.Models, model)
		}
	}
	if len(a.Models) == 0 {
		return
	}
	m.addAlias(f.value.at(), from, a)
	last := &m.file.Lines[len(m.file.Lines)-1]
	if last.Becomes != "" {
		last.Note = fmt.Sprintf("Claude Code uses it when its settings name the model %s, or when another alias leads from a Claude model to it", told(f.name))
	}
}

// presetAt finds the provider whose address it is.
func presetAt(base string) string {
	for _, p := range provider.All() {
		if base != "" && !p.NeedsURL && !p.Keyless && isAddressOf(p, base) {
			return p.Name
		}
	}
	return ""
}
