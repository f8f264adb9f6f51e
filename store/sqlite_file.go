package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// makeFile makes the folder and the file where they do not exist, for their
// owner only. SQLite gives its other files the permissions of the database.
//
// A file that exists is not opened here: closing it again would take the locks
// of other connections of this process away, as POSIX wants it.
func (s *SQLite) makeFile() error {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// checkFile reports whether the file is empty, and fails if it is none or
// belongs to another program, before any setting of ours is applied to it.
func (s *SQLite) checkFile(ctx context.Context) (empty bool, err error) {
	info, err := os.Stat(s.path)
	switch {
	case err != nil:
		return false, err
	case !info.Mode().IsRegular():
		return false, errNoFile
	case info.Size() == 0:
		return true, nil
	}
	db, err := sql.Open("sqlite", s.dsn("mode=ro", "_busy_timeout=10000", "_error_rc=1"))
	if err != nil {
		return false, err
	}
	defer db.Close()
	_, err = belongs(ctx, db)
	return false, err
}

var errNoFile = errors.New("the path leads to something that is not a file")

// belongs reports whether the file is marked as ours; ErrForeign if it is not
// and yet holds something.
func belongs(ctx context.Context, db queryer) (marked bool, err error) {
	var id, tables int64
	err = db.QueryRowContext(ctx, "SELECT application_id, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id").
		Scan(&id, &tables)
	if err != nil {
		return false, err
	}
	if id != applicationID && (id != 0 || tables > 0) {
		return false, ErrForeign
	}
	return id == applicationID, nil
}
