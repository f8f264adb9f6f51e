package nodes

import (
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/ccload/ccload/internal/testdb"
)

// line is the way to a database server, which can be cut.
type line struct {
	config *mysql.Config // where it leads
	listen net.Listener

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

func newLine(t *testing.T, dsn string) *line {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	l := &line{config: config, conns: make(map[net.Conn]bool)}
	if l.listen, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.listen.Close()
		l.set(true)
	})
	go l.serve()
	return l
}

// dsn is the address at this end of the line.
func (l *line) dsn() string {
	near := l.config.Clone()
	near.Net, near.Addr = "tcp", l.listen.Addr().String()
	return near.FormatDSN()
}

func (l *line) serve() {
	for {
		near, err := l.listen.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial(l.config.Net, l.config.Addr)
		if err != nil || !l.add(near, far) {
			near.Close()
			continue
		}
		go l.copy(near, far)
		go l.copy(far, near)
	}
}

func (l *line) add(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		if l.cut {
			c.Close()
		} else {
			l.conns[c] = true
		}
	}
	return !l.cut
}

func (l *line) copy(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	to.Close()
	from.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, to)
	delete(l.conns, from)
}

// set cuts the line, in the middle of whatever is said, or mends it.
func (l *line) set(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
	if cut {
		for c := range l.conns {
			c.Close()
		}
	}
}

// TestTheStoreIsAway: the database is out of reach under load, cut off in the
// middle of whatever was said. Calls go on all the time, and when it is back
// everything is written once.
// CCLOAD_TEST_OUTAGE is how long it is away, 10s if it is not set.
func TestTheStoreIsAway(t *testing.T) {
	t.Parallel()
	away := 10 * time.Second
	if text := os.Getenv("CCLOAD_TEST_OUTAGE"); text != "" {
		var err error
		if away, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	u := newUpstream(t)
	l := newLine(t, testdb.MySQL(t))
	n := start(t, "mysql "+l.dsn(), t.TempDir(), "token t "+token+" {\nbudget 1000/day\nrpm 100000\n}\n"+u.channel("one", priced))
	clients := startLoad(n, 8, 5*time.Millisecond)
	time.Sleep(2 * time.Second)
	before := clients.count()
	l.set(true)
	time.Sleep(away)
	during := clients.count() - before
	waiting := look[status](n, "/ccload/status").Journal
	l.set(false)
	time.Sleep(2 * time.Second) // calls come while it is written, which may be slower than they are
	clients.end()
	took := within(t, 90*time.Second, "what waited is written", func() bool {
		s := look[status](n, "/ccload/status").Journal
		return s.Spooled == 0 && s.Depth < 500 && s.Lost == 0
	})
	within(t, 30*time.Second, "all is written", func() bool { return look[status](n, "/ccload/status").Journal.Depth == 0 })
	t.Logf("away for %v: %d calls before, %d meanwhile (%d in memory, %d on disk in the end); written within %v", away, before, during, waiting.Depth, waiting.Spooled, took)
	if len(clients.others) > 0 {
		t.Errorf("not all calls went well: %v", clients.others)
	}
	if during < before/4 {
		t.Errorf("%d calls before the outage, only %d in it", before, during)
	}
	if waiting.Depth+waiting.Spooled < during {
		t.Errorf("%d calls meanwhile, %d in memory and %d on disk", during, waiting.Depth, waiting.Spooled)
	}
	ids, cost := stored(n)
	isWhole(n, ids, cost)
	if lost := missing(clients.good, ids); lost > 0 {
		t.Errorf("%d of %d calls are lost", lost, len(clients.good))
	}
}
