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
// answer names; what no row knows costs as standard does, and is flagged.
// Google's Vertex says on_demand_flex and on_demand_priority.
func tierOf(u *ai.Usage) string {
	t := strings.TrimPrefix(strings.ToLower(u.ServiceTier), "service_tier_")
	t = strings.TrimPrefix(t, "on_demand_")
	switch t {
	case "", "default", "auto", "on_demand", "standard_only", "scale", "provisioned", "provisioned_throughput", "unspecified":
		return standard
	}
	return t
}

// Line is a part of a price, for people.
type Line struct {
	What     string   `json:"what"`      // which part of the usage, such as input
	Quantity int64    `json:"quantity"`  // tokens, searches, characters, images or seconds
	Price    string   `json:"price_usd"` // per million tokens or characters, for a thousand searches, an image or an hour
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
	cost.Price, cost.Unpriced, cost.OtherTier = b.row, b.unpriced, b.otherTier
	for i := range u.Beside {
		b.add(c, provider, u.Beside[i].Model, &u.Beside[i].Usage)
		cost.Unpriced = cost.Unpriced || b.unpriced
		cost.OtherTier = cost.OtherTier || b.otherTier
	}
	cost.List = b.total.money()
	charged := b.total
	if u.VendorCosted {
		charged = sum{lo: 0}
		charged.add(int64(u.VendorCost), nanoPerUnit)
		// A reseller's price is its own, and differs from one host to the next:
		// only a vendor's tells that a row of its list is out of date.
		cost.Drifted = !cost.Unpriced && !cost.OtherTier && (provider == "" || !resellers[provider]) && drifted(cost.List, u.VendorCost)
		cost.Unpriced = false // what the vendor says it costs needs no row of ours
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

	otherTier bool // no row knows the tier of the last usage
}

// add prices one model's usage.
func (b *bill) add(c *Catalogue, provider, model string, u *ai.Usage) {
	b.row, b.otherTier = "", false
	b.unpriced = u.Unmeasured
	if u.Input|u.Output|u.WebSearches|u.Characters|u.Images|u.AudioMillis == 0 {
		return
	}
	tier := tierOf(u)
	e := c.find(provider, model).pick(b.at, tier, u.Input)
	if e == nil {
		b.unpriced = true
		return
	}
	b.row = e.id
	b.otherTier = e.tier != tier && (tier != priority || e.above == 0) // OpenAI has no priority for long prompts
	if u.Input|u.Output != 0 && (e.tokens || !e.pieces()) {
		b.tokens(e, model, u)
	} else {
		b.pieces(e, model, u)
	}
	b.searches(e, model, u)
}

// tokens prices what was counted in tokens.
func (b *bill) tokens(e *entry, model string, u *ai.Usage) {
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
}

// pieces prices what vendors bill by the piece, where no tokens were counted or
// the vendor does not bill them.
func (b *bill) pieces(e *entry, model string, u *ai.Usage) {
	image, knowsImage := e.image.of(u.ImageForm)
	for _, piece := range [...]struct {
		what     string
		quantity int64
		rate     rate
		num, den uint64 // pico-dollars of one at a rate of 1
	}{
		{"characters", u.Characters, e.characters, 1, 1},
		{"audio_ms", u.AudioMillis, e.audioHour, ratePerDollar, millisPerHour},
		{"image", u.Images, rate{image, knowsImage}, ratePerDollar, 1},
	} {
		if piece.quantity <= 0 {
			continue
		}
		if !piece.rate.known {
			b.unpriced = true
			continue
		}
		var s sum
		s.add(piece.quantity, piece.rate.Rate)
		s = s.ratio(piece.num, piece.den)
		b.total.plus(s)
		b.lineOf(model, piece.what, piece.quantity, piece.rate.Rate, s)
	}
}

const millisPerHour = 3_600_000

// searches prices the fees of searches.
func (b *bill) searches(e *entry, model string, u *ai.Usage) {
	if u.WebSearches <= 0 {
		return
	}
	rate, _ := e.search.of(u.SearchSize)
	b.total.add(u.WebSearches, rate*1000) // pico-dollars for each of a thousand
	b.line(model, "web_search", u.WebSearches, rate, rate*1000)
	b.unpriced = b.unpriced || rate == 0
}

func (b *bill) line(model, what string, quantity int64, shown, each Rate) {
	if b.explain {
		var s sum
		s.add(quantity, each)
		b.lineOf(model, what, quantity, shown, s)
	}
}

func (b *bill) lineOf(model, what string, quantity int64, shown Rate, amount sum) {
	if b.explain {
		b.lines = append(b.lines, Line{What: model + " " + what, Quantity: quantity, Price: shown.String(), Amount: amount.money()})
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
