package gateway

import "github.com/ccload/ccload/admin"

// ExpectedShares tells which part of calls like these would go to each channel first, by
// the priorities, weights, limits and cooldowns of this moment. What no channel
// can serve now counts for nothing. It is nil where that cannot be said: the
// policy goes by speed, or sites choose differently.
func (g *Gateway) ExpectedShares(asked []admin.Asked) map[string]float64 {
	site, err := g.siteOf("")
	if err != nil {
		return nil
	}
	table := g.Table()
	shares, sum := make(map[string]float64), 0.0
	for _, a := range asked {
		q := admin.Question{Model: a.Model, Protocol: a.Protocol}
		k, err := hypothetical(table, &q)
		if err != nil {
			continue // of a protocol that is none any more
		}
		k.Policy = site.Policy
		if k.Route = table.Route(a.Model, site.Limits.FuzzyModels); k.Route == nil {
			continue
		}
		if !k.Shares(func(channel string, share float64) {
			shares[channel] += share * float64(a.Calls)
			sum += share * float64(a.Calls)
		}) {
			return nil
		}
	}
	for channel := range shares {
		shares[channel] /= sum
	}
	return shares
}
