package nodes

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ccload/ccload/internal/testdb"
	"github.com/ccload/ccload/test/binary"
)

// storeState is what status says of the store.
type storeState struct {
	Store struct {
		State         string `json:"state"`
		Error         string `json:"error"`
		StoredKnown   bool   `json:"stored_known"`
		SpendingKnown bool   `json:"spending_known"`
	} `json:"store"`
}

// promptly is how long a start or a reload may take while the store is away. The
// bound is far above what is meant, for busy machines, and below a read timeout.
const promptly = 20 * time.Second

// privateServer starts a database server with an empty database.
func privateServer(t *testing.T) *testdb.Server {
	t.Helper()
	s := testdb.NewServer(t)
	s.Start()
	testdb.Exec(t, s.DSN(""), "CREATE DATABASE ccload")
	return s
}

// mute listens and takes connections, and never says anything.
func mute(t *testing.T, address string) (end func()) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		var held []net.Conn
		for {
			c, err := l.Accept()
			if err != nil {
				for _, c := range held {
					c.Close()
				}
				return
			}
			held = append(held, c)
		}
	}()
	return func() { l.Close() }
}

// reload gives Caddy the gateway's config anew, with another answer of /health
// beside it, as an operator who changes another site does.
func (n *node) reload(change func(config string) string) error {
	text, err := os.ReadFile(n.cmd.Args[3])
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+n.Admin+"/load", strings.NewReader(change(string(text))))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "text/caddyfile")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	client.CloseIdleConnections() // which the old servers close at any moment
	if resp.StatusCode != http.StatusOK {
		var text strings.Builder
		_ = resp.Write(&text)
		return fmt.Errorf("%s", text.String())
	}
	return nil
}

// refused fails unless a call was answered 503 in the client's protocol, with a
// time to come back.
func refused(t *testing.T, what string, r reply, says string) {
	t.Helper()
	if r.status != http.StatusServiceUnavailable || r.retryAfter == "" || !strings.Contains(r.body, `"type":"error"`) || !strings.Contains(r.body, says) {
		t.Errorf("%s: status %d, Retry-After %q, %s %v; want 503 that says %q", what, r.status, r.retryAfter, r.body, r.err, says)
	}
}

