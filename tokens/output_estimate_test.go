package tokens

import (
	"fmt"
	"testing"
)

// What is set aside follows the longest answer of late, and forgets it slowly.
func TestOutputEstimate(t *testing.T) {
	var e OutputEstimator
	expect := func(when string, estimate, bound int64) {
		t.Helper()
		if a, b := e.Estimate("m"), e.Bound("m"); a != estimate || b != bound {
			t.Errorf("%s: %d and at most %d, want %d and %d", when, a, b, estimate, bound)
		}
	}
	expect("an unknown model", usualOutput, cautiousOutput)
	for range 40 {
		e.Observe("m", 10)
	}
	expect("after short answers", usualOutput, cautiousOutput)
	e.Observe("m", 20_000)
	expect("after one long answer", 20_000, 25_000)
	for range 140 {
		e.Observe("m", 10)
	}
	if n := e.Estimate("m"); n < 9_500 || n > 10_500 {
		t.Errorf("after 140 short answers the long one counts as %d", n)
	}
	for i := range 2 * maxModels {
		e.Observe(fmt.Sprint(i), 1)
	}
	if e.size.Load() > maxModels {
		t.Errorf("%d models are remembered", e.size.Load())
	}
}
