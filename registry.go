package ccload

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/provider"
	"github.com/ccload/ccload/relay"
)

// registry is the immutable list of channels, tokens and aliases that one
// config amounts to. Handlers read it without locks.
type registry struct {
	channels []*channel // in config order
	byName   map[string]*channel
	aliases  map[string][]string
	wild     []string // those of the aliases that are patterns, the one first that is meant
	tokens   *access.Tokens
	calendar *access.Calendar // of budgets
	names    []string         // every exact model name and alias, sorted
	plans    planCache
	capture  config.Capture
}

// channel is one channel of the config, resolved, with handles on its live
// state.
type channel struct {
	conf      *config.Channel // placeholders replaced
	name      string
	preset    provider.Preset
	urls      []upstreamURL
	spoken    []ai.Protocol // by any of urls, in the order of the config
	keys      []upstreamKey
	served    access.Patterns
	renamed   []string       // the patterns of conf.ModelNames, the one first that is meant
	hours     *config.Window // nil: always
	rules     []health.Rule
	health    *health.Channel
	allowance *access.Allowance
	keyless   bool                   // every key's placeholder is empty here
	upstream  *reverseproxy.Upstream // stands for the channel before foreign policies
	edits     []scan.Edit
	origin    string // declared or stored
}

// upstreamURL is one address of a channel.
type upstreamURL struct {
	conf    config.URL
	address string // as configured, its identity
	speaks  []ai.Protocol
	bases   map[ai.Protocol]config.Base // where each protocol lives
	host    string
	literal bool
}

// upstreamKey is one credential of a channel.
type upstreamKey struct {
	secret string
	id     string // fingerprint
	load   *atomic.Int64
}

// newRegistry resolves a config, with what is stored beside it. It touches
// neither disk nor network; the state it is given handles of is not changed by
// it. What is declared must be right; what is stored and cannot be used is left
// out, for it was right when it was saved and nobody is there to be told.
//
// The first declaredChannels channels of conf are declared, the others stored.
func newRegistry(conf *config.App, declaredChannels int, replace func(string) string, st *routingState, pool *relay.Pool, warn func(string)) (*registry, error) {
	r := &registry{byName: make(map[string]*channel), calendar: access.NewCalendar(conf.Location()), capture: conf.Capture.Resolved()}
	counts := &access.Counts{Meters: st.Meters, Purses: st.Purses, Calendar: r.calendar}
	for i, c := range conf.Channels {
		from, replace := declared, replace
		if i >= declaredChannels {
			// Whoever may use the dashboard need not be able to read the
			// process's environment and files.
			from, replace = stored, asWritten
		}
		ch, err := newChannel(c, replace, st, counts, warn)
		if err == nil && from == stored {
			_, err = ch.transports(pool, config.DefaultConnectTimeout)
		}
		if err != nil && from == stored {
			warn(fmt.Sprintf("the stored channel %q cannot be used: %v", c.Name, err))
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("channel %q: %w", c.Name, err)
		}
		ch.origin = from
		r.channels = append(r.channels, ch)
		r.byName[ch.name] = ch
	}
	r.aliases = conf.AliasModels()
	r.wild = access.Sorted(maps.Keys(r.aliases))
	tokens, err := newTokens(conf.Tokens, replace, counts, warn)
	if err != nil {
		return nil, err
	}
	r.tokens = tokens
	r.names = r.exactNames()
	for name := range r.aliases {
		if !r.leadsSomewhere(name) {
			warn(fmt.Sprintf("alias %q leads to no model that a channel serves", name))
		}
	}
	return r, nil
}

// asWritten replaces no placeholders.
func asWritten(s string) string { return s }

func newTokens(conf []*config.Token, replace func(string) string, counts *access.Counts, warn func(string)) (*access.Tokens, error) {
	specs := make([]access.Spec, 0, len(conf))
	for _, t := range conf {
		t, ok := t.Replaced(replace)
		if !ok {
			warn(fmt.Sprintf("token %q is left out: its secret is a placeholder that is empty here", t.Name))
			continue
		}
		if config.Quoted(t.Secret) {
			warn(fmt.Sprintf("the secret of token %q stands in quotes, which a client must send too: remove them where it is set", t.Name))
		}
		if err := t.Validate(); err != nil {
			return nil, err
		}
		spec := access.Spec{
			Name: t.Name, Secret: t.Secret, Models: t.Models, Channels: t.Channels,
			ExceptChannels: t.ExceptChannels, Disabled: t.Disabled, ExposeRoute: t.ExposeRoute, UpstreamCounts: t.UpstreamCounts,
			Rates: access.Rates{RPM: t.RPM, TPM: t.TPM, Concurrency: t.MaxConcurrency}, Budget: budgetOf(t.Budget),
		}
		if t.SecretHash != "" {
			if _, err := hex.Decode(spec.Hash[:], []byte(t.SecretHash)); err != nil {
				return nil, fmt.Errorf("token %q: %w", t.Name, err)
			}
		}
		if t.Expires != "" {
			end, err := config.ParseExpires(t.Expires)
			if err != nil {
				return nil, fmt.Errorf("token %q: %w", t.Name, err)
			}
			if spec.Expires = end; end.Before(time.Now()) {
				warn(fmt.Sprintf("token %q has expired (%s) and admits nobody", t.Name, t.Expires))
			}
		}
		specs = append(specs, spec)
	}
	return access.New(specs, counts)
}

