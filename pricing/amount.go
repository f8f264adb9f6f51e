package pricing

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/ccload/ccload/ai"
)

// Rate is a price per token in pico-dollars, which is the price per million
// tokens in millionths of a dollar: 2.5 dollars per million are 2,500,000.
type Rate int64

const (
	ratePerDollar = 1_000_000 // of a price per million tokens
	maxRate       = 10_000    // US dollars per million tokens; more is a mistake
	nanoPerUnit   = 1000      // pico-dollars in a nano-dollar
)

// parseRate reads US dollars per million tokens, such as 0.075: up to six
// decimals, so that no price is rounded.
func parseRate(s string) (Rate, error) {
	whole, part, _ := strings.Cut(s, ".")
	if len(part) > 6 {
		return 0, fmt.Errorf("%q has more than six decimals", s)
	}
	digits := whole + part + strings.Repeat("0", 6-len(part))
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || whole == "" {
		return 0, fmt.Errorf("%q is no number of US dollars", s)
	}
	if n > maxRate*ratePerDollar {
		return 0, fmt.Errorf("%s US dollars are more than any token costs: the highest is %d per million", s, maxRate)
	}
	return Rate(n), nil
}

// String writes US dollars per million tokens.
func (r Rate) String() string { return ai.Money(r * 1000).String() }

// sum is a sum of pico-dollars that cannot overflow.
type sum struct{ hi, lo uint64 }

// add adds a quantity times a rate; negative quantities count as none.
func (s *sum) add(quantity int64, r Rate) {
	if quantity <= 0 || r <= 0 {
		return
	}
	hi, lo := bits.Mul64(uint64(quantity), uint64(r))
	s.plus(sum{hi, lo})
}

func (s *sum) plus(t sum) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, t.lo, 0)
	s.hi, _ = bits.Add64(s.hi, t.hi, carry)
}

// times multiplies by millionths.
func (s sum) times(millionths int64) sum {
	if millionths == million {
		return s
	}
	return s.ratio(uint64(max(0, millionths)), million)
}

// ratio multiplies by a fraction, rounded half up; what is more than fits is
// the most that does.
func (s sum) ratio(f, by uint64) sum {
	hi, lo := bits.Mul64(s.lo, f)
	hi += s.hi * f
	if hi >= by {
		return sum{^uint64(0), ^uint64(0)}
	}
	var q sum
	var rest uint64
	q.lo, rest = bits.Div64(hi, lo, by)
	if rest >= (by+1)/2 {
		q.plus(sum{0, 1})
	}
	return q
}

const million = 1_000_000

// money rounds to nano-dollars, half up; what is more than fits is the most
// that does.
func (s sum) money() ai.Money {
	const most = 1<<63 - 1
	if s.hi >= nanoPerUnit {
		return most
	}
	n, rest := bits.Div64(s.hi, s.lo, nanoPerUnit)
	if n >= most {
		return most
	}
	if rest >= nanoPerUnit/2 {
		n++
	}
	return ai.Money(n)
}