// TestStartWhileTheStoreIsAway: a gateway starts without its database, serves
// what is declared, refuses what it cannot judge, and takes over what is stored
// when the database is back.
func TestStartWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	const budgeted = "budgeted-token-0123456789"
	for name, leave := range map[string]func(t *testing.T, s *testdb.Server) (back func()){
		"nobody listens": func(_ *testing.T, s *testdb.Server) func() {
			s.Stop()
			return func() { s.Start() }
		},
		"it is frozen": func(_ *testing.T, s *testdb.Server) func() {
			s.Signal(syscall.SIGSTOP)
			return func() { s.Signal(syscall.SIGCONT) }
		},
		"something listens and says nothing": func(t *testing.T, s *testdb.Server) func() {
			s.Stop()
			end := mute(t, s.Address())
			return func() { end(); s.Start() }
		},
	} {
		t.Run(name, func(t *testing.T) {
			u, s := newUpstream(t), privateServer(t)
			options := "token t " + token + "\ntoken b " + budgeted + " {\nbudget 0.014/day\n}\n" + u.channel("one", priced)
			before := start(t, "mysql "+s.DSN("ccload"), t.TempDir(), options)
			var made struct{ Secret string }
			before.api(http.MethodPost, "tokens", `{"name":"laptop"}`, &made)
			before.api(http.MethodPost, "tokens", `{"name":"twice"}`, nil)
			for range 2 { // a cent of 1.2
				if r := before.call(t.Context(), budgeted); r.status != http.StatusOK {
					t.Fatalf("%+v", r)
				}
			}
			before.stop()

			back := leave(t, s)
			began := time.Now()
			n := start(t, "mysql "+s.DSN("ccload"), before.dir, options+"token twice declared-twice-0123456789\n")
			if took := time.Since(began); took > promptly {
				t.Errorf("it started after %v", took)
			}
			if r := n.call(t.Context(), token); r.status != http.StatusOK {
				t.Errorf("a declared token: %+v", r)
			}
			refused(t, "a stored token", n.call(t.Context(), made.Secret), "has not been read")
			refused(t, "an unknown token", n.call(t.Context(), "nobody-0123456789abcdef"), "has not been read")
			refused(t, "a budget", n.call(t.Context(), budgeted), "budget")
			if st := look[storeState](n, "/ccload/status").Store; st.State != "away" || st.Error == "" || st.StoredKnown || st.SpendingKnown {
				t.Errorf("status says %+v", st)
			}
			for _, ask := range [][2]string{{http.MethodPost, "login"}, {http.MethodGet, "status"}} {
				n.login = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
				if code := n.api(ask[0], ask[1], fmt.Sprintf(`{"password":%q}`, password), nil); code != http.StatusServiceUnavailable {
					t.Errorf("%s %s is answered %d", ask[0], ask[1], code)
				}
			}
			began = time.Now()
			if err := n.reload(func(config string) string { return config + "\n" + binary.FreeAddress(t) + " {\nrespond fresh\n}\n" }); err != nil {
				t.Errorf("a reload: %v", err)
			}
			if took := time.Since(began); took > promptly {
				t.Errorf("a reload took %v", took)
			}
			if r := n.call(t.Context(), token); r.status != http.StatusOK {
				t.Errorf("after a reload: %+v", r)
			}

			back()
			within(t, 30*time.Second, "what is stored counts", func() bool { return n.call(t.Context(), made.Secret).status == http.StatusOK })
			if r := n.call(t.Context(), "nobody-0123456789abcdef"); r.status != http.StatusUnauthorized {
				t.Errorf("an unknown token then: %+v", r)
			}
			within(t, 10*time.Second, "status says so", func() bool {
				st := look[storeState](n, "/ccload/status").Store
				return st.State == "open" && st.Error == "" && st.StoredKnown && st.SpendingKnown
			})
			// Of 1.4 cents one was spent before: one call more passes, the next does not.
			if first, second := n.call(t.Context(), budgeted), n.call(t.Context(), budgeted); first.status != http.StatusOK || second.status != http.StatusTooManyRequests {
				t.Errorf("a budget then: %+v, %+v", first, second)
			}
			if !strings.Contains(n.log.String(), `the stored token \"twice\" is not used`) {
				t.Error("the log does not tell of a name that is declared and stored")
			}
			n.login = ""
			within(t, 10*time.Second, "all calls are stored", func() bool { return look[status](n, "/ccload/status").Journal.Depth == 0 })
			served := 0
			ids, _ := stored(n)
			for id := range ids {
				var call struct{ Status int }
				n.api(http.MethodGet, "calls/"+id, "", &call)
				if call.Status == http.StatusOK {
					served++
				}
			}
			if want := int(u.calls.Load()); served != want {
				t.Errorf("%d calls that were served are stored, the upstream saw %d", served, want)
			}
			spent := testdb.Column(t, s.DSN("ccload"), "SELECT sum(amount) FROM spent WHERE name = 'channel/one'")
			if want := fmt.Sprint(5005000 * u.calls.Load()); spent[0] != want {
				t.Errorf("the channel has spent %s, want %s", spent[0], want)
			}
		})
	}
}

// TestServeUnmetered: where it is set, a budget whose spending is unknown serves.
func TestServeUnmetered(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	n := start(t, fmt.Sprintf("mysql root@tcp(127.0.0.1:%d)/ccload", testdb.FreePort(t)), t.TempDir(),
		"serve_unmetered\ntoken t "+token+" {\nbudget 0.006/day\n}\n"+u.channel("one", priced))
	if r := n.call(t.Context(), token); r.status != http.StatusOK {
		t.Errorf("%+v", r)
	}
	n.call(t.Context(), token)
	if r := n.call(t.Context(), token); r.status != http.StatusTooManyRequests {
		t.Errorf("what it spends itself does not count: %+v", r)
	}
}