func newChannel(c *config.Channel, replace func(string) string, st *routingState, counts *access.Counts, warn func(string)) (*channel, error) {
	if err := provider.Check(c); err != nil {
		return nil, err
	}
	conf, notes := c.Replaced(replace)
	for _, note := range notes {
		warn(fmt.Sprintf("channel %q: %s", c.Name, note))
	}
	ch := &channel{conf: conf, name: c.Name, keyless: len(c.Keys) > 0 && len(conf.Keys) == 0}
	if ch.keyless {
		warn(fmt.Sprintf("channel %q has no key left and is not used", c.Name))
	}
	if err := conf.Validate(); err != nil {
		return nil, err
	}
	ch.preset, _ = provider.Get(c.Provider)
	var err error
	if ch.urls, err = channelURLs(conf, ch.preset); err != nil {
		return nil, err
	}
	for _, secret := range conf.Keys {
		id := access.Fingerprint(secret)
		ch.keys = append(ch.keys, upstreamKey{secret: secret, id: id, load: st.InFlight.counter(c.Name, id)})
	}
	if len(ch.keys) == 0 {
		ch.keys = []upstreamKey{{load: st.InFlight.counter(c.Name, "")}}
	}
	ch.served = access.CompilePatterns(ch.patterns())
	ch.renamed = access.Sorted(maps.Keys(conf.ModelNames))
	if ch.hours, err = c.Hours.Window(); err != nil {
		return nil, err
	}
	if ch.rules, err = health.CompileRules(ruleSpecs(c.CooldownRules)); err != nil {
		return nil, err
	}
	if ch.edits, err = bodyEdits(c); err != nil {
		return nil, err
	}
	spec := health.Spec{Name: c.Name, Group: c.Group}
	for _, u := range ch.urls {
		spec.URLs = append(spec.URLs, u.address)
		spec.Protocols = append(spec.Protocols, u.speaks)
		for _, p := range u.speaks {
			if !slices.Contains(ch.spoken, p) {
				ch.spoken = append(ch.spoken, p)
			}
		}
	}
	for _, k := range ch.keys {
		spec.Keys = append(spec.Keys, k.id)
	}
	ch.health = st.Board.Channel(spec)
	ch.allowance = counts.Allowance(channelPurse+c.Name, access.Rates{RPM: c.RPM, TPM: c.TPM, Concurrency: c.MaxConcurrency}, channelBudget(c))
	ch.upstream = &reverseproxy.Upstream{Host: new(reverseproxy.Host), Dial: c.Name}
	return ch, nil
}

// patterns are the client model names the channel serves.
func (ch *channel) patterns() []string {
	models := slices.Clone(ch.conf.Models)
	if len(models) == 0 && len(ch.conf.ModelNames) == 0 {
		if models = slices.Clone(ch.preset.Models); len(models) == 0 {
			models = []string{"*"}
		}
	}
	for name := range ch.conf.ModelNames {
		models = append(models, name)
	}
	return models
}

// upstreamModel is the upstream's name of a client's model.
func (ch *channel) upstreamModel(model string) string {
	if name, ok := ch.conf.ModelNames[model]; ok {
		return name
	}
	for _, pattern := range ch.renamed {
		if name, ok := access.Rewrite(pattern, ch.conf.ModelNames[pattern], model); ok {
			return name
		}
	}
	return model
}

// speaks reports whether any of the channel's addresses speaks p.
func (ch *channel) speaks(p ai.Protocol) bool {
	for i := range ch.urls {
		if slices.Contains(ch.urls[i].speaks, p) {
			return true
		}
	}
	return false
}

// open reports whether the channel's hours include now.
func (ch *channel) open(now time.Time) bool { return ch.hours == nil || ch.hours.Contains(now) }

func ruleSpecs(rules []config.CooldownRule) []health.RuleSpec {
	specs := make([]health.RuleSpec, len(rules))
	for i, r := range rules {
		specs[i] = health.RuleSpec{
			Status: r.Status, Body: r.Body, Scope: r.Scope, For: time.Duration(r.For), Layout: r.Layout, Zone: r.Zone,
		}
	}
	return specs
}

