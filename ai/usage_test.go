package ai

import (
	"encoding/json"
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
			u.Characters >= 0 && u.Images >= 0 && u.AudioMillis >= 0 &&
			u.CachedInput >= 0 && u.CacheWrite >= 0 && u.CachedInput <= u.Input && u.CacheWrite <= u.Input &&
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
	for _, sound := range []Usage{
		{Input: 10, CachedInput: 4, CacheWrite: 6, Output: 3, Reasoning: 3},
		{Input: 10, CachedInput: 8, CacheWrite: 9}, // read and written again
	} {
		if sound.Bound(); sound.Doubtful {
			t.Errorf("%+v: sound numbers were doubted", sound)
		}
	}
}

func TestMoneyFromJSON(t *testing.T) {
	for text, want := range map[string]Money{
		"0": 0, "1": Dollar, "-0.5": -Dollar / 2, "1e-9": 1, "0.0000000004": 0, "0.0000000006": 1, "1.5e3": 1500 * Dollar,
		"9223372036.854775807": 1<<63 - 1,
	} {
		var m Money
		if err := json.Unmarshal([]byte(text), &m); err != nil || m != want {
			t.Errorf("%s is %d, want %d: %v", text, int64(m), int64(want), err)
		}
	}
	for _, text := range []string{`"1"`, "1e30", "true", "-1e300"} {
		var m Money
		if json.Unmarshal([]byte(text), &m) == nil {
			t.Errorf("%s is taken for %s", text, m)
		}
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
		var back Money
		if text, err := json.Marshal(c.m); err != nil || json.Unmarshal(text, &back) != nil || back != c.m {
			t.Errorf("%s came back as %s", text, back)
		}
	}
}
