package ccload

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// usualOutputs remembers how much output models usually make, so that no more
// is set aside for a call than it will probably use.
type usualOutputs struct {
	mu      sync.Mutex
	byModel map[string]*usualOutput
}

// usualOutput is a decaying mean and how far from it outputs lie.
type usualOutput struct{ mean, spread float64 }

const (
	unknownOutput = 2000 // tokens, of a model that has not answered yet
	usualDecay    = 0.1  // weight of the newest answer
	usualSpreads  = 2    // above the mean: most answers stay below
	mostUsual     = 4096 // models remembered
)

func newUsualOutputs() *usualOutputs { return &usualOutputs{byModel: make(map[string]*usualOutput)} }

// output is how many tokens a model's answer usually does not exceed.
func (u *usualOutputs) output(model string) int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	m := u.byModel[model]
	if m == nil {
		return unknownOutput
	}
	return int64(math.Ceil(m.mean + usualSpreads*m.spread))
}

// saw takes in an answer's tokens.
func (u *usualOutputs) saw(model string, output int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	n := float64(output)
	m := u.byModel[model]
	if m == nil {
		if len(u.byModel) < mostUsual {
			u.byModel[model] = &usualOutput{mean: n, spread: n / 2}
		}
		return
	}
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
