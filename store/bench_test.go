package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/testdb"
	"github.com/ccload/ccload/store"
)

// newSQLite returns a provisioned store that is not open.
func newSQLite(tb testing.TB, path string) *store.SQLite {
	tb.Helper()
	s := &store.SQLite{Path: path}
	if err := s.Provision(caddy.Context{}); err != nil {
		tb.Fatal(err)
	}
	if err := s.Validate(); err != nil {
		tb.Fatal(err)
	}
	return s
}

// openSQLite returns an open store that is closed with the test.
func openSQLite(tb testing.TB, path string) *store.SQLite {
	tb.Helper()
	s := newSQLite(tb, path)
	if err := s.Open(context.Background()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// traffic makes records as a busy gateway does: three in ten calls needed a
// second attempt.
type traffic struct {
	n          int
	candidates []ai.Candidate
	random     bool // ids that do not grow with time, as the gateway's do
	mixed      bool // many keys, models, tokens and outcomes: 24,000 groups
}

func newTraffic(channels int) *traffic {
	t := &traffic{}
	for i := range channels {
		t.candidates = append(t.candidates, ai.Candidate{Channel: fmt.Sprintf("channel-%d", i), Reason: ai.Eligible})
	}
	return t
}

var epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func (t *traffic) next() *ai.Record {
	i := t.n
	t.n++
	// A multiplication spreads numbers as random ones are spread.
	noise := uint64(i) * 0x9e3779b97f4a7c15
	id := fmt.Sprintf("req_%012x%012x", epoch.UnixMilli()+int64(i/20), noise>>16)
	if t.random {
		id = fmt.Sprintf("req_%016x%08x", noise, uint32(i)*0x85ebca6b)
	}
	target := ai.Target{
		Channel: t.candidates[i%len(t.candidates)].Channel, URL: "https://api.anthropic.com",
		Key: fmt.Sprintf("k%07d", i%17), Model: "claude-sonnet-4-6",
	}
	usage := ai.Usage{Input: 51234 + int64(i%1000), CachedInput: 48000, CacheWrite: 2000, Output: 734, Reported: true}
	r := &ai.Record{
		ID: id, Time: epoch.Add(time.Duration(i) * 50 * time.Microsecond), Protocol: ai.Anthropic, Operation: ai.Generate,
		Model: "claude-sonnet-4-6", UpstreamModel: "claude-sonnet-4-6", Token: fmt.Sprintf("token-%d", i%20), Channel: target.Channel,
		Stream: true, Status: 200, FirstContent: 812 * time.Millisecond, Duration: 9 * time.Second, RequestBytes: 98123,
		AnswerBytes: 18123, Usage: usage, ClientIP: "192.168.10.23", UserAgent: "claude-cli/2.1.14 (external, cli)",
		Candidates: t.candidates, Policy: "ccload_priority",
	}
	if t.mixed {
		pick := func(shift, n int) int { return int(noise>>shift) % n }
		r.Model, r.Token = fmt.Sprintf("model-%d", pick(8, 10)), fmt.Sprintf("token-%d", pick(16, 10))
		target.Channel = t.candidates[pick(24, len(t.candidates))].Channel
		r.Channel, target.Key = target.Channel, fmt.Sprintf("%s-k%d", target.Channel, pick(32, 3))
		r.Outcome = []ai.Kind{ai.OK, ai.OK, ai.Timeout, ai.RateLimited, ai.ClientGone}[pick(40, 5)]
		r.Duration, r.FirstContent = time.Duration(1+pick(28, 60_000))*time.Millisecond, time.Duration(1+pick(36, 3000))*time.Millisecond
	}
	if i%10 < 3 {
		failed := target
		failed.Key = "k0000099"
		r.Attempts = append(r.Attempts, ai.Attempt{
			Target: failed, Duration: 120 * time.Millisecond, Why: "highest priority", CooledUntil: r.Time.Add(time.Minute),
			Outcome: ai.Outcome{
				Kind: ai.RateLimited, Scope: ai.ScopeKey, Status: 429, Rule: "rate_limit_error", Code: "rate_limit_error",
				Message: "This request would exceed your organization's rate limit of 80,000 input tokens per minute.", Retry: true,
			},
		})
	}
	r.Attempts = append(r.Attempts, ai.Attempt{
		Target: target, Start: 130 * time.Millisecond, FirstContent: 680 * time.Millisecond, Duration: 8 * time.Second,
		Outcome: ai.Outcome{Kind: ai.OK, Status: 200}, Usage: usage, Why: "weighted: 3 of 5", ServerID: "req_011CTxxxxxxxxxxxxxxxxxxx",
	})
	return r
}

func (t *traffic) batch(n int) []*ai.Record {
	batch := make([]*ai.Record, n)
	for i := range batch {
		batch[i] = t.next()
	}
	return batch
}

// cpuTime is what the process has used.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// writeBench is what a benchmark of writing starts from.
type writeBench struct {
	name     string
	channels int
	before   int // calls that are there
	random   bool
	mixed    bool
}

// run writes batches of 500 records of 1.3 attempts each. One iteration is one
// record.
func (bench writeBench) run(b *testing.B, s store.Store) {
	t := newTraffic(bench.channels)
	t.random, t.mixed = bench.random, bench.mixed
	for t.n < bench.before {
		if err := s.WriteCalls(b.Context(), t.batch(500)); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	cpu := cpuTime(b)
	for done := 0; done < b.N; {
		n := min(500, b.N-done)
		b.StopTimer()
		batch := t.batch(n)
		b.StartTimer()
		if err := s.WriteCalls(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		done += n
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/float64(b.N), "cpu-us/record")
}

// BenchmarkWriteCalls writes to SQLite. The goal is 20,000 records/s.
func BenchmarkWriteCalls(b *testing.B) {
	for _, bench := range []writeBench{
		{"empty", 5, 0, false, false},
		{"mixed", 20, 0, false, true},
		{"200_channels", 200, 0, false, false},
		{"after_300k", 5, 300_000, false, false},
		{"after_300k_random_ids", 5, 300_000, true, false},
	} {
		b.Run(bench.name, func(b *testing.B) { bench.run(b, openSQLite(b, filepath.Join(b.TempDir(), "ccload.db"))) })
	}
}

// BenchmarkWriteCallsMySQL writes the same to a server; cpu-us is of this
// process only.
func BenchmarkWriteCallsMySQL(b *testing.B) {
	for _, bench := range []writeBench{
		{"empty", 5, 0, false, false},
		{"mixed", 20, 0, false, true},
		{"200_channels", 200, 0, false, false},
		{"after_300k_random_ids", 5, 300_000, true, false},
	} {
		b.Run(bench.name, func(b *testing.B) { bench.run(b, openMySQL(b, testdb.MySQL(b))) })
	}
}

// BenchmarkCall reads one call of many by its id. The goal is 1 ms.
func BenchmarkCall(b *testing.B) {
	s := openSQLite(b, filepath.Join(b.TempDir(), "ccload.db"))
	t := newTraffic(200)
	var ids []string
	for t.n < 100_000 {
		batch := t.batch(500)
		if err := s.WriteCalls(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		ids = append(ids, batch[0].ID)
	}
	b.ResetTimer()
	for i := range b.N {
		if _, err := s.Call(b.Context(), ids[i%len(ids)]); err != nil {
			b.Fatal(err)
		}
	}
}
