package store_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
)

// How large the request log of TestBigStore is, and where it stands. See
// CONTRIBUTING.md.
const (
	bigRowsVariable = "CCLOAD_BIG_ROWS" // calls; without it bigRowsUsual
	bigDirVariable  = "CCLOAD_BIG_DIR"  // folder of the database, which then stays and is used again

	bigRowsUsual = 20_000
	bigDays      = 30
)

// TestBigStore fills a request log as a busy gateway does in thirty days, asks
// it what the dashboard asks, and prunes it while calls are written. Of a log
// of the usual size it compares each answer with what was written; of a large
// one, which the variables above ask for, it prints how long everything took.
// No time fails it: that is for whoever reads the table.
func TestBigStore(t *testing.T) {
	rows := bigRows(t)
	asked := rows != 0
	if !asked {
		rows = bigRowsUsual
	}
	dir := os.Getenv(bigDirVariable)
	if dir == "" {
		dir = t.TempDir()
	}
	b := &bigStore{T: t, timed: asked, path: bigPath(dir)}
	b.fill(rows)
	b.reopen()
	b.ask()
	b.writeOn(rows)
	b.prune()
	b.print()
}

// bigRows is how large a log is asked for; 0 is none in particular.
func bigRows(t *testing.T) int {
	asked := os.Getenv(bigRowsVariable)
	if asked == "" {
		return 0
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n < bigRowsUsual {
		t.Fatalf("%s=%q: must be a number of calls, at least %d", bigRowsVariable, asked, bigRowsUsual)
	}
	return n
}

func bigPath(dir string) string { return filepath.Join(dir, "ccload-big.db") }

// bigStore is a database under test and what was measured of it.
type bigStore struct {
	*testing.T
	*store.SQLite

	timed   bool
	path    string
	traffic *bigTraffic
	written []*ai.Record // all calls, where they are few
	lines   []bigLine
}

// bigLine is a row of the table.
type bigLine struct {
	what       string
	goal       time.Duration // 0: none
	half, most time.Duration
	result     string
}

func (b *bigStore) note(what string, goal time.Duration, took []time.Duration, result string) {
	slices.Sort(took)
	line := bigLine{what: what, goal: goal, half: took[len(took)/2], most: took[len(took)-1], result: result}
	b.lines = append(b.lines, line)
	if b.timed {
		fmt.Println(line)
	}
}

// String is what is told while the test runs.
func (l bigLine) String() string {
	return fmt.Sprintf("%s: p50 %v, worst %v; %s", l.what, l.half.Round(10*time.Microsecond), l.most.Round(10*time.Microsecond), l.result)
}

// rate is how many of something there were in a second.
func rate(n int, took time.Duration) string {
	return fmt.Sprintf("%.0f calls/s", float64(n)/took.Seconds())
}

// fill writes the calls, unless they are there from an earlier run.
func (b *bigStore) fill(rows int) {
	b.traffic = newBigTraffic(rows, time.Now())
	_, err := os.Stat(b.path)
	there := err == nil
	b.SQLite = newSQLite(b.T, b.path)
	if err := b.Open(b.Context()); err != nil {
		b.Fatal(err)
	}
	if there {
		b.Logf("%s is there already and is used as it is", b.path)
		b.traffic.n = rows
		return
	}
	if b.timed {
		fmt.Printf("writing %d calls to %s: about %.1f GB of disk and %.0f minutes or more\n",
			rows, b.path, float64(rows)*1700/1e9, float64(rows)/12_000/60)
	}
	var took []time.Duration
	began := time.Now()
	for b.traffic.n < rows {
		batch := b.traffic.batch(min(500, rows-b.traffic.n))
		at := time.Now()
		if err := b.WriteCalls(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(at))
		if !b.timed {
			b.written = append(b.written, batch...)
		} else if b.traffic.n%500_000 == 0 {
			fmt.Printf("%d calls after %v\n", b.traffic.n, time.Since(began).Round(time.Second))
		}
	}
	var all time.Duration
	for _, d := range took {
		all += d
	}
	b.note("filling, by batch of 500", 0, took, rate(rows, all))
}

// reopen closes the database and opens it again.
func (b *bigStore) reopen() {
	if err := b.Close(); err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	if err := b.Open(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := b.Close(); err != nil {
			b.Error(err)
		}
	})
	b.note("opening", 200*time.Millisecond, []time.Duration{time.Since(began)}, b.size())
}

// size is how large the database and this process are.
func (b *bigStore) size() string {
	var total int64
	for _, ending := range []string{"", "-wal"} {
		if info, err := os.Stat(b.path + ending); err == nil {
			total += info.Size()
		}
	}
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return fmt.Sprintf("%.2f GB on disk, heap %d MB, at most %d MB resident", float64(total)/1e9, m.HeapInuse>>20, u.Maxrss>>10)
}

// ask asks everything several times.
func (b *bigStore) ask() {
	const goal, times = 200 * time.Millisecond, 5
	for _, q := range b.lists() {
		var list []*ai.Record
		took := b.measure(times, func() (err error) {
			list, err = b.Calls(b.Context(), q.f)
			return err
		})
		b.note("calls: "+q.name, goal, took, fmt.Sprintf("%d calls", len(list)))
		if b.written != nil {
			b.compare(q.name, list, q.f)
		}
	}
	for _, q := range b.questions() {
		var rows []store.StatsRow
		took := b.measure(times, func() (err error) {
			rows, err = b.Stats(b.Context(), q.f)
			return err
		})
		b.note("statistics: "+q.name, goal, took, fmt.Sprintf("%d groups", len(rows)))
		if b.written != nil {
			b.count(q.name, rows, q.f)
		}
	}
}

