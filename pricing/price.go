package pricing

import (
	"math"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
)

// Service tiers that the choice of a row knows.
const (
	standard = "standard" // of a price that says nothing else
	priority = "priority"
)

// tierOf is the tier a usage is priced by. The tier that counts is the one the
// answer names; what no row knows costs as standard does.
func tierOf(u *ai.Usage) string {
	switch t := strings.ToLower(u.ServiceTier); t {
	case "", "default", "auto", "on_demand", "standard", "standard_only", "scale", "provisioned_throughput", "service_tier_unspecified":
		return standard
	default:
		return strings.TrimPrefix(t, "service_tier_")
	}
}

// Line is a part of a price, for people.
type Line struct {
	What     string   `json:"what"`      // which part of the usage, such as input
	Quantity int64    `json:"quantity"`  // tokens, or searches
	Price    string   `json:"price_usd"` // per million, or for a thousand searches
	Amount   ai.Money `json:"usd"`
}

// Price is what a usage costs. provider is the preset of the channel that was
// used, empty for none; at is when the call arrived; multiplier is the part of
// the list price that the channel takes, nil for all of it.
//
// The size of the whole prompt, cached tokens included, decides the tier, and
// the tier the price of everything, output included, as all vendors with such
// tiers say. What models beside the one that answered used is priced at their
// own rows.
func (c *Catalogue) Price(provider, model string, at time.Time, u *ai.Usage, multiplier *float64) ai.Cost {
	cost, _ := c.price(provider, model, at, u, multiplier, false)
	return cost
}

// Explain is Price with its parts.
func (c *Catalogue) Explain(provider, model string, at time.Time, u *ai.Usage, multiplier *float64) (ai.Cost, []Line) {
	return c.price(provider, model, at, u, multiplier, true)
}

// driftFloor is the amount from which a difference between our price and the
// vendor's is worth an alarm: below it vendors round.
const driftFloor = ai.Dollar / 10_000

func (c *Catalogue) price(provider, model string, at time.Time, u *ai.Usage, multiplier *float64, explain bool) (ai.Cost, []Line) {
	cost := ai.Cost{Multiplier: multiplier}
	b := bill{at: at, explain: explain}
	b.add(c, provider, model, u)
	cost.Price, cost.Unpriced = b.row, b.unpriced
	for i := range u.Beside {
		b.add(c, provider, u.Beside[i].Model, &u.Beside[i].Usage)
		cost.Unpriced = cost.Unpriced || b.unpriced
	}
	cost.List = b.total.money()
	charged := b.total
	if u.VendorCosted {
		charged = sum{lo: 0}
		charged.add(int64(u.VendorCost), nanoPerUnit)
		// What the vendor says it costs needs no row of ours.
		cost.Drifted = !cost.Unpriced && drifted(cost.List, u.VendorCost)
		cost.Unpriced = false
	}
	if multiplier != nil {
		charged = charged.times(int64(math.Round(*multiplier * million)))
	}
	cost.Amount = charged.money()
	return cost, b.lines
}

// drifted reports whether two prices differ by more than a tenth.
func drifted(ours, theirs ai.Money) bool {
	off := ours - theirs
	if off < 0 {
		off = -off
	}
	return off > driftFloor && off > max(ours, theirs)/10
}

// bill adds up.
type bill struct {
	at       time.Time
	explain  bool
	total    sum
	row      string // that priced the last usage
	unpriced bool   // something of it has no price
	lines    []Line
}

// add prices one model's usage.
func (b *bill) add(c *Catalogue, provider, model string, u *ai.Usage) {
	b.row, b.unpriced = "", false
	if u.Input+u.Output+u.WebSearches == 0 {
		return
	}
	e := c.find(provider, model).pick(b.at, tierOf(u), u.Input)
	if e == nil {
		b.unpriced = true
		return
	}
	b.row = e.id
	var tokens sum
	for i, quantity := range quantities(u) {
		if quantity <= 0 {
			continue
		}
		rate, known := e.rate(i)
		if !known {
			b.unpriced = true
			continue
		}
		tokens.add(quantity, rate)
		b.line(model, rateNames[i], quantity, rate, rate)
	}
	if u.Region != "" && e.region != million {
		tokens = tokens.times(e.region)
		b.line(model, "region "+u.Region, 1, Rate(e.region), 0)
	}
	b.total.plus(tokens)
	if u.WebSearches > 0 {
		b.total.add(u.WebSearches, e.search*1000) // pico-dollars for each of a thousand
		b.line(model, "web_search", u.WebSearches, e.search, e.search*1000)
		b.unpriced = b.unpriced || e.search == 0
	}
}

func (b *bill) line(model, what string, quantity int64, shown, each Rate) {
	if b.explain {
		var s sum
		s.add(quantity, each)
		b.lines = append(b.lines, Line{What: model + " " + what, Quantity: quantity, Price: shown.String(), Amount: s.money()})
	}
}

// rate is the price of a part, or of what is priced like it. A model without a
// price for text makes only sound or images.
func (e *entry) rate(i int) (r Rate, known bool) {
	if i == output && !e.rates[output].known {
		if i = audioOutput; !e.rates[i].known {
			i = imageOutput
		}
		return e.rates[i].Rate, e.rates[i].known
	}
	for !e.rates[i].known {
		if instead[i] == i {
			return 0, false
		}
		i = instead[i]
	}
	return e.rates[i].Rate, true
}

// quantities divides a usage into what is priced, each token once. Parts of
// parts that vendors do not tell, such as images among cache writes, count as
// text.
func quantities(u *ai.Usage) [rateCount]int64 {
	var q [rateCount]int64
	q[cachedAudio], q[cachedImage] = u.CachedAudio, u.CachedImage
	q[cachedInput] = u.CachedInput - u.CachedAudio - u.CachedImage
	q[cacheWriteLong] = u.CacheWrite1h
	q[cacheWrite] = u.CacheWrite - u.CacheWrite1h
	left := max(0, u.Input-u.CachedInput-u.CacheWrite)
	take := func(n int64) int64 {
		n = max(0, min(n, left))
		left -= n
		return n
	}
	q[audioInput] = take(u.AudioInput - u.CachedAudio)
	q[imageInput] = take(u.ImageInput - u.CachedImage)
	q[input] = left
	q[audioOutput], q[imageOutput] = u.AudioOutput, u.ImageOutput
	q[output] = max(0, u.Output-u.AudioOutput-u.ImageOutput)
	return q
}
