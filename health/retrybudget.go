package health

import (
	"sync/atomic"
	"time"
)

const (
	budgetSeconds = 10
	// budgetPart is the part of a target's calls that may be repeated: enough for
	// one in three that fails, and again for one in three of the repetitions.
	budgetPart = 0.4
)

// RetryBudget bounds how much repeating adds to what a target has to do: to
// 40 % of its calls of the last ten seconds, but one a second may always be
// repeated. It takes no lock; the zero value is ready for use.
type RetryBudget struct {
	calls, retries rollingCount
}

// Call counts a call that the target is asked for.
func (b *RetryBudget) Call(now time.Time) { b.calls.add(now.Unix()) }

// Take takes one repetition out of the budget, if there is one in it.
func (b *RetryBudget) Take(now time.Time) bool {
	second := now.Unix()
	taken := b.retries.sum(second)
	if b.retries.at(second) > 0 && float64(taken) >= budgetPart*float64(b.calls.sum(second)) {
		return false
	}
	b.retries.add(second)
	return true
}

// rollingCount counts by the second. Each place holds the second it is of in
// the upper half and its count in the lower.
type rollingCount [budgetSeconds]atomic.Uint64

func (c *rollingCount) add(second int64) {
	place := &c[uint64(second)%budgetSeconds] //nolint:gosec // of a clock
	for {
		old := place.Load()
		next := old + 1
		if old>>32 != uint64(uint32(second)) { //nolint:gosec // its lower half tells seconds apart
			next = uint64(uint32(second))<<32 | 1 //nolint:gosec // the same
		}
		if place.CompareAndSwap(old, next) {
			return
		}
	}
}

// at is the count of one second, if that is remembered.
func (c *rollingCount) at(second int64) uint32 {
	v := c[uint64(second)%budgetSeconds].Load() //nolint:gosec // of a clock
	if v>>32 != uint64(uint32(second)) {        //nolint:gosec // its lower half tells seconds apart
		return 0
	}
	return uint32(v) //nolint:gosec // the count
}

// sum is the count of the seconds up to one.
func (c *rollingCount) sum(second int64) uint64 {
	n := uint64(0)
	for i := range int64(budgetSeconds) {
		n += uint64(c.at(second - i))
	}
	return n
}
