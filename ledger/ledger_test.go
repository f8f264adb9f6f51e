package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/internal/callrow"
	"github.com/ccload/ccload/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a store that can be away, slow, or picky.
type memory struct {
	mu      sync.Mutex
	written []string
	batches int
	away    bool
	refuse  string
	cooling map[health.Ref]bool
}

var errAway = errors.New("the store is away")

type refused struct{ n int }

func (r refused) Error() string { return fmt.Sprint(r.n, " refused") }
func (r refused) Refused() int  { return r.n }

func (m *memory) WriteRows(_ context.Context, rows []callrow.Row) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return errAway
	}
	m.batches++
	bad := 0
	for _, row := range rows {
		if row.Record.ID == m.refuse {
			bad++
			continue
		}
		m.written = append(m.written, row.Record.ID)
	}
	if bad > 0 {
		return fmt.Errorf("writing: %w", refused{bad})
	}
	return nil
}

func (m *memory) SaveCooling(_ context.Context, upsert []health.Entry, remove []health.Ref) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return errAway
	}
	m.batches++
	for _, e := range upsert {
		m.cooling[e.Ref] = true
	}
	for _, r := range remove {
		delete(m.cooling, r)
	}
	return nil
}

func (m *memory) setAway(away bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = away
}

func record(i int) *ai.Record { return &ai.Record{ID: strconv.Itoa(i)} }

func TestRecordsAreWrittenInOrderAndInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		l := ledger.New(ledger.Options{})
		for i := range 1200 { // before the store is open
			l.Record(record(i), nil)
		}
		l.Attach(store)
		time.Sleep(300 * time.Millisecond)
		synctest.Wait()
		if n := len(store.written); n != 1200 || store.batches != 3 {
			t.Errorf("%d records in %d batches, want 1200 in 3", n, store.batches)
		}
		for i, id := range store.written {
			if id != strconv.Itoa(i) {
				t.Fatalf("record %d came as number %d", i, len(id))
			}
		}
		if s := l.Stats(); s.Depth != 0 || s.Written != 1200 || s.Lost != 0 {
			t.Errorf("stats %+v", s)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestNothingIsLostWhileTheStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{away: true}
		var told []string
		l := ledger.New(ledger.Options{Alarm: func(msg string, _ error) { told = append(told, msg) }})
		l.Attach(store)
		for i := range 2000 {
			l.Record(record(i), nil)
			if i%100 == 0 {
				time.Sleep(time.Second)
				synctest.Wait()
			}
		}
		if s := l.Stats(); s.Written != 0 || s.Depth != 2000 || s.Failed == 0 || s.Failed > 20 {
			t.Errorf("while it is away: %+v", s)
		}
		store.setAway(false)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if s := l.Stats(); s.Written != 2000 || s.Depth != 0 || s.Lost != 0 {
			t.Errorf("when it is back: %+v", s)
		}
		if len(told) != 2 {
			t.Errorf("the operator was told %q, want once that it is away and once that it is back", told)
		}
		l.Close(t.Context())
	})
}

func TestFlushAndCloseWriteEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		l := ledger.New(ledger.Options{})
		l.Attach(store)
		l.Record(record(1), nil)
		if err := l.Flush(t.Context()); err != nil || len(store.written) != 1 {
			t.Errorf("after a flush %d are written: %v", len(store.written), err)
		}
		l.Record(record(2), nil)
		if err := l.Close(t.Context()); err != nil || len(store.written) != 2 {
			t.Errorf("after the end %d are written: %v", len(store.written), err)
		}
		l.Record(record(3), nil) // too late, and counted
		if s := l.Stats(); s.Lost != 1 {
			t.Errorf("stats %+v", s)
		}
		if err := l.Flush(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseTellsWhatCouldNotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ledger.New(ledger.Options{})
		l.Attach(&memory{away: true})
		l.Record(record(1), nil)
		if err := l.Close(t.Context()); err == nil {
			t.Error("a record is left and nobody is told")
		}
	})
}

func TestARefusedRecordDoesNotHoldUpTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{refuse: "1"}
		l := ledger.New(ledger.Options{})
		l.Attach(store)
		for i := range 3 {
			l.Record(record(i), nil)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if s := l.Stats(); s.Written != 2 || s.Lost != 1 || s.Depth != 0 || store.batches != 1 {
			t.Errorf("stats %+v after %d batches", s, store.batches)
		}
		l.Close(t.Context())
	})
}

func TestRecordFromManySides(t *testing.T) {
	store := &memory{}
	l := ledger.New(ledger.Options{})
	l.Attach(store)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for i := range 1000 {
				l.Record(record(i), nil)
			}
		})
	}
	wait.Wait()
	if err := l.Close(t.Context()); err != nil || len(store.written) != 8000 {
		t.Errorf("%d written, %v", len(store.written), err)
	}
}

func TestCoolingIsSavedOncePerThing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{cooling: make(map[health.Ref]bool)}
		s := ledger.NewCoolingSaver(store, func(string, error) {})
		key := health.Ref{Scope: ai.ScopeKey, Channel: "a", Key: "k"}
		other := health.Ref{Scope: ai.ScopeChannel, Channel: "b"}
		for range 100 {
			s.Changed(health.Change{Entry: health.Entry{Ref: key}})
		}
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if store.batches != 1 || !store.cooling[key] {
			t.Errorf("%d batches, %v", store.batches, store.cooling)
		}
		store.setAway(true)
		s.Changed(health.Change{Entry: health.Entry{Ref: key}, Recovered: true})
		s.Changed(health.Change{Entry: health.Entry{Ref: other}})
		time.Sleep(3 * time.Second)
		synctest.Wait()
		store.setAway(false)
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if store.cooling[key] || !store.cooling[other] {
			t.Errorf("in the end %v are kept", store.cooling)
		}
	})
}
