package access

import (
	"time"

	"github.com/ccload/ccload/ai"
)

// A call of which only a bound is known may be admitted by it, where the limits
// have so much room that nobody else is refused for what it does not use. The
// bound is replaced as soon as it is known better.

// boundShare is what part of what a limit has left one bound may take: 1/16.
const boundShare = 16

// AdmitBound admits a call that uses no more than most, if that is a small part
// of what every limit has left; nil says that Admit has to decide. Of the
// admission exactly one Adjust must follow, unless it is settled before.
func (t *Token) AdmitBound(now time.Time, most Use) *Admission {
	l := t.limiter
	if !l.roomy(now, most) {
		return nil
	}
	if ok, _ := l.Acquire(now, most); !ok {
		return nil
	}
	l.window.bounds.Add(1)
	return &Admission{limiter: l, at: now, expected: most, bound: true}
}

// Bounds is how many calls under way are counted with a bound, which may be more
// than they use.
func (l *Limiter) Bounds() int64 { return l.window.bounds.Load() }

// SharesSpend reports whether two limiters count into the same accounts, those
// of one token in two configs.
func (l *Limiter) SharesSpend(o *Limiter) bool { return l.spend == o.spend }

// roomy reports whether a use is a small part of what is left.
func (l *Limiter) roomy(now time.Time, most Use) bool {
	share := l.window.share.Load()
	if share != nil && now.After(share.Until) {
		return false
	}
	if l.Rates.TPM > 0 {
		left := l.Rates.TPM
		if share != nil {
			left = min(left, share.TPM)
		}
		if most.Tokens > (left-int(l.used(now).Tokens))/boundShare {
			return false
		}
	}
	if !l.Budget.Limited() {
		return true
	}
	day, s := l.calendar.Day(now), l.spend
	s.mu.Lock()
	defer s.mu.Unlock()
	left := l.Budget.Left(State{Day: s.days[day], Month: s.months[day.Month()], Total: s.total}) - int64(s.reserved)
	if s.share != nil {
		left = min(left, int64(s.allow-s.outstanding()))
	}
	return int64(most.Money) <= left/boundShare
}

// Adjust corrects what the call is expected to use by a difference, and says that
// it is no bound any more. After Settle it changes nothing.
func (a *Admission) Adjust(more Use) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.settled {
		return
	}
	a.exact()
	a.limiter.adjust(a.at, more)
	a.expected.Tokens += more.Tokens
	a.expected.Money += more.Money
}

// Costs says that the call has cost so much by now. Where that is more than was
// set aside for it the difference is set aside too: newcomers wait or are
// refused, the call itself goes on.
func (a *Admission) Costs(money ai.Money) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if more := money - a.expected.Money; more > 0 && !a.settled {
		a.limiter.adjust(a.at, Use{Money: more})
		a.expected.Money = money
	}
}

// exact notes that the admission is no bound any more.
func (a *Admission) exact() {
	if a.bound {
		a.bound = false
		a.limiter.window.bounds.Add(-1)
	}
}

// adjust changes what is set aside for a call that was admitted at a moment.
func (l *Limiter) adjust(taken time.Time, more Use) {
	if l.Rates.TPM > 0 {
		l.window.mu.Lock()
		l.window.tokens.change(sinceEpoch(taken), more.Tokens)
		l.window.mu.Unlock()
	}
	if l.Budget.Limited() {
		l.spend.adjust(more.Money)
	}
}
