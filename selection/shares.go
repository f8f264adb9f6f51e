package selection

import (
	"math"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// Shares are the parts of many calls, together 1, that a policy sends to each of
// the candidates first. ok is false where it goes by more than their priorities
// and weights, such as by how quick they are; then nobody can say beforehand.
func Shares(sel reverseproxy.Selector, candidates []Candidate) (shares []float64, ok bool) {
	shares = make([]float64, len(candidates))
	s := Input{Candidates: candidates}
	return shares, divide(sel, candidates, s.active(sel, nil), shares)
}

// divide gives out shares among some of the candidates.
func divide(sel reverseproxy.Selector, candidates []Candidate, among []int32, shares []float64) bool {
	if len(among) == 1 {
		shares[among[0]] = 1
		return true
	}
	switch p := sel.(type) {
	case nil, *Weighted:
		total := int64(0)
		for _, i := range among {
			total += candidates[i].share()
		}
		for _, i := range among {
			shares[i] = float64(candidates[i].share()) / float64(total)
		}
		return true
	case *Affinity: // conversations are placed by what the nested policy would do, or by weight
		return divide(p.then, candidates, among, shares)
	case *Priority:
		top := math.MinInt
		for _, i := range among {
			top = max(top, candidates[i].Priority)
		}
		var equals []int32
		for _, i := range among {
			if candidates[i].Priority == top {
				equals = append(equals, i)
			}
		}
		return divide(p.nested(), candidates, equals, shares)
	}
	return false
}

// Shares are those of the selector, see the function Shares.
func (b Bound) Shares(candidates []Candidate) (shares []float64, ok bool) {
	return Shares(b.selector, candidates)
}
