package quantile

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// distributions of durations, the way answers come.
var distributions = map[string]func(r *rand.Rand) time.Duration{
	"even": func(r *rand.Rand) time.Duration { return time.Duration(r.Int64N(int64(time.Minute))) },
	"lognormal": func(r *rand.Rand) time.Duration {
		return time.Duration(math.Exp(r.NormFloat64()+1) * float64(time.Second))
	},
	"two humps": func(r *rand.Rand) time.Duration {
		return []time.Duration{300 * time.Millisecond, 40 * time.Second}[r.IntN(2)] + time.Duration(r.Int64N(int64(time.Second)))
	},
	"constant": func(*rand.Rand) time.Duration { return 1234567890 },
	"extremes": func(r *rand.Rand) time.Duration {
		return []time.Duration{-1, 0, 1, time.Millisecond, math.MaxInt64}[r.IntN(5)]
	},
}

// TestQuantilesAreCloseToExactOnes, also when they come from merged parts.
func TestQuantilesAreCloseToExactOnes(t *testing.T) {
	for name, draw := range distributions {
		r := rand.New(rand.NewPCG(1, 2))
		for _, n := range []int{1, 2, 3, 10, 1000, 50_000} {
			all := make([]time.Duration, n)
			var whole, merged Sketch
			parts := make([]Sketch, 7)
			for i := range all {
				d := draw(r)
				all[i] = min(max(d, Shortest), Longest)
				whole.Add(d)
				parts[r.IntN(len(parts))].Add(d)
			}
			for i := range parts {
				merged.Merge(&parts[i])
			}
			a, _ := whole.MarshalBinary()
			b, _ := merged.MarshalBinary()
			if !bytes.Equal(a, b) || merged.Count() != uint64(n) {
				t.Fatalf("%s, %d: the parts are not the whole", name, n)
			}
			if len(a) > 1000 {
				t.Errorf("%s, %d: %d bytes", name, n, len(a))
			}
			slices.Sort(all)
			for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 0.999, 1} {
				want, got := all[int(q*float64(n-1))], whole.Quantile(q)
				if off := math.Abs(float64(got-want)) / float64(want); off > RelativeError+1e-9 {
					t.Errorf("%s: %v of %d: %v, want %v: off by %.4f", name, q, n, got, want, off)
				}
			}
		}
	}
}

func TestAnEmptySketchIsNothing(t *testing.T) {
	var s, other Sketch
	s.Merge(&other)
	if b, err := s.MarshalBinary(); err != nil || b == nil || len(b) != 0 || s.Quantile(0.5) != 0 || s.Count() != 0 {
		t.Errorf("%v, %v", b, err)
	}
	other.Add(time.Second)
	if err := other.UnmarshalBinary(nil); err != nil || other.Count() != 0 {
		t.Errorf("%d are left: %v", other.Count(), err)
	}
}

// TestAMergedSketchSharesNothing: adding to one must not show in the other.
func TestAMergedSketchSharesNothing(t *testing.T) {
	var a, b Sketch
	a.Add(time.Second)
	b.Merge(&a)
	b.Add(time.Second)
	if a.Count() != 1 || b.Count() != 2 {
		t.Errorf("%d and %d", a.Count(), b.Count())
	}
}

func FuzzUnmarshalBinary(f *testing.F) {
	var s Sketch
	f.Add([]byte{})
	for _, d := range []time.Duration{0, time.Second, time.Minute, 2 * time.Hour} {
		s.Add(d)
		b, _ := s.MarshalBinary()
		f.Add(b)
	}
	f.Add([]byte{version, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1})
	f.Add([]byte{version, 0, 0})
	f.Add([]byte{2, 0, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		var s, other Sketch
		if err := s.UnmarshalBinary(data); err != nil {
			if s.Count() != 0 {
				t.Fatal("something is left of what is no sketch")
			}
			return
		}
		for _, q := range []float64{0, 0.5, 1} {
			if d := s.Quantile(q); s.Count() > 0 && (d < Shortest || d > Longest*102/100) {
				t.Fatalf("%v", d)
			}
		}
		b, err := s.MarshalBinary()
		if err == nil {
			err = other.UnmarshalBinary(b)
		}
		if err != nil || !slices.Equal(s.bins, other.bins) {
			t.Fatalf("%v became %v: %v", s, other, err)
		}
		other.Merge(&s)
		if len(other.bins) != len(s.bins) || other.Count() < s.Count() {
			t.Fatalf("twice %v is %v", s, other)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	var s Sketch
	r := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		s.Add(distributions["lognormal"](r))
	}
}
