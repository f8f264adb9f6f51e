package ccload

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
)

// plan is what a model name amounts to under one config: the channels that
// could serve it, in stages. An alias has a stage per model, tried in order;
// any other name has one. Plans are immutable and shared by calls.
type plan struct {
	stages []stage
}

// stage is the candidates for one model.
type stage struct {
	model      string
	candidates []candidate
	// all says of every candidate that it is eligible; calls in which nobody
	// is left out share it instead of writing their own list.
	all []ai.Candidate
}

// candidate is a channel that could serve the stage's model.
type candidate struct {
	*channel
	model string // upstream's name
}

// maxPlans bounds the cache of plans: with patterns such as *, clients choose
// the names.
const maxPlans = 4096

// planCache remembers plans by model name. Reads take no lock.
type planCache struct {
	plans sync.Map // string -> *plan
	size  atomic.Int64
}

// planFor returns the candidates of a model. With fuzzy it also finds names
// that merely contain what was asked for. nil: nobody serves it.
func (r *registry) planFor(model string, fuzzy bool) *plan {
	if p, ok := r.plans.plans.Load(model); ok {
		return p.(*plan)
	}
	p := r.makePlan(model)
	if p == nil {
		if fuzzy {
			if name := r.fuzzyName(model); name != "" {
				return r.planFor(name, false) // not kept under this name: other handlers may be exact
			}
		}
		return nil
	}
	if r.plans.size.Load() < maxPlans {
		r.plans.size.Add(1)
		r.plans.plans.Store(strings.Clone(model), p)
	}
	return p
}

func (r *registry) makePlan(model string) *plan {
	if model == "" {
		return r.anyModelPlan()
	}
	p := new(plan)
	for _, name := range r.modelsOf(model) {
		if s := r.makeStage(name); len(s.candidates) > 0 {
			p.stages = append(p.stages, s)
		}
	}
	if len(p.stages) == 0 {
		return nil
	}
	return p
}

// modelsOf are the models to look for where a client asks for one: those of an
// alias, or itself. A name that is written out counts first, as an alias or as a
// channel's model; then the longest pattern that describes it, of aliases or of
// channels.
func (r *registry) modelsOf(model string) []string {
	if names, ok := r.aliases[model]; ok && !access.IsPattern(model) {
		return names
	}
	itself := []string{model}
	if len(r.wild) == 0 {
		return itself
	}
	heaviest := -1
	for _, ch := range r.channels {
		if ch.served.Exact(model) {
			return itself
		}
		heaviest = max(heaviest, ch.served.Heaviest(model))
	}
	for _, pattern := range r.wild {
		if !access.Match(pattern, model) {
			continue
		}
		if access.Weight(pattern) < heaviest {
			return itself
		}
		var names []string
		for _, target := range r.aliases[pattern] {
			name, _ := access.Rewrite(pattern, target, model)
			found := []string{name}
			if of, ok := r.aliases[name]; ok && !access.IsPattern(name) {
				found = of
			}
			for _, name := range found {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
		return names
	}
	return itself
}

// leadsSomewhere reports whether a channel serves what an alias stands for. Of
// one that hands on what its * stands for nobody can say.
func (r *registry) leadsSomewhere(alias string) bool {
	return slices.ContainsFunc(r.aliases[alias], func(model string) bool {
		return access.IsPattern(model) || len(r.makeStage(model).candidates) > 0
	})
}

func (r *registry) makeStage(model string) stage {
	s := stage{model: model}
	for _, ch := range r.channels {
		if ch.served.Match(model) {
			s.add(ch, ch.upstreamModel(model))
		}
	}
	return s
}

// anyModelPlan serves endpoints without a model: every channel will do.
func (r *registry) anyModelPlan() *plan {
	var s stage
	for _, ch := range r.channels {
		s.add(ch, "")
	}
	if len(s.candidates) == 0 {
		return nil
	}
	return &plan{stages: []stage{s}}
}

func (s *stage) add(ch *channel, model string) {
	s.candidates = append(s.candidates, candidate{channel: ch, model: model})
	s.all = append(s.all, ai.Candidate{Channel: ch.name, Reason: ai.Eligible})
}

// exactNames lists the model names that are written out in the config: models,
// renamed models and aliases.
func (r *registry) exactNames() []string {
	seen := make(map[string]bool)
	for _, ch := range r.channels {
		for _, name := range ch.patterns() {
			if !access.IsPattern(name) {
				seen[name] = true
			}
		}
	}
	for name := range r.aliases {
		if !access.IsPattern(name) {
			seen[name] = true
		}
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// fuzzyName finds the served name that model most likely means: the same in
// another case, or else the newest that contains it.
func (r *registry) fuzzyName(model string) string {
	wanted := strings.ToLower(model)
	best := ""
	for _, name := range r.names {
		lower := strings.ToLower(name)
		if lower == wanted {
			return name
		}
		if strings.Contains(lower, wanted) && (best == "" || newer(name, best)) {
			best = name
		}
	}
	return best
}

// newer reports whether model name a is a later version than b: by a trailing
// date, then by the numbers in the name, then by the name.
func newer(a, b string) bool {
	if c := cmp.Compare(trailingDate(a), trailingDate(b)); c != 0 {
		return c > 0
	}
	if c := slices.Compare(versionOf(a), versionOf(b)); c != 0 {
		return c > 0
	}
	return a > b
}

// trailingDate is a YYYYMMDD or YYYY-MM-DD at the end of a name as a number, 0
// if there is none.
func trailingDate(name string) int {
	digits, i := 0, len(name)
	value, place := 0, 1
	for ; i > 0 && digits < 8; i-- {
		c := name[i-1]
		if c == '-' && (digits == 2 || digits == 4) {
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		value += int(c-'0') * place
		place *= 10
		digits++
	}
	if digits != 8 || value < 20000101 || value > 21001231 {
		return 0
	}
	return value
}

// versionOf is the sequence of numbers in a name, without a trailing date.
func versionOf(name string) []int {
	if trailingDate(name) != 0 {
		name = strings.TrimRight(name, "0123456789-")
	}
	var numbers []int
	current := -1
	for i := range len(name) {
		switch c := name[i]; {
		case c >= '0' && c <= '9' && current < 1e8:
			current = max(current, 0)*10 + int(c-'0')
		case current >= 0:
			numbers = append(numbers, current)
			current = -1
		}
	}
	if current >= 0 {
		numbers = append(numbers, current)
	}
	return numbers
}