// TestReloadWhileTheStoreHangs: a reload, of whatever in the config, is taken
// within seconds, and what was known of the store still counts.
func TestReloadWhileTheStoreHangs(t *testing.T) {
	t.Parallel()
	u, s := newUpstream(t), privateServer(t)
	n := start(t, "mysql "+s.DSN("ccload"), t.TempDir(), "token t "+token+" {\nbudget 1000/day\n}\n"+u.channel("one", priced))
	var made struct{ Secret string }
	n.api(http.MethodPost, "tokens", `{"name":"laptop"}`, &made)
	s.Signal(syscall.SIGSTOP)
	defer s.Signal(syscall.SIGCONT)
	for i := range 3 {
		site := binary.FreeAddress(t)
		fresh := fmt.Sprintf("fresh-token-0123456789-%d", i)
		began := time.Now()
		if err := n.reload(func(config string) string {
			return strings.Replace(config, "token t ", "token fresh "+fresh+"\ntoken t ", 1) + "\nhttp://" + site + " {\nrespond fresh\n}\n"
		}); err != nil {
			t.Fatalf("a reload: %v", err)
		}
		t.Logf("reload %d took %v", i, time.Since(began))
		if took := time.Since(began); took > promptly {
			t.Errorf("a reload took %v", took)
		}
		if resp, err := http.Get("http://" + site); err != nil {
			t.Error(err)
		} else {
			resp.Body.Close()
		}
		for what, secret := range map[string]string{"the new token": fresh, "the old one with its budget": token, "a stored one": made.Secret} {
			if r := n.call(t.Context(), secret); r.status != http.StatusOK {
				t.Errorf("%s: %+v", what, r)
			}
		}
	}
	within(t, promptly, "status tells", func() bool { return look[storeState](n, "/ccload/status").Store.State == "away" })
	if code := n.api(http.MethodGet, "status", "", nil); code != http.StatusOK {
		t.Errorf("who is logged in asks for the status and is answered %d", code)
	}
	s.Signal(syscall.SIGCONT)
	within(t, promptly, "status tells that it is back", func() bool { return look[storeState](n, "/ccload/status").Store.State == "open" })
}

// TestAWrongStoreIsRefused: what waiting does not mend keeps a gateway from
// starting, with the reason; a reload that names such a store changes nothing.
func TestAWrongStoreIsRefused(t *testing.T) {
	t.Parallel()
	s := privateServer(t)
	testdb.Exec(t, s.DSN(""), "CREATE DATABASE foreigner", "CREATE TABLE foreigner.calls (x INT)", "CREATE DATABASE newer",
		"CREATE TABLE newer.schema_migrations (version INTEGER NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL, applied BIGINT NOT NULL)",
		"INSERT INTO newer.schema_migrations VALUES (1000, 'later', 1)", "CREATE USER nobody@'%' IDENTIFIED BY 'right'")
	good := start(t, "mysql "+s.DSN("ccload"), t.TempDir(), "token t "+token)
	for name, c := range map[string]struct{ dsn, says string }{
		"a wrong password":       {"nobody:wrong@tcp(" + s.Address() + ")/ccload", "check user and password"},
		"no rights":              {"nobody:right@tcp(" + s.Address() + ")/ccload", "GRANT ALL"},
		"no such database":       {s.DSN("nothing"), "CREATE DATABASE"},
		"another program's":      {s.DSN("foreigner"), "not one of ccload"},
		"one of a newer version": {s.DSN("newer"), "newer version"},
	} {
		t.Run(name, func(t *testing.T) {
			_, file := prepare(t, "encryption_key the-key-of-all-nodes", "mysql "+c.dsn, t.TempDir(), "token t "+token)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			run := exec.CommandContext(ctx, program, "run", "--config", file, "--adapter", "caddyfile")
			home := t.TempDir()
			run.Env = binary.Env(home)
			text, err := run.CombinedOutput()
			if err == nil || ctx.Err() != nil || !strings.Contains(string(text), c.says) {
				t.Errorf("it ended with %v, and does not say %q:\n%.2000s", err, c.says, text)
			}
			err = good.reload(func(config string) string { return strings.Replace(config, s.DSN("ccload"), c.dsn, 1) })
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("a reload: %v", err)
			}
			if st := look[storeState](good, "/ccload/status").Store; st.State != "open" {
				t.Errorf("after that the store is %+v", st)
			}
		})
	}
}
