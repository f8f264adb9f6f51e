package admin

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ccload/ccload/access"
)

func TestKeyChange(t *testing.T) {
	has := []KeyConfig{{Fingerprint: "a"}, {Fingerprint: "b", Disabled: true, Note: "old"}, {Fingerprint: access.Fingerprint("known")}}
	known := has[2].Fingerprint
	for _, c := range []struct {
		name   string
		change KeyChange
		keys   []KeyConfig
		done   KeyChanged
	}{
		{"nothing", KeyChange{}, has, KeyChanged{Keys: 3}},
		{
			"adds what is new, once",
			KeyChange{Add: []KeyConfig{{Key: "known"}, {Key: "new", Note: "n"}, {Key: " new "}, {Key: "other"}}},
			append(slices.Clone(has), KeyConfig{Key: "new", Note: "n"}, KeyConfig{Key: "other"}),
			KeyChanged{Added: []string{access.Fingerprint("new"), access.Fingerprint("other")}, Doubles: 2, Keys: 5},
		},
		{"removes, and ignores what is gone", KeyChange{Remove: []string{"a", "gone"}}, has[1:], KeyChanged{Removed: 1, Keys: 2}},
		{
			"replaces a key by itself",
			KeyChange{Remove: []string{known}, Add: []KeyConfig{{Key: "known"}}},
			[]KeyConfig{has[0], has[1], {Key: "known"}},
			KeyChanged{Added: []string{known}, Removed: 1, Keys: 3},
		},
		{
			"switches and notes",
			KeyChange{Disable: []string{"a"}, Enable: []string{"b"}, Notes: map[string]string{"a": "x", "b": ""}},
			[]KeyConfig{{Fingerprint: "a", Disabled: true, Note: "x"}, {Fingerprint: "b"}, has[2]},
			KeyChanged{Keys: 3},
		},
	} {
		keys, done := c.change.apply(has)
		if c.done.Added == nil {
			c.done.Added = []string{}
		}
		if !slices.Equal(keys, c.keys) {
			t.Errorf("%s: keys %+v, want %+v", c.name, keys, c.keys)
		}
		if !slices.Equal(done.Added, c.done.Added) || done.Doubles != c.done.Doubles || done.Removed != c.done.Removed || done.Keys != c.done.Keys {
			t.Errorf("%s: %+v, want %+v", c.name, done, c.done)
		}
	}
}

func TestChangesBasedOnAnOldStateAreRefused(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678900000, time.UTC)
	was := ChannelConfig{Updated: at}
	for patch, refused := range map[string]bool{
		`{"weight":2}`: false,
		`{"weight":2,"updated":"2026-01-02T03:04:05.6789Z"}`:      false,
		`{"weight":2,"updated":"2026-01-02T04:04:05.6789+01:00"}`: false,
		`{"weight":2,"updated":"2026-01-02T03:04:05Z"}`:           true,
	} {
		is, err := changeBy([]byte(patch))(was)
		var problem *Problem
		if got := errors.As(err, &problem) && problem.Code == CodeConflict; got != refused {
			t.Errorf("%s: %v", patch, err)
		}
		if !refused && is.Share() != 2 {
			t.Errorf("%s: weight %d", patch, is.Share())
		}
	}
}
