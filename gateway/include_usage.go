package gateway

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/ccload/ccload/protocol/openai"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/routing"
)

// This file decides whether a Chat Completions stream is asked for usage on
// behalf of a client that did not ask. Every stream is, but where the config or
// the provider's preset says that it is told anyway, and at addresses that
// refuse the question. No stream goes without it in order to learn whether
// usage comes by itself: that one would be billed by an estimate.

// UsageSupport is what is known of addresses, by channel and address. The zero
// value knows nothing. Safe for concurrent use.
type UsageSupport struct {
	mu      sync.RWMutex
	refused map[string]time.Time // when an address last refused the question
	changed bool                 // since Save
}

// refusalKept is how long an address that refuses the question is not asked: a
// server may be replaced by one that knows it.
const refusalKept = 7 * 24 * time.Hour

// maxRefusals bounds how many addresses are remembered.
const maxRefusals = 10_000

func addressOf(t *routing.Target) string { return t.Name + " " + t.Address() }

func (s *UsageSupport) refuses(t *routing.Target, now time.Time) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.refused) == 0 {
		return false
	}
	at, known := s.refused[addressOf(t)]
	return known && now.Sub(at) < refusalKept
}

func (s *UsageSupport) noteRefusal(t *routing.Target, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused == nil {
		s.refused = make(map[string]time.Time)
	}
	if len(s.refused) >= maxRefusals {
		clear(s.refused) // learned anew, at one refused attempt each
	}
	s.refused[addressOf(t)], s.changed = now, true
}

// Save returns what was learned as JSON, nil if that is what was saved last.
// failed must be called if it could not be kept.
func (s *UsageSupport) Save(now time.Time) (saved []byte, failed func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.changed {
		return nil, func() {}, nil
	}
	for address, at := range s.refused {
		if now.Sub(at) >= refusalKept {
			delete(s.refused, address)
		}
	}
	saved, err = json.Marshal(s.refused)
	if err != nil {
		return nil, func() {}, fmt.Errorf("keeping which addresses refuse to tell usage: %w", err)
	}
	s.changed = false
	return saved, func() {
		s.mu.Lock()
		s.changed = true
		s.mu.Unlock()
	}, nil
}

// Load takes in what an earlier process saved; what this one has learned stays.
func (s *UsageSupport) Load(saved []byte) error {
	var refused map[string]time.Time
	if err := json.Unmarshal(saved, &refused); err != nil {
		return fmt.Errorf("reading which addresses refuse to tell usage: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused == nil {
		s.refused = make(map[string]time.Time, len(refused))
	}
	for address, at := range refused {
		if at.After(s.refused[address]) && len(s.refused) < maxRefusals {
			s.refused[address] = at
		}
	}
	return nil
}

// mustAskUsage decides about an attempt.
func (a *attempt) mustAskUsage() bool {
	c, t := a.call, a.target
	return c.request.AskUsage.Text != "" && !t.Conf.NoIncludeUsage && !t.Preset.TellsUsage &&
		!c.site.gateway.State.UsageSupport.refuses(t, c.Received)
}

// usageRefused notes that an address refuses the question. Then the attempt
// says nothing about the request nor the target.
func (a *attempt) usageRefused(answer *relay.Answer) bool {
	c, t := a.call, a.target
	if !a.asksUsage || !openai.RefusesUsage(answer.Status, answer.Held()) {
		return false
	}
	c.site.gateway.State.UsageSupport.noteRefusal(t, time.Now())
	return true
}
