package routing

import (
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
)

// Table is the immutable list of channels, tokens and aliases that one
// config amounts to. Handlers read it without locks.
type Table struct {
	Channels       []*Channel // in config order
	ByName         map[string]*Channel
	Aliases        map[string][]string
	wild           []string // those of the aliases that are patterns, the one first that is meant
	Tokens         *access.Tokens
	Calendar       *access.Calendar // of budgets
	Names          []string         // every exact model name and alias, sorted
	routes         routeCache
	Capture        config.Capture
	ResponsesStore config.ResponsesStore
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
	r := &Table{ByName: make(map[string]*Channel), Calendar: access.NewCalendar(conf.Location()), Capture: conf.Capture.Resolved(), ResponsesStore: conf.ResponsesStore.Resolved()}
	counts := &access.Counts{Windows: o.State.Windows, Spending: o.State.Spending, Calendar: r.Calendar, Unmetered: conf.ServeUnmetered}
	var keyless []string
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
		if ch.Keyless {
			keyless = append(keyless, withoutKey(c, replace))
		}
		ch.Origin = from
		ch.HeaderUp = c.HeaderUp.Changes(from == Declared)
		r.Channels = append(r.Channels, ch)
		r.ByName[ch.Name] = ch
	}
	if len(keyless) > 0 {
		o.Warn("channels without a key are not used: " + strings.Join(keyless, ", "))
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

// withoutKey names a channel that has no key here, and why.
func withoutKey(c *config.Channel, replace func(string) string) string {
	why := "none of its keys can be used"
	switch empty := c.EmptyKeys(replace); len(empty) {
	case 0:
	case 1:
		why = empty[0] + " is empty"
	default:
		why = strings.Join(empty, " ") + " are empty"
	}
	return fmt.Sprintf("%s (%s)", c.Name, why)
}

func newTokens(conf []*config.Token, replace func(string) string, counts *access.Counts, warn func(string)) (*access.Tokens, error) {
	specs := make([]access.Spec, 0, len(conf))
	for _, t := range conf {
		written := t.Secret
		t, ok := t.Replaced(replace)
		if !ok {
			warn(fmt.Sprintf("token %q is left out: its secret is a placeholder that is empty here: is %s set?", t.Name, config.EmptyPlaceholders(written, replace)))
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

// Limited are the allowances that have limits, by the name that all nodes know
// them by.
func (r *Table) Limited() map[string]*access.Limiter {
	list := make(map[string]*access.Limiter)
	for _, name := range r.Tokens.Names() {
		if a := r.Tokens.ByName(name).Limiter(); a.Limited() {
			list["token/"+name] = a
		}
	}
	for _, ch := range r.Channels {
		if ch.Limiter.Limited() {
			list[ChannelPurse+ch.Name] = ch.Limiter
		}
	}
	return list
}

// Owns reports whether a channel still has the key of a target.
func (r *Table) Owns(t ai.Target) bool {
	ch := r.ByName[t.Channel]
	return ch != nil && slices.ContainsFunc(ch.Keys, func(k Key) bool { return k.ID == t.Key })
}

// Renewed reports whether a key has another secret now than a target was sent
// with: what was said of the old one does not speak of it.
func (r *Table) Renewed(t *Target) bool {
	ch := r.ByName[t.Name]
	return ch != nil && ch != t.Channel && slices.ContainsFunc(ch.Keys, func(k Key) bool {
		return k.ID == t.Keys[t.Key].ID && k.Secret != t.Secret()
	})
}
