package selection_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/selection"
)

const latency = `{"policy":"ccload_latency"}`

// observe notes a good answer of a channel after a time.
func (w *world) observe(call *ai.Call, channel string, firstContent time.Duration) {
	w.state.Observe(selection.Observation{
		Channel: channel, URL: "https://" + channel, Model: "", FirstContent: firstContent,
		Size: call.BodySize, Call: call, OK: true, Now: w.now,
	})
}

func (w *world) fail(call *ai.Call, channel string) {
	w.state.Observe(selection.Observation{Channel: channel, URL: "https://" + channel, Call: call, Size: call.BodySize, Now: w.now})
}

func TestUnmeasuredFirstButOneCallAtATime(t *testing.T) {
	w := newWorld(t, latency, selection.Candidate{Name: "a"}, selection.Candidate{Name: "b"}, selection.Candidate{Name: "c"})
	got := count(3, func(int) string { return w.choose(plain()) })
	if len(got) != 3 {
		t.Fatalf("the first three calls: %v, want one for each", got)
	}
	if w.last.Why != "not measured yet" {
		t.Errorf("why: %q", w.last.Why)
	}
	w.observe(plain(), "a", time.Second)
	got = count(100, func(int) string { return w.choose(plain()) })
	if got["a"] < 55 { // two of three pairs hold it
		t.Errorf("while two are still being measured: %v", got)
	}
	// Nobody came back from c: it is tried once more after a while.
	w.observe(plain(), "b", time.Second)
	w.now = w.now.Add(2 * time.Minute)
	if got := w.choose(plain()); got != "c" {
		t.Errorf("after a minute: %q", got)
	}
}

func TestQuickOnesGetTheCalls(t *testing.T) {
	w := newWorld(t, latency, selection.Candidate{Name: "slow"}, selection.Candidate{Name: "quick"})
	for range 20 {
		w.now = w.now.Add(time.Second)
		w.observe(plain(), "slow", 3*time.Second)
		w.observe(plain(), "quick", 500*time.Millisecond)
	}
	got := count(5000, func(int) string { return w.choose(plain()) })
	if got["quick"] < 4925 || got["slow"] == 0 {
		t.Errorf("got %v, want all but the one in a hundred that explores", got)
	}
	w.seed = 3
	for w.choose(plain()); strings.HasPrefix(w.last.Why, "explores"); w.choose(plain()) {
	}
	if want := "the quicker of two: 500ms against 3s"; w.last.Why != want {
		t.Errorf("why: %q, want %q", w.last.Why, want)
	}
	// What is about equal shares.
	w = newWorld(t, latency, selection.Candidate{Name: "a"}, selection.Candidate{Name: "b"})
	w.observe(plain(), "a", time.Second)
	w.observe(plain(), "b", 1100*time.Millisecond)
	if got := count(1000, func(int) string { return w.choose(plain()) }); got["a"] < 430 || got["a"] > 570 {
		t.Errorf("equally quick: %v", got)
	}
}

// A channel that becomes slow loses its calls before it fails, and gets them
// back when it has recovered.
func TestSlowSuccessesLoseShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, latency, selection.Candidate{Name: "a"}, selection.Candidate{Name: "b"})
		takes := map[string]time.Duration{"a": time.Second, "b": time.Second}
		run := func(d time.Duration) map[string]int {
			return count(int(d/time.Second), func(int) string {
				time.Sleep(time.Second)
				w.now = time.Now()
				name := w.choose(plain())
				w.observe(plain(), name, takes[name])
				return name
			})
		}
		if got := run(10 * time.Minute); got["a"] < 200 || got["b"] < 200 {
			t.Errorf("both quick: %v", got)
		}
		takes["b"] = 8 * time.Second
		if got := run(5 * time.Minute); got["b"] > 20 {
			t.Errorf("b slow: %v", got)
		}
		takes["b"] = time.Second
		run(5 * time.Minute)
		if got := run(10 * time.Minute); got["a"] < 200 || got["b"] < 200 {
			t.Errorf("recovered: %v", got)
		}
	})
}

