package selection

import (
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/ccload/ccload/ai"
)

// Bounds of what a State remembers. Beyond them the longest unused goes.
const (
	maxRotors        = 2048 // a place for each candidate in each
	maxKeyRotors     = 8192
	maxMeasures      = 16384
	maxFits          = 2048
	maxConversations = 64 << 10

	rotorAge   = 24 * time.Hour
	measureAge = 24 * time.Hour
	// conversationAge is the longest time a provider keeps a prompt cache.
	conversationAge = time.Hour
)

// State is what decisions remember: whose turn it is, how quick everything was,
// and where conversations were served. Everything is indexed by the names and
// fingerprints of things, so a State survives the config it was filled under.
// It is bounded: about 30 MB with 200 channels. It is safe for concurrent use.
type State struct {
	clock         atomic.Int64    // about Now of the latest decision or observation, unix nanoseconds
	turns         table[rotor]    // by path and model: policies that rotate
	keyTurns      table[rotor]    // by channel
	measures      table[measure]  // by channel, URL and model; URL empty: the whole channel
	fits          table[fit]      // by model
	conversations conversationLRU // by conversation and model
}

// NewState returns an empty State.
func NewState() *State {
	st := new(State)
	newRotor := func() *rotor { return new(rotor) }
	st.turns.init(maxRotors, rotorAge, newRotor)
	st.keyTurns.init(maxKeyRotors, rotorAge, newRotor)
	st.measures.init(maxMeasures, measureAge, func() *measure { return new(measure) })
	st.fits.init(maxFits, measureAge, func() *fit { return new(fit) })
	return st
}

// Clone returns a copy. Asking it does not change the original, and it gives
// the answers that the original would have given.
func (st *State) Clone() *State {
	c := new(State)
	c.clock.Store(st.clock.Load())
	st.turns.copyTo(&c.turns, (*rotor).clone)
	st.keyTurns.copyTo(&c.keyTurns, (*rotor).clone)
	st.measures.copyTo(&c.measures, (*measure).clone)
	st.fits.copyTo(&c.fits, (*fit).clone)
	st.conversations.copyTo(&c.conversations)
	return c
}

// Observation is how one attempt went.
type Observation struct {
	Channel, URL, Key, Model string // the target; Model is the channel's own name

	// FirstContent is the time from sending the request to the first content
	// of a stream, or to the whole answer of a call that is not streamed; 0 if
	// there was none.
	FirstContent time.Duration
	// Waited is how long a failed attempt was waited for in silence, 0 if it
	// failed by an answer. It lets FirstContentLimit grow when an upstream
	// has become slower than its limit.
	Waited time.Duration

	Size  int      // bytes of the request body
	Call  *ai.Call // may be nil
	Usage ai.Usage
	OK    bool // the upstream did its part
	Now   time.Time
}

// Observe adds an attempt to what is remembered.
func (st *State) Observe(o Observation) {
	now := o.Now.UnixNano()
	st.tick(now)
	st.measure(&o, now)
	if o.OK && o.Call != nil && o.Call.Conversation != 0 {
		st.conversations.served(conversationKey(o.Call), served{
			channel: o.Channel, key: o.Key, at: now,
			cached: cachedTokens(&o.Usage), warm: now + int64(cacheLifetime(&o.Usage)),
		})
	}
}

// tick notes the time for what is not told it. A second is exact enough, and
// keeps decisions from writing to one place all the time.
func (st *State) tick(now int64) {
	if now-st.clock.Load() >= int64(time.Second) {
		st.clock.Store(now)
	}
}

// measure feeds the statistics of the target's URL and of its channel.
func (st *State) measure(o *Observation, now int64) {
	m := streamed
	if o.Call != nil && !o.Call.Stream {
		m = atOnce
	}
	s := sample{
		seconds: o.FirstContent.Seconds(), waited: o.Waited.Seconds(), size: float64(o.Size),
		ok: o.OK, manner: m, now: now,
	}
	f := st.fits.get(ident{model: o.Model}, now)
	s.slope = f.slope(m)
	dx, dy := st.measures.get(ident{channel: o.Channel, url: o.URL, model: o.Model}, now).add(&s)
	f.add(m, dx, dy)
	if o.URL != "" {
		st.measures.get(ident{channel: o.Channel, model: o.Model}, now).add(&s)
	}
}

// FirstContentLimit is how long a stream of a target may stay silent before it
// is given up: four times the 99th percentile of what it usually takes, at
// least 20 s and at most 5 min. It is unknown before 20 streams were seen.
func (st *State) FirstContentLimit(channel, url, model string) (time.Duration, bool) {
	if m := st.measures.look(ident{channel: channel, url: url, model: model}); m != nil {
		return m.limit()
	}
	return 0, false
}

// conversationKey names a conversation's place in the memory. Prompt caches
// belong to a model, and clients use one session for several.
func conversationKey(c *ai.Call) uint64 {
	return mix(c.Conversation ^ xxhash.Sum64String(c.Model))
}

// cachedTokens is how many tokens the next turn will find in the prompt cache.
func cachedTokens(u *ai.Usage) int64 { return max(u.CachedInput+u.CacheWrite, 0) }

// cacheLifetime is how long a provider keeps a prompt cache that is not used.
// Five minutes is Anthropic's default and the least that OpenAI promises.
func cacheLifetime(u *ai.Usage) time.Duration {
	if u.CacheWrite1h > 0 {
		return time.Hour
	}
	return 5 * time.Minute
}
