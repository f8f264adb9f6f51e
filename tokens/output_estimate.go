package tokens

import (
	"math"
	"strings"
	"sync"
	"sync/atomic"
)

// OutputEstimator learns how much output models usually make, so that no more
// is set aside for a call than it will probably use. The zero value knows no
// model. It is safe for concurrent use; calls of different models do not meet.
type OutputEstimator struct {
	byModel sync.Map // string -> *usualOutput
	size    atomic.Int64
}

// usualOutput is a decaying mean, and how far from it outputs lie.
type usualOutput struct {
	mu           sync.Mutex
	mean, spread float64
}

const (
	unknownOutput = 2000 // tokens, of a model that has not answered yet
	outputDecay   = 0.1  // weight of the newest answer
	outputSpreads = 2    // above the mean: most answers stay below
	maxModels     = 4096 // that are remembered
)

// Estimate returns how many tokens an answer of the model usually does not
// exceed.
func (e *OutputEstimator) Estimate(model string) int64 {
	v, ok := e.byModel.Load(model)
	if !ok {
		return unknownOutput
	}
	m := v.(*usualOutput)
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(math.Ceil(m.mean + outputSpreads*m.spread))
}

// Observe learns from the output tokens of an answer.
func (e *OutputEstimator) Observe(model string, output int64) {
	n := float64(output)
	v, ok := e.byModel.Load(model)
	if !ok {
		if e.size.Load() >= maxModels {
			return
		}
		var there bool
		if v, there = e.byModel.LoadOrStore(strings.Clone(model), &usualOutput{mean: n, spread: n / 2}); !there {
			e.size.Add(1)
			return
		}
	}
	m := v.(*usualOutput)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spread += outputDecay * (math.Abs(n-m.mean) - m.spread)
	m.mean += outputDecay * (n - m.mean)
}
