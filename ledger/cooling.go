package ledger

import (
	"context"
	"sync"
	"time"

	"github.com/ccload/ccload/health"
)

// coolingEvery is how often changes of what rests are written. Several changes
// of the same thing in between are written once.
const coolingEvery = time.Second

// CoolingWriter is the store, as far as resting is concerned.
type CoolingWriter interface {
	SaveCooling(ctx context.Context, upsert []health.Entry, remove []health.Ref) error
}

// CoolingSaver writes what begins and ceases to rest to the store, so that a
// restart forgets nothing. It is safe for concurrent use.
type CoolingSaver struct {
	writer CoolingWriter
	alarm  func(string, error)

	mu      sync.Mutex
	changes map[health.Ref]health.Change // the last of each

	stop, done chan struct{}
	once       sync.Once
}

// NewCoolingSaver returns a saver that runs until it is closed. alarm is told
// when the store fails; changes are kept and tried again.
func NewCoolingSaver(w CoolingWriter, alarm func(msg string, err error)) *CoolingSaver {
	s := &CoolingSaver{
		writer: w, alarm: alarm, changes: make(map[health.Ref]health.Change),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	go s.run()
	return s
}

// Changed notes a change. It never waits.
func (s *CoolingSaver) Changed(c health.Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes[c.Ref] = c
}

func (s *CoolingSaver) run() {
	defer close(s.done)
	tick := time.NewTicker(coolingEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			s.save(ctx) //nolint:errcheck // tried again with the next tick
			cancel()
		case <-s.stop:
			return
		}
	}
}

// save writes the changes that wait. If the store fails they wait again,
// unless something newer has come for the same thing.
func (s *CoolingSaver) save(ctx context.Context) error {
	s.mu.Lock()
	changes := s.changes
	s.changes = make(map[health.Ref]health.Change)
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
	if err == nil {
		return nil
	}
	s.alarm("writing down what rests", err)
	s.mu.Lock()
	defer s.mu.Unlock()
	for ref, c := range changes {
		if _, newer := s.changes[ref]; !newer {
			s.changes[ref] = c
		}
	}
	return err
}

// Close writes what is left and ends the saver.
func (s *CoolingSaver) Close(ctx context.Context) error {
	s.once.Do(func() { close(s.stop) })
	<-s.done
	return s.save(ctx)
}