func TestFailuresCountAsSlow(t *testing.T) {
	w := newWorld(t, latency, selection.Candidate{Name: "bad"}, selection.Candidate{Name: "good"})
	w.observe(plain(), "bad", 500*time.Millisecond)
	w.observe(plain(), "good", time.Second)
	w.fail(plain(), "bad")
	if got := count(1000, func(int) string { return w.choose(plain()) }); got["good"] < 980 {
		t.Errorf("after a failure: %v", got)
	}
	// What only ever failed is not unmeasured either.
	w = newWorld(t, latency, selection.Candidate{Name: "bad"}, selection.Candidate{Name: "good"})
	w.fail(plain(), "bad")
	w.observe(plain(), "good", time.Second)
	if got := count(1000, func(int) string { return w.choose(plain()) }); got["good"] < 980 {
		t.Errorf("after nothing but failures: %v", got)
	}
}

// Long conversations take longer everywhere. The channel that happens to have
// them must not look slow for it.
func TestInputSizeIsTakenOut(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	w := newWorld(t, latency, selection.Candidate{Name: "long"}, selection.Candidate{Name: "short"})
	base := map[string]float64{"long": 1, "short": 1.2}
	for range 600 {
		w.now = w.now.Add(2 * time.Second)
		for name, mean := range map[string]float64{"long": 400_000, "short": 20_000} {
			call := plain()
			call.BodySize = int(mean * (0.5 + random.Float64()))
			seconds := (base[name] + 1e-5*float64(call.BodySize)) * (0.95 + 0.1*random.Float64())
			w.observe(call, name, time.Duration(seconds*float64(time.Second)))
		}
	}
	got := count(1000, func(int) string { return w.choose(plain()) })
	if got["long"] < 350 {
		t.Errorf("got %v although both are about as quick", got)
	}
}

// The answer of a call that is not streamed comes all at once and takes as long
// as all of a stream; the two say nothing about each other.
func TestStreamsAreNotComparedWithOthers(t *testing.T) {
	w := newWorld(t, latency, selection.Candidate{Name: "a"}, selection.Candidate{Name: "b"})
	whole := plain()
	whole.Stream = false
	w.observe(plain(), "a", 2*time.Second)
	w.observe(whole, "b", 20*time.Second)
	if got := count(1000, func(int) string { return w.choose(plain()) }); got["a"] < 430 || got["a"] > 570 {
		t.Errorf("with nothing to compare: %v", got)
	}
	w.observe(whole, "a", 40*time.Second)
	w.observe(plain(), "b", 4*time.Second)
	if got := count(1000, func(int) string { return w.choose(plain()) }); got["a"] < 980 {
		t.Errorf("streams: %v", got)
	}
	if got := count(1000, func(int) string { return w.choose(whole) }); got["b"] < 980 {
		t.Errorf("whole answers: %v", got)
	}
}

func TestBusyOnesAreSpared(t *testing.T) {
	w := newWorld(t, latency, selection.Candidate{Name: "busy", InFlight: 10}, selection.Candidate{Name: "idle"})
	w.observe(plain(), "busy", time.Second)
	w.observe(plain(), "idle", 2*time.Second)
	if got := count(1000, func(int) string { return w.choose(plain()) }); got["idle"] < 980 {
		t.Errorf("got %v", got)
	}
}

