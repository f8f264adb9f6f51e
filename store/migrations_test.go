package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/ccload/ccload/ai"
)

// firstCall writes a call as the first version of the schema had it.
const firstCall = `INSERT INTO calls (id, time, protocol, operation, model, upstream_model, token, channel, stream, status, outcome,
	first_content_ns, duration_ns, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, client_ip, response_id, details)
	VALUES (?, ?, 'anthropic', 'generate', 'm', 'm', 't', 'c', 0, 200, 'ok', 1000000, 2000000, 10, 0, 0, 5, '', '', '{"attempts":[]}')`

// storedWeights are channels as a build stored them that took a weight of 0 for
// 1, and what becomes of them.
var storedWeights = map[string][2]string{
	"zero":   {`{"weight":0,"urls":[{"url":"https://a.example"}]}`, `{"urls":[{"url":"https://a.example"}]}`},
	"three":  {`{"weight": 3}`, `{"weight": 3}`},
	"absent": {`{"priority": 1}`, `{"priority": 1}`},
	"null":   {`{"weight": null}`, `{"weight": null}`},
	"broken": {`no JSON`, `no JSON`},
}

// TestEveryEarlierSchemaIsBroughtUpToDate makes a database as each earlier
// build left it, with a call in it, and opens it: nothing is lost, and
// statistics know of it.
func TestEveryEarlierSchemaIsBroughtUpToDate(t *testing.T) {
	steps, err := loadMigrations(sqliteMigrations, "migrations/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	for version := 1; version <= len(steps); version++ {
		t.Run(fmt.Sprint("from ", version), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ccload.db")
			arrived := time.Now().Add(-time.Hour)
			makeSchema(t, path, steps[:version], func(tx *sql.Tx) error {
				if _, err := tx.Exec(firstCall, "req_1", arrived.UnixNano()); err != nil {
					return err
				}
				if version >= 3 {
					for name, body := range storedWeights {
						if _, err := tx.Exec("INSERT INTO documents VALUES ('channel', ?, ?, 1, 1)", name, body[0]); err != nil {
							return err
						}
					}
				}
				_, err := tx.Exec("INSERT INTO cooling (scope, channel, url, key_id, model, group_name, protocol, until, failures, kind, rule, message, since, attention) VALUES ('channel', 'c', '', '', '', '', '', ?, 1, 'rate_limited', '', '', 0, 0)", arrived.Add(2*time.Hour).UnixNano())
				return err
			})
			s := &SQLite{Path: path}
			if err := errors.Join(s.Provision(caddy.Context{}), s.Open(t.Context())); err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			r, err := s.Call(t.Context(), "req_1")
			if err != nil || r.Usage.Output != 5 || r.Outcome != ai.OK {
				t.Errorf("%+v, %v", r, err)
			}
			if cooling, err := s.LoadCooling(t.Context()); err != nil || len(cooling) != 1 {
				t.Errorf("%+v, %v", cooling, err)
			}
			want := int64(1)
			if version >= 4 {
				want = 0 // such a build would have counted it
			}
			stats, err := s.Stats(t.Context(), StatsFilter{})
			counted := int64(0)
			for i := range stats {
				counted += stats[i].Calls
			}
			if err != nil || counted != want {
				t.Errorf("statistics count %d calls, want %d: %v", counted, want, err)
			}
			if err := s.WriteCalls(t.Context(), []*ai.Record{{ID: "req_2", Time: time.Now(), Outcome: ai.OK}}); err != nil {
				t.Error(err)
			}
			if n, err := s.Calls(t.Context(), CallFilter{}); err != nil || len(n) != 2 {
				t.Errorf("%d calls, %v", len(n), err)
			}
			if _, err := s.Revisions(t.Context()); err != nil {
				t.Error(err)
			}
			db, err := sql.Open("sqlite", "file:"+path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			for name, body := range storedWeights {
				if version < 3 {
					break
				}
				want := body[1]
				if version >= 7 {
					want = body[0] // such a build meant standby
				}
				var got string
				if err := db.QueryRowContext(t.Context(), "SELECT body FROM documents WHERE name = ?", name).Scan(&got); err != nil || got != want {
					t.Errorf("%s: %s, want %s: %v", name, got, want, err)
				}
			}
		})
	}
}

// makeSchema makes a database of some steps, and lets fill write to it.
func makeSchema(t *testing.T, path string, steps []migration, fill func(tx *sql.Tx) error) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
		t.Fatal(err)
	}
	if err := (schema{steps: steps, now: time.Now()}).migrate(t.Context(), tx); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(fill(tx), tx.Commit()); err != nil {
		t.Fatal(err)
	}
}

// TestBodiesThatWereNotSealedAreGone: of captures that an earlier build kept as
// they were said nothing stays, neither in the file nor in its log.
func TestBodiesThatWereNotSealedAreGone(t *testing.T) {
	steps, err := loadMigrations(sqliteMigrations, "migrations/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ccload.db")
	said := strings.Repeat("what somebody said in confidence; ", 500)
	makeSchema(t, path, steps[:7], func(tx *sql.Tx) error {
		for i := range 50 {
			if _, err := tx.Exec("INSERT INTO captures VALUES (?, ?, 1, 0, ?, ?, ?)", fmt.Sprint(i), i, []byte(said), []byte(said), []byte("confidence")); err != nil {
				return err
			}
		}
		return nil
	})
	found := func() (n int) {
		for _, name := range []string{path, path + "-wal"} {
			text, err := os.ReadFile(name)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			n += bytes.Count(text, []byte("confidence"))
		}
		return n
	}
	if found() < 50 {
		t.Fatal("the bodies are not in the file to begin with")
	}
	s := &SQLite{Path: path}
	if err := errors.Join(s.Provision(caddy.Context{}), s.Open(t.Context())); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if n := found(); n > 0 {
		t.Errorf("the bodies are found %d times", n)
	}
	if _, err := s.LoadCapture(t.Context(), "1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v, want %v", err, ErrNotFound)
	}
}
