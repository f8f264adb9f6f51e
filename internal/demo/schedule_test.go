package demo

import (
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/fakeai"
)

// TestAccountsTakeTurns: within their periods all faults come up, most of the
// time all is well, and a key that says what it does is left to it.
func TestAccountsTakeTurns(t *testing.T) {
	t.Parallel()
	var now time.Time
	plan := onSchedule(func() time.Time { return now })
	ask := func(key string) fakeai.Behaviour {
		return plan(&fakeai.Request{Key: key, Operation: ai.Generate, Asked: fakeai.Must("429")})
	}
	if ask("mk-429").Status != 429 && ask("mk-429").Problem != fakeai.RateLimit {
		t.Error("a key that asks for 429 gets something else")
	}
	begin := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	ill := make(map[string]int)
	well := make(map[string]int)
	const hour = 3600
	for s := range hour {
		now = begin.Add(time.Duration(s) * time.Second)
		for _, turn := range Turns {
			b := ask(turn.Key)
			if b.Fault != fakeai.None || b.FirstContent > time.Second {
				ill[turn.Key]++
			} else {
				well[turn.Key]++
			}
		}
		if b := ask("mk-udemoreserve"); b.Fault != fakeai.None {
			t.Fatalf("the reserve fails at %s", now)
		}
	}
	for _, turn := range Turns {
		if ill[turn.Key] == 0 || well[turn.Key] < 2*ill[turn.Key] {
			t.Errorf("%s: ill %d, well %d of %d", turn.Key, ill[turn.Key], well[turn.Key], hour)
		}
	}
}
