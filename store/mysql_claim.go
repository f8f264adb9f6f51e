package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// The schema is changed by whoever holds a claim, which is a row. Named locks
// and locks of rows are those of one server; a cluster has several, and of two
// servers where the same row is changed one fails.

// Times of the claim.
const (
	migrationPatience = 2 * time.Minute        // in which another gateway may bring the schema up to date
	claimLife         = 60                     // seconds after which the claim of one that died is void
	claimRenew        = 15 * time.Second       // well within its life
	claimPoll         = 200 * time.Millisecond // how often one who waits looks
)

var errMigrating = fmt.Errorf("another gateway has been changing the schema for more than %v", migrationPatience)

const (
	makeClaims = `CREATE TABLE IF NOT EXISTS schema_claims (
		name VARCHAR(50) NOT NULL PRIMARY KEY, owner VARCHAR(50) NOT NULL, expires BIGINT NOT NULL)`
	addClaim     = "INSERT IGNORE INTO schema_claims (name, owner, expires) VALUES ('schema', '', 0)"
	takeClaim    = "UPDATE schema_claims SET owner = ?, expires = UNIX_TIMESTAMP() + ? WHERE name = 'schema' AND (owner = ? OR expires < UNIX_TIMESTAMP())"
	releaseClaim = "UPDATE schema_claims SET owner = '', expires = 0 WHERE name = 'schema' AND owner = ?"
)

// migrate brings the schema up to date. A change of a large table takes long, so
// there is no limit to how long the server may be silent.
func (s *MySQL) migrate(ctx context.Context) error {
	steps, err := loadMigrations(mysqlMigrations, "migrations/mysql")
	if err != nil {
		return err
	}
	config := s.config.Clone()
	config.ReadTimeout = 0
	db, err := s.pool(config, 2, syncAll, mysqlSession)
	if err != nil {
		return err
	}
	defer db.Close()
	// A server that takes connections and says nothing is away.
	reach, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	if err := db.PingContext(reach); err != nil {
		return err
	}
	to := schema{steps: steps, now: s.now(), done: mysqlDone}
	if to.exists, err = mysqlBelongs(ctx, db); err != nil {
		return err
	}
	if to.exists {
		// Most often there is nothing to do, and nobody to wait for.
		if pending, err := to.pending(ctx, db); err != nil || len(pending) == 0 {
			return err
		}
	}
	release, err := claimSchema(ctx, db)
	if err != nil {
		return err
	}
	defer release()
	if to.exists, err = mysqlBelongs(ctx, db); err != nil {
		return err
	}
	return to.migrate(ctx, repeating{db})
}

// claimSchema waits for the claim and keeps it until release is called.
func claimSchema(ctx context.Context, db *sql.DB) (release func(), err error) {
	for _, statement := range []string{makeClaims, addClaim} {
		if _, err := (repeating{db}).ExecContext(ctx, statement); err != nil {
			return nil, err
		}
	}
	owner, until := rand.Text(), time.Now().Add(migrationPatience)
	for {
		done, err := db.ExecContext(ctx, takeClaim, owner, claimLife, owner)
		if err == nil {
			n, err := done.RowsAffected()
			if err != nil {
				return nil, err
			}
			if n == 1 {
				break
			}
		} else if !mysqlRepeatable(err, false) {
			return nil, err
		}
		if time.Now().After(until) {
			return nil, errMigrating
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(claimPoll):
		}
	}
	renewing, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(claimRenew)
		defer tick.Stop()
		for {
			select {
			case <-renewing.Done():
				return
			case <-tick.C:
				_, _ = db.ExecContext(renewing, takeClaim, owner, claimLife, owner)
			}
		}
	}()
	return func() {
		stop()
		<-ended
		// What is not released ends by itself.
		_, _ = repeating{db}.ExecContext(context.WithoutCancel(ctx), releaseClaim, owner)
	}, nil
}

// repeating is a database whose statements, each of which may be run again, are
// run again when others were in their way.
type repeating struct{ *sql.DB }

// ExecContext implements executor.
func (r repeating) ExecContext(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	for range maxTries {
		result, err = r.DB.ExecContext(ctx, query, args...)
		if err == nil || !mysqlRepeatable(err, false) {
			return result, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		case <-time.After(claimPoll):
		}
	}
	return nil, err
}
