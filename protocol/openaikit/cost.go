package openaikit

import (
	"strconv"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// vendorMoney is what a vendor says its answer costs, not yet read: most say
// nothing.
type vendorMoney struct{ cost, byok, details, ticks, market []byte }

func (m *vendorMoney) note(key, value []byte) {
	switch string(key) {
	case "cost":
		m.cost = value
	case "is_byok":
		m.byok = value
	case "cost_details":
		m.details = value
	case "cost_in_usd_ticks":
		m.ticks = value
	}
}

// vercel reports whether a usage is of Vercel's gateway although it names no
// market cost: more reasoning than completion proves that it stands beside. A
// broken answer of OpenRouter's may look like that too; it tells more of costs.
func (m *vendorMoney) vercel(u *ai.Usage) bool {
	return u.Reasoning > u.Output && m.cost != nil && m.byok == nil && m.details == nil
}

// read reckons the vendor's cost:
//   - xAI counts ticks, ten billion to the dollar. Others who serve its models
//     send none, which says nothing.
//   - OpenRouter names the cost it takes itself; with the account's own key at
//     the provider ("byok") what that one takes comes on top.
//   - Vercel's gateway does the same with cost and market cost.
//   - Perplexity has an object with a total.
func (m *vendorMoney) read(u *ai.Usage) {
	const ticksPerDollar = 1e10
	switch {
	case m.ticks != nil:
		setVendorCost(u, m.ticks, ticksPerDollar)
		if u.VendorCost == 0 { // Azure, which takes what it takes beside
			u.VendorCosted = false
		}
	case len(m.cost) > 0 && m.cost[0] == '{':
		if from, to, ok := scan.Get(m.cost, "total_cost"); ok {
			setVendorCost(u, m.cost[from:to], 1)
		}
	case m.cost != nil:
		setVendorCost(u, m.cost, 1)
		if own, _ := scan.Bool(m.byok); own {
			if from, to, ok := scan.Get(m.details, "upstream_inference_cost"); ok {
				addVendorCost(u, m.details[from:to])
			}
		} else if m.market != nil && u.VendorCost == 0 {
			addVendorCost(u, m.market)
		}
	}
}

// maxCost bounds what one answer can cost; more is a mistake of the vendor.
const maxCost = 100_000 // USD

func setVendorCost(u *ai.Usage, value []byte, perDollar float64) {
	if string(value) == "null" {
		return
	}
	usd, err := strconv.ParseFloat(string(value), 64)
	usd /= perDollar
	if err != nil || !(usd >= 0 && usd <= maxCost) {
		u.Doubtful = true
		return
	}
	u.VendorCost, u.VendorCosted = ai.Money(usd*float64(ai.Dollar)+0.5), true
}

func addVendorCost(u *ai.Usage, value []byte) {
	before := u.VendorCost
	setVendorCost(u, value, 1)
	if u.VendorCost != before {
		u.VendorCost += before
	}
}

// maxSeconds bounds the length of a recording.
const maxSeconds = 1 << 30

// ReadSeconds reads the length of a recording in seconds. Some write it as a
// string.
func ReadSeconds(value []byte, u *ai.Usage) {
	text := string(value)
	if quoted, ok := scan.String(value); ok {
		text = quoted
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds >= 0 && seconds < maxSeconds) {
		u.Doubtful = u.Doubtful || text != "null"
		return
	}
	u.AudioMillis = max(u.AudioMillis, int64(seconds*1000+0.5))
}
