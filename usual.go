package ccload

import (
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// usualOutputs remembers how much output models usually make, so that no more
// is set aside for a call than it will probably use. It is safe for concurrent
// use; calls of different models do not meet.
type usualOutputs struct {
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
	usualDecay    = 0.1  // weight of the newest answer
	usualSpreads  = 2    // above the mean: most answers stay below
	mostUsual     = 4096 // models remembered
)

// output is how many tokens a model's answer usually does not exceed.
func (u *usualOutputs) output(model string) int64 {
	v, ok := u.byModel.Load(model)
	if !ok {
		return unknownOutput
	}
	m := v.(*usualOutput)
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(math.Ceil(m.mean + usualSpreads*m.spread))
}

// saw takes in an answer's tokens.
func (u *usualOutputs) saw(model string, output int64) {
	n := float64(output)
	v, ok := u.byModel.Load(model)
	if !ok {
		if u.size.Load() >= mostUsual {
			return
		}
		var there bool
		if v, there = u.byModel.LoadOrStore(strings.Clone(model), &usualOutput{mean: n, spread: n / 2}); !there {
			u.size.Add(1)
			return
		}
	}
	m := v.(*usualOutput)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spread += usualDecay * (math.Abs(n-m.mean) - m.spread)
	m.mean += usualDecay * (n - m.mean)
}

// lastUse remembers when somebody last asked for something.
type lastUse struct{ at atomic.Int64 }

// usedFor is how long after a use the next one is expected.
const usedFor = 10 * time.Minute

func (l *lastUse) use(now time.Time) { l.at.Store(now.UnixNano()) }

// idle reports whether nobody has asked lately.
func (l *lastUse) idle(now time.Time) bool {
	return now.UnixNano()-l.at.Load() > int64(usedFor)
}
