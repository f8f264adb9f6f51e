package admin

import (
	"testing"
	"time"
)

// TestLoginCodes: a code logs in once, within its time, and a crowd of them
// costs the oldest.
func TestLoginCodes(t *testing.T) {
	t.Parallel()
	var codes LoginCodes
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	code, expires := codes.Make(now)
	if expires != now.Add(LoginCodeLife) {
		t.Errorf("it expires at %s", expires)
	}
	for _, step := range []struct {
		what, code string
		at         time.Time
		want       bool
	}{
		{"an empty one", "", now, false},
		{"another one", code + "x", now, false},
		{"the right one", code, expires.Add(-1), true},
		{"the right one again", code, now, false},
	} {
		if got := codes.Take(step.code, step.at); got != step.want {
			t.Errorf("%s: %t", step.what, got)
		}
	}
	late, expires := codes.Make(now)
	if codes.Take(late, expires) || codes.Take(late, now) {
		t.Error("a code that has expired was taken, or came back")
	}
	first, _ := codes.Make(now)
	second, _ := codes.Make(now)
	for range loginCodesKept - 1 {
		codes.Make(now)
	}
	if codes.Take(first, now) || !codes.Take(second, now) {
		t.Error("the crowd cost another one than the oldest")
	}
}
