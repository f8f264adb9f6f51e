package selection

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// reason is why a candidate was chosen, as facts. It becomes text only once:
// the same facts come again and again, so texts are kept.
type reason struct {
	tiered bool // a priority policy left only tier
	tier   int
	spared displaced // what a conversation's own place had against it
	method method    // how it was chosen in the end
	a, b   int       // numbers of the method
	name   string    // of a policy of others
}

// method is how a candidate was chosen.
type method uint8

const (
	methodNone     method = iota
	methodOnly            // there is no other
	methodWeighted        // a of b shares
	methodUnknown         // never measured
	methodExplore         // 1 % of calls look elsewhere
	methodQuicker         // a ms expected, against b
	methodEqual           // about as quick as the other of two
	methodKnown           // was measured, unlike the other of two
	methodIdler           // less busy than the other of two
	methodChance          // nothing tells two apart
	methodCached          // holds about a thousand tokens of the conversation
	methodServed          // served the conversation before
	methodPlace           // where the conversation's hash puts it
	methodForeign         // name chose it
	methodUnasked         // name cannot be asked without a request
)

// displaced is why a conversation did not go where it belongs.
type displaced uint8

const (
	displacedNot  displaced = iota
	displacedBusy           // over its share of the calls in flight
	displacedSlow           // so slow that the prompt cache does not make up for it
	displacedLow            // near its rate limit
	displacedGone           // cools down, or was tried by this call
)

var displacedTexts = [...]string{
	displacedBusy: "the conversation's key is over its share of load",
	displacedSlow: "the conversation's key is slower than its cache is worth",
	displacedLow:  "the conversation's key is near its rate limit",
	displacedGone: "the conversation's key cannot serve now",
}

func (r *reason) render() string {
	var parts []string
	if r.tiered {
		parts = append(parts, "highest priority "+strconv.Itoa(r.tier))
	}
	if r.spared != displacedNot {
		parts = append(parts, displacedTexts[r.spared])
	}
	if text := r.how(); text != "" {
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

func (r *reason) how() string {
	switch r.method {
	case methodOnly:
		return "the only candidate"
	case methodWeighted:
		return fmt.Sprintf("weighted round-robin %d/%d", r.a, r.b)
	case methodUnknown:
		return "not measured yet"
	case methodExplore:
		return "explores (1 call in 100)"
	case methodQuicker:
		return fmt.Sprintf("the quicker of two: %s against %s", milliseconds(r.a), milliseconds(r.b))
	case methodEqual:
		return "about as quick as the other of two"
	case methodKnown:
		return "the measured one of two"
	case methodChance:
		return "one of two at random"
	case methodIdler:
		return "the less busy of two"
	case methodCached:
		if r.a == 0 {
			return "holds the conversation's prompt cache (under 500 tokens)"
		}
		return fmt.Sprintf("holds the conversation's prompt cache (%dk tokens)", r.a)
	case methodServed:
		return "served the conversation before"
	case methodPlace:
		return "the conversation's place"
	case methodForeign:
		return "chosen by " + r.name
	case methodUnasked:
		return r.name + " chooses only when there is a request"
	}
	return ""
}

func milliseconds(ms int) string { return (time.Duration(ms) * time.Millisecond).String() }

// roundMS is a time in ms of two significant digits, so that few texts differ.
func roundMS(seconds float64) int {
	ms, unit := int(seconds*1000), 1
	for ms/unit >= 100 {
		unit *= 10
	}
	return (ms + unit/2) / unit * unit
}

// texts remembers the text of a reason in the slot that its facts hash to. A
// reason that shares a slot with another only costs its rendering again.
var texts [1024]atomic.Pointer[rendered]

type rendered struct {
	reason reason
	text   string
}

func (r *reason) text() string {
	h := mix(uint64(r.method)<<8|uint64(r.spared)) ^ mix(uint64(r.tier)+1) ^ mix(uint64(r.a)<<32^uint64(r.b)) ^ uint64(len(r.name)) //nolint:gosec // an index
	slot := &texts[mix(h)%uint64(len(texts))]
	if known := slot.Load(); known != nil && known.reason == *r {
		return known.text
	}
	fresh := &rendered{reason: *r, text: r.render()}
	slot.Store(fresh)
	return fresh.text
}
