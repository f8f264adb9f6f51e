package ccload

import (
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/routing"
)

// substitutions are models for which upstreams answered with another one.
type substitutions struct {
	answered sync.Map // substitution -> the name that the upstream gave
	size     atomic.Int64
}

// maxSubstitutions bounds what is remembered: with patterns, clients choose the
// names of models.
const maxSubstitutions = 4096

type substitution struct{ channel, model string }

// note remembers which model answered, and reports whether none did before for
// this channel and model: some upstreams answer with one now, another then.
func (s *substitutions) note(channel, model, answered string) bool {
	if s.size.Load() >= maxSubstitutions {
		return false
	}
	_, known := s.answered.Swap(substitution{channel, model}, answered)
	if !known {
		s.size.Add(1)
	}
	return !known
}

// of lists what a channel answered with, by the model it was sent; nil if it
// answered with no other.
func (s *substitutions) of(channel string) map[string]string {
	var list map[string]string
	s.answered.Range(func(key, answered any) bool {
		if k := key.(substitution); k.channel == channel {
			if list == nil {
				list = make(map[string]string)
			}
			list[k.model] = answered.(string)
		}
		return true
	})
	return list
}

// noteSubstitution records that an answer is of another model than was sent.
func (c *call) noteSubstitution(t *routing.Target, a *ai.Attempt, answered string) {
	if protocol.SameModel(t.Model, answered) {
		return
	}
	a.Substituted = ai.Shorten(answered, 200)
	if c.h.app.state.substituted.note(t.Name, t.Model, a.Substituted) {
		c.h.app.logger.Warn("an upstream answers with another model than it was sent",
			zap.String("channel", t.Name), zap.String("model", t.Model), zap.String("answered", a.Substituted),
			zap.String("remedy", "ask whoever runs the channel's upstream, or rename the model in the channel if that is what it serves"))
	}
}
