package selection_test

import (
	"fmt"

	"github.com/ccload/ccload/selection"
)

// The fields of an Input are what a policy decides by: who may be asked, and how
// much of the traffic each should get.
func Example() {
	policy := new(selection.Weighted)
	state := selection.NewState()
	candidates := []selection.Candidate{{Name: "large", Weight: 2}, {Name: "small", Weight: 1}}
	chosen := make(map[string]int)
	for range 6 {
		in := &selection.Input{Candidates: candidates, State: state}
		chosen[candidates[selection.Choose(policy, in)].Name]++
	}
	fmt.Println(chosen)
	// Output: map[large:4 small:2]
}
