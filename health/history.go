package health

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/ccload/ccload/ai"
)

// What of the past speaks for a target that is the only one left.
const (
	recentAttempts = 10
	recentFor      = 30 * time.Second
	steadyFrom     = 2 // successes among them
)

// History is how the last attempts at one model at an address of a channel went,
// and what follows from it for those that have nobody else to ask. Noting an attempt
// takes no lock. The zero value is ready for use; a nil History remembers
// nothing and allows nothing.
type History struct {
	// Retries is the budget that repeated attempts are taken from.
	Retries RetryBudget
	// Start admits calls while everything rests.
	Start SlowStart

	flights flights

	used  atomic.Int64 // when an attempt was last noted, unix nanoseconds
	next  atomic.Uint32
	slots [recentAttempts]atomic.Int64 // unix nanoseconds, the lowest bit set for a success; 0: none
}

// Note is one attempt in a History.
type Note struct {
	slot  uint32
	value int64
}

// Add notes how an attempt went.
func (h *History) Add(ok bool, now time.Time) Note {
	if h == nil {
		return Note{}
	}
	n := Note{slot: (h.next.Add(1) - 1) % recentAttempts, value: now.UnixNano() &^ 1}
	h.used.Store(n.value)
	if ok {
		n.value |= 1
	}
	h.slots[n.slot].Store(n.value)
	return n
}

// Revoke takes back that an attempt was a success: its answer broke off.
func (h *History) Revoke(n Note) {
	if h != nil && n.value&1 == 1 {
		h.slots[n.slot].CompareAndSwap(n.value, n.value&^1)
	}
}

// Steady reports whether at least two of the last ten attempts, none of which
// counts that is older than 30 s, were successes. Such a target is worth asking
// again where nobody else is left, however often it fails between. Attempts
// under way that have outlived failures count as successes so far: those come
// first where a target fails at once and answers slowly.
//
// since is when the attempt began that is in doubt, or now: what was recent then
// does not become old because an attempt took long to fail.
func (h *History) Steady(since, now time.Time) bool {
	if h == nil {
		return false
	}
	good := h.successes(since.Add(-recentFor))
	return good >= steadyFrom || good+h.Outlived(now) >= steadyFrom
}

// ServedSince reports whether at least two others succeeded since an attempt
// began: its failure then says nothing new of the target. Calls that wait for
// silence to end come back together, and would else outnumber all others.
func (h *History) ServedSince(began time.Time) bool {
	return h != nil && !began.IsZero() && h.successes(began) >= steadyFrom
}

// successes counts those of the last attempts that succeeded since a moment.
func (h *History) successes(since time.Time) (n int) {
	oldest := since.UnixNano()
	for i := range h.slots {
		if v := h.slots[i].Load(); v&1 == 1 && v >= oldest {
			n++
		}
	}
	return n
}

// Transient reports whether a kind of failure may be over any moment.
func Transient(k ai.Kind) bool { return backoffOf(k).class == transient }

// maxHistories bounds what Histories keeps: clients choose names of models.
const maxHistories = 8192

// Histories finds the History of a model at an address by their names, so that
// it lives on over changes of the config. The zero value is ready for use.
type Histories struct {
	mu   sync.Mutex
	list map[historyOf]*History
}

type historyOf struct{ channel, address, model string }

// Of returns the history of a model, by the upstream's name, at an address of a
// channel. It is asked when a route is made, not for each call.
func (hs *Histories) Of(channel, address, model string) *History {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	key := historyOf{channel, address, model}
	if h := hs.list[key]; h != nil {
		return h
	}
	if hs.list == nil {
		hs.list = make(map[historyOf]*History)
	}
	if len(hs.list) >= maxHistories {
		hs.forget()
	}
	h := new(History)
	h.used.Store(time.Now().UnixNano())
	hs.list[key] = h
	return h
}

// forget makes room: what was not used for longer than a history speaks of
// goes, or else anything.
func (hs *Histories) forget() {
	oldest := time.Now().Add(-recentFor).UnixNano()
	for key, h := range hs.list {
		if h.used.Load() < oldest {
			delete(hs.list, key)
		}
	}
	for key := range hs.list {
		if len(hs.list) < maxHistories {
			return
		}
		delete(hs.list, key) // routes that hold it keep it
	}
}
