package nodes

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/internal/testdb"
)

// galera are the servers of a Galera cluster.
type galera struct {
	servers []*testdb.Server
	ports   []string // where they speak to each other
}

// provider is where distributions keep the library of Galera.
const provider = "/usr/lib/galera/libgalera_smm.so"

func newGalera(t *testing.T) *galera {
	t.Helper()
	if _, err := os.Stat(provider); err != nil {
		t.Fatalf("there is no Galera: install galera-4 (%v)", err)
	}
	g := new(galera)
	for range 3 {
		s := testdb.NewServer(t, "--wsrep-on=ON", "--wsrep-provider="+provider, "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2",
			"--wsrep-sst-method=rsync", "--wsrep-cluster-name=ccload", "--wsrep-node-address=127.0.0.1")
		g.servers = append(g.servers, s)
		g.ports = append(g.ports, fmt.Sprint(testdb.FreePort(t)))
	}
	for i := range g.servers {
		g.start(t, i, i == 0)
	}
	testdb.Exec(t, g.servers[0].DSN(""), "CREATE DATABASE ccload")
	return g
}

// start starts a server and waits until it has joined; the first one makes the
// cluster.
func (g *galera) start(t *testing.T, i int, first bool) {
	t.Helper()
	var others []string
	for j, port := range g.ports {
		if !first && j != i {
			others = append(others, "127.0.0.1:"+port)
		}
	}
	more := []string{
		"--wsrep-cluster-address=gcomm://" + strings.Join(others, ","),
		fmt.Sprintf("--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:%s;ist.recv_addr=127.0.0.1:%d", g.ports[i], testdb.FreePort(t)),
		fmt.Sprintf("--wsrep-sst-receive-address=127.0.0.1:%d", testdb.FreePort(t)),
	}
	if first {
		more = append(more, "--wsrep-new-cluster")
	}
	g.servers[i].Launch(more...)
	g.servers[i].Await()
	within(t, time.Minute, "a server has joined", func() bool { return g.status(t, i, "wsrep_ready") == "ON" })
}

func (g *galera) status(t *testing.T, i int, name string) string {
	t.Helper()
	values := testdb.Column(t, g.servers[i].DSN(""), "SELECT variable_value FROM information_schema.global_status WHERE variable_name = '"+name+"'")
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// dsn names all servers, another one first for each gateway.
func (g *galera) dsn(first int) string {
	var hosts []string
	for i := range g.servers {
		hosts = append(hosts, g.servers[(first+i)%len(g.servers)].Address())
	}
	return "root@tcp(" + strings.Join(hosts, ",") + ")/ccload"
}

// TestAClusterLosesServers: three gateways on a Galera cluster of three, each
// at a server of its own, under load. A server is killed, another is cut off,
// and both join again. No call fails, none is lost or counted twice, and a
// budget that all gateways share holds.
func TestAClusterLosesServers(t *testing.T) {
	if os.Getenv("CCLOAD_TEST_GALERA") == "" {
		t.Skip("CCLOAD_TEST_GALERA is not set; scripts/test-deploy.sh sets it")
	}
	const limited = "limited-token-0123456789ab"
	const budgetCalls = 400
	u, g := newUpstream(t), newGalera(t)
	options := "token t " + token + " {\nbudget 1000/day\n}\ntoken limited " + limited + fmt.Sprintf(" {\nbudget %g/day\n}\n", budgetCalls*0.005005) + u.channel("one", priced)
	var nodes []*node
	var clients []*load
	for i := range g.servers {
		nodes = append(nodes, start(t, "mysql "+g.dsn(i), t.TempDir(), options))
	}
	for _, n := range nodes {
		clients = append(clients, startLoad(n, 4, 10*time.Millisecond))
	}
	spend := func(most int) (good int) { // of the budget, over all gateways in turn
		for i := range most {
			if n := nodes[i%len(nodes)]; n.call(t.Context(), limited).status == http.StatusOK {
				good++
			}
		}
		return good
	}
	time.Sleep(2 * time.Second)
	spent := spend(60)

	g.servers[0].Kill()
	time.Sleep(5 * time.Second)
	spent += spend(60)
	g.start(t, 0, false)
	t.Log("a killed server has joined again")

	testdb.Exec(t, g.servers[1].DSN(""), "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'")
	within(t, 30*time.Second, "a server is cut off", func() bool { return g.status(t, 1, "wsrep_ready") == "OFF" })
	time.Sleep(5 * time.Second)
	spent += spend(60)
	testdb.Exec(t, g.servers[1].DSN(""), "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'")
	within(t, time.Minute, "it has joined again", func() bool { return g.status(t, 1, "wsrep_ready") == "ON" })
	time.Sleep(2 * time.Second)

	spent += spend(3 * budgetCalls)
	if spent > budgetCalls+len(nodes) || spent < budgetCalls*9/10 {
		t.Errorf("%d calls were served of a budget for %d", spent, budgetCalls)
	}
	seen := make(map[string]bool)
	for i, c := range clients {
		c.end()
		if len(c.others) > 0 {
			t.Errorf("gateway %d: not all calls went well: %v", i, c.others)
		}
		for id := range c.good {
			seen[id] = true
		}
	}
	for _, n := range nodes {
		within(t, 30*time.Second, "all is written", func() bool {
			j := look[status](n, "/ccload/status").Journal
			return j.Depth == 0 && j.Spooled == 0
		})
		if lost := look[status](n, "/ccload/status").Journal.Lost; lost != 0 {
			t.Errorf("%d records are lost", lost)
		}
	}
	want := fmt.Sprint(u.calls.Load())
	for i, s := range g.servers {
		testdb.Exec(t, s.DSN("ccload"), "SET SESSION wsrep_sync_wait = 1")
		got := testdb.Column(t, s.DSN("ccload"), "SELECT concat(count(*), ' ', count(DISTINCT id)) FROM calls WHERE status = 200")
		if got[0] != want+" "+want {
			t.Errorf("server %d has %s calls, the upstream saw %s", i, got[0], want)
		}
		got = testdb.Column(t, s.DSN("ccload"), "SELECT sum(amount) FROM spent WHERE name = 'channel/one'")
		if cost := fmt.Sprint(u.calls.Load() * 5_005_000); got[0] != cost {
			t.Errorf("server %d: %s were spent, want %s", i, got[0], cost)
		}
	}
	ids, _ := stored(nodes[0])
	if calls, _ := sums(nodes[0]); calls != len(ids) {
		t.Errorf("the statistics say %d calls, %d are stored", calls, len(ids))
	}
	if lost := missing(seen, ids); lost > 0 {
		t.Errorf("%d of %d calls are lost", lost, len(seen))
	}
	t.Logf("%d calls, of which the budget served %d", u.calls.Load(), spent)
}
