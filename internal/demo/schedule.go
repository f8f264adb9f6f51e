package demo

import (
	"strings"
	"time"

	"github.com/ccload/ccload/internal/fakeai"
)

// scheduledKey begins the keys of accounts that misbehave by the clock. All
// other keys say themselves what they do.
const scheduledKey = "mk-udemo"

// Turn is when and how an account misbehaves.
type Turn struct {
	Key   string        // of the account
	Every time.Duration // how often it does
	After time.Duration // since the beginning of such a period
	For   time.Duration // how long
	Does  string        // a scenario of fakeai
}

// Turns are what the accounts of the demo do, each by itself, so that within
// some minutes every kind of failure is seen and most of the time all is well.
var Turns = []Turn{
	{"mk-udemoclaude1", 4 * time.Minute, 30 * time.Second, 40 * time.Second, "429-ra20"},
	{"mk-udemoclaude2", 10 * time.Minute, 3 * time.Minute, 30 * time.Second, "529"},
	{"mk-udemorelay", 3 * time.Minute, 70 * time.Second, 35 * time.Second, "err200"},
	{"mk-udemorelay", 7 * time.Minute, 150 * time.Second, 20 * time.Second, "cut-n30-g40"},
	{"mk-udemogpt1", 5 * time.Minute, 100 * time.Second, 45 * time.Second, "l2500"},
	{"mk-udemogpt2", 6 * time.Minute, 4 * time.Minute, 30 * time.Second, "500-p40"},
	{"mk-udemogemini", 4 * time.Minute, 2 * time.Minute, 25 * time.Second, "silent"},
}

// due reports whether it is a turn's time.
func (t *Turn) due(now time.Time) bool {
	at := time.Duration(now.UnixNano()) % t.Every
	return at >= t.After && at < t.After+t.For
}

// onSchedule lets the accounts of the demo answer as its turns say, and others
// as they ask for.
func onSchedule(now func() time.Time) fakeai.Plan {
	does := make([]fakeai.Behaviour, len(Turns))
	for i := range Turns {
		does[i] = fakeai.Must(Turns[i].Does)
	}
	return func(r *fakeai.Request) fakeai.Behaviour {
		if !strings.HasPrefix(r.Key, scheduledKey) {
			return r.Asked
		}
		for i := range Turns {
			if Turns[i].Key == r.Key && r.Generates() && Turns[i].due(now()) {
				return does[i]
			}
		}
		// Well, at a pace that people believe: no two answers alike.
		n := r.Number
		return fakeai.Behaviour{
			FirstByte:    time.Duration(60+n*37%90) * time.Millisecond,
			FirstContent: time.Duration(180+n*53%600) * time.Millisecond,
			Gap:          time.Duration(12+n%20) * time.Millisecond,
			Events:       15 + n*29%70, EventSize: 18,
		}
	}
}
