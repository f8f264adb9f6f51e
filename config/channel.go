package config

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Bounds of a channel's numbers.
const (
	MaxPriority    = 1_000_000 // and its negative
	MaxWeight      = 10_000
	MaxRPM         = 1_000_000_000
	MaxConcurrency = 1_000_000
)

// AuthStyles are the ways to send an upstream key.
var AuthStyles = []string{"bearer", "x-api-key", "x-goog-api-key", "api-key", "none"}

// Channel is one account at one provider: where it is, its keys, which models
// it serves, and how much may be asked of it.
type Channel struct {
	// Name identifies the channel in logs, statistics and tokens. Unique.
	// Required; at most 191 characters.
	Name string `json:"name"`

	// Provider is a preset: base URL, protocols and the way it wants its
	// credential, e.g. anthropic, openai, gemini, openrouter. Either a provider
	// or at least one URL is needed; URLs given here replace the preset's.
	Provider string `json:"provider,omitempty"`

	// URLs are base addresses of the service, all equal; the faster healthy one
	// is used. A trailing /v1 may be left out or written. A trailing # means:
	// use the address as it is, append no endpoint path. Other forms:
	// see url.
	URLs []URL `json:"urls,omitempty"`

	// Protocols are the wire formats the URLs speak, in order of preference:
	// anthropic, openai, responses, gemini. Default: those of the provider; for
	// a channel without provider all of them, and what an address does not
	// speak is learned from its answers.
	Protocols []string `json:"protocols,omitempty"`

	// Keys are the upstream credentials. They are used in turn, and cool down one by
	// one. Placeholders such as {env.KEY} and {file./path} are replaced; a key
	// whose placeholder is empty is left out. A file is looked at every second:
	// a new key in it takes the place of the old one, with its budget and its
	// conversations, and is tried at once if the old one was refused. A channel
	// may have no key if its service wants none.
	Keys []string `json:"keys,omitempty"`

	// Auth says how the key is sent: bearer (Authorization: Bearer), x-api-key,
	// x-goog-api-key, api-key, or none. Default: as the provider or protocol
	// wants it.
	Auth string `json:"auth,omitempty"`

	// Models are the models the channel serves: exact names or patterns with *.
	// Default: everything the provider serves; for a channel without provider, everything (*).
	Models []string `json:"models,omitempty"`

	// ModelNames maps a client's model name to the name this upstream uses. The
	// client's names are served too, they need not stand in Models again. They
	// may be patterns; a * in the upstream's name is what the * of the pattern
	// stands for, as in openai/* to *. A name that is written out goes before
	// patterns, and of these the longest counts.
	ModelNames map[string]string `json:"model_names,omitempty"`

	// Priority decides first: a channel of a higher priority is used as long as
	// it can be. Default 0; may be negative.
	Priority int `json:"priority,omitempty"`

	// Weight is the share among channels of the same priority, multiplied by
	// the number of usable keys. Default 1; 0 to 10000. 0 is standby: the channel
	// serves only while no other of its priority can.
	Weight *int `json:"weight,omitempty"`

	// Disabled takes the channel out of routing without removing it.
	Disabled bool `json:"disabled,omitempty"`

	// RPM limits requests per minute (a sliding minute). Default 0: no limit.
	RPM int `json:"rpm,omitempty"`

	// TPM limits tokens per minute, input and output (a sliding minute). A
	// call counts with what it is expected to use, and with what it used when
	// it has ended. Default 0: no limit.
	TPM int `json:"tpm,omitempty"`

	// MaxConcurrency limits requests under way. Default 0: no limit.
	MaxConcurrency int `json:"max_concurrency,omitempty"`

	// DailyBudget is the most that may be spent on the channel in a day, in US
	// dollars; the same as day in budget. Default 0: no limit.
	DailyBudget float64 `json:"daily_budget,omitempty"`

	// Budget is how much may be spent on the channel. When it is used up, the
	// channel is left out until it begins anew.
	Budget Budget `json:"budget,omitzero"`

	// CostMultiplier is what the channel takes of the list price: 0.3 for a
	// relay that charges 30 %. 0 is free. Default 1; 0 to 1000.
	CostMultiplier *float64 `json:"cost_multiplier,omitempty"`

	// Region is where the upstream works on a call, for vendors that take more
	// for it: eu or us for OpenAI's regional processing, or an Azure data zone.
	// What an answer says of its region goes before it. Default: what the
	// address says, as eu.api.openai.com does, else none.
	Region string `json:"region,omitempty"`

	// NoIncludeUsage sends Chat Completions streams upstream without asking for
	// token counts (stream_options.include_usage) that the client did not ask
	// for itself. By default they are asked for, and kept from the client; an
	// upstream that refuses is not asked again for a week.
	NoIncludeUsage bool `json:"no_include_usage,omitempty"`

	// Hours is the daily time the channel may be used. Default: always.
	Hours *Hours `json:"hours,omitempty"`

	// Proxy is a forward proxy for this channel: http, https, socks5 or
	// socks5h URL. Default: the environment's (HTTPS_PROXY). "off" for none.
	Proxy string `json:"proxy,omitempty"`

	// TransportRaw is a transport module of Caddy's reverse_proxy that sends the
	// channel's requests instead of the gateway's own: for a certificate
	// authority or a client certificate of one's own, another server name, or
	// HTTP/3 (versions 3, which goes with no other). It is written as in
	// reverse_proxy, and serves calls, checks, tests and lists of models alike.
	// Only the config may have one, because modules read files. What the
	// gateway's own transport does beside, a module does not: names are not kept
	// from resolving to private addresses; connect_timeout does not count but the
	// module's dial_timeout (3 seconds unless it says otherwise); the proxy is
	// that of the environment or of network_proxy; and with HTTP/3 the records of
	// calls do not tell how long name, connection and TLS took. Placeholders of
	// requests are empty in it, because calls share connections. Default: the
	// gateway's own transport.
	TransportRaw json.RawMessage `json:"transport,omitempty" caddy:"namespace=http.reverse_proxy.transport inline_key=protocol"`

	// HeaderUp changes request headers on their way up. Applied last, so it can
	// replace anything but the credential and the host.
	HeaderUp *HeaderOps `json:"header_up,omitempty"`

	// HeaderDown changes answer headers on their way to the client, and names
	// headers of the upstream that clients get beside the few that always pass.
	HeaderDown *HeaderDown `json:"header_down,omitempty"`

	// BodySet sets top-level or dotted fields of a JSON request body; the value
	// is JSON. Changing "model" changes what the upstream is asked for, not how
	// the call was routed: model_names does both.
	BodySet []BodyField `json:"body_set,omitempty"`

	// BodyRemove removes top-level or dotted fields of a JSON request body.
	BodyRemove []string `json:"body_remove,omitempty"`

	// CooldownRules are tried before the built-in classification of an answer;
	// the first that matches decides. At most 32.
	CooldownRules []CooldownRule `json:"cooldown_rules,omitempty"`

	// Group names channels that share fate: a limit that speaks of the
	// organisation or the address cools down all of them. Default: none.
	Group string `json:"group,omitempty"`

	// HealthCheck asks a cheap request of the channel from time to time, so
	// that a failing one is found well before a client needs it. Default: off.
	HealthCheck *HealthCheck `json:"health_check,omitempty"`

	// AllowPrivateAddresses permits host names that resolve to loopback,
	// private or link-local addresses. An address or "localhost" written
	// literally in a URL is always permitted; a name is not, because whoever
	// controls its DNS could point it inside your network.
	AllowPrivateAddresses bool `json:"allow_private_addresses,omitempty"`

	// TLSInsecureSkipVerify accepts any certificate. Only for tests.
	TLSInsecureSkipVerify bool `json:"tls_insecure_skip_verify,omitempty"`

	transport http.RoundTripper // see ProvisionTransport

	written []string // Keys before their placeholders were replaced; nil if they were not
}

