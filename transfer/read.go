package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
)

const (
	sqliteMagic = "SQLite format 3\x00"
	byteOrder   = "\ufeff" // the mark that some programs begin UTF-8 with
)

var (
	errTooLarge = fmt.Errorf("it has more than %d MiB, which is the most a file may have; a database may be larger if it is read on the machine it is on, with caddy ccload import", MaxBytes>>20)
	errText     = errors.New("it is not UTF-8 text: save it as UTF-8 (CSV UTF-8 in a spreadsheet) and try again")
	errDatabase = errors.New("it is a database of neither the original ccLoad nor new-api, one-api or claude-code-router: their tables channels and api_keys, channels with type, key and models, or app_config are not in it")
	// errFormat tells the formats there are.
	errFormat = errors.New("it is none of the formats that can be read: " +
		`JSON of ccload, an object with "ccload": 1; ` +
		"CSV of ccload, with a column name and others named like the settings of a channel; " +
		"a CSV export of the original ccLoad, with columns such as name, api_key, urls, models; " +
		"an SQLite database of the original ccLoad, new-api, one-api or claude-code-router; " +
		"config.yaml of LiteLLM or CLIProxyAPI; channels of new-api or one-api as JSON; group exports of GPT-Load; " +
		"config.json of claude-code-router; a config of Portkey")
)

// Read reads a file that is in memory. Its format is recognised by its content;
// its name only stands in errors. A database is written to a private file for
// as long as that takes.
func Read(ctx context.Context, name string, data []byte) (*File, error) {
	f, err := read(ctx, data)
	return f, explain(name, err)
}

// ReadPath reads a file. A database is read in its place, of any size, and is
// not changed.
func ReadPath(ctx context.Context, path string) (*File, error) {
	f, err := readPath(ctx, path)
	return f, explain(path, err)
}

func explain(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("reading %q: %w", ai.Shorten(filepath.Base(name), maxTold), err)
}

func readPath(ctx context.Context, path string) (*File, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	defer in.Close()
	start := make([]byte, len(sqliteMagic))
	n, err := io.ReadFull(in, start)
	switch {
	case err == nil && string(start) == sqliteMagic:
		return readDatabase(ctx, path)
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return nil, reason(err)
	}
	data, err := io.ReadAll(io.LimitReader(io.MultiReader(bytes.NewReader(start[:n]), in), MaxBytes+1))
	if err != nil {
		return nil, reason(err)
	}
	return read(ctx, data)
}

// reason is an error without the path, which stands in the error already.
func reason(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}

func read(ctx context.Context, data []byte) (*File, error) {
	if len(data) > MaxBytes {
		return nil, errTooLarge
	}
	if bytes.HasPrefix(data, []byte(sqliteMagic)) {
		return readDatabaseData(ctx, data)
	}
	data = bytes.TrimPrefix(data, []byte(byteOrder))
	if !utf8.Valid(data) {
		return nil, errText
	}
	switch trimmed := bytes.TrimSpace(data); {
	case len(trimmed) == 0:
		return nil, errors.New("it is empty")
	case trimmed[0] == '{' || trimmed[0] == '[' || bytes.HasPrefix(trimmed, []byte("//")) || bytes.HasPrefix(trimmed, []byte("/*")):
		if isOurs(data) {
			return readJSON(ctx, data)
		}
		return readForeignJSON(data)
	case looksLikeYAML(data):
		return readYAML(data)
	}
	return readTable(ctx, data)
}

// readDatabaseData reads a database that is in memory.
func readDatabaseData(ctx context.Context, data []byte) (*File, error) {
	dir, err := os.MkdirTemp("", "ccload-import-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "upload.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return nil, err
	}
	return readDatabase(ctx, path)
}

func readDatabase(ctx context.Context, path string) (*File, error) {
	data, err := store.ReadOriginal(ctx, path)
	if errors.Is(err, store.ErrNoOriginal) {
		other, err := store.ReadNewAPI(ctx, path)
		switch {
		case errors.Is(err, store.ErrNoNewAPI):
			return codeRouterDatabase(ctx, path)
		case err != nil:
			return nil, reason(err)
		}
		return newAPIDatabase(other), nil
	}
	if err != nil {
		return nil, reason(err)
	}
	return originalDatabase(data), nil
}

// codeRouterDatabase reads the configuration in the SQLite file of
// claude-code-router.
func codeRouterDatabase(ctx context.Context, path string) (*File, error) {
	text, err := store.ReadCodeRouter(ctx, path)
	switch {
	case errors.Is(err, store.ErrNoCodeRouter):
		return nil, errDatabase
	case err != nil:
		return nil, reason(err)
	}
	root, err := parseJSONTree([]byte(text))
	if err != nil || !isCodeRouter(root) {
		return nil, errDatabase
	}
	root.moveTo(0) // lines of a database are of no use to anybody
	f := moveCodeRouter(root)
	f.Notes = append(f.Notes, "the keys of clients are sealed in the database and are not taken over: make tokens here")
	return f, nil
}

// maxTold is how many characters of a name are repeated.
const maxTold = 80
