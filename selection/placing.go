package selection

import (
	"math"

	"github.com/cespare/xxhash/v2"
)

// placing is the search for a conversation's place.
type placing struct {
	view
	scratch  *scratch
	key      uint64  // of the conversation, see conversationKey
	factor   float64 // see Affinity.BoundedLoad
	except   int     // a candidate that is not wanted, -1 for none
	lowKeys  bool    // the keys that placeKey chose from were all low
	inFlight int64   // calls of all candidates, once counted
	counted  bool
	shares   int64 // of all candidates

	// Where it goes if no better place is found: a key that is slow or low.
	fallback    int // index of a candidate, -1 for none
	fallbackKey string
}

// survey adds up the candidates' shares.
func (p *placing) survey() {
	if p.tier != nil {
		p.shares = p.tier.total
		return
	}
	for i := range p.len() {
		p.shares += p.at(i).share()
	}
}

// count adds up their calls in flight.
func (p *placing) count() {
	if p.counted {
		return
	}
	p.counted = true
	for i := range p.len() {
		p.inFlight += int64(p.at(i).inFlight())
	}
}

// bound is how many calls a key of a candidate may have in flight, the one to
// be placed included: a share of all by weight, times the factor, and one more.
func (p *placing) bound(c *Candidate) float64 {
	p.count()
	return p.boundOf(c, p.inFlight)
}

// boundOf is the bound where the candidates have so many calls in flight.
func (p *placing) boundOf(c *Candidate, inFlight int64) float64 {
	fair := float64(inFlight+1) * float64(c.weight()) / float64(p.shares)
	return math.Ceil(p.factor*fair) + 1
}

// within reports whether a key of a candidate may have so many calls in flight.
// Mostly it may have them if nothing else was, and nobody is counted.
func (p *placing) within(c *Candidate, calls, extra float64) bool {
	return calls <= p.boundOf(c, 0)+extra || calls <= p.bound(c)+extra
}

// stay returns the candidate that served last if the conversation should go
// there again, and sets Key. Otherwise it returns -1 and notes why.
func (p *placing) stay(last *served) int {
	home := p.find(last.channel)
	if home < 0 {
		p.reason.spared = displacedGone
		return -1
	}
	c := &p.Candidates[home]
	k, usable := p.homeKey(home, last.key)
	if !usable {
		p.reason.spared = displacedGone
		return -1
	}
	cached := int64(0)
	if p.Now.UnixNano() < last.warm {
		cached = last.cached
	}
	extra := float64(min(cached/tokensPerCall, maxExtraCalls))
	if !p.within(c, float64(k.InFlight+1), extra) {
		p.reason.spared = displacedBusy
		return -1
	}
	saved := patience + float64(cached)*secondsPerToken
	if p.loss(home, saved)+k.lowSeconds() > saved {
		if p.reason.spared = displacedLow; !k.Low {
			p.reason.spared, p.except = displacedSlow, home
		}
		p.fallback, p.fallbackKey = home, last.key
		return -1
	}
	p.Key = last.key
	p.reason.method, p.reason.a = methodServed, 0
	if cached > 0 {
		p.reason.method, p.reason.a = methodCached, int((cached+500)/1000)
	}
	return home
}

// find is the index of the candidate of a name.
func (p *placing) find(channel string) int {
	if p.tier != nil {
		return p.tier.named(p.Group, channel)
	}
	for i := range p.len() {
		if p.at(i).Name == channel {
			return p.index(i)
		}
	}
	return -1
}

// candidateKeys are the keys of a candidate, valid until it is called again.
func (p *placing) candidateKeys(i int) []Key {
	if p.Keys == nil {
		return nil
	}
	p.scratch.keys = p.Keys(i, p.scratch.keys[:0])
	return p.scratch.keys
}

// homeKey finds a key of a candidate. Where nothing is known of keys it is one
// that carries its part of the channel's load.
func (p *placing) homeKey(i int, id string) (k Key, usable bool) {
	if p.Keys == nil {
		c := &p.Candidates[i]
		return Key{ID: id, Usable: true, InFlight: c.inFlight() / int(c.keys())}, true
	}
	for _, k := range p.candidateKeys(i) {
		if k.ID == id {
			return k, k.Usable
		}
	}
	return Key{}, false
}

