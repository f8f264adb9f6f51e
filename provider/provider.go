// Package provider holds what is known of vendors, as data: where they are,
// which wire formats they speak there, how they want their key, and which
// models they serve. Adding a vendor is a row in presets.go.
package provider

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
)

// Auth is how a key is sent. The empty Auth is as the wire format wants it.
type Auth string

// Ways to send a key.
const (
	AuthBearer  Auth = "bearer"         // Authorization: Bearer
	AuthXAPIKey Auth = "x-api-key"      // as Anthropic wants it
	AuthGoogle  Auth = "x-goog-api-key" // as Google wants it
	AuthAPIKey  Auth = "api-key"        // as Azure wants it
	AuthNone    Auth = "none"           // not at all
)

// Set puts the key into the headers of a request. It reports whether it knew
// where: the empty Auth does not.
func (a Auth) Set(h http.Header, key string) bool {
	switch a {
	case AuthBearer:
		h["Authorization"] = []string{"Bearer " + key}
	case AuthXAPIKey, AuthGoogle, AuthAPIKey:
		h[http.CanonicalHeaderKey(string(a))] = []string{key}
	case AuthNone:
	default:
		return false
	}
	return true
}

// Endpoint is where a vendor speaks one wire format.
type Endpoint struct {
	Protocol ai.Protocol
	// URL is a base address in the form of config.URL. Where the preset needs a
	// URL it is an example with the person's part in <angle brackets>.
	URL  string
	Auth Auth
}

// Preset is one vendor. Presets are shared: nothing of them may be changed.
type Preset struct {
	// Name is what stands after provider in a config.
	Name string
	// Title is the vendor's own name, for people.
	Title string
	// Endpoints are in order of preference: the format the vendor knows best is
	// first.
	Endpoints []Endpoint
	// Models are the names and patterns of what it serves, as far as nothing
	// else is said.
	Models []string
	// Keys are what its keys look like, with * for any run of characters.
	Keys []string
	// Docs is the vendor's page that says so.
	Docs string
	// Keyless vendors, such as a server of one's own, want no key; one is sent
	// if there is one.
	Keyless bool
	// TellsUsage vendors end every Chat Completions stream with usage, unasked;
	// Mistral refuses to be asked.
	TellsUsage bool
	// NeedsURL vendors have an address for each customer, which a channel must
	// give.
	NeedsURL bool
}

var byName = index()

func index() map[string]Preset {
	m := make(map[string]Preset, len(presets))
	for _, p := range presets {
		m[p.Name] = p
	}
	return m
}

// Get returns the preset of a name.
func Get(name string) (Preset, bool) {
	p, ok := byName[name]
	return p, ok
}

// All returns every preset, in the order in which they are shown.
func All() []Preset { return slices.Clone(presets) }

// Names returns the name of every preset, in the order of All.
func Names() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.Name
	}
	return names
}

// otherNames are names that people use for a vendor and we do not.
var otherNames = map[string]string{
	"aistudio": "gemini", "alibaba": "qwen", "ark": "volcengine", "azure-openai": "azure", "bailian": "qwen-cn",
	"bigmodel": "zhipu", "chatgpt": "openai", "claude": "anthropic", "codex": "openai", "dashscope": "qwen",
	"doubao": "volcengine", "glm": "zai", "google": "gemini", "grok": "xai", "kimi": "moonshot", "nim": "nvidia",
	"vercel-ai-gateway": "vercel", "vercel-gateway": "vercel", "z.ai": "zai",
}

// Closest returns the preset's name that somebody who wrote name may have
// meant, or "".
func Closest(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if other, ok := otherNames[name]; ok {
		return other
	}
	if near := config.Closest(name, Names(), 1); len(near) > 0 {
		return near[0]
	}
	return ""
}

// Check checks what a channel says of its provider: that there is one of this
// name, that it has an address and speaks what is asked of it, and that there
// is a key if it wants one and is in use. Its error is a *config.Error.
func Check(c *config.Channel) error {
	if c.Provider == "" {
		return nil
	}
	fail := func(field, value, problem string) error {
		return &config.Error{Thing: "channel", Name: c.Name, Field: field, Value: value, Problem: problem}
	}
	p, ok := Get(c.Provider)
	if !ok {
		problem := "is not known; without provider, url and an address do as well"
		if near := Closest(c.Provider); near != "" {
			problem = fmt.Sprintf("is not known; did you mean %q?", near)
		}
		return fail("provider", fmt.Sprintf("%q", c.Provider), problem)
	}
	if p.NeedsURL && len(c.URLs) == 0 {
		return fail("provider", p.Name, "has an address for each customer: write url "+p.Endpoints[0].URL)
	}
	if len(c.URLs) == 0 {
		for _, name := range c.Protocols {
			if _, ok := p.BaseURL(ai.Protocol(name)); !ok {
				return fail("protocols", name, fmt.Sprintf("is not spoken by %s, which speaks %s", p.Name, strings.Join(p.ProtocolNames(), ", ")))
			}
		}
	}
	if len(c.Keys) == 0 && !p.Keyless && c.Auth != string(AuthNone) && !c.Disabled {
		return fail("provider", p.Name, "wants a key: write key and the key, as in key {env.API_KEY}; to send none, auth none")
	}
	return nil
}

// endpoint returns the endpoint of a wire format, or nil.
func (p Preset) endpoint(protocol ai.Protocol) *Endpoint {
	for i := range p.Endpoints {
		if p.Endpoints[i].Protocol == protocol {
			return &p.Endpoints[i]
		}
	}
	return nil
}

// BaseURL returns where the vendor speaks a wire format, in the form of
// config.URL. It returns false if it does not, or if the channel must say.
func (p Preset) BaseURL(protocol ai.Protocol) (string, bool) {
	e := p.endpoint(protocol)
	if e == nil || p.NeedsURL {
		return "", false
	}
	return e.URL, true
}

// AuthFor returns how the vendor wants its key in a wire format. It is empty,
// as the format wants it, where nothing is known.
func (p Preset) AuthFor(protocol ai.Protocol) Auth {
	if e := p.endpoint(protocol); e != nil {
		return e.Auth
	}
	return ""
}

// ProtocolNames returns the wire formats the vendor speaks, in order of
// preference.
func (p Preset) ProtocolNames() []string {
	var names []string //nolint:prealloc // nil for no preset
	for _, e := range p.Endpoints {
		names = append(names, string(e.Protocol))
	}
	return names
}
