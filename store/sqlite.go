package store

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func init() {
	caddy.RegisterModule(new(SQLite))
}

// SQLite remembers in one file on this machine. It is the store if none is
// configured, and needs nothing to be installed. Several gateways on one
// machine may share a file; over a network file system they may not.
type SQLite struct {
	// Path is the database file. It is made if it does not exist, readable by
	// its owner only, and so is its folder. Next to it stand two files that end
	// in -wal and -shm while it is in use; a backup by copying needs all three,
	// or a gateway that is stopped. Placeholders are replaced. A relative path
	// starts at the working directory of the process, which is why an absolute
	// one is better for a service. Default: ccload/ccload.db in Caddy's data
	// directory.
	Path string `json:"path,omitempty"`

	database

	path string // Path, resolved
	mu   sync.Mutex
	file fs.FileInfo // of the open database
	now  func() time.Time
}

// CaddyModule returns the Caddy module information.
func (*SQLite) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "ccload.stores.sqlite",
		New: func() caddy.Module { return new(SQLite) },
	}
}

// Provision resolves the path. It touches no disk.
func (s *SQLite) Provision(caddy.Context) error {
	s.now = time.Now
	path := s.Path
	if path == "" {
		path = filepath.Join(caddy.AppDataDir(), "ccload", "ccload.db")
	}
	path, err := caddy.NewReplacer().ReplaceOrErr(path, true, true)
	if err != nil {
		return fmt.Errorf("store sqlite: path %q: %w", s.Path, err)
	}
	if s.path, err = filepath.Abs(path); err != nil {
		return fmt.Errorf("store sqlite: path %q: %w", path, err)
	}
	// Abs would make of these a file or folder that nobody meant.
	switch {
	case strings.Contains(path, ":memory:"):
		return errInMemory
	case strings.HasPrefix(path, "file:"):
		return fmt.Errorf("store sqlite: path %q: must be the path of a file, not a URI", path)
	case strings.HasSuffix(path, "/"), strings.HasSuffix(path, string(filepath.Separator)):
		return fmt.Errorf("store sqlite: path %q: is a folder: add the name of a file, such as ccload.db", path)
	}
	return nil
}

var errInMemory = errors.New("store sqlite: path \":memory:\": must be a file, for what is remembered has to outlive the process")

// Validate checks that the path was resolved.
func (s *SQLite) Validate() error {
	if s.path == "" {
		return errors.New("store sqlite: has no path")
	}
	return nil
}

// UnmarshalCaddyfile reads
//
//	sqlite [<path>]
func (s *SQLite) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	if d.NextArg() {
		if s.Path = d.Val(); s.Path == "" {
			return d.Err("store sqlite: the path is empty: write one, or none for the default")
		}
	}
	if extra := d.RemainingArgs(); len(extra) > 0 {
		return d.Errf("store sqlite: takes one path, and has %q after it: a path with spaces stands in quotes", extra[0])
	}
	for d.NextBlock(0) {
		return d.Errf("store sqlite: has no block, remove %q and its braces", d.Val())
	}
	return nil
}

// Identity implements Store: the resolved path.
func (s *SQLite) Identity() string { return "sqlite:" + s.path }

// dsn is the address of the database for the driver, with the settings that
// every connection needs from its first moment on.
func (s *SQLite) dsn(settings ...string) string {
	path := filepath.ToSlash(s.path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/…
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: strings.Join(settings, "&")}
	return u.String()
}

// Interface guards
var (
	_ Store                 = (*SQLite)(nil)
	_ caddy.Module          = (*SQLite)(nil)
	_ caddy.Provisioner     = (*SQLite)(nil)
	_ caddy.Validator       = (*SQLite)(nil)
	_ caddyfile.Unmarshaler = (*SQLite)(nil)
)
