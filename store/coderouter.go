package store

import (
	"context"
	"errors"
)

// ErrNoCodeRouter says that a database is not that of claude-code-router.
var ErrNoCodeRouter = errors.New("this is not a database of claude-code-router: it has no table app_config with a row named default")

// ReadCodeRouter reads the configuration, as JSON, that claude-code-router keeps
// from version 3 on in its SQLite file, as ReadOriginal reads that of the
// original ccLoad. The keys of its clients are sealed there, and are left alone.
func ReadCodeRouter(ctx context.Context, path string) (string, error) {
	var rows []OriginalRow
	err := readTables(ctx, path, []originalTable{{"app_config", []string{"key"}, true, &rows, []string{"key", "value_json"}}})
	if errors.Is(err, ErrNoOriginal) {
		return "", ErrNoCodeRouter
	}
	if err != nil {
		return "", err
	}
	for _, row := range rows {
		if row["key"] == "default" && row["value_json"] != "" {
			return row["value_json"], nil
		}
	}
	return "", ErrNoCodeRouter
}
