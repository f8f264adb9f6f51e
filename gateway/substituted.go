package gateway

import (
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// Substitutions are models for which upstreams answered with another one.
type Substitutions struct {
	answered sync.Map // substitution -> answeredModel
	size     atomic.Int64
}

// maxSubstitutions bounds what is remembered: with patterns, clients choose the
// names of models.
const maxSubstitutions = 4096

type substitution struct{ channel, model string }

// answeredModel is the name that an upstream gave the model it was sent.
type answeredModel struct {
	name  string
	other bool // it is not that model
}

// note says whether a channel answered with another model than it was sent, and
// whether that is news: some upstreams answer with one now, another then. Names
// are compared once, because most upstreams always answer with the same one.
func (s *Substitutions) note(channel, model, answered string) (other, news bool) {
	if answered == model || answered == "" {
		return false, false
	}
	key := substitution{channel, model}
	var last answeredModel
	v, known := s.answered.Load(key)
	if known {
		last = v.(answeredModel)
	}
	if last.name == answered {
		return last.other, false
	}
	other = !protocol.SameModel(model, answered)
	if !known && s.size.Load() >= maxSubstitutions || last.other && !other {
		return other, false
	}
	if _, known = s.answered.Swap(key, answeredModel{answered, other}); !known {
		s.size.Add(1)
	}
	return other, other && !last.other
}

// Of lists what a channel answered with, by the model it was sent; nil if it
// answered with no other.
func (s *Substitutions) Of(channel string) map[string]string {
	var list map[string]string
	s.answered.Range(func(key, answered any) bool {
		if k, a := key.(substitution), answered.(answeredModel); k.channel == channel && a.other {
			if list == nil {
				list = make(map[string]string)
			}
			list[k.model] = a.name
		}
		return true
	})
	return list
}

// noteSubstitution records that an answer is of another model than was sent.
func (a *attempt) noteSubstitution(answered string) {
	c, t := a.call, a.target
	answered = ai.Shorten(answered, 200)
	other, news := c.site.gateway.State.Substituted.note(t.Name, t.Model, answered)
	if other {
		a.record.Substituted = answered
	}
	if news {
		c.site.gateway.Log.Warn("an upstream answers with another model than it was sent",
			zap.String("channel", t.Name), zap.String("model", t.Model), zap.String("answered", a.record.Substituted),
			zap.String("remedy", "ask whoever runs the channel's upstream, or rename the model in the channel if that is what it serves"))
	}
}