func (k *Key) lowSeconds() float64 {
	if k.Low {
		return lowSeconds
	}
	return 0
}

// loss is how many seconds a candidate is expected to be slower than the
// quickest other one. Nobody else is looked at if it is no slower than allowed.
func (p *placing) loss(home int, allowed float64) float64 {
	if p.stock {
		return 0
	}
	own, known := p.seconds(&p.Candidates[home])
	if !known || own <= allowed {
		return 0
	}
	best := own
	dice := p.rng(idAffinity)
	n := p.len()
	from := dice.below(n)
	for k := range min(n, looksForQuicker) {
		if i := p.index((from + k) % n); i != home {
			if s, ok := p.seconds(&p.Candidates[i]); ok {
				best = min(best, s)
			}
		}
	}
	return own - best
}

func (p *placing) seconds(c *Candidate) (float64, bool) {
	r := p.State.measures.look(ident{channel: c.Name, model: c.Model}).read(p.Now.UnixNano())
	m := p.manner()
	return r.seconds[m], r.known[m]
}

// place finds the conversation's place by weighted rendezvous hashing: every
// candidate draws a time from the conversation and its name, exponential with
// a rate of its share, and the first that is not too busy has it. When
// candidates come and go, only conversations move that have to. It sets Key.
func (p *placing) place() int {
	after := math.Inf(-1)
	for range maxPlacesToLook {
		i, drawn := p.earliest(after)
		if i < 0 {
			break
		}
		after = drawn
		c := &p.Candidates[i]
		bound := p.bound(c)
		if float64(c.inFlight()+1) > bound*float64(c.keys()) {
			p.reason.spared = displacedBusy
			continue
		}
		switch key, ok := p.placeKey(i, bound); {
		case ok && p.lowKeys:
			if p.fallback < 0 {
				p.fallback, p.fallbackKey = i, key
			}
		case ok:
			p.Key = key
			return i
		}
	}
	return p.fallBack()
}

func (p *placing) fallBack() int {
	if p.fallback >= 0 {
		p.Key, p.reason.spared = p.fallbackKey, displacedNot
	}
	return p.fallback
}

// earliest returns the candidate with the earliest time after a given one, and
// its time. -1 if there is none.
func (p *placing) earliest(after float64) (best int, at float64) {
	best, at = -1, math.Inf(1)
	var hashes []uint64
	if p.tier != nil {
		p.tier.list(p.Group)
		hashes = p.tier.hashes
	}
	for i := range p.len() {
		c := p.at(i)
		u, share := 0.0, float64(c.share())
		if hashes != nil {
			u = p.drawOf(hashes[i])
		} else {
			u = p.draw(c.Name)
		}
		if 1-u >= at*share { // -log(u) is at least that: too late
			continue
		}
		if t := -math.Log(u) / share; t < at && t > after && p.index(i) != p.except {
			best, at = p.index(i), t
		}
	}
	return best, at
}

// draw is a number between 0 and 1, the same on every node, that looks random
// for each conversation and name.
func (p *placing) draw(name string) float64 { return p.drawOf(xxhash.Sum64String(name)) }

func (p *placing) drawOf(hash uint64) float64 {
	h := mix(p.key ^ hash)
	return (float64(h>>11) + 0.5) / (1 << 53)
}

// placeKey returns the key of a candidate that the conversation belongs to, by
// rendezvous hashing among those that are usable and serve no more calls than
// bound with this one. Keys whose rate limit is nearly used up are left for
// the end. Where nothing is known of keys, any will do.
func (p *placing) placeKey(i int, bound float64) (id string, ok bool) {
	if p.lowKeys = false; p.Keys == nil {
		return "", true
	}
	keys := p.candidateKeys(i)
	best, low := -1.0, lowToo(keys)
	p.lowKeys = low
	for j := range keys {
		k := &keys[j]
		if !k.Usable || k.Low && !low || float64(k.InFlight+1) > bound {
			continue
		}
		if d := p.draw(k.ID); d > best {
			best, id, ok = d, k.ID, true
		}
	}
	return id, ok
}
