package routing

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
)

// Route is what a model name amounts to under one config: the channels that
// could serve it, in steps. An alias has a step per model, tried in order; any
// other name has one. Routes are immutable and shared by calls.
type Route struct {
	Steps []Step
}

// Step is the candidates for one model.
type Step struct {
	Model      string
	Candidates []Candidate
	// All says of every candidate that it is eligible; calls in which nobody
	// is left out share it instead of writing their own list.
	All []ai.Candidate
}

// Candidate is a channel that could serve the step's model.
type Candidate struct {
	*Channel
	Model     string            // upstream's name
	histories []*health.History // of the model at each address of the channel
}

// history is how attempts at an address of the candidate went.
func (c *Candidate) history(url int) *health.History { return c.histories[url] }

// maxRoutes bounds the cache of routes: with patterns such as *, clients choose
// the names.
const maxRoutes = 4096

// routeCache remembers routes by model name. Reads take no lock.
type routeCache struct {
	routes sync.Map // string -> *Route
	size   atomic.Int64
}

// Route returns the candidates of a model. With fuzzy it also finds names
// that merely contain what was asked for. nil: nobody serves it.
func (r *Table) Route(model string, fuzzy bool) *Route {
	if p, ok := r.routes.routes.Load(model); ok {
		return p.(*Route)
	}
	p := r.makeRoute(model)
	if p == nil {
		if fuzzy {
			if name := r.fuzzyName(model); name != "" {
				return r.Route(name, false) // not kept under this name: other handlers may be exact
			}
		}
		return nil
	}
	if r.routes.size.Load() < maxRoutes {
		r.routes.size.Add(1)
		r.routes.routes.Store(strings.Clone(model), p)
	}
	return p
}

func (r *Table) makeRoute(model string) *Route {
	if model == "" {
		return r.anyModelRoute()
	}
	p := new(Route)
	for _, name := range r.modelsOf(model) {
		if s := r.makeStep(name); len(s.Candidates) > 0 {
			p.Steps = append(p.Steps, s)
		}
	}
	if len(p.Steps) == 0 {
		return nil
	}
	return p
}

// modelsOf are the models to look for where a client asks for one: those of an
// alias, or itself. A name that is written out counts first, as an alias or as a
// channel's model; then the longest pattern that describes it, of aliases or of
// channels.
func (r *Table) modelsOf(model string) []string {
	if names, ok := r.Aliases[model]; ok && !access.IsPattern(model) {
		return names
	}
	itself := []string{model}
	if len(r.wild) == 0 {
		return itself
	}
	heaviest := -1
	for _, ch := range r.Channels {
		if ch.Served.Exact(model) {
			return itself
		}
		heaviest = max(heaviest, ch.Served.Heaviest(model))
	}
	for _, pattern := range r.wild {
		if !access.Match(pattern, model) {
			continue
		}
		if access.Weight(pattern) < heaviest {
			return itself
		}
		var names []string
		for _, target := range r.Aliases[pattern] {
			name, _ := access.Rewrite(pattern, target, model)
			found := []string{name}
			if of, ok := r.Aliases[name]; ok && !access.IsPattern(name) {
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
func (r *Table) leadsSomewhere(alias string) bool {
	return slices.ContainsFunc(r.Aliases[alias], func(model string) bool {
		return access.IsPattern(model) || len(r.makeStep(model).Candidates) > 0
	})
}

func (r *Table) makeStep(model string) Step {
	s := Step{Model: model}
	for _, ch := range r.Channels {
		if ch.Served.Match(model) {
			s.add(ch, ch.UpstreamModel(model))
		}
	}
	return s
}

// anyModelRoute serves endpoints without a model: every channel will do.
func (r *Table) anyModelRoute() *Route {
	var s Step
	for _, ch := range r.Channels {
		s.add(ch, "")
	}
	if len(s.Candidates) == 0 {
		return nil
	}
	return &Route{Steps: []Step{s}}
}

func (s *Step) add(ch *Channel, model string) {
	s.Candidates = append(s.Candidates, Candidate{Channel: ch, Model: model, histories: ch.historiesOf(model)})
	s.All = append(s.All, ai.Candidate{Channel: ch.Name, Reason: ai.Eligible})
}

// exactNames lists the model names that are written out in the config: models,
// renamed models and aliases.
func (r *Table) exactNames() []string {
	seen := make(map[string]bool)
	for _, ch := range r.Channels {
		for _, name := range ch.Patterns() {
			if !access.IsPattern(name) {
				seen[name] = true
			}
		}
	}
	for name := range r.Aliases {
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
func (r *Table) fuzzyName(model string) string {
	wanted := strings.ToLower(model)
	best := ""
	for _, name := range r.Names {
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

// RouteTo is the route of a model to one channel, whatever that serves.
func RouteTo(ch *Channel, model string) *Route {
	s := Step{Model: model}
	s.add(ch, ch.UpstreamModel(model))
	return &Route{Steps: []Step{s}}
}
