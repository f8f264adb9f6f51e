package routing

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

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/provider"
	"github.com/ccload/ccload/selection"
)

// Table is the immutable list of channels, tokens and aliases that one
// config amounts to. Handlers read it without locks.
type Table struct {
	Channels []*Channel // in config order
	ByName   map[string]*Channel
	Aliases  map[string][]string
	wild     []string // those of the aliases that are patterns, the one first that is meant
	Tokens   *access.Tokens
	Calendar *access.Calendar // of budgets
	Names    []string         // every exact model name and alias, sorted
	routes   routeCache
	Capture  config.Capture
}

// Channel is one channel of the config, resolved, with handles on its live
// state.
type Channel struct {
	Conf      *config.Channel // placeholders replaced
	Name      string
	Preset    provider.Preset
	URLs      []URL
	Spoken    []ai.Protocol // by any of urls, in the order of the config
	Keys      []Key
	Served    access.Patterns
	renamed   []string       // the patterns of Conf.ModelNames, the one first that is meant
	hours     *config.Window // nil: always
	Rules     []health.Rule
	Health    *health.Channel
	Allowance *access.Allowance
	Keyless   bool                // every key's placeholder is empty here
	upstream  *selection.Upstream // stands for the channel before foreign policies
	Edits     []scan.Edit
	Origin    string // declared or stored
}

// URL is one address of a channel.
type URL struct {
	Address string // as configured, its identity
	Speaks  []ai.Protocol
	Bases   map[ai.Protocol]config.Base // where each protocol lives
	Host    string
	Literal bool
}

// Key is one credential of a channel.
type Key struct {
	Secret   string
	ID       string // fingerprint
	InFlight *atomic.Int64
}

// Where a channel comes from.
const (
	Declared = "declared" // in the config, and read-only
	Stored   = "stored"   // made by the dashboard or its API
)

// Options are what a table is made with.
type Options struct {
	Declared int                  // how many of the first channels are declared; the others are stored
	Replace  func(string) string  // replaces the placeholders of what is declared
	State    *State               // gives handles; it is not changed
	Usable   func(*Channel) error // fails if a stored channel cannot be connected to
	Warn     func(problem string) // is told of what is left out
}

// NewTable resolves a config, with what is stored beside it. It touches neither
// disk nor network. What is declared must be right; what is stored and cannot be
// used is left out, for it was right when it was saved and nobody is there to be
// told.
func NewTable(conf *config.App, o Options) (*Table, error) {
	r := &Table{ByName: make(map[string]*Channel), Calendar: access.NewCalendar(conf.Location()), Capture: conf.Capture.Resolved()}
	counts := &access.Counts{Meters: o.State.Meters, Purses: o.State.Purses, Calendar: r.Calendar}
	for i, c := range conf.Channels {
		from, replace := Declared, o.Replace
		if i >= o.Declared {
			// Whoever may use the dashboard need not be able to read the
			// process's environment and files.
			from, replace = Stored, asWritten
		}
		ch, err := newChannel(c, replace, o.State, counts, o.Warn)
		if err == nil && from == Stored {
			err = o.Usable(ch)
		}
		if err != nil && from == Stored {
			o.Warn(fmt.Sprintf("the stored channel %q cannot be used: %v", c.Name, err))
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("channel %q: %w", c.Name, err)
		}
		ch.Origin = from
		r.Channels = append(r.Channels, ch)
		r.ByName[ch.Name] = ch
	}
	r.Aliases = conf.AliasModels()
	r.wild = access.Sorted(maps.Keys(r.Aliases))
	tokens, err := newTokens(conf.Tokens, o.Replace, counts, o.Warn)
	if err != nil {
		return nil, err
	}
	r.Tokens = tokens
	r.Names = r.exactNames()
	for name := range r.Aliases {
		if !r.leadsSomewhere(name) {
			o.Warn(fmt.Sprintf("alias %q leads to no model that a channel serves", name))
		}
	}
	return r, nil
}

// NewChannel resolves one channel that is of no table, and that no call will
// use. Its placeholders are left as they are written.
func NewChannel(conf *config.Channel) (*Channel, error) {
	st := NewState(nil)
	return newChannel(conf, asWritten, st, st.counts(time.UTC), func(string) {})
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
			spec.Expires = end
		}
		specs = append(specs, spec)
	}
	return access.New(specs, counts)
}

