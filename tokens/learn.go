package tokens

import (
	"cmp"
	"math"
	"slices"
	"sync"
)

const (
	// learnedKinds is how many kinds of requests are remembered, one for each
	// model, system prompt and set of tools; some 60 bytes each.
	learnedKinds = 4096
	// learnedModels is how many models are.
	learnedModels = 1024
	// A factor beyond these would be an error of somebody's, not a tokenizer.
	leastFactor, maxFactor = 0.25, 4
	// slowness is by how much one report moves a model's factor.
	slowness = 0.1
	// telling is the least difference, in tokens, from which a factor is learned:
	// below it the frame around the text decides.
	telling = 200
)

// learned is what providers' reports taught. A model has a factor: how many
// tokens it reports for one of ours. A kind of request, which is a model with
// the same system prompt and tools, has its last report: the next of its kind
// differs from it only by what was added, and what is hidden in it is the same.
type learned struct {
	mu     sync.Mutex
	kinds  map[uint64]*kind
	models map[string]*modelFactor
	clock  uint64 // counts uses, for what to forget
}

type kind struct {
	raw, reported int64
	used          uint64
}

type modelFactor struct {
	factor  float64
	reports int64
	used    uint64
}

// apply turns what was counted into what will be reported.
func (l *learned) apply(n *Count) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clock++
	factor := 1.0
	if m := l.models[n.model]; m != nil {
		m.used = l.clock
		factor = m.factor
	}
	k := l.kindOf(n)
	if k == nil {
		return max(1, int64(float64(n.raw)*factor+0.5))
	}
	k.used = l.clock
	tokens := k.reported + int64(math.Round(float64(n.raw-k.raw)*factor))
	// A report may have been wrong, or about something else, such as what was
	// left of a request after another was cached.
	low, high := int64(float64(n.raw)*leastFactor), int64(float64(n.raw)*maxFactor)+hiddenMost
	return max(1, low, min(tokens, high))
}

// hiddenMost is how much more than maxFactor times what was counted may be
// hidden in a request, in tokens: tools and thinking that only the provider
// knows.
const hiddenMost = 20_000

// Learn takes the input tokens that the provider reported for a request, all of
// them, cached ones too. What it teaches improves the next count of a request
// of the same kind, and slowly those of the same model. It is for estimates: an
// exact count and a bound learn nothing.
func (c *Counter) Learn(n Count, reported int64) {
	if reported <= 0 || reported > 1<<40 || n.raw <= 0 || n.Exact || n.bound {
		return
	}
	c.learned.learn(n, reported)
}

func (l *learned) learn(n Count, reported int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clock++
	k := l.kindOf(&n)
	m := l.models[n.model]
	if m == nil {
		m = &modelFactor{factor: 1}
		if l.models == nil {
			l.models = make(map[string]*modelFactor)
		}
		if len(l.models) >= learnedModels {
			forget(l.models, func(m *modelFactor) uint64 { return m.used })
		}
		l.models[n.model] = m
	}
	m.used = l.clock
	m.reports++
	// What was added since the last report of the same kind tells the factor;
	// else the whole does, where it is large enough to outweigh its frame.
	switch {
	case k != nil:
		if added := n.raw - k.raw; added >= telling && reported > k.reported {
			m.learn(float64(reported-k.reported) / float64(added))
		}
	case n.raw >= 10*telling:
		m.learn(float64(reported) / float64(n.raw))
	}
	if n.key == 0 {
		return
	}
	for _, key := range [...]uint64{n.key, n.turn} {
		l.clock++
		l.remember(key, kind{raw: n.raw, reported: reported, used: l.clock})
	}
}

// kindOf is what is known of requests like one: of those whose turns hold the
// same, or else of those with the same system prompt and tools.
func (l *learned) kindOf(n *Count) *kind {
	if k := l.kinds[n.turn]; k != nil {
		return k
	}
	return l.kinds[n.key]
}

func (l *learned) remember(key uint64, k kind) {
	if l.kinds == nil {
		l.kinds = make(map[uint64]*kind)
	}
	if l.kinds[key] == nil {
		if len(l.kinds) >= learnedKinds {
			forget(l.kinds, func(k *kind) uint64 { return k.used })
		}
		l.kinds[key] = new(kind)
	}
	*l.kinds[key] = k
}

func (m *modelFactor) learn(factor float64) {
	if factor < leastFactor || factor > maxFactor {
		return
	}
	m.factor += slowness * (factor - m.factor)
}

// forget drops the eighth that was not used for longest, so that it is not
// needed at every turn.
func forget[K comparable, V any](m map[K]V, used func(V) uint64) {
	uses := make([]uint64, 0, len(m))
	for _, v := range m {
		uses = append(uses, used(v))
	}
	slices.Sort(uses)
	limit := uses[len(uses)/8]
	for k, v := range m {
		if used(v) <= limit {
			delete(m, k)
		}
	}
}

// Lesson is what was learned about one model, for people.
type Lesson struct {
	Model   string  `json:"model"`   // normalised
	Family  string  `json:"family"`  // by whose rules it is counted
	Factor  float64 `json:"factor"`  // tokens it reports for one counted here; 1 if counted right
	Reports int64   `json:"reports"` // how many were learned from
}

// Inspect lists what was learned, the models with the most reports first.
func (c *Counter) Inspect() []Lesson {
	l := &c.learned
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]Lesson, 0, len(l.models))
	for name, m := range l.models {
		all = append(all, Lesson{Model: name, Family: familyOf(name).name, Factor: m.factor, Reports: m.reports})
	}
	slices.SortFunc(all, func(a, b Lesson) int {
		return cmp.Or(cmp.Compare(b.Reports, a.Reports), cmp.Compare(a.Model, b.Model))
	})
	return all
}
