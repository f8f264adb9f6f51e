package routing

import "github.com/ccload/ccload/selection"

// sharer is a policy that can say beforehand how it divides calls.
type sharer interface {
	Shares(candidates []selection.Candidate) (shares []float64, ok bool)
}

// Shares tells each channel to which many calls like this one would go first as
// things are now, and which part of them. It tells nobody where no channel can
// serve. ok is false where the policy cannot say. Asking changes nothing.
func (c *Chooser) Shares(tell func(channel string, share float64)) (ok bool) {
	policy, ok := c.Policy.(sharer)
	if !ok {
		return false
	}
	for i := range c.Route.Steps {
		s := &c.Route.Steps[i]
		c.filter(s)
		if len(c.usable) == 0 {
			continue
		}
		shares, ok := policy.Shares(c.usable)
		for j, share := range shares {
			if ok && share > 0 {
				tell(c.usable[j].Name, share)
			}
		}
		return ok
	}
	return true
}
