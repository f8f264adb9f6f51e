// Package config is settings as people write them: the types that JSON and
// Caddyfile share, with what is checked of them and how their texts are read.
// It knows nothing of what is done with them.
//
// Every type has a Validate method that works on what was written, before
// placeholders such as {env.KEY} are replaced: a text that holds a placeholder
// is not judged. It touches neither disk nor network. Its error is an *Error,
// which names the thing, the setting, the value and the remedy, and never holds
// a key, a token's secret or the value of a header.
package config

import (
	"encoding/json"
	"strconv"
	"time"
)

// App is everything a gateway is made of, whatever handlers use it.
type App struct {
	// StoreRaw is where calls and cooldowns are remembered. Default: an SQLite
	// file, ccload/ccload.db in Caddy's data directory.
	StoreRaw json.RawMessage `json:"store,omitempty" caddy:"namespace=ccload.stores inline_key=store"`

	// Retention bounds the log of calls. Default: 30 days and 2 GiB.
	Retention *Retention `json:"retention,omitempty"`

	// EncryptionKeys keep the keys of stored channels and captured bodies
	// unreadable in the database: 32 bytes in hexadecimal or base64, or a text of at least 16
	// characters. The first seals; the others only open what was sealed before
	// the key was changed. Nodes that share a database need the same ones.
	// Placeholders are replaced. Default: one that is made once and kept in
	// Caddy's data directory, ccload/encryption.key.
	EncryptionKeys []string `json:"encryption_key,omitempty"`

	// AdminPassword opens the dashboard and its API: a password of at least 8
	// characters, or the bcrypt or argon2id hash of one. Placeholders are
	// replaced; a file is looked at every second. Default: none, and nobody gets
	// in.
	AdminPassword string `json:"admin_password,omitempty"`

	// AdminPasswordFile is a file that holds the password of the dashboard where
	// admin_password is empty. It is made at the start with a random password,
	// readable by its owner only, if it does not exist; caddy ccload password
	// prints it. "default" is admin_password in the folder ccload of Caddy's data
	// directory, and a relative path is below that folder. Placeholders are
	// replaced. Default: none.
	AdminPasswordFile string `json:"admin_password_file,omitempty"`

	// Capture keeps the bodies of calls for a short time, to find out why
	// something goes wrong. Default: off, and the dashboard may switch it on.
	Capture *Capture `json:"capture,omitempty"`

	// ResponsesStore keeps translated answers of OpenAI's Responses for clients
	// that refer to them. Default: for 24 hours, up to 256 MiB.
	ResponsesStore *ResponsesStore `json:"responses_store,omitempty"`

	// ServeUnmetered serves tokens and channels with a budget also while it is not
	// known what was spent of it, because the database has been away since the
	// gateway started: until it is back they count what this gateway spends.
	// Default: they are refused with status 503.
	ServeUnmetered bool `json:"serve_unmetered,omitempty"`

	// TimeZone is the IANA time zone in which the days and months of budgets
	// begin, such as Europe/Berlin. Default UTC.
	TimeZone string `json:"time_zone,omitempty"`

	// Prices adds to the built-in list of prices.
	Prices *Prices `json:"prices,omitempty"`

	// Channels are the upstream accounts. Without any, no call can be served.
	Channels []*Channel `json:"channels,omitempty"`

	// Tokens are what clients authenticate with. Without any, every call is
	// refused: a gateway is never open by accident.
	Tokens []*Token `json:"tokens,omitempty"`

	// Aliases are names for several models, tried in order.
	Aliases []*Alias `json:"aliases,omitempty"`
}

// Validate checks everything by itself and against each other: names exist
// once, tokens name channels that exist, aliases do not lead back to
// themselves.
func (a *App) Validate() error {
	if err := a.Retention.Validate(); err != nil {
		return err
	}
	if err := a.Capture.Validate(); err != nil {
		return err
	}
	if err := a.ResponsesStore.Validate(); err != nil {
		return err
	}
	if err := first("", "", checkSecretGiven("encryption_key", a.EncryptionKeys...), checkZone("time_zone", a.TimeZone), checkSecretFile("admin_password_file", a.AdminPasswordFile)); err != nil {
		return err
	}
	if err := first("prices", "", a.Prices.check()); err != nil {
		return err
	}
	channels, err := validateAll("channel", a.Channels, func(c *Channel) string { return c.Name }, (*Channel).Validate)
	if err != nil {
		return err
	}
	if _, err = validateAll("token", a.Tokens, func(t *Token) string { return t.Name }, (*Token).Validate); err != nil {
		return err
	}
	if _, err = validateAll("alias", a.Aliases, func(l *Alias) string { return l.Name }, (*Alias).Validate); err != nil {
		return err
	}
	for _, t := range a.Tokens {
		if err := t.checkChannels(channels); err != nil {
			return err
		}
	}
	if err := checkSecretsDiffer(a.Tokens); err != nil {
		return err
	}
	return checkAliasCycles(a.Aliases)
}

// validateAll checks each of a list and that no name is there twice. It
// returns the names in their order.
func validateAll[T any](thing string, list []*T, name func(*T) string, validate func(*T) error) ([]string, error) {
	names := make([]string, 0, len(list))
	seen := make(map[string]bool, len(list))
	for i, v := range list {
		if v == nil {
			return nil, &Error{Thing: thing, Problem: "null in the list: remove it"}
		}
		if err := validate(v); err != nil {
			hint := ""
			if h, ok := any(v).(interface{ Hint() string }); ok {
				hint = h.Hint()
			}
			return nil, Nameless(err, "#"+strconv.Itoa(i+1), hint)
		}
		n := name(v)
		if seen[n] {
			return nil, &Error{Thing: thing, Name: n, Field: "name", Problem: "there is another " + thing + " of this name: give each its own"}
		}
		seen[n] = true
		names = append(names, n)
	}
	return names, nil
}

// What is kept of calls when nothing else is said.
const (
	DefaultRetentionAge         = 30 * 24 * time.Hour
	DefaultRetentionBytes int64 = 2 << 30
)

// Retention bounds the log of calls.
type Retention struct {
	// Age after which a call is forgotten, as in "30d". Default 30 days, at least
	// an hour; 0: no limit by age.
	Age *Duration `json:"age,omitempty"`
	// Bytes the database may grow to before the oldest calls are forgotten.
	// Default 2 GiB; 0: no limit by size.
	Bytes *int64 `json:"bytes,omitempty"`
}

// Validate checks the bounds. A nil Retention is the default one.
func (r *Retention) Validate() error {
	if r == nil {
		return nil
	}
	size := DefaultRetentionBytes
	if r.Bytes != nil {
		size = *r.Bytes
	}
	return first("retention", "",
		checkDuration("age", r.Age, time.Hour),
		checkThat(size >= 0, "bytes", "", "must not be negative: 0 switches the limit off"),
	)
}

// Resolve returns the bounds with defaults applied; 0 is no limit. A nil
// Retention is the default one.
func (r *Retention) Resolve() (age time.Duration, bytes int64) {
	age, bytes = DefaultRetentionAge, DefaultRetentionBytes
	if r != nil && r.Age != nil {
		age = r.Age.Duration
	}
	if r != nil && r.Bytes != nil {
		bytes = *r.Bytes
	}
	return age, bytes
}
