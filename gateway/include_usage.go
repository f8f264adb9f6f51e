package gateway

import (
	"sync"
	"sync/atomic"

	"github.com/ccload/ccload/protocol/openai"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/routing"
)

// This file decides whether a Chat Completions stream is asked for usage on
// behalf of a client that did not ask. Some servers tell it anyway and some
// refuse to be asked; both are learned, so that no more is changed of what
// passes than must be.

// question is how an attempt stands to usage its client did not ask for.
type question uint8

const (
	notAsked question = iota // it is not asked for
	asked                    // it is, and kept from the client
	without                  // it is not, to see whether it comes anyway
)

// usageSupport is what is known of addresses, by channel and address. Safe for
// concurrent use.
type usageSupport struct{ byAddress sync.Map } // string -> *usageHabit

// addressSupport is what is known of one address.
type addressSupport struct {
	needless atomic.Bool  // it refuses the question, or tells without it
	needed   atomic.Bool  // it does not tell without it
	answered atomic.Int32 // how often it answered the question
	trying   atomic.Bool  // an attempt goes without it right now
}

// UsageTriedAfter is how many streams must have answered the question before one is
// sent without it. An address of a known provider is not tried: it is known.
const UsageTriedAfter = 16

func (h *usageSupport) of(t *routing.Target) *addressSupport {
	key := t.Name + " " + t.Address()
	if v, ok := h.byAddress.Load(key); ok {
		return v.(*addressSupport)
	}
	v, _ := h.byAddress.LoadOrStore(key, new(addressSupport))
	return v.(*addressSupport)
}

// usageQuestion decides about an attempt.
func (a *attempt) usageQuestion() question {
	c, t := a.call, a.target
	if c.request.AskUsage.Text == "" || t.Conf.NoIncludeUsage || t.Preset.TellsUsage {
		return notAsked
	}
	habit := c.site.gateway.State.usageSupport.of(t)
	switch {
	case habit.needless.Load():
		return notAsked
	case t.Conf.Provider == "" && !habit.needed.Load() && habit.answered.Load() >= UsageTriedAfter && habit.trying.CompareAndSwap(false, true):
		return without
	}
	return asked
}

// usageRefused notes that an address refuses the question. Then the attempt
// says nothing about the request nor the target.
func (a *attempt) usageRefused(answer *relay.Answer) bool {
	c, t := a.call, a.target
	if a.question != asked || !openai.RefusesUsage(answer.Status, answer.Held()) {
		return false
	}
	c.site.gateway.State.usageSupport.of(t).needless.Store(true)
	return true
}

// learnUsageSupport takes in a stream that came to its end, with usage or without.
func (a *attempt) learnUsageSupport(told bool) {
	c, t := a.call, a.target
	habit := c.site.gateway.State.usageSupport.of(t)
	switch a.question {
	case asked:
		if told {
			habit.answered.Add(1)
		}
	case without:
		habit.needless.Store(told)
		habit.needed.Store(!told)
	}
}

// leaveUsageTrial lets another attempt go without the question, if this one learned
// nothing.
func (a *attempt) leaveUsageTrial() {
	c, t := a.call, a.target
	if a.question == without {
		c.site.gateway.State.usageSupport.of(t).trying.Store(false)
	}
}
