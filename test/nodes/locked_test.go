package nodes

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite"
)

// TestTheFileIsLocked: another process, this one, keeps the database file to
// itself for longer than a gateway waits for it. No call fails, status tells of
// it, and when the file is free again everything is written once.
func TestTheFileIsLocked(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	path := filepath.Join(t.TempDir(), "ccload.db")
	n := start(t, "sqlite "+path, t.TempDir(), "token t "+token+" {\nbudget 1000/day\n}\n"+u.channel("one", priced))
	state := func() string {
		return look[struct{ Store struct{ State string } }](n, "/ccload/status").Store.State
	}
	clients := startLoad(n, 4, 10*time.Millisecond)
	within(t, 30*time.Second, "calls are written", func() bool { return look[status](n, "/ccload/status").Journal.Written > 0 })
	if got := state(); got != "open" {
		t.Errorf("the store is %q", got)
	}

	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(60000)&_txlock=exclusive")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	lock, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	began, before := time.Now(), clients.count()
	within(t, 60*time.Second, "status says that the store is away", func() bool { return state() == "away" })
	waited := time.Since(began)
	within(t, 60*time.Second, "calls go on", func() bool { return clients.count() > before+100 })
	waiting := look[status](n, "/ccload/status").Journal
	if waiting.Depth == 0 {
		t.Error("nothing waits for the file")
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	within(t, 60*time.Second, "the store is open again", func() bool { return state() == "open" })
	clients.end()
	within(t, 60*time.Second, "all is written", func() bool { return look[status](n, "/ccload/status").Journal.Depth == 0 })
	t.Logf("away was told %v after the file was locked; %d calls meanwhile, %d of them in memory and %d on disk in the end", waited, clients.count()-before, waiting.Depth, waiting.Spooled)
	if len(clients.others) > 0 {
		t.Errorf("not all calls went well: %v", clients.others)
	}
	if journal := look[status](n, "/ccload/status").Journal; journal.Lost > 0 {
		t.Errorf("%d records are lost", journal.Lost)
	}
	ids, cost := stored(n)
	isWhole(n, ids, cost)
	if lost := missing(clients.good, ids); lost > 0 {
		t.Errorf("%d of %d calls are lost", lost, len(clients.good))
	}
}
