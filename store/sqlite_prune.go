package store

import (
	"context"
	"database/sql"
	"time"
)

// spareSpace is how much free space a file keeps, in bytes: what comes next
// would have to ask for it again.
const spareSpace = 4 << 20

const (
	deleteOldestSQLite = `DELETE FROM calls WHERE seq IN (SELECT seq FROM calls WHERE time < ? ORDER BY time LIMIT ?)`
	// deleteUnusedSets takes the moment that stands for the oldest call if there
	// is none.
	deleteUnusedSets = `DELETE FROM candidate_sets WHERE last_used < (SELECT coalesce(min(time), ?) FROM calls)`
)

// Prune implements Store.
func (s *SQLite) Prune(ctx context.Context, olderThan time.Time, maxBytes int64, step int) (deleted int, err error) {
	c, err := s.connections()
	if err != nil {
		return 0, err
	}
	deleted, err = inSlices(step, func(n int) (int, error) { return s.pruneSlice(ctx, c, olderThan, maxBytes, n) })
	if err != nil || deleted > 0 {
		return deleted, err
	}
	if err := c.forget(ctx, forgetUnusedSets); err != nil {
		return 0, err
	}
	if err := c.forgetRollups(ctx); err != nil {
		return 0, err
	}
	return 0, s.shrink(ctx, c)
}

// pruneSlice deletes at most n calls.
func (s *SQLite) pruneSlice(ctx context.Context, c *connections, olderThan time.Time, maxBytes int64, n int) (deleted int, err error) {
	if maxBytes > 0 {
		size, err := sizeOf(ctx, c.read)
		if err != nil {
			return 0, s.explain("measuring", err)
		}
		if size.used() > maxBytes {
			olderThan = lastMoment // any
		}
	}
	return c.pruneBefore(ctx, olderThan, n)
}

// forgetUnusedSets deletes candidate sets that no call refers to.
func forgetUnusedSets(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, deleteUnusedSets, nanos(lastMoment))
	return err
}

// shrink gives free space back to the operating system.
func (s *SQLite) shrink(ctx context.Context, c *connections) error {
	for {
		size, err := sizeOf(ctx, c.read)
		if err != nil {
			return s.explain("measuring", err)
		}
		spare := spareSpace / size.page
		if size.free <= spare {
			return nil
		}
		if err := c.ready(); err != nil {
			return s.explain("shrinking", err)
		}
		if _, err := c.write.ExecContext(ctx, "PRAGMA incremental_vacuum(128)"); err != nil {
			return s.explain("shrinking", err)
		}
		after, err := sizeOf(ctx, c.read)
		if err != nil {
			return s.explain("measuring", err)
		}
		if after.free >= size.free {
			return nil // calls are written faster, or the file cannot shrink
		}
	}
}

// fileSize is how large a database is, in pages and bytes per page.
type fileSize struct{ pages, free, page int64 }

// used is the bytes that hold something.
func (f fileSize) used() int64 { return (f.pages - f.free) * f.page }

func sizeOf(ctx context.Context, db *sql.DB) (f fileSize, err error) {
	err = db.QueryRowContext(ctx, "SELECT page_count, freelist_count, page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size").
		Scan(&f.pages, &f.free, &f.page)
	return f, err
}