func (b *bigStore) measure(times int, do func() error) (took []time.Duration) {
	b.Helper()
	if !b.timed {
		times = 1
	}
	for range times {
		began := time.Now()
		if err := do(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	return took
}

// writeOn writes calls that arrive now to the full database, as quickly as it
// takes them.
func (b *bigStore) writeOn(rows int) {
	b.writeMore("writing 500 more", min(rows/10, 500_000), b.traffic.now)
	// The calls that BenchmarkWriteCalls writes.
	mixed := newTraffic(20)
	mixed.mixed = true
	b.writeMore("writing 500 more, mixed", min(rows/10, 500_000), func(n int) []*ai.Record {
		batch, now := mixed.batch(n), time.Now()
		for i, r := range batch {
			r.Time = now.Add(time.Duration(i))
			r.ID = fmt.Sprintf("req_%012x%s", now.UnixMilli(), r.ID[len(r.ID)-12:])
		}
		return batch
	})
}

func (b *bigStore) writeMore(what string, n int, more func(n int) []*ai.Record) {
	var took []time.Duration
	for done := 0; done < n; done += 500 {
		batch := more(500)
		began := time.Now()
		if err := b.WriteCalls(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	var all time.Duration
	for _, d := range took {
		all += d
	}
	b.note(what, 25*time.Millisecond, took, rate(n, all)+", "+b.size())
}

// prune prunes by age and by size while calls are written.
func (b *bigStore) prune() {
	b.pruneWhileWriting("by age", func(ctx context.Context) (int, error) {
		return b.Prune(ctx, b.traffic.start.Add(24*time.Hour), 0, 500)
	})
	info, err := os.Stat(b.path)
	if err != nil {
		b.Fatal(err)
	}
	bound := info.Size() * 98 / 100
	b.pruneWhileWriting("by size", func(ctx context.Context) (int, error) {
		return b.Prune(ctx, time.Time{}, bound, 500)
	})
	if b.written != nil {
		list, err := b.Calls(b.Context(), store.CallFilter{Until: b.traffic.start.Add(24 * time.Hour)})
		if err != nil || len(list) > 0 {
			b.Errorf("%d calls of the first day are left: %v", len(list), err)
		}
	}
}

// pruneWhileWriting measures how long a writer of 10,000 calls a second waits.
func (b *bigStore) pruneWhileWriting(how string, prune func(ctx context.Context) (int, error)) {
	const pace = 50 * time.Millisecond
	size := 500
	if !b.timed {
		size = 20
	}
	stop, stopped := make(chan struct{}), make(chan error, 1)
	var took []time.Duration
	go func() {
		tick := time.NewTicker(pace)
		defer tick.Stop()
		for {
			batch := b.traffic.now(size)
			began := time.Now()
			if err := b.WriteCalls(b.Context(), batch); err != nil {
				stopped <- err
				return
			}
			took = append(took, time.Since(began))
			select {
			case <-stop:
				stopped <- nil
				return
			case <-tick.C:
			}
		}
	}()
	deleted, began, longest := 0, time.Now(), time.Duration(0)
	for {
		at := time.Now()
		n, err := prune(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		longest = max(longest, time.Since(at))
		deleted += n
		if n == 0 {
			break
		}
	}
	spent := time.Since(began)
	close(stop)
	if err := <-stopped; err != nil {
		b.Fatal(err)
	}
	b.note("writing while pruning "+how, 0, took, fmt.Sprintf("%d gone, %s, longest step %v, %s", deleted, rate(deleted, spent), longest, b.size()))
}

// print writes the table.
func (b *bigStore) print() {
	if !b.timed {
		return
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\nwhat\tp50\tworst\tworst / goal\tresult\n")
	for _, l := range b.lines {
		ratio := ""
		if l.goal > 0 {
			ratio = fmt.Sprintf("%.2f", float64(l.most)/float64(l.goal))
		}
		fmt.Fprintf(w, "%s\t%.2f ms\t%.2f ms\t%s\t%s\n", l.what, l.half.Seconds()*1000, l.most.Seconds()*1000, ratio, l.result)
	}
	w.Flush()
}

// compare fails if a list is not what was written.
func (b *bigStore) compare(name string, got []*ai.Record, f store.CallFilter) {
	b.Helper()
	var want []string
	before := f.Before == ""
	for _, r := range slices.Backward(b.written) { // they arrived in this order
		if before && bigFits(r, f) && len(want) < cmp.Or(f.Limit, store.DefaultCalls) {
			want = append(want, r.ID)
		}
		before = before || r.ID == f.Before
	}
	ids := make([]string, len(got))
	for i, r := range got {
		ids[i] = r.ID
	}
	if !slices.Equal(ids, want) {
		b.Errorf("%s: got %d calls, want %d; or others, or in another order", name, len(ids), len(want))
	}
}

// count fails if there are not as many calls in statistics as were written.
func (b *bigStore) count(name string, rows []store.StatsRow, f store.StatsFilter) {
	b.Helper()
	var got, want int64
	for _, r := range rows {
		got += r.Calls
	}
	for _, r := range b.written {
		since := f.Since.Truncate(time.Minute)
		if time.Since(f.Since) > store.MinutesKept-time.Hour {
			since = f.Since.Truncate(time.Hour)
		}
		if !r.Time.Before(since) && (f.Channel == "" || r.Channel == f.Channel) && (f.Token == "" || r.Token == f.Token) {
			want++
		}
	}
	if got != want {
		b.Errorf("%s: %d calls are counted, want %d", name, got, want)
	}
}