// KeyIdentity is what a key is known by to whatever outlives it: cooldowns,
// affinity, the owner of stored responses. A key that is kept in a file goes by
// the file, so that a new key in it takes the place of the old one.
func (c *Channel) KeyIdentity(i int) string {
	if i < len(c.written) && c.written[i] != c.Keys[i] && strings.Contains(c.written[i], filePlaceholder) {
		return c.written[i]
	}
	return c.Keys[i]
}

// KeyInFile reports whether a key was read from a file.
func (c *Channel) KeyInFile(i int, path string) bool {
	return i < len(c.written) && strings.Contains(c.written[i], filePlaceholder+path+"}")
}

// filePlaceholder is how a placeholder begins that stands for a file.
const filePlaceholder = "{file."

// Share is the weight that the channel has, 0 for standby.
func (c *Channel) Share() int {
	if c.Weight == nil {
		return 1
	}
	return *c.Weight
}

// checkWeight checks a weight, of which 0 has a meaning.
func checkWeight(w *int) *Error {
	if w == nil {
		return nil
	}
	return checkThat(*w >= 0 && *w <= MaxWeight, "weight", strconv.Itoa(*w), RangeProblem(0, MaxWeight))
}

// maxRegion is the longest name of a region.
const maxRegion = 64

// Validate checks the channel by itself. Whether its provider exists, and has
// an address and needs a key, is known to package provider.
func (c *Channel) Validate() error {
	return first("channel", c.Name,
		checkName("name", c.Name),
		checkThat(c.Provider != "" || len(c.URLs) > 0, "", "",
			"has no address: write provider and a name such as openai, or url and an address"),
		checkEach(c.URLs, URL.check),
		c.checkURLsDiffer(),
		checkProtocols("protocols", c.Protocols),
		checkOneOf("auth", c.Auth, AuthStyles),
		c.checkKeys(),
		checkModels("models", c.Models),
		c.checkModelNames(),
		checkRange("priority", c.Priority, -MaxPriority, MaxPriority),
		checkWeight(c.Weight),
		checkRange("rpm", c.RPM, 0, MaxRPM),
		checkRange("tpm", c.TPM, 0, MaxTPM),
		checkRange("max_concurrency", c.MaxConcurrency, 0, MaxConcurrency),
		checkThat(c.DailyBudget >= 0 && c.DailyBudget <= MaxBudget, "daily_budget", "", fmt.Sprintf("must be US dollars, 0 to %d", MaxBudget)),
		checkThat(c.DailyBudget == 0 || c.Budget.Day == 0, "daily_budget", "", "is given in budget too: keep one of them"),
		c.Budget.check("budget"),
		checkThat(c.CostMultiplier == nil || *c.CostMultiplier >= 0 && *c.CostMultiplier <= MaxCostMultiplier, "cost_multiplier", "",
			RangeProblem(0, MaxCostMultiplier)),
		checkThat(len(c.Region) <= maxRegion, "region", "", fmt.Sprintf("must be a name such as eu, of at most %d letters", maxRegion)),
		c.Hours.check(),
		checkProxy(c.Proxy),
		c.checkTransport(),
		c.HeaderUp.check(),
		c.HeaderDown.check(),
		checkBodyEdits(c.BodySet, c.BodyRemove),
		c.checkRules(),
		c.checkGroup(),
		c.checkHealthCheck(),
	)
}

