package store

import (
	"database/sql"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ccload/ccload/ai"
)

// The columns of calls and attempts, and the functions that write and read
// them in that order. Values are int64, string or []byte, which database/sql
// passes on without reflection.

const usageColumns = "input_tokens, cached_input_tokens, cache_write_tokens, cache_write_1h_tokens, " +
	"output_tokens, reasoning_tokens, audio_input_tokens, image_input_tokens, audio_output_tokens, " +
	"image_output_tokens, service_tier, usage_reported"

const callColumns = "seq, id, time, protocol, operation, model, upstream_model, token, channel, stream, status, " +
	"outcome, first_content_ns, duration_ns, request_bytes, answer_bytes, " + usageColumns +
	", response_id, client_ip, user_agent, message, policy, candidate_set, left_out"

const attemptColumns = "call_seq, n, channel, url, key_id, model, start_ns, first_content_ns, duration_ns, " +
	"outcome, scope, status, until, rule, code, message, retry, " + usageColumns +
	", why, rested, probe, server_id"

// storedCall is a row of calls.
type storedCall struct {
	*ai.Record
	seq     int64
	set     []byte // id of its candidate set, nil for none
	leftOut string
}

func (c *storedCall) appendTo(args []any) []any {
	args = append(args, c.seq, clean(c.ID), nanos(c.Time), clean(string(c.Protocol)), clean(string(c.Operation)),
		clean(c.Model), clean(c.UpstreamModel), clean(c.Token), clean(c.Channel), flag(c.Stream), int64(c.Status),
		c.Outcome.String(), int64(c.FirstContent), int64(c.Duration), c.RequestBytes, c.AnswerBytes)
	args = appendUsage(args, &c.Usage)
	args = append(args, clean(c.ResponseID), clean(c.ClientIP), clean(c.UserAgent), clean(c.Message), clean(c.Policy))
	if c.set == nil {
		return append(args, nil, c.leftOut) // a nil []byte is an empty one to some drivers
	}
	return append(args, c.set, c.leftOut)
}

func (c *storedCall) fields() []any {
	fields := []any{
		&c.seq, &c.ID,
		moment{&c.Time},
		&c.Protocol, &c.Operation, &c.Model, &c.UpstreamModel, &c.Token, &c.Channel,
		&c.Stream, &c.Status,
		name{&c.Outcome},
		&c.FirstContent, &c.Duration, &c.RequestBytes, &c.AnswerBytes,
	}
	fields = append(fields, usageFields(&c.Usage)...)
	return append(fields, &c.ResponseID, &c.ClientIP, &c.UserAgent, &c.Message, &c.Policy, &c.set, &c.leftOut)
}

// storedAttempt is a row of attempts.
type storedAttempt struct {
	*ai.Attempt
	call, n int64
}

func (a *storedAttempt) appendTo(args []any) []any {
	o := &a.Outcome
	args = append(args, a.call, a.n, clean(a.Target.Channel), clean(a.Target.URL), clean(a.Target.Key),
		clean(a.Target.Model), int64(a.Start), int64(a.FirstContent), int64(a.Duration), o.Kind.String(), o.Scope.String(),
		int64(o.Status), nanos(o.Until), clean(o.Rule), clean(o.Code), clean(o.Message), flag(o.Retry))
	args = appendUsage(args, &a.Usage)
	return append(args, clean(a.Why), nanos(a.Rested), flag(a.Probe), clean(a.ServerID))
}

func (a *storedAttempt) fields() []any {
	o := &a.Outcome
	fields := []any{
		&a.call, &a.n, &a.Target.Channel, &a.Target.URL, &a.Target.Key, &a.Target.Model, &a.Start, &a.FirstContent,
		&a.Duration,
		name{&o.Kind},
		name{&o.Scope},
		&o.Status,
		moment{&o.Until},
		&o.Rule, &o.Code, &o.Message, &o.Retry,
	}
	fields = append(fields, usageFields(&a.Usage)...)
	return append(fields, &a.Why, moment{&a.Rested}, &a.Probe, &a.ServerID)
}

func appendUsage(args []any, u *ai.Usage) []any {
	return append(args, u.Input, u.CachedInput, u.CacheWrite, u.CacheWrite1h, u.Output, u.Reasoning, u.AudioInput,
		u.ImageInput, u.AudioOutput, u.ImageOutput, clean(u.ServiceTier), flag(u.Reported))
}

func usageFields(u *ai.Usage) []any {
	return []any{
		&u.Input, &u.CachedInput, &u.CacheWrite, &u.CacheWrite1h, &u.Output, &u.Reasoning, &u.AudioInput,
		&u.ImageInput, &u.AudioOutput, &u.ImageOutput, &u.ServiceTier, &u.Reported,
	}
}

// longestText is the most bytes of a text that are kept, so that nobody fills
// the database with the name of a model.
const longestText = 16 << 10

// clean makes a text one that every database takes: valid UTF-8 without NUL
// and not too long. What is well is returned as it is.
func clean(s string) string {
	if len(s) <= longestText && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	if len(s) > longestText {
		s = s[:longestText]
		for range utf8.UTFMax - 1 { // the cut may have gone through a character
			if r, size := utf8.DecodeLastRuneInString(s); r == utf8.RuneError && size == 1 {
				s = s[:len(s)-1]
			}
		}
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// The first and the last moment that fit into a column.
var (
	firstMoment = time.Unix(0, math.MinInt64)
	lastMoment  = time.Unix(0, math.MaxInt64)
)

// nanos is a moment as it is stored. Moments beyond the year 2262, which only
// a confused upstream states, become the last one that fits.
func nanos(t time.Time) int64 {
	switch {
	case t.IsZero():
		return 0
	case t.After(lastMoment):
		return math.MaxInt64
	case t.Before(firstMoment):
		return math.MinInt64
	}
	return t.UnixNano()
}

// fromNanos is the opposite of nanos.
func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
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
