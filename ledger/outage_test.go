package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/internal/callrow"
	"github.com/ccload/ccload/ledger"
)

// stuck is a store that answers nothing until the context ends.
type stuck struct{}

func (stuck) WriteRows(ctx context.Context, _ []callrow.Row) error {
	<-ctx.Done()
	return ctx.Err()
}

func (stuck) SaveCooling(ctx context.Context, _ []health.Entry, _ []health.Ref) error {
	<-ctx.Done()
	return ctx.Err()
}

// nothing is a store that forgets at once.
type nothing struct{}

func (nothing) WriteRows(context.Context, []callrow.Row) error { return nil }

// told collects alarms.
type told []string

func (t *told) alarm(msg string, err error) {
	if err != nil {
		msg += ": " + err.Error()
	}
	*t = append(*t, msg)
}

func (t *told) count(part string) (n int) {
	for _, msg := range *t {
		if strings.Contains(msg, part) {
			n++
		}
	}
	return n
}

func TestARecordWaitsAQuarterOfASecondAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		l := ledger.New(ledger.Options{Writer: store})
		time.Sleep(time.Hour) // long idle
		for n := 1; n <= 5; n++ {
			l.Record(record(n), nil)
			time.Sleep(249 * time.Millisecond)
			synctest.Wait()
			if s := l.Stats(); s.Depth != 1 || s.Bytes == 0 {
				t.Errorf("written alone although others might have come: %+v", s)
			}
			time.Sleep(time.Millisecond)
			synctest.Wait()
			if s := l.Stats(); s.Written != uint64(n) || s.Depth != 0 || s.Bytes != 0 {
				t.Errorf("after a quarter of a second: %+v", s)
			}
			time.Sleep(time.Duration(n) * 100 * time.Millisecond)
		}
		for n := range 500 {
			l.Record(record(n), nil)
		}
		synctest.Wait() // a full batch waits for nothing
		if s := l.Stats(); s.Depth != 0 {
			t.Errorf("a full batch waits: %+v", s)
		}
		l.Close(t.Context())
	})
}

func TestMemoryIsBoundedByNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{away: true}
		var alarms told
		l := ledger.New(ledger.Options{Writer: store, Alarm: alarms.alarm, MaxRecords: 1000})
		for n := range 1500 {
			if n == 1000 {
				synctest.Wait() // the first attempt has failed
			}
			l.Record(record(n), nil)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if s := l.Stats(); s.Depth != 1000 || s.Lost != 500 {
			t.Errorf("%+v", s)
		}
		if n := alarms.count("500 records of calls are lost"); n != 1 {
			t.Errorf("told %d times of the loss: %q", n, alarms)
		}
		if n := alarms.count("does not take"); n < 9 || n > 11 {
			t.Errorf("told %d times in ten minutes that the store is away: %q", n, alarms)
		}
		store.setAway(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := l.Stats(); s.Depth != 0 || s.Written != 1000 || s.Lost != 500 || s.Bytes != 0 {
			t.Errorf("%+v", s)
		}
		if store.written[0] != "0" || store.written[999] != "999" {
			t.Errorf("from %s to %s", store.written[0], store.written[999])
		}
		if n := alarms.count("again"); n < 1 {
			t.Errorf("nobody was told that the store is back: %q", alarms)
		}
		l.Close(t.Context())
	})
}

func TestMemoryIsBoundedBySize(t *testing.T) {
	big := func(n int) *ai.Record {
		r := record(n)
		r.Message = strings.Repeat("x", 10_000)
		r.Attempts = make([]ai.Attempt, 3)
		return r
	}
	l := ledger.New(ledger.Options{MaxBytes: 1 << 20})
	for n := range 1000 {
		l.Record(big(n), nil)
	}
	s := l.Stats()
	if s.Bytes > 1<<20 || s.Depth < 40 || s.Depth > 100 || s.Depth+int(s.Lost) != 1000 {
		t.Errorf("%+v", s)
	}
	var lost *ledger.LostError
	if err := l.Close(t.Context()); !errors.As(err, &lost) || lost.Records != s.Depth {
		t.Errorf("closed before the store ever opened: %v", err)
	}
	if s := l.Stats(); s.Lost != 1000 || s.Depth != 0 {
		t.Errorf("%+v", s)
	}
}

// A list of candidates that calls share is in memory once.
func TestSharedCandidatesCountOnce(t *testing.T) {
	shared := make([]ai.Candidate, 200)
	own := func() []ai.Candidate { return make([]ai.Candidate, 200) }
	weigh := func(candidates func() []ai.Candidate) int64 {
		l := ledger.New(ledger.Options{})
		for n := range 100 {
			r := record(n)
			r.Candidates = candidates()
			l.Record(r, nil)
		}
		return l.Stats().Bytes
	}
	if one, each := weigh(func() []ai.Candidate { return shared }), weigh(own); each < 5*one {
		t.Errorf("shared they weigh %d, apart %d", one, each)
	}
}

func TestRecordDoesNotWaitForAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ledger.New(ledger.Options{Writer: stuck{}})
		began := time.Now()
		for n := range 10_000 {
			l.Record(record(n), nil)
			synctest.Wait()
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("recording took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("flushing: %v", err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began = time.Now()
		var lost *ledger.LostError
		if err := l.Close(ctx); !errors.As(err, &lost) || lost.Records != 10_000 {
			t.Errorf("closing: %v", err)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("closing took %v", took)
		}
	})
}

func TestAStoreThatHangsIsGivenUpAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ledger.New(ledger.Options{Writer: stuck{}})
		l.Record(record(1), nil)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if s := l.Stats(); s.Failed < 7 || s.Failed > 10 || s.Depth != 1 {
			t.Errorf("%+v", s)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		l.Close(ctx)
	})
}

func TestCloseWaitsForAStoreThatComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{away: true}
		l := ledger.New(ledger.Options{Writer: store})
		for n := range 700 {
			l.Record(record(n), nil)
		}
		go func() {
			time.Sleep(5 * time.Second)
			store.setAway(false)
		}()
		if err := l.Close(t.Context()); err != nil || len(store.written) != 700 {
			t.Errorf("%d written, %v", len(store.written), err)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Errorf("again: %v", err)
		}
	})
}

func TestFlushDoesNotWaitForAStoreThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{away: true}
		l := ledger.New(ledger.Options{})
		l.Record(record(1), nil)
		if err := l.Flush(t.Context()); err != nil {
			t.Errorf("before the store is open: %v", err)
		}
		l.Attach(store)
		l.Attach(nothing{}) // comes too late
		began := time.Now()
		for range 3 {
			if err := l.Flush(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %v", took)
		}
		if s := l.Stats(); s.Depth != 1 || s.Failed != 3 {
			t.Errorf("%+v", s)
		}
		store.setAway(false)
		if err := l.Flush(t.Context()); err != nil || l.Stats().Written != 1 {
			t.Errorf("%+v, %v", l.Stats(), err)
		}
		l.Close(t.Context())
	})
}

func TestRefusedRecordsAreToldOfOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var alarms told
		l := ledger.New(ledger.Options{Writer: &memory{refuse: "1"}, Alarm: alarms.alarm})
		for n := range 3 {
			l.Record(record(n), nil)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if len(alarms) != 1 || !strings.Contains(alarms[0], "refuses records of calls, which are lost: writing: 1 refused") {
			t.Errorf("%q", alarms)
		}
		l.Close(t.Context())
	})
}

func TestCoolingIsTriedUntilItIsSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{away: true, cooling: make(map[health.Ref]bool)}
		var alarms told
		s := ledger.NewCoolingSaver(store, alarms.alarm)
		ref := health.Ref{Scope: ai.ScopeKey, Channel: "a", Key: "k"}
		gone := health.Ref{Scope: ai.ScopeKey, Channel: "a", Key: "gone"}
		s.Changed(health.Change{Entry: health.Entry{Ref: ref}})
		s.Changed(health.Change{Entry: health.Entry{Ref: gone}})
		time.Sleep(5 * time.Minute)
		s.Changed(health.Change{Entry: health.Entry{Ref: gone}, Recovered: true}) // while it is away
		if n := len(alarms); n < 4 || n > 6 {
			t.Errorf("told %d times in five minutes: %q", n, alarms)
		}
		store.setAway(false)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if !store.cooling[ref] || store.cooling[gone] || store.batches != 1 {
			t.Errorf("%v after %d batches", store.cooling, store.batches)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if store.batches != 1 {
			t.Errorf("saved %d times though nothing changed", store.batches)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		s.Changed(health.Change{Entry: health.Entry{Ref: ref}}) // too late, and harmless
		if err := s.Close(t.Context()); err != nil {
			t.Errorf("again: %v", err)
		}
	})
}

func TestClosingTheSaverDoesNotHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ledger.NewCoolingSaver(stuck{}, func(string, error) {})
		s.Changed(health.Change{Entry: health.Entry{Ref: health.Ref{Scope: ai.ScopeKey}}})
		time.Sleep(2 * time.Second) // it is writing
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := s.Close(ctx); err == nil {
			t.Error("what could not be saved is not told")
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// BenchmarkRecord is what a call pays, while the ledger writes beside it. The
// goal is 200 ns. Records come in bursts of 400, so that the benchmark measures
// Record and not how fast a queue can grow without end.
func BenchmarkRecord(b *testing.B) {
	const burst = 400
	for _, callers := range []int{1, 2, 8} {
		b.Run(fmt.Sprint(callers, "_callers"), func(b *testing.B) {
			l := ledger.New(ledger.Options{Writer: nothing{}})
			r := &ai.Record{ID: "req_1", Attempts: make([]ai.Attempt, 2), Candidates: make([]ai.Candidate, 5)}
			var spent atomic.Int64
			b.ReportAllocs()
			for done := 0; done < b.N; done += burst * callers {
				var wait sync.WaitGroup
				for range callers {
					wait.Go(func() {
						began := time.Now()
						for range burst {
							l.Record(r, nil)
						}
						spent.Add(int64(time.Since(began)))
					})
				}
				wait.Wait()
				if err := l.Flush(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			if err := l.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(spent.Load())/float64(l.Stats().Written), "ns/record")
		})
	}
}