func (c *Channel) checkURLsDiffer() *Error {
	for i, u := range c.URLs {
		if slices.ContainsFunc(c.URLs[:i], func(v URL) bool { return v.URL == u.URL }) {
			return &Error{Field: "urls", Value: showURL(u.URL), Problem: "stands there twice: give it all its protocols at once"}
		}
	}
	return nil
}

// checkKeys names keys by their position: what they are is nobody's business.
func (c *Channel) checkKeys() *Error {
	if len(c.Keys) > 0 && c.Auth == "none" {
		return &Error{Field: "keys", Problem: "there are keys, but auth none sends none: remove one of both"}
	}
	for i, k := range c.Keys {
		fail := func(problem string) *Error {
			return &Error{Field: "keys", Value: "#" + strconv.Itoa(i+1), Problem: problem}
		}
		if p := checkClosed("keys", "#"+strconv.Itoa(i+1), k); p != nil {
			return p
		}
		switch twin := slices.Index(c.Keys[:i], k); {
		case k == "":
			return fail("is empty: set the variable it comes from, or remove it")
		case twin >= 0:
			return fail(fmt.Sprintf("is the same as #%d: remove it", twin+1))
		case !HasPlaceholder(k) && !sendable(k):
			return fail("holds a space, a line break or a character that no header can carry: was it copied whole?")
		}
	}
	return nil
}

func (c *Channel) checkModelNames() *Error {
	for client, upstream := range sorted(c.ModelNames) {
		if p := checkModel("model_names", client); p != nil {
			return p
		}
		if p := checkTarget("model_names", client, upstream); p != nil {
			return p
		}
	}
	return nil
}

func (c *Channel) checkRules() *Error {
	if len(c.CooldownRules) > MaxCooldownRules {
		return &Error{Field: "cooldown_rules", Value: strconv.Itoa(len(c.CooldownRules)), Problem: fmt.Sprintf("must be at most %d", MaxCooldownRules)}
	}
	return checkEach(c.CooldownRules, CooldownRule.check)
}

