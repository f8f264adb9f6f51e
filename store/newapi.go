package store

import (
	"context"
	"errors"
)

// NewAPIData is what the SQLite file of new-api or one-api holds of settings.
// Logs, users' passwords and quotas are left alone.
type NewAPIData struct {
	Channels []OriginalRow // channels
	Tokens   []OriginalRow // tokens, those of all users
	Users    []OriginalRow // users: id and group only
	Options  []OriginalRow // options: key and value
}

// ErrNoNewAPI says that a database is neither of new-api nor of one-api.
var ErrNoNewAPI = errors.New("this is not a database of new-api or one-api: its table channels lacks the columns type, key and models")

// ReadNewAPI reads the SQLite file of new-api or one-api, as ReadOriginal reads
// that of the original ccLoad.
func ReadNewAPI(ctx context.Context, path string) (*NewAPIData, error) {
	d := &NewAPIData{}
	err := readTables(ctx, path, []originalTable{
		{"channels", []string{"id"}, true, &d.Channels, nil},
		{"tokens", []string{"id"}, false, &d.Tokens, nil},
		{"users", []string{"id"}, false, &d.Users, []string{"id", "group"}},
		{"options", []string{"key"}, false, &d.Options, nil},
	})
	if errors.Is(err, ErrNoOriginal) {
		return nil, ErrNoNewAPI
	}
	if err != nil {
		return nil, err
	}
	if len(d.Channels) > 0 {
		for _, column := range []string{"type", "key", "models"} {
			if _, has := d.Channels[0][column]; !has {
				return nil, ErrNoNewAPI
			}
		}
	}
	return d, nil
}
