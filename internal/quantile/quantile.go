// Package quantile keeps the distribution of durations in little space, so that
// the quantiles of many can be had from the sketches of their parts.
//
// It counts values in buckets whose bounds grow by a constant factor, as
// DDSketch does: a quantile is then off by at most a known part of itself,
// whatever the distribution, and merging is adding counts, which loses nothing.
package quantile

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"
)

// What is told apart, and how well.
const (
	Shortest      = time.Millisecond // what is shorter counts as this
	Longest       = time.Hour        // what is longer counts as about this
	RelativeError = 0.02             // of a quantile, between the two
)

// growth is how much wider a bucket is than the one before it.
const growth = (1 + RelativeError) / (1 - RelativeError)

var (
	logGrowth  = math.Log(growth)
	lastBucket = bucketOf(Longest)
)

// Sketch is a distribution of durations. The zero value is empty and ready for
// use. It is not safe for concurrent use.
type Sketch struct {
	bins []bin // by bucket, ascending, none empty
}

// bin is a bucket that holds something. Bucket 0 is all up to Shortest, bucket
// i what is above Shortest*growth^(i-1) and at most Shortest*growth^i.
type bin struct {
	bucket int
	count  uint64
}

func bucketOf(d time.Duration) int {
	if d <= Shortest {
		return 0
	}
	return int(math.Ceil(math.Log(float64(min(d, Longest))/float64(Shortest)) / logGrowth))
}

// middle is the value that is off by the same part from both bounds.
func middle(bucket int) time.Duration {
	if bucket == 0 {
		return Shortest
	}
	return time.Duration(float64(Shortest) * math.Exp(float64(bucket)*logGrowth) * 2 / (1 + growth))
}

// Add counts a duration.
func (s *Sketch) Add(d time.Duration) {
	bucket := bucketOf(d)
	i, found := slices.BinarySearchFunc(s.bins, bucket, func(b bin, bucket int) int { return b.bucket - bucket })
	if !found {
		s.bins = slices.Insert(s.bins, i, bin{bucket: bucket})
	}
	s.bins[i].count = sum(s.bins[i].count, 1)
}

// Merge counts all that the other sketch holds.
func (s *Sketch) Merge(other *Sketch) {
	switch {
	case len(other.bins) == 0:
		return
	case len(s.bins) == 0:
		s.bins = slices.Clone(other.bins)
		return
	}
	// Most often the buckets of one are among those of the other.
	missing := 0
	i := 0
	for _, b := range other.bins {
		for i < len(s.bins) && s.bins[i].bucket < b.bucket {
			i++
		}
		if i < len(s.bins) && s.bins[i].bucket == b.bucket {
			s.bins[i].count = sum(s.bins[i].count, b.count)
		} else {
			missing++
		}
	}
	if missing == 0 {
		return
	}
	// From the end, so that no bin is in the way.
	have := len(s.bins)
	s.bins = slices.Grow(s.bins, missing)[:have+missing]
	to, from := have+missing-1, have-1
	for _, b := range slices.Backward(other.bins) {
		for ; from >= 0 && s.bins[from].bucket > b.bucket; to, from = to-1, from-1 {
			s.bins[to] = s.bins[from]
		}
		if from >= 0 && s.bins[from].bucket == b.bucket {
			continue // added above
		}
		s.bins[to] = b
		to--
	}
}

// maxCount is where counts stop, far above what anybody counts: there is
// room to add up all buckets.
const maxCount = math.MaxUint64 >> 10

func sum(a, b uint64) uint64 { return min(a+b, maxCount) } // both are at most maxCount

// Count is how many durations there are.
func (s *Sketch) Count() uint64 {
	var n uint64
	for _, b := range s.bins {
		n += b.count
	}
	return n
}

// Quantile is the duration that the part q of all does not exceed, 0 if there
// are none: 0.5 asks for the median. Of n durations in their order it is the
// one at index floor(q*(n-1)).
func (s *Sketch) Quantile(q float64) time.Duration {
	n := s.Count()
	if n == 0 {
		return 0
	}
	rank := uint64(min(max(q, 0), 1) * float64(n-1))
	for _, b := range s.bins {
		if rank < b.count {
			return middle(b.bucket)
		}
		rank -= b.count
	}
	return middle(s.bins[len(s.bins)-1].bucket)
}

// version is the first byte of the binary form.
const version = 1

// AppendBinary appends the binary form: nothing for an empty sketch; else a
// version and for each bucket in use how many it is after the one before, and
// its count, as varints. A call's durations seldom fill more than a hundred.
func (s *Sketch) AppendBinary(b []byte) ([]byte, error) {
	if len(s.bins) == 0 {
		return b, nil
	}
	b = append(b, version)
	next := 0
	for _, bin := range s.bins {
		b = binary.AppendUvarint(b, uint64(bin.bucket-next)) //nolint:gosec // buckets ascend
		b = binary.AppendUvarint(b, bin.count)
		next = bin.bucket + 1
	}
	return b, nil
}

// MarshalBinary is AppendBinary to nothing.
func (s *Sketch) MarshalBinary() ([]byte, error) { return s.AppendBinary([]byte{}) }

// ErrInvalid says that bytes are not a sketch.
var ErrInvalid = errors.New("not a sketch of durations")

// UnmarshalBinary reads the binary form over what the sketch held. When it
// fails the sketch is empty.
func (s *Sketch) UnmarshalBinary(data []byte) error {
	s.bins = s.bins[:0]
	if len(data) == 0 {
		return nil
	}
	if data[0] != version {
		return ErrInvalid
	}
	data = data[1:]
	for next := 0; len(data) > 0; {
		skip, n := binary.Uvarint(data)
		if n <= 0 || skip > uint64(lastBucket-next) { //nolint:gosec // next is at most one more, see below
			s.bins = s.bins[:0]
			return ErrInvalid
		}
		count, m := binary.Uvarint(data[n:])
		if m <= 0 || count == 0 || count > maxCount {
			s.bins = s.bins[:0]
			return ErrInvalid
		}
		bucket := next + int(skip) //nolint:gosec // checked above
		s.bins = append(s.bins, bin{bucket: bucket, count: count})
		data = data[n+m:]
		if next = bucket + 1; next > lastBucket && len(data) > 0 {
			s.bins = s.bins[:0]
			return ErrInvalid
		}
	}
	return nil
}
