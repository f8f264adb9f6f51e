package callrow

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ccload/ccload/ai"
)

// LongestText is the most bytes of a text that are kept, so that nobody fills
// the disk with the name of a model.
const LongestText = 16 << 10

// Clean makes a text one that every database takes: valid UTF-8 without NUL
// and not too long. What is well is returned as it is.
func Clean(s string) string {
	if len(s) <= LongestText && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(ai.CutBytes(s, LongestText), "\uFFFD"), "\x00", "\uFFFD")
}

// The first and the last moment that can be kept.
var (
	FirstMoment = time.Unix(0, math.MinInt64)
	LastMoment  = time.Unix(0, math.MaxInt64)
)

// Nanos is a moment as it is kept: nanoseconds since 1970, 0 for none. Moments
// beyond the year 2262, which only a confused upstream states, become the last
// one that fits.
func Nanos(t time.Time) int64 {
	switch {
	case t.IsZero():
		return 0
	case t.After(LastMoment):
		return math.MaxInt64
	case t.Before(FirstMoment):
		return math.MinInt64
	}
	return t.UnixNano()
}

// FromNanos is the opposite of Nanos.
func FromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
