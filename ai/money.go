package ai

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Money is an amount in nano-dollars: a billion of them are one US dollar. A
// price per million tokens is then a whole number per thousand tokens.
type Money int64

// Dollar is one US dollar.
const Dollar Money = 1e9

// USD is the amount in US dollars, for people and for metrics; sums are made
// of the whole numbers.
func (m Money) USD() float64 { return float64(m) / float64(Dollar) }

// MarshalJSON writes US dollars as a number with as many decimals as it takes.
func (m Money) MarshalJSON() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalJSON reads US dollars; what is finer than a nano-dollar is rounded.
func (m *Money) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*m = 0
		return nil
	}
	usd, err := strconv.ParseFloat(string(text), 64)
	if whole, part, _ := strings.Cut(string(text), "."); err == nil && len(part) <= 9 && !strings.ContainsAny(part, "eE") {
		n, exact := strconv.ParseInt(whole+part+strings.Repeat("0", 9-len(part)), 10, 64)
		if exact == nil {
			*m = Money(n)
			return nil
		}
	}
	if err != nil || math.Abs(usd) > math.MaxInt64/1e9 {
		return fmt.Errorf("%q is no amount of US dollars", text)
	}
	*m = Money(math.Round(usd * float64(Dollar)))
	return nil
}

// String writes US dollars with as many of nine decimals as it takes.
func (m Money) String() string {
	whole, part, sign := int64(m/Dollar), int64(m%Dollar), ""
	if m < 0 {
		whole, part, sign = -whole, -part, "-"
	}
	digits := strconv.FormatInt(part+int64(Dollar), 10)[1:]
	s := sign + strconv.FormatInt(whole, 10)
	if digits = strings.TrimRight(digits, "0"); digits != "" {
		s += "." + digits
	}
	return s
}

// Cost is what usage costs, and why.
type Cost struct {
	// Amount is what counts: against budgets, in totals. It is the vendor's own
	// figure where there is one, else List, times the channel's multiplier.
	Amount Money `json:"usd"`

	List       Money    `json:"list_usd"`             // by the catalogue of prices, before the multiplier
	Multiplier *float64 `json:"multiplier,omitempty"` // the channel's; nil: 1
	Price      string   `json:"price,omitempty"`      // id of the catalogue's row that priced it
	Unpriced   bool     `json:"unpriced,omitempty"`   // something was used that no row prices; it is not in the amounts
	OtherTier  bool     `json:"other_tier,omitempty"` // no row knows the service tier that was used; the standard price stands in for it
	Drifted    bool     `json:"drifted,omitempty"`    // the vendor's figure and ours differ by more than a tenth
}

// Known reports whether the amounts say anything: all of the cost or, beside
// Unpriced, the part of it that has a price.
func (c *Cost) Known() bool { return !c.Unpriced || c.Amount != 0 || c.List != 0 }

// MarshalJSON writes null for what nobody knows the price of: a 0 would be
// summed up as if it were one.
func (c Cost) MarshalJSON() ([]byte, error) {
	type plain Cost
	if c.Known() {
		return json.Marshal(plain(c))
	}
	return json.Marshal(struct {
		Amount *Money `json:"usd"`
		List   *Money `json:"list_usd"`
		plain
	}{plain: plain(c)})
}
