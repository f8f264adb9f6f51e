package routing

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
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

// Channel is one channel of the config, resolved, with handles on its live
// state.
type Channel struct {
	Conf      *config.Channel // placeholders replaced
	Name      string
	Preset    provider.Preset
	URLs      []URL           // at least one
	Spoken    []ai.Protocol   // by any of URLs, in the order of the config
	Keys      []Key           // at least one; of a channel that needs none its Secret is empty
	Served    access.Patterns // the client model names it serves, see Patterns
	renamed   []string        // the patterns of Conf.ModelNames, the one first that is meant
	hours     *config.Window  // nil: always
	Rules     []health.Rule
	Health    *health.Channel
	histories *health.Histories // of its models
	Limiter   *access.Limiter
	Keyless   bool                // every key's placeholder is empty here
	upstream  *selection.Upstream // stands for the channel before foreign policies
	Edits     []scan.Edit         // body_set and body_remove
	Origin    string              // Declared or Stored
	// HeaderUp makes the channel's changes of a request's header, nil if there
	// are none. r is the client's request, nil for what the gateway asks by itself.
	HeaderUp config.HeaderChanges
}

// URL is one address of a channel.
type URL struct {
	Address string // as configured, its identity
	Speaks  []ai.Protocol
	Bases   map[ai.Protocol]config.Base // where each protocol lives
	Host    string
	Literal bool // the host is written as a network address, so it may be a private one
}

// Key is one credential of a channel.
type Key struct {
	Secret   string        // what is sent upstream
	ID       string        // fingerprint of what the key is known by, see config.Channel.KeyIdentity
	InFlight *atomic.Int64 // calls under way
}

// NewChannel resolves one channel that is of no table, and that no call will
// use. Its placeholders are left as they are written.
func NewChannel(conf *config.Channel) (*Channel, error) {
	st := NewState(nil)
	ch, err := newChannel(conf, asWritten, st, st.counts(time.UTC), func(string) {})
	if err == nil {
		ch.HeaderUp = conf.HeaderUp.Changes(false)
	}
	return ch, err
}

// asWritten replaces no placeholders.
func asWritten(s string) string { return s }

func newChannel(c *config.Channel, replace func(string) string, st *State, counts *access.Counts, warn func(string)) (*Channel, error) {
	if err := provider.Check(c); err != nil {
		return nil, err
	}
	conf, notes := c.Replaced(replace)
	for _, note := range notes {
		warn(fmt.Sprintf("channel %q: %s", c.Name, note))
	}
	ch := &Channel{Conf: conf, Name: c.Name, Keyless: len(c.Keys) > 0 && len(conf.Keys) == 0}
	if err := conf.Validate(); err != nil {
		return nil, err
	}
	ch.Preset, _ = provider.Get(c.Provider)
	var err error
	if ch.URLs, err = channelURLs(conf, ch.Preset); err != nil {
		return nil, err
	}
	for i, secret := range conf.Keys {
		id := access.Fingerprint(conf.KeyIdentity(i))
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
	ch.Health, ch.histories = st.Tracker.Channel(spec), &st.Histories
	ch.Limiter = counts.Limiter(ChannelPurse+c.Name, access.Rates{RPM: c.RPM, TPM: c.TPM, Concurrency: c.MaxConcurrency}, channelBudget(c))
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

func ruleSpecs(rules []config.CooldownRule) []health.RuleSpec {
	specs := make([]health.RuleSpec, len(rules))
	for i, r := range rules {
		specs[i] = health.RuleSpec{
			Status: r.Status, Body: r.Body, Scope: r.Scope, For: r.For.Duration, Layout: r.Layout, Zone: r.Zone,
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

// protocolsOf reads a list of protocol names; none means all of them.
func protocolsOf(names string) []ai.Protocol {
	if names == "" {
		return ai.RelayProtocols
	}
	var list []ai.Protocol
	for n := range strings.FieldsSeq(names) {
		list = append(list, ai.Protocol(n))
	}
	return list
}

// Origin is scheme and host of an address.
func Origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host
}

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

// historiesOf are the histories of a model at each address.
func (ch *Channel) historiesOf(model string) []*health.History {
	list := make([]*health.History, len(ch.URLs))
	for i := range list {
		list[i] = ch.histories.Of(ch.Name, ch.URLs[i].Address, model)
	}
	return list
}
