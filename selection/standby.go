package selection

import "github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

// hasStandby reports whether any candidate is on standby, which few ever are.
func (s *Input) hasStandby() bool {
	for i := range s.Candidates {
		if s.Candidates[i].Standby {
			return true
		}
	}
	return false
}

// active appends the indexes of the candidates that may serve: those on standby
// only where none of their equals can.
func (s *Input) active(sel reverseproxy.Selector, among []int32) []int32 {
	byPriority := tiered(sel)
	for i := range s.Candidates {
		if !s.Candidates[i].Standby || !s.relieved(i, byPriority) {
			among = append(among, int32(i))
		}
	}
	return among
}

// relieved reports whether an equal of a candidate on standby can serve.
func (s *Input) relieved(i int, byPriority bool) bool {
	for j := range s.Candidates {
		if !s.Candidates[j].Standby && (!byPriority || s.Candidates[j].Priority == s.Candidates[i].Priority) {
			return true
		}
	}
	return false
}

// tiered reports whether a policy goes by priority; to the others all
// candidates are equals.
func tiered(sel reverseproxy.Selector) bool {
	switch p := sel.(type) {
	case *Priority:
		return true
	case *Affinity:
		return tiered(p.then)
	}
	return false
}
