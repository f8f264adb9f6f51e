package ai

import (
	"reflect"
	"testing"
	"testing/quick"
)

// A field that Equal forgets would make a usage that differs look repeated.
func TestUsageEqualComparesEveryField(t *testing.T) {
	for i := range reflect.TypeFor[Usage]().NumField() {
		var u Usage
		f := reflect.ValueOf(&u).Elem().Field(i)
		switch f.Kind() {
		case reflect.Int64:
			f.SetInt(1)
		case reflect.Bool:
			f.SetBool(true)
		case reflect.String:
			f.SetString("x")
		case reflect.Slice:
			f.Set(reflect.ValueOf([]ModelUsage{{Model: "x"}}))
		default:
			t.Fatalf("%s: a kind of field this test does not know", reflect.TypeFor[Usage]().Field(i).Name)
		}
		if u.IsZero() || u.Equal(&Usage{}) {
			t.Errorf("%s is not compared", reflect.TypeFor[Usage]().Field(i).Name)
		}
		same := u
		if !u.Equal(&same) {
			t.Errorf("%s: not equal to its copy", reflect.TypeFor[Usage]().Field(i).Name)
		}
	}
}

func TestBoundKeepsPartsWithinTheWhole(t *testing.T) {
	holds := func(u Usage) bool {
		was := u
		u.Bound()
		ok := u.Input >= 0 && u.Output >= 0 && u.WebSearches >= 0 &&
			u.CachedInput >= 0 && u.CacheWrite >= 0 && u.CachedInput+u.CacheWrite <= u.Input &&
			u.CacheWrite1h >= 0 && u.CacheWrite1h <= u.CacheWrite &&
			u.AudioInput >= 0 && u.ImageInput >= 0 && u.AudioInput+u.ImageInput <= u.Input &&
			u.CachedAudio >= 0 && u.CachedImage >= 0 && u.CachedAudio+u.CachedImage <= u.CachedInput &&
			u.AudioOutput >= 0 && u.ImageOutput >= 0 && u.AudioOutput+u.ImageOutput <= u.Output &&
			u.Reasoning >= 0 && u.Reasoning <= u.Output
		return ok && (u.Doubtful || u.Equal(&was))
	}
	if err := quick.Check(holds, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
	sound := Usage{Input: 10, CachedInput: 4, CacheWrite: 6, Output: 3, Reasoning: 3}
	if sound.Bound(); sound.Doubtful {
		t.Error("sound numbers were doubted")
	}
}

func TestMoneyString(t *testing.T) {
	for _, c := range []struct {
		m    Money
		want string
	}{
		{0, "0"},
		{1, "0.000000001"},
		{Dollar, "1"},
		{33_800_000, "0.0338"},
		{-5*Dollar - 500_000_000, "-5.5"},
		{20 * Dollar, "20"},
	} {
		if got := c.m.String(); got != c.want {
			t.Errorf("%d: %q, want %q", int64(c.m), got, c.want)
		}
	}
}
