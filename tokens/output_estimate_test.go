package tokens

import (
	"fmt"
	"testing"
)

// What is set aside follows what a model usually makes, and is not thrown far
// by one answer.
func TestUsualOutput(t *testing.T) {
	var u OutputEstimator
	if n := u.Estimate("m"); n != unknownOutput {
		t.Errorf("an unknown model: %d", n)
	}
	for range 100 {
		u.Observe("m", 300)
	}
	if n := u.Estimate("m"); n < 300 || n > 310 {
		t.Errorf("after many answers of 300: %d", n)
	}
	u.Observe("m", 4000)
	if n := u.Estimate("m"); n < 400 || n > 2000 {
		t.Errorf("after one long answer: %d", n)
	}
	for i := range 2 * maxModels {
		u.Observe(fmt.Sprint(i), 1)
	}
	if u.size.Load() > maxModels {
		t.Errorf("%d models are remembered", u.size.Load())
	}
}
