package tokens

import (
	"math"
	"strings"
	"sync"
	"sync/atomic"
)

// OutputEstimator learns how long the answers of models are, so that what is set
// aside for a call covers it and is no more than that. The zero value knows no
// model. It is safe for concurrent use; calls of different models do not meet.
type OutputEstimator struct {
	byModel sync.Map // string -> *longestOutput
	size    atomic.Int64
}

// longestOutput is the longest of the last answers, which fades.
type longestOutput struct {
	mu     sync.Mutex
	tokens float64
}

const (
	// usualOutput is what an answer is expected to take at least: a model that
	// has answered briefly so far may be asked for more the next time.
	usualOutput = 1000
	// cautiousOutput is what Bound expects at least, four pages of text: few
	// answers are longer, and a model that gave such once is known for it.
	cautiousOutput = 8192
	// outputDecay is by how much the longest answer fades with each that is
	// shorter: after 140 it has halved.
	outputDecay = 0.005
	maxModels   = 4096 // that are remembered
)

// Estimate is how many tokens an answer of the model usually does not exceed:
// the longest of late, and at least 1,000.
func (e *OutputEstimator) Estimate(model string) int64 { return max(usualOutput, e.longest(model)) }

// Bound is how many tokens hardly any answer of the model exceeds: a quarter
// more than the longest of late, and at least 8,192.
func (e *OutputEstimator) Bound(model string) int64 {
	longest := e.longest(model)
	return max(cautiousOutput, longest+longest/4)
}

func (e *OutputEstimator) longest(model string) int64 {
	v, ok := e.byModel.Load(model)
	if !ok {
		return 0
	}
	m := v.(*longestOutput)
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(math.Ceil(m.tokens))
}

// Observe learns from the output tokens of an answer.
func (e *OutputEstimator) Observe(model string, output int64) {
	v, ok := e.byModel.Load(model)
	if !ok {
		if e.size.Load() >= maxModels {
			return
		}
		var there bool
		if v, there = e.byModel.LoadOrStore(strings.Clone(model), new(longestOutput)); !there {
			e.size.Add(1)
		}
	}
	m := v.(*longestOutput)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tokens = max(float64(output), m.tokens-outputDecay*(m.tokens-float64(output)))
}
