package tokens

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// saved is the form in which what was learned is kept. Keys of kinds depend on
// how requests are hashed and counted, so another version is not read.
type saved struct {
	Version int          `json:"version"`
	Models  []savedModel `json:"models"`
	Kinds   []savedKind  `json:"kinds"`
}

type savedModel struct {
	Model   string  `json:"model"`
	Factor  float64 `json:"factor"`
	Reports int64   `json:"reports"`
}

type savedKind struct {
	Key      uint64 `json:"key,string"`
	Raw      int64  `json:"raw"`
	Reported int64  `json:"reported"`
}

const (
	savedVersion = 2
	savedMost    = 2 << 20 // bytes; what Save writes is less
	longestModel = 200     // bytes of a model's name
)

// Save writes what was learned as JSON, less than 1 MB, the latest used first.
// It holds hashes and numbers and the names of models, nothing of a request.
func (c *Counter) Save() ([]byte, error) {
	l := &c.learned
	l.mu.Lock()
	s := saved{Version: savedVersion, Models: []savedModel{}, Kinds: []savedKind{}}
	type aged struct {
		used uint64
		kind savedKind
	}
	kinds := make([]aged, 0, len(l.kinds))
	for key, k := range l.kinds {
		kinds = append(kinds, aged{k.used, savedKind{key, k.raw, k.reported}})
	}
	for name, m := range l.models {
		if len(name) <= longestModel {
			s.Models = append(s.Models, savedModel{name, m.factor, m.reports})
		}
	}
	l.mu.Unlock()
	slices.SortFunc(kinds, func(a, b aged) int { return cmp.Compare(b.used, a.used) })
	for _, k := range kinds {
		s.Kinds = append(s.Kinds, k.kind)
	}
	slices.SortFunc(s.Models, func(a, b savedModel) int { return cmp.Compare(a.Model, b.Model) })
	return json.Marshal(s)
}

// Load replaces what was learned by what Save wrote. If text is not that, it
// changes nothing.
func (c *Counter) Load(text []byte) error {
	if len(text) > savedMost {
		return errors.New("tokens: what was learned is too long to be read")
	}
	var s saved
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("tokens: reading what was learned: %w", err)
	}
	if s.Version != savedVersion {
		return fmt.Errorf("tokens: what was learned has version %d, not %d", s.Version, savedVersion)
	}
	if len(s.Kinds) > learnedKinds || len(s.Models) > learnedModels {
		return errors.New("tokens: more was learned than is kept")
	}
	models, kinds := make(map[string]*modelFactor, len(s.Models)), make(map[uint64]*kind, len(s.Kinds))
	for _, m := range s.Models {
		if !(m.Factor >= leastFactor && m.Factor <= maxFactor) || m.Reports < 0 || m.Model == "" || len(m.Model) > longestModel {
			return fmt.Errorf("tokens: what was learned about model %.60q cannot be", m.Model)
		}
		models[m.Model] = &modelFactor{factor: m.Factor, reports: m.Reports}
	}
	for i, k := range s.Kinds {
		if k.Raw <= 0 || k.Reported <= 0 || k.Raw > 1<<40 || k.Reported > 1<<40 || k.Key == 0 {
			return fmt.Errorf("tokens: what was learned about kind %d cannot be", i)
		}
		// The latest used come first.
		kinds[k.Key] = &kind{raw: k.Raw, reported: k.Reported, used: uint64(len(s.Kinds) - i)} //nolint:gosec // an index
	}
	l := &c.learned
	l.mu.Lock()
	defer l.mu.Unlock()
	l.models, l.kinds, l.clock = models, kinds, uint64(len(kinds))
	return nil
}
