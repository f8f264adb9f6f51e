package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/callrow"
)

// callColumns are the columns of calls. storedCall writes and reads them in
// this order, as int64, string or []byte, which database/sql passes on without
// reflection.
const callColumns = "seq, id, time, protocol, operation, model, upstream_model, token, channel, stream, status, " +
	"outcome, first_content_ns, duration_ns, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, " +
	"client_ip, response_id, candidate_set, details, cost, day"

// storedCall is a row of calls.
type storedCall struct {
	*ai.Record
	seq     int64  // in the order in which calls were written; read only
	set     []byte // id of its candidate set, nil for none
	details string
}

func (c *storedCall) appendTo(args []any) []any {
	// The database numbers the rows: several processes may write at once.
	args = append(args, nil, identifier(c.ID), nanos(c.Time), indexed(string(c.Protocol)), indexed(string(c.Operation)),
		indexed(c.Model), indexed(c.UpstreamModel), indexed(c.Token), indexed(c.Channel), flag(c.Stream), int64(c.Status),
		c.Outcome.String(), int64(c.FirstContent), int64(c.Duration), c.Usage.Input, c.Usage.CachedInput,
		c.Usage.CacheWrite, c.Usage.Output, indexed(c.ClientIP), identifier(c.ResponseID))
	if c.set == nil {
		args = append(args, nil) // a nil []byte is an empty one to some drivers
	} else {
		args = append(args, c.set)
	}
	return append(args, c.details, int64(c.Cost.Amount), int64(c.Day))
}

func (c *storedCall) fields() []any {
	return []any{
		&c.seq, &c.ID,
		moment{&c.Time},
		&c.Protocol, &c.Operation, &c.Model, &c.UpstreamModel, &c.Token, &c.Channel,
		&c.Stream, &c.Status,
		name{&c.Outcome},
		&c.FirstContent, &c.Duration, &c.Usage.Input, &c.Usage.CachedInput,
		&c.Usage.CacheWrite, &c.Usage.Output, &c.ClientIP, &c.ResponseID, &c.set, &c.details,
		&c.Cost.Amount, &c.Day,
	}
}

// Texts and moments are kept in columns as they are in details.
func clean(s string) string       { return callrow.Clean(s) }
func nanos(t time.Time) int64     { return callrow.Nanos(t) }
func fromNanos(n int64) time.Time { return callrow.FromNanos(n) }

var lastMoment = callrow.LastMoment

// longestIndexed is the most bytes of a text that stands in an index: a key of
// MySQL has 3072 bytes at most, and it reckons four for each character.
const longestIndexed = 750

// indexed makes a text one for a column of an index; a longer one counts as
// what it begins with.
func indexed(s string) string {
	if s = clean(s); len(s) <= longestIndexed {
		return s
	}
	return clean(ai.CutBytes(s, longestIndexed))
}

// identifier makes a text one for a column by which a row is found: those that
// differ only in what has no room stay different.
func identifier(s string) string {
	if s = clean(s); len(s) <= longestIndexed {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return ai.CutBytes(s, longestIndexed-1-2*len(sum)) + "#" + hex.EncodeToString(sum[:])
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// moment reads a column of nanoseconds.
type moment struct{ *time.Time }

// Scan implements sql.Scanner.
func (m moment) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a moment is stored as %T", v)
	}
	*m.Time = fromNanos(n)
	return nil
}

// name reads a column that holds the name of a kind or scope. A name that only
// a newer version knows is read as that type says.
type name struct {
	into interface{ UnmarshalText(text []byte) error }
}

// Scan implements sql.Scanner.
func (n name) Scan(v any) error {
	switch v := v.(type) {
	case string:
		return n.into.UnmarshalText([]byte(v))
	case []byte:
		return n.into.UnmarshalText(v)
	}
	return fmt.Errorf("a name is stored as %T", v)
}

var (
	_ sql.Scanner = moment{}
	_ sql.Scanner = name{}
)
