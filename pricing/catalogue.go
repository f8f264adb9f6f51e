package pricing

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// builtIn is what was collected from the vendors' own pages; additions is what
// that table lacks: prices of hosts, and of what is billed by the piece.
//
//go:embed catalogue.csv
var builtIn []byte

//go:embed additions.csv
var additions []byte

// Catalogue is an immutable list of prices in layers. It is safe for
// concurrent use.
type Catalogue struct {
	own, synced, known []*entry // the operator's, those of a list, those built in
	found              sync.Map // lookup -> *found
	size               atomic.Int64
}

// Default is the catalogue of what is built in. It is read when it is first
// asked for.
var Default = sync.OnceValue(func() *Catalogue {
	var known []Row
	for _, file := range [][]byte{builtIn, additions} {
		rows, _, err := readRows(file) // a test looks at each of them
		if err != nil {
			panic(err)
		}
		known = append(known, rows...)
	}
	return &Catalogue{known: compileAll(known)}
})

// WithOwn returns a catalogue in which rows of the operator go before all
// others: where one of them is in force for a model, no other row is asked.
// The rows must be valid, as those of ParseFile are; others are left out.
func (c *Catalogue) WithOwn(rows []Row) *Catalogue {
	return &Catalogue{own: compileAll(rows), synced: c.synced, known: c.known}
}

// WithSynced returns a catalogue in which rows of a list go before those that
// are built in. Tiers that the list does not know stay as they are built in.
func (c *Catalogue) WithSynced(rows []Row) *Catalogue {
	return &Catalogue{own: c.own, synced: compileAll(rows), known: c.known}
}

// compileAll orders rows so that those of the longest model name come first:
// it is the most specific.
func compileAll(rows []Row) []*entry {
	list := make([]*entry, 0, len(rows))
	shared := make(patterns)
	for i := range rows {
		if e, err := rows[i].compile(shared); err == nil {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b *entry) int { return len(b.model) - len(a.model) })
	return list
}

// lookup is what rows are looked for by.
type lookup struct{ provider, model string }

// found is the rows that fit a lookup, at whatever time, by layer.
type found struct{ own, synced, known []*entry }

// maxLookups bounds what is remembered: with patterns in the config, clients
// choose the names.
const maxLookups = 4096

// find returns the rows that fit.
func (c *Catalogue) find(provider, model string) *found {
	key := lookup{provider, model}
	if f, ok := c.found.Load(key); ok {
		return f.(*found)
	}
	f := new(found)
	vendor, sells := vendorOf(provider)
	if name, ok := normalize(model); ok && name != "" {
		for _, layer := range []struct {
			from []*entry
			to   *[]*entry
		}{{c.own, &f.own}, {c.synced, &f.synced}, {c.known, &f.known}} {
			for _, e := range layer.from {
				if (e.provider == "*" || e.provider == vendor || e.provider == provider || !sells && !hosts[e.provider]) &&
					(e.name == name || e.pattern.fits(name)) {
					*layer.to = append(*layer.to, e)
				}
			}
		}
	}
	if c.size.Load() < maxLookups {
		c.size.Add(1)
		c.found.Store(lookup{strings.Clone(provider), strings.Clone(model)}, f)
	}
	return f
}

// vendors are the presets that sell a vendor's models at its list prices.
var vendors = map[string]string{
	"anthropic": "anthropic", "openai": "openai", "azure": "openai", "gemini": "google", "vertex": "google", "xai": "xai",
	"mistral": "mistral", "deepseek": "deepseek", "moonshot": "moonshotai", "moonshot-cn": "moonshotai",
	"zai": "zai", "zhipu": "zai", "qwen": "alibaba", "qwen-cn": "alibaba", "minimax": "minimax", "minimax-cn": "minimax",
	"groq": "groq", "xiaomi": "xiaomi",
}

// resellers name models as their vendors do and charge a part of the list
// price, or tell what they charge.
var resellers = map[string]bool{"": true, "openrouter": true, "vercel": true, "github": true, "demo": true}

// hosts serve other vendors' models at prices of their own, which say nothing
// of what a model costs elsewhere.
var hosts = map[string]bool{
	"groq": true, "cerebras": true, "together": true, "fireworks": true, "azure": true, "openrouter": true,
}

// vendorOf is the vendor whose prices hold for a preset. sells is false for
// one that resells everybody's. All others have prices of their own, which are
// not known here: a model of theirs has no price until the operator gives one.
func vendorOf(provider string) (vendor string, sells bool) {
	if v, ok := vendors[provider]; ok {
		return v, true
	}
	return provider, !resellers[provider]
}

// pick returns the row that is in force, nil if there is none.
func (f *found) pick(at time.Time, tier string, prompt int64) *entry {
	if e := pickFrom(f.own, at, tier, prompt); e != nil {
		return e
	}
	known := pickFrom(f.known, at, tier, prompt)
	synced := pickFrom(f.synced, at, tier, prompt)
	switch {
	case synced == nil:
		return known
	case known == nil, synced.from > known.from && synced.tier == known.tier && synced.above >= known.above:
		return synced
	}
	return known
}

// pickFrom looks for the row of the most specific model that is in force: of
// the tier, or else of the standard one, and of the highest size of prompt
// that is reached.
func pickFrom(list []*entry, at time.Time, tier string, prompt int64) *entry {
	now := at.Unix()
	var ofTier, plain *entry
	better := func(e, than *entry) bool {
		return than == nil || e.above > than.above || e.above == than.above && e.from > than.from
	}
	model := ""
	for _, e := range list {
		if now < e.from || now >= e.until || prompt < e.above || !e.when.contains(at) || e.tier != tier && e.tier != standard {
			continue
		}
		if model != "" && e.model != model {
			break // what follows is less specific
		}
		model = e.model
		if e.tier == tier && better(e, ofTier) {
			ofTier = e
		}
		if e.tier == standard && better(e, plain) {
			plain = e
		}
	}
	// OpenAI serves long prompts without priority, at the standard price.
	if ofTier == nil || plain != nil && tier == priority && plain.above > ofTier.above {
		return plain
	}
	return ofTier
}