func newChannel(c *config.Channel, replace func(string) string, st *State, counts *access.Counts, warn func(string)) (*Channel, error) {
	if err := provider.Check(c); err != nil {
		return nil, err
	}
	conf, dropped := c.Replaced(replace)
	for _, position := range dropped {
		warn(fmt.Sprintf("channel %q: key %d is left out: it is empty here (is its placeholder set?) or given twice", c.Name, position))
	}
	ch := &Channel{Conf: conf, Name: c.Name, Keyless: len(c.Keys) > 0 && len(conf.Keys) == 0}
	if ch.Keyless {
		warn(fmt.Sprintf("channel %q has no key left and is not used", c.Name))
	}
	if err := conf.Validate(); err != nil {
		return nil, err
	}
	ch.Preset, _ = provider.Get(c.Provider)
	var err error
	if ch.URLs, err = channelURLs(conf, ch.Preset); err != nil {
		return nil, err
	}
	for _, secret := range conf.Keys {
		id := access.Fingerprint(secret)
		ch.Keys = append(ch.Keys, Key{Secret: secret, ID: id, InFlight: st.InFlight.counter(c.Name, id)})
	}
	if len(ch.Keys) == 0 {
		ch.Keys = []Key{{InFlight: st.InFlight.counter(c.Name, "")}}
	}
	ch.Served = access.CompilePatterns(ch.Patterns())
	ch.renamed = access.Sorted(maps.Keys(conf.ModelNames))
	if ch.hours, err = c.Hours.Window(); err != nil {
		return nil, err
	}
	if ch.Rules, err = health.CompileRules(ruleSpecs(c.CooldownRules)); err != nil {
		return nil, err
	}
	if ch.Edits, err = bodyEdits(c); err != nil {
		return nil, err
	}
	spec := health.Spec{Name: c.Name, Group: c.Group}
	for _, u := range ch.URLs {
		spec.URLs = append(spec.URLs, u.Address)
		spec.Protocols = append(spec.Protocols, u.Speaks)
		for _, p := range u.Speaks {
			if !slices.Contains(ch.Spoken, p) {
				ch.Spoken = append(ch.Spoken, p)
			}
		}
	}
	for _, k := range ch.Keys {
		spec.Keys = append(spec.Keys, k.ID)
	}
	ch.Health = st.Board.Channel(spec)
	ch.Allowance = counts.Allowance(ChannelPurse+c.Name, access.Rates{RPM: c.RPM, TPM: c.TPM, Concurrency: c.MaxConcurrency}, channelBudget(c))
	ch.upstream = selection.NewUpstream(c.Name)
	return ch, nil
}

// Patterns are the client model names the channel serves.
func (ch *Channel) Patterns() []string {
	models := slices.Clone(ch.Conf.Models)
	if len(models) == 0 && len(ch.Conf.ModelNames) == 0 {
		if models = slices.Clone(ch.Preset.Models); len(models) == 0 {
			models = []string{"*"}
		}
	}
	for name := range ch.Conf.ModelNames {
		models = append(models, name)
	}
	return models
}

// UpstreamModel is the upstream's name of a client's model.
func (ch *Channel) UpstreamModel(model string) string {
	if name, ok := ch.Conf.ModelNames[model]; ok {
		return name
	}
	for _, pattern := range ch.renamed {
		if name, ok := access.Rewrite(pattern, ch.Conf.ModelNames[pattern], model); ok {
			return name
		}
	}
	return model
}

// Speaks reports whether any of the channel's addresses speaks p.
func (ch *Channel) Speaks(p ai.Protocol) bool {
	for i := range ch.URLs {
		if slices.Contains(ch.URLs[i].Speaks, p) {
			return true
		}
	}
	return false
}

// Open reports whether the channel's hours include now.
func (ch *Channel) Open(now time.Time) bool { return ch.hours == nil || ch.hours.Contains(now) }

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
func channelURLs(c *config.Channel, preset provider.Preset) ([]URL, error) {
	confs := c.URLs
	if len(confs) == 0 {
		return presetURLs(c, preset)
	}
	urls := make([]URL, 0, len(confs))
	for _, conf := range confs {
		base, err := conf.Parse()
		if err != nil {
			return nil, err
		}
		u := URL{Address: conf.URL, Bases: make(map[ai.Protocol]config.Base), Host: base.Host(), Literal: base.Literal()}
		names := cmp.Or(joined(conf.Protocols), joined(c.Protocols), joined(preset.ProtocolNames()))
		for _, p := range protocolsOf(names) {
			u.Speaks = append(u.Speaks, p)
			u.Bases[p] = base
		}
		urls = append(urls, u)
	}
	return urls, nil
}

// presetURLs groups a provider's protocols by the host that speaks them, so
// that one address is one thing to health.
func presetURLs(c *config.Channel, preset provider.Preset) ([]URL, error) {
	var urls []URL
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
		i := slices.IndexFunc(urls, func(u URL) bool { return u.Host == base.Host() })
		if i < 0 {
			i = len(urls)
			urls = append(urls, URL{
				Address: Origin(address), Bases: make(map[ai.Protocol]config.Base),
				Host: base.Host(), Literal: base.Literal(),
			})
		}
		urls[i].Speaks = append(urls[i].Speaks, p)
		urls[i].Bases[p] = base
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
func Origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host
}

// ChannelPurse is what the names of channels' meters and purses begin with.
const ChannelPurse = "channel/"

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

// Limited are the allowances that have limits, by the name that all nodes know
// them by.
func (r *Table) Limited() map[string]*access.Allowance {
	list := make(map[string]*access.Allowance)
	for _, name := range r.Tokens.Names() {
		if a := r.Tokens.ByName(name).Allowance(); a.Limited() {
			list["token/"+name] = a
		}
	}
	for _, ch := range r.Channels {
		if ch.Allowance.Limited() {
			list[ChannelPurse+ch.Name] = ch.Allowance
		}
	}
	return list
}

// Owns reports whether a channel still has the key of a target.
func (r *Table) Owns(t ai.Target) bool {
	ch := r.ByName[t.Channel]
	return ch != nil && slices.ContainsFunc(ch.Keys, func(k Key) bool { return k.ID == t.Key })
}

// ProtocolNames are the protocols that the channel speaks.
func (ch *Channel) ProtocolNames() []string {
	var names []string
	for _, p := range ai.Protocols {
		if ch.Speaks(p) {
			names = append(names, string(p))
		}
	}
	return names
}
