package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

// databases are those of SQL, each new and open.
var databases = map[string]func(*testing.T) (Store, *connections){
	"sqlite": func(t *testing.T) (Store, *connections) { s, c := open(t); return s, c },
	"mysql":  func(t *testing.T) (Store, *connections) { s, c, _ := openForMySQL(t); return s, c },
}

// TestARacedTurnIsTakenAgain: a transaction that decided on a revision which
// another one has raised since changes nothing, and is run again.
func TestARacedTurnIsTakenAgain(t *testing.T) {
	for name, opened := range databases {
		t.Run(name, func(t *testing.T) {
			_, c := opened(t)
			var seen int64
			if err := c.read.QueryRowContext(t.Context(), "SELECT value FROM revisions WHERE name = ?", revisionLeases).Scan(&seen); err != nil {
				t.Fatal(err)
			}
			turn := func(from int64) error {
				return c.update(t.Context(), "dividing", func(tx *sql.Tx) error { return raiseFrom(t.Context(), tx, revisionLeases, from) })
			}
			if err := turn(seen); err != nil {
				t.Fatal(err)
			}
			if err := turn(seen); !errors.Is(err, errRaced) {
				t.Errorf("whoever comes with an old revision hears %v", err)
			}
			tries := 0
			err := c.update(t.Context(), "dividing", func(tx *sql.Tx) error {
				if tries++; tries < 3 {
					// What it writes before it finds out is undone.
					if _, err := tx.ExecContext(t.Context(), replaceLease, "x", "loser", 1, 1, 1); err != nil {
						return err
					}
					return raiseFrom(t.Context(), tx, revisionLeases, seen)
				}
				return c.claimTurn(t.Context(), tx)
			})
			var left, now int64
			if err := errors.Join(err,
				c.read.QueryRowContext(t.Context(), "SELECT count(*) FROM leases").Scan(&left),
				c.read.QueryRowContext(t.Context(), "SELECT value FROM revisions WHERE name = ?", revisionLeases).Scan(&now)); err != nil {
				t.Fatal(err)
			}
			if tries != 3 || left != 0 || now != seen+2 {
				t.Errorf("after %d tries %d leases are left, and the revision went from %d to %d", tries, left, seen, now)
			}
		})
	}
}

// TestOldCallsAreCountedOnce: calls that were stored before there were statistics
// are counted once each, whatever their numbers have to do with the order of
// their arrival, while several gateways count them and others are written.
func TestOldCallsAreCountedOnce(t *testing.T) {
	const old, fresh = 2*countStep + 77, 60
	now := time.Now().UTC().Truncate(time.Hour)
	batch := func(from, n int) (list []*ai.Record) {
		for i := range n {
			list = append(list, &ai.Record{ID: fmt.Sprint("req_", from+i), Time: now.Add(time.Duration(from+i) * time.Millisecond), Operation: ai.Generate, Token: "t"})
		}
		return list
	}
	for name, opened := range databases {
		t.Run(name, func(t *testing.T) {
			s, c := opened(t)
			records := batch(0, old)
			if err := s.WriteCalls(t.Context(), records); err != nil {
				t.Fatal(err)
			}
			if err := c.foldNow(t.Context()); err != nil {
				t.Fatal(err)
			}
			forgetCounting(t, c, records)
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					if err := c.countRest(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			for i := range 6 { // numbers above those of the old ones
				if err := s.WriteCalls(t.Context(), batch(old+i*fresh/6, fresh/6)); err != nil {
					t.Error(err)
				}
			}
			all.Wait()
			rows, err := s.Stats(t.Context(), StatsFilter{})
			if err != nil || len(rows) != 1 || rows[0].Calls != old+fresh {
				t.Errorf("%+v, %v, want %d calls", rows, err, old+fresh)
			}
		})
	}
}

// forgetCounting makes a database as it was before there were statistics, with
// numbers as the servers of a cluster give them out: with gaps, and in no order
// of time.
func forgetCounting(t *testing.T, c *connections, records []*ai.Record) {
	t.Helper()
	numbers := make([]int, len(records))
	for i := range numbers {
		numbers[i] = 1_000_000 + 3*i + i%3 // of three servers
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(numbers), func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] })
	err := c.update(t.Context(), "making it old", func(tx *sql.Tx) error {
		for i, r := range records {
			if _, err := tx.ExecContext(context.WithoutCancel(t.Context()), "UPDATE calls SET seq = ? WHERE id = ?", numbers[i], r.ID); err != nil {
				return err
			}
		}
		for _, statement := range []string{
			"DELETE FROM rollups", "DELETE FROM rollup_pending",
			"UPDATE rollup_state SET value = 0 WHERE name = 'counted'",
			fmt.Sprintf("UPDATE rollup_state SET value = %d WHERE name = 'existing'", slices.Max(numbers)),
		} {
			if _, err := tx.ExecContext(t.Context(), statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