func TestFirstContentLimit(t *testing.T) {
	st := selection.NewState()
	now := epoch
	see := func(n int, o selection.Observation) {
		for range n {
			now = now.Add(time.Second)
			o.Channel, o.URL, o.Model, o.Now = "c", "u", "m", now
			o.Call = &ai.Call{Stream: true}
			st.Observe(o)
		}
	}
	if d, ok := st.FirstContentLimit("c", "u", "m"); ok {
		t.Fatalf("known before anything was seen: %v", d)
	}
	see(19, selection.Observation{OK: true, FirstContent: 10 * time.Second})
	if d, ok := st.FirstContentLimit("c", "u", "m"); ok {
		t.Fatalf("known after 19 streams: %v", d)
	}
	see(1, selection.Observation{OK: true, FirstContent: 10 * time.Second})
	if d, ok := st.FirstContentLimit("c", "u", "m"); !ok || d < 40*time.Second || d > 48*time.Second {
		t.Errorf("four times 10s: %v %v", d, ok)
	}
	if _, ok := st.FirstContentLimit("c", "other", "m"); ok {
		t.Error("known for a URL that was never used")
	}
	see(3000, selection.Observation{OK: true, FirstContent: time.Second})
	if d, _ := st.FirstContentLimit("c", "u", "m"); d != 20*time.Second {
		t.Errorf("of quick streams: %v, want the least there is", d)
	}
	// It has become slower than its limit: every wait is in vain, and the limit
	// must grow until it is not.
	see(200, selection.Observation{Waited: 20 * time.Second})
	if d, _ := st.FirstContentLimit("c", "u", "m"); d < 79*time.Second {
		t.Errorf("after waiting in vain: %v", d)
	}
	see(200, selection.Observation{OK: true, FirstContent: 10 * time.Minute})
	if d, _ := st.FirstContentLimit("c", "u", "m"); d != 5*time.Minute {
		t.Errorf("of very slow streams: %v, want the most there is", d)
	}
}

func TestFirstContentLimitIsNearFourTimesTheP99(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	st := selection.NewState()
	for i := range 1000 {
		st.Observe(selection.Observation{
			Channel: "c", URL: "u", Model: "m", OK: true, Now: epoch.Add(time.Duration(i) * time.Second),
			FirstContent: time.Duration((5 + 10*random.Float64()) * float64(time.Second)),
		})
	}
	d, ok := st.FirstContentLimit("c", "u", "m")
	if want := 4 * 14.9; !ok || math.Abs(d.Seconds()-want) > 0.2*want {
		t.Errorf("got %v, want about %.0fs", d, want)
	}
}

func urls(usable ...bool) (list []selection.URL) {
	for i, u := range usable {
		list = append(list, selection.URL{Address: fmt.Sprintf("https://%d", i), Usable: u})
	}
	return list
}

func TestUnusableURLsAreNotChosen(t *testing.T) {
	st := selection.NewState()
	for seed := range uint64(100) {
		if i := selection.ChooseURL(st, "c", urls(false, true, false, true), "m", 1, epoch, seed); i != 1 && i != 3 {
			t.Fatalf("chose %d", i)
		}
	}
	if i := selection.ChooseURL(st, "c", urls(false, false), "m", 1, epoch, 1); i != -1 {
		t.Errorf("chose %d of none", i)
	}
	if i := selection.ChooseURL(st, "c", urls(false), "m", 1, epoch, 1); i != -1 {
		t.Errorf("chose %d of one that is not usable", i)
	}
	if i := selection.ChooseURL(st, "c", nil, "m", 1, epoch, 1); i != -1 {
		t.Errorf("chose %d of nothing", i)
	}
}

// A URL that was added later must get its chance, and one that failed must not
// be taken for one that was never tried.
func TestURLsAreExploredFirst(t *testing.T) {
	st := selection.NewState()
	see := func(url int, ok bool, d time.Duration) {
		st.Observe(selection.Observation{
			Channel: "c", URL: fmt.Sprintf("https://%d", url), Model: "m", OK: ok, FirstContent: d, Now: epoch,
		})
	}
	choose := func(n int, usable ...bool) (got [3]int) {
		for seed := range uint64(n) {
			got[selection.ChooseURL(st, "c", urls(usable...), "m", 1000, epoch, seed)]++
		}
		return got
	}
	see(0, true, time.Second)
	if got := choose(1, true, true); got[1] != 1 {
		t.Errorf("a new URL: %v", got)
	}
	see(1, false, 0)
	if got := choose(1000, true, true); got[1] > 20 {
		t.Errorf("a URL that only failed: %v", got)
	}
	if got := choose(1, true, true, true); got[2] != 1 {
		t.Errorf("another new URL: %v", got)
	}
	see(2, true, 100*time.Millisecond)
	if got := choose(1000, true, true, true); got[2] < 600 {
		t.Errorf("the quickest: %v", got)
	}
}