// channelURLs resolves where a channel's protocols live: its own addresses, or
// else those of its provider.
func channelURLs(c *config.Channel, preset provider.Preset) ([]upstreamURL, error) {
	confs := c.URLs
	if len(confs) == 0 {
		return presetURLs(c, preset)
	}
	urls := make([]upstreamURL, 0, len(confs))
	for _, conf := range confs {
		base, err := conf.Parse()
		if err != nil {
			return nil, err
		}
		u := upstreamURL{conf: conf, address: conf.URL, bases: make(map[ai.Protocol]config.Base), host: base.Host(), literal: base.Literal()}
		names := cmp.Or(joined(conf.Protocols), joined(c.Protocols), joined(preset.ProtocolNames()))
		for _, p := range protocolsOf(names) {
			u.speaks = append(u.speaks, p)
			u.bases[p] = base
		}
		urls = append(urls, u)
	}
	return urls, nil
}

// presetURLs groups a provider's protocols by the host that speaks them, so
// that one address is one thing to health.
func presetURLs(c *config.Channel, preset provider.Preset) ([]upstreamURL, error) {
	var urls []upstreamURL
	wanted := protocolsOf(cmp.Or(joined(c.Protocols), joined(preset.ProtocolNames())))
	for _, p := range wanted {
		address, ok := preset.BaseURL(p)
		if !ok {
			return nil, fmt.Errorf("provider %q does not speak %s", preset.Name, p)
		}
		base, err := config.URL{URL: address}.Parse()
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(urls, func(u upstreamURL) bool { return u.host == base.Host() })
		if i < 0 {
			i = len(urls)
			urls = append(urls, upstreamURL{
				conf: config.URL{URL: address}, address: origin(address), bases: make(map[ai.Protocol]config.Base),
				host: base.Host(), literal: base.Literal(),
			})
		}
		urls[i].speaks = append(urls[i].speaks, p)
		urls[i].bases[p] = base
	}
	if len(urls) == 0 {
		return nil, fmt.Errorf("provider %q has no fixed address: give the channel a url", preset.Name)
	}
	return urls, nil
}

func joined(names []string) string { return strings.Join(names, " ") }

// unknown is the order in which the protocols of an address are tried that says
// nothing of its own: what most relays speak goes first.
var unknown = []ai.Protocol{ai.OpenAI, ai.Anthropic, ai.Responses, ai.Gemini}

// protocolsOf reads a list of protocol names; none means all of them.
func protocolsOf(names string) []ai.Protocol {
	if names == "" {
		return unknown
	}
	var list []ai.Protocol
	for n := range strings.FieldsSeq(names) {
		list = append(list, ai.Protocol(n))
	}
	return list
}

// origin is scheme and host of an address.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host
}

// channelPurse is what the names of channels' meters and purses begin with.
const channelPurse = "channel/"

// budgetOf is a budget in nano-dollars.
func budgetOf(b config.Budget) access.Budget {
	return access.Budget{Day: nanoDollars(b.Day), Month: nanoDollars(b.Month), Total: nanoDollars(b.Total)}
}

func channelBudget(c *config.Channel) access.Budget {
	b := budgetOf(c.Budget)
	b.Day += nanoDollars(c.DailyBudget) // only one of them is given
	return b
}

func nanoDollars(usd float64) ai.Money { return ai.Money(math.Round(usd * float64(ai.Dollar))) }

// bodyEdits reads a channel's body_set and body_remove.
func bodyEdits(c *config.Channel) ([]scan.Edit, error) {
	var edits []scan.Edit
	for _, f := range c.BodySet {
		value, err := json.Marshal(f.Value)
		if err != nil {
			return nil, fmt.Errorf("body_set %s: %w", f.Path, err)
		}
		edits = append(edits, scan.Edit{Path: strings.Split(f.Path, "."), Value: value})
	}
	for _, path := range c.BodyRemove {
		edits = append(edits, scan.Edit{Path: strings.Split(path, ".")})
	}
	return edits, nil
}

// limited are the allowances that have limits, by the name that all nodes know
// them by.
func (r *registry) limited() map[string]*access.Allowance {
	list := make(map[string]*access.Allowance)
	for _, name := range r.tokens.Names() {
		if a := r.tokens.ByName(name).Allowance(); a.Limited() {
			list["token/"+name] = a
		}
	}
	for _, ch := range r.channels {
		if ch.allowance.Limited() {
			list[channelPurse+ch.name] = ch.allowance
		}
	}
	return list
}
