package ledger

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ccload/ccload/health"
)

// Bounds of the saver's work.
const (
	coolingEvery = 250 * time.Millisecond // the most a change waits for others
	coolingMost  = 10 * time.Second       // the most one attempt to write may take
)

// CoolingWriter is the store, as far as cooling down is concerned. It forgets remove
// and then writes upsert.
type CoolingWriter interface {
	SaveCooling(ctx context.Context, upsert []health.Entry, remove []health.Ref) error
}

// CooldownSaver writes what begins and ceases to cool down to the store, so that a
// restart forgets nothing. Several changes of the same thing in a second are
// written once. What the store does not take is tried again; memory is bounded
// by the number of things there are. It is safe for concurrent use.
type CooldownSaver struct {
	writer CoolingWriter
	alarm  func(string, error)

	mu      sync.Mutex
	changes map[health.Ref]health.Change // the last of each
	saving  map[health.Ref]health.Change // those that are just being written
	told    time.Time                    // when alarm was last told of the trouble there is

	wake   chan struct{} // there are changes
	stop   chan struct{}
	done   chan struct{}
	once   sync.Once
	ctx    context.Context //nolint:containedctx // ends an attempt that outlasts Close
	giveUp context.CancelFunc
}

// NewCoolingSaver returns a saver that runs until it is closed. alarm is told
// when the store fails, and each minute that it does.
func NewCoolingSaver(w CoolingWriter, alarm func(msg string, err error)) *CooldownSaver {
	s := &CooldownSaver{
		writer: w, alarm: alarm, changes: make(map[health.Ref]health.Change),
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	s.ctx, s.giveUp = context.WithCancel(context.Background())
	go s.run()
	return s
}

// Changed notes a change. It never waits.
func (s *CooldownSaver) Changed(c health.Change) {
	s.mu.Lock()
	s.changes[c.Ref] = c
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Pending reports whether the store may not know yet what became of a thing.
func (s *CooldownSaver) Pending(r health.Ref) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, waits := s.changes[r]
	_, goes := s.saving[r]
	return waits || goes
}

func (s *CooldownSaver) run() {
	defer close(s.done)
	for {
		select {
		case <-s.wake:
		case <-s.stop:
			return
		}
		wait := time.After(coolingEvery)
		for again := true; again; {
			select {
			case <-wait:
			case <-s.stop:
				return
			}
			ctx, cancel := context.WithTimeout(s.ctx, coolingMost)
			again = s.save(ctx) != nil
			cancel()
			wait = time.After(coolingEvery)
		}
	}
}

// save writes the changes that wait. If the store fails they wait again,
// unless something newer has come for the same thing.
func (s *CooldownSaver) save(ctx context.Context) error {
	s.mu.Lock()
	changes := s.changes
	s.changes, s.saving = make(map[health.Ref]health.Change), changes
	s.mu.Unlock()
	if len(changes) == 0 {
		return nil
	}
	var upsert []health.Entry
	var remove []health.Ref
	for ref, c := range changes {
		if c.Recovered {
			remove = append(remove, ref)
		} else {
			upsert = append(upsert, c.Entry)
		}
	}
	err := s.writer.SaveCooling(ctx, upsert, remove)
	s.mu.Lock()
	s.saving = nil
	if err == nil {
		s.told = time.Time{}
		s.mu.Unlock()
		return nil
	}
	for ref, c := range changes {
		if _, newer := s.changes[ref]; !newer {
			s.changes[ref] = c
		}
	}
	now := time.Now()
	tell := s.told.IsZero() || now.Sub(s.told) >= alarmEvery
	if tell {
		s.told = now
	}
	s.mu.Unlock()
	if tell {
		s.alarm("the store does not take what cools down; it is kept and tried again", err)
	}
	return err
}

// Close writes what is left and ends the saver. The error is the store's, and
// means that the last changes are forgotten.
func (s *CooldownSaver) Close(ctx context.Context) error {
	s.once.Do(func() { close(s.stop) })
	defer s.giveUp()
	select {
	case <-s.done:
	case <-ctx.Done():
		s.giveUp()
		<-s.done
	}
	if err := s.save(ctx); err != nil {
		return fmt.Errorf("the last changes of what cools down are forgotten: %w", err)
	}
	return nil
}
