package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// openable returns the address under which the file can be opened without
// anything being written to it or beside it.
func openable(ctx context.Context, path string) (dsn string, done func(), err error) {
	nothing := func() {}
	wal, err := usesWAL(path)
	if err != nil {
		return "", nothing, err
	}
	settings := []string{"mode=ro", "_busy_timeout=10000", "_error_rc=1", "_query_only=ON", "_pragma=trusted_schema(0)", "_pragma=cell_size_check(1)"}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", nothing, err
	}
	switch unfinished, err := leftovers(path); {
	case err != nil:
		return "", nothing, err
	case len(unfinished) > 0:
		copied, remove, err := copyDatabase(ctx, path, unfinished)
		if err != nil {
			return "", nothing, err
		}
		// The copy may be written to: what was left is finished in it.
		return (&SQLite{path: copied}).dsn(settings[1:]...), remove, nil
	case wal:
		// SQLite would make files beside a WAL database even to read it. Nobody
		// has it open, or else there would be a WAL.
		settings = append(settings, "immutable=1")
	}
	return (&SQLite{path: absolute}).dsn(settings...), nothing, nil
}

// usesWAL reports whether the file's header asks for a WAL.
func usesWAL(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return false, errors.Join(err, errNoFile)
	}
	header := make([]byte, 20)
	if _, err := io.ReadFull(f, header); err != nil || !strings.HasPrefix(string(header), "SQLite format 3\x00") {
		return false, errors.New("this is not an SQLite database")
	}
	return binary.BigEndian.Uint16(header[18:]) == 0x0202, nil
}

// leftovers are the endings of the files beside the database that belong to it.
func leftovers(path string) (endings []string, err error) {
	for _, ending := range []string{"-wal", "-journal"} {
		switch info, err := os.Stat(path + ending); {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return nil, err
		case info.Size() > 0:
			endings = append(endings, ending)
		}
	}
	return endings, nil
}

const maxCopies = 3

// copyDatabase copies the database and the files that belong to it into a
// private folder. It tries again if they are written to meanwhile.
func copyDatabase(ctx context.Context, path string, endings []string) (copied string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "ccload-import-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	copied = filepath.Join(dir, "original.db")
	endings = append([]string{""}, endings...)
	for range maxCopies {
		before := states(path, endings)
		for _, ending := range endings {
			if err := copyFile(ctx, path+ending, copied+ending); err != nil {
				remove()
				return "", nil, err
			}
		}
		if states(path, endings) == before {
			return copied, remove, nil
		}
	}
	remove()
	return "", nil, errors.New("the database is being written to: stop the original ccLoad first, or give a copy made with VACUUM INTO")
}

// states are the sizes and times of the files, to be compared.
func states(path string, endings []string) string {
	var b strings.Builder
	for _, ending := range endings {
		if info, err := os.Stat(path + ending); err == nil {
			fmt.Fprintln(&b, ending, info.Size(), info.ModTime().Format(time.RFC3339Nano))
		}
	}
	return b.String()
}

func copyFile(ctx context.Context, from, to string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
