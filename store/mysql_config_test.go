package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/ccload/ccload/store"
)

func TestMySQLInCaddyfile(t *testing.T) {
	const dsn = "u:p@tcp(db:3306)/ccload"
	for text, want := range map[string]struct {
		store   *store.MySQL
		problem string
	}{
		`mysql ` + dsn:                         {store: &store.MySQL{DSN: dsn}},
		`mysql {env.CCLOAD_MYSQL_DSN}`:         {store: &store.MySQL{DSN: "{env.CCLOAD_MYSQL_DSN}"}},
		`mysql "u:a b@tcp(db)/ccload"`:         {store: &store.MySQL{DSN: "u:a b@tcp(db)/ccload"}},
		`mysql`:                                {problem: "needs a DSN"},
		`mysql ""`:                             {problem: "needs a DSN"},
		`mysql u:a b@tcp(db)/ccload`:           {problem: "has more after it"},
		"mysql x {\n\tpool 3\n}":               {problem: `has no option "pool"`},
		"mysql x {\n\tca\n}":                   {problem: "ca takes one value"},
		"mysql x {\n\tca a b\n}":               {problem: "ca takes one value"},
		"mysql x {\n\tmax_connections 1\n}":    {problem: `max_connections "1"`},
		"mysql x {\n\tmax_connections many\n}": {problem: `max_connections "many"`},
		"mysql " + dsn + " {\n\tca a.pem\n\tmax_connections 20\n}": {store: &store.MySQL{DSN: dsn, CA: "a.pem", MaxConnections: 20}},
	} {
		var s store.MySQL
		err := s.UnmarshalCaddyfile(caddyfile.NewTestDispenser(text))
		if want.problem != "" {
			if err == nil || !strings.Contains(err.Error(), want.problem) || !strings.Contains(err.Error(), "Testfile:") {
				t.Errorf("%s: %v, want %q and the place", text, err, want.problem)
			}
		} else if err != nil || s.DSN != want.store.DSN || s.CA != want.store.CA || s.MaxConnections != want.store.MaxConnections {
			t.Errorf("%s: %q, %q, %d: %v", text, s.DSN, s.CA, s.MaxConnections, err)
		}
	}
}

// TestMySQLProvision: what is wrong is said before any connection, and without
// the password, however the DSN is mangled.
func TestMySQLProvision(t *testing.T) {
	const secret = "s3cr3t"
	t.Setenv("CCLOAD_TEST_DSN", "u:"+secret+"@tcp(db)/ccload")
	noPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(noPEM, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ dsn, ca, want string }{
		{"u:" + secret + "@tcp(db:3307)/ccload", "", "mysql:u@db:3307/ccload"},
		{"u:" + secret + "@tcp(db)/ccload?tls=skip-verify&timeout=3s", "", "mysql:u@db:3306/ccload"},
		{"u@unix(/run/mysqld.sock)/x", "", "mysql:u@/run/mysqld.sock/x"},
		{"u:" + secret + "/@@:(x)@tcp([::1]:3306)/x", "", "mysql:u@[::1]:3306/x"},
		{"{env.CCLOAD_TEST_DSN}", "", "mysql:u@db:3306/ccload"},
		{"{env.CCLOAD_TEST_UNSET}", "", "! {env.CCLOAD_TEST_UNSET}"},
		{"u:pa{" + secret + "}@tcp(db)/x", "", "! has braces"},
		{"", "", "! is empty"},
		{"u:" + secret, "", "! missing the slash"},
		{"u:" + secret + "@tcp(db/x", "", "! not terminated"},
		{"u:" + secret + "@db:3306/x", "", "! user:password@tcp(host:3306)/database"},
		{"u:" + secret + ")@tcp(db)x/x", "", "! user:password@tcp(host:3306)/database"},
		{"u:" + secret + "@tcp(db)/x?parseTime=" + secret, "", "! an option that is wrong"},
		{"u:" + secret + "@tcp(db)/x?tls=" + secret, "", "! an option that is wrong"},
		{"u:" + secret + "@tcp(db)/", "", "! names no database"},
		{":" + secret + "@tcp(db)/x", "", "! names no user"},
		{"u@tcp(db)/x", "/nowhere/ca.pem", "! no such file"},
		{"u@tcp(db)/x", noPEM, "! holds no certificate"},
	} {
		s := &store.MySQL{DSN: c.dsn, CA: c.ca}
		err := s.Provision(caddy.Context{})
		if problem, fails := strings.CutPrefix(c.want, "! "); fails {
			if err == nil || !strings.Contains(err.Error(), problem) || strings.Contains(err.Error(), secret) {
				t.Errorf("%q: %v, want %q without a password", c.dsn, err, problem)
			}
			continue
		}
		if err != nil || s.Validate() != nil || s.Identity() != c.want {
			t.Errorf("%q: %v, want %q", c.dsn, err, c.want)
		}
	}
	if err := new(store.MySQL).Validate(); err == nil {
		t.Error("valid without Provision")
	}
	few := &store.MySQL{DSN: "u@tcp(db)/x", MaxConnections: 1}
	if err := few.Provision(caddy.Context{}); err != nil || few.Validate() == nil {
		t.Errorf("one connection is enough: %v", err)
	}
}

func TestMySQLIsACaddyModule(t *testing.T) {
	info, err := caddy.GetModule("ccload.stores.mysql")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := info.New().(store.Store); !ok {
		t.Errorf("%T is no store", info.New())
	}
}
