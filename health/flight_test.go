package health

import (
	"testing"
	"time"
)

// TestOutlived counts what lasts longer than failures did.
func TestOutlived(t *testing.T) {
	const second = time.Second
	for _, test := range []struct {
		name    string
		began   []time.Duration // ago, of attempts under way
		took    time.Duration   // a failure; 0: there was none
		failed  time.Duration   // ago
		want    int
		working bool
	}{
		{"nothing is under way", nil, second, 0, 0, false},
		{"longer than a failure", []time.Duration{2 * second, 3 * second}, second, 0, 2, true},
		{"one of them", []time.Duration{2 * second, second}, second, 0, 1, false},
		{"at once", []time.Duration{0, 0}, time.Millisecond, 0, 0, false},
		{"soon", []time.Duration{30 * time.Millisecond, 30 * time.Millisecond}, time.Millisecond, 0, 2, true},
		{"for too long", []time.Duration{31 * second, 40 * second}, second, 0, 0, false},
		{"silence is as long", []time.Duration{10 * second, 9 * second}, 10 * second, 0, 0, false},
		{"silence of long ago", []time.Duration{9 * second, 9 * second}, 10 * second, 31 * second, 2, true},
		{"more than are remembered", []time.Duration{9, 9, 9, 9, 9, 9, 9, 9, 9, 9}, 0, 0, 0, false},
	} {
		var h History
		var flights []Flight
		if test.took > 0 {
			f := h.Begin(noon.Add(-test.failed - test.took))
			f.Failed(noon.Add(-test.failed))
		}
		for _, ago := range test.began {
			flights = append(flights, h.Begin(noon.Add(-ago)))
		}
		if got := h.Outlived(noon); got != test.want || h.Steady(noon, noon) != test.working {
			t.Errorf("%s: %d, steady %t", test.name, got, h.Steady(noon, noon))
		}
		for i := range flights {
			flights[i].End()
			flights[i].End()
		}
		if got := h.Outlived(noon); got != 0 {
			t.Errorf("%s: %d when all have ended", test.name, got)
		}
	}
	var none *History
	f := none.Begin(noon)
	f.Failed(noon)
	if none.Outlived(noon) != 0 || none.Steady(noon, noon) || none.ServedSince(noon) {
		t.Error("a nil history remembers")
	}
}