func (c *Channel) checkGroup() *Error {
	if c.Group == "" {
		return nil
	}
	return checkName("group", c.Group)
}

func (c *Channel) checkHealthCheck() *Error {
	if p := c.HealthCheck.check(); p != nil || c.HealthCheck == nil {
		return p
	}
	return checkThat(c.CheckModel() != "", "health_check", "",
		"needs a model to ask, because models holds patterns only: write one, as in health_check 5m gpt-5-mini")
}

// CheckModel is the client's name of the model that an active check asks for:
// the one it names, or else the first the channel serves by its full name. It
// is "" if there is neither, and without a health check.
func (c *Channel) CheckModel() string {
	if c.HealthCheck == nil {
		return ""
	}
	if c.HealthCheck.Model != "" {
		return c.HealthCheck.Model
	}
	for _, m := range c.Models {
		if !strings.Contains(m, "*") {
			return m
		}
	}
	for client := range sorted(c.ModelNames) {
		if !strings.Contains(client, "*") {
			return client
		}
	}
	return ""
}

// Replaced returns a copy of c in which replace has been applied to what may
// hold placeholders: keys, addresses and the proxy. Keys that cannot be used are
// left out: one of them does not cost the others. The copy shares everything
// else with c. notes are what somebody should hear of it, without any secret;
// where no key is left they leave out those that are empty, which EmptyKeys
// lists.
//
// Addresses of Azure's deployments want the key in the header api-key where
// nothing else is said.
func (c *Channel) Replaced(replace func(string) string) (replaced *Channel, notes []string) {
	r := *c
	r.Keys, r.written = make([]string, 0, len(c.Keys)), make([]string, 0, len(c.Keys))
	var empty []string
	for i, written := range c.Keys {
		k := strings.TrimSpace(replace(written))
		problem, usable := "", true
		switch {
		case k == "":
			empty = append(empty, fmt.Sprintf("key %d is left out: it is empty here%s", i+1, because(written)))
			usable = false
		case slices.Contains(r.Keys, k):
			problem, usable = "is left out: it is given twice", false
		case !sendable(k):
			problem, usable = "is left out: it holds a space, a line break or a character that no header can carry (was it copied whole?)", false
		case Quoted(k):
			problem = "stands in quotes, which are sent as a part of it: remove them where it is set; docker --env-file keeps them"
		}
		if problem != "" {
			notes = append(notes, fmt.Sprintf("key %d %s", i+1, problem))
		}
		if usable {
			r.Keys, r.written = append(r.Keys, k), append(r.written, written)
		}
	}
	if len(r.Keys) > 0 {
		notes = append(empty, notes...)
	}
	r.URLs = slices.Clone(c.URLs)
	deployments := len(r.URLs) > 0
	for i := range r.URLs {
		u := &r.URLs[i]
		u.URL = strings.TrimSpace(replace(u.URL))
		base, err := u.Parse()
		if err == nil && base.Pasted() != "" {
			notes = append(notes, fmt.Sprintf("url %s is a whole endpoint: its base %s is used for all of them", showURL(u.URL), base.Pasted()))
		}
		deployments = deployments && err == nil && base.deployment
	}
	if deployments && c.Auth == "" && c.Provider == "" {
		r.Auth = "api-key"
	}
	r.Proxy = strings.TrimSpace(replace(c.Proxy))
	return &r, notes
}

// Quoted reports whether a secret stands in quotes, which it hardly ever means.
func Quoted(s string) bool {
	return len(s) >= 2 && (s[0] == '"' || s[0] == '\'' || s[0] == '`') && s[len(s)-1] == s[0]
}

// EmptyKeys lists the placeholders of keys that are empty once replace has been
// applied, such as {env.OPENAI_API_KEY}.
func (c *Channel) EmptyKeys(replace func(string) string) []string {
	var empty []string
	for _, written := range c.Keys {
		if strings.TrimSpace(replace(written)) == "" && strings.Contains(written, "{") {
			empty = append(empty, strings.TrimSpace(written))
		}
	}
	return empty
}

// because names the placeholder that left a value empty.
func because(written string) string {
	if !strings.Contains(written, "{") {
		return ""
	}
	return ": is " + strings.TrimSpace(written) + " set?"
}
