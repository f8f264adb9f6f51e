package store_test

import (
	"context"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/ccload/ccload/internal/testdb"
	"github.com/ccload/ccload/store"
	"github.com/ccload/ccload/store/storetest"
)

// newMySQL returns a provisioned store that is not open.
func newMySQL(tb testing.TB, dsn string) *store.MySQL {
	tb.Helper()
	s := &store.MySQL{DSN: dsn}
	if err := s.Provision(caddy.Context{}); err != nil {
		tb.Fatal(err)
	}
	if err := s.Validate(); err != nil {
		tb.Fatal(err)
	}
	return s
}

// openMySQL returns an open store that is closed with the test.
func openMySQL(tb testing.TB, dsn string) *store.MySQL {
	tb.Helper()
	s := newMySQL(tb, dsn)
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

func TestMySQLKeepsThePromises(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Database {
		t.Helper()
		dsn := testdb.MySQL(t)
		return func() store.Store { return newMySQL(t, dsn) }
	})
}
