package selection_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/ccload/ccload/selection"
)

// A channel on standby is chosen by no policy while one of its equals can
// serve, and by each when none can.
func TestStandby(t *testing.T) {
	for _, policy := range []struct {
		name   string
		sel    reverseproxy.Selector
		tiered bool
	}{
		{"none", nil, false},
		{"weighted", new(selection.Weighted), false},
		{"latency", new(selection.Latency), false},
		{"affinity", new(selection.Affinity), false},
		{"priority", new(selection.Priority), true},
		{"random", new(reverseproxy.RandomSelection), false},
	} {
		candidate := func(name string, priority int, standby bool) selection.Candidate {
			return selection.Candidate{Name: name, Priority: priority, Standby: standby, Upstream: new(reverseproxy.Upstream)}
		}
		for _, tt := range []struct {
			name         string
			candidates   []selection.Candidate
			want, tiered string // who may be chosen
		}{
			{"beside an active one", []selection.Candidate{candidate("s", 0, true), candidate("a", 0, false)}, "a", "a"},
			{"beside two", []selection.Candidate{candidate("a", 0, false), candidate("s", 0, true), candidate("b", 0, false)}, "ab", "ab"},
			{"alone", []selection.Candidate{candidate("s", 0, true)}, "s", "s"},
			{"two of them", []selection.Candidate{candidate("s", 0, true), candidate("t", 0, true)}, "st", "st"},
			{"above an active one", []selection.Candidate{candidate("a", 0, false), candidate("s", 1, true)}, "a", "s"},
			{"below an active one", []selection.Candidate{candidate("a", 1, false), candidate("s", 0, true)}, "a", "a"},
		} {
			want := tt.want
			if policy.tiered {
				want = tt.tiered
			}
			got := make(map[string]bool)
			state := selection.NewState()
			for seed := range uint64(60) {
				s := &selection.Input{Candidates: tt.candidates, State: state, Seed: seed, Now: time.Unix(1_800_000_000, 0)}
				if i := selection.Choose(policy.sel, s); i >= 0 {
					got[tt.candidates[i].Name] = true
				} else {
					t.Fatalf("%s, %s: none", policy.name, tt.name)
				}
			}
			for _, c := range tt.candidates {
				if may := strings.Contains(want, c.Name); got[c.Name] && !may {
					t.Errorf("%s, %s: %s was chosen", policy.name, tt.name, c.Name)
				}
			}
			if len(got) == 0 {
				t.Errorf("%s, %s: nobody was chosen", policy.name, tt.name)
			}
		}
	}
}
