package selection_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/selection"
)

const affinity = `{"policy":"ccload_affinity"}`

// serve is a call that is answered at once: it returns where.
func (w *world) serve(call *ai.Call, u ai.Usage, out ...string) (channel, key string) {
	channel = w.choose(call, out...)
	keys := w.keys[channel]
	at := selection.ChooseKey(w.state, channel, keys, w.last.Key)
	key = keys[at].ID
	w.state.Observe(selection.Observation{
		Channel: channel, Key: key, FirstContent: time.Second, Size: call.BodySize, Call: call, Usage: u, OK: true, Now: w.now,
	})
	return channel, key
}

func three(keys int) []selection.Candidate {
	return []selection.Candidate{{Name: "a", UsableKeys: keys}, {Name: "b", UsableKeys: keys}, {Name: "c", UsableKeys: keys}}
}

var cached = ai.Usage{Reported: true, CachedInput: 40000, CacheWrite: 2000}

func TestConversationStaysOnItsKey(t *testing.T) {
	for _, config := range []string{affinity, `{"policy":"ccload_priority"}`, `{"policy":"ccload_affinity","then":{"policy":"ccload_latency"}}`} {
		w := newWorld(t, config, three(5)...)
		homes := make(map[uint64]string)
		for range 20 {
			for id := range uint64(50) {
				w.now = w.now.Add(100 * time.Millisecond)
				_, key := w.serve(conversation(id+1), cached)
				if homes[id] == "" {
					homes[id] = key
				} else if homes[id] != key {
					t.Fatalf("%s: conversation %d moved from %s to %s (%s)", config, id, homes[id], key, w.last.Why)
				}
			}
		}
		used := make(map[string]bool)
		for _, key := range homes {
			used[key] = true
		}
		if len(used) < 12 {
			t.Errorf("%s: 50 conversations use only %d of 15 keys", config, len(used))
		}
		if want := "holds the conversation's prompt cache (42k tokens)"; !strings.HasSuffix(w.last.Why, want) {
			t.Errorf("why: %q, want %q", w.last.Why, want)
		}
	}
}

// Gateways that know nothing of each other send a conversation to the same key.
func TestNodesAgree(t *testing.T) {
	one, other := newWorld(t, affinity, three(3)...), newWorld(t, affinity, three(3)...)
	other.seed = 99
	for id := range uint64(500) {
		c1, k1 := one.serve(conversation(id+1), cached)
		c2, k2 := other.serve(conversation(id+1), cached)
		if c1 != c2 || k1 != k2 {
			t.Fatalf("conversation %d: %s and %s", id, k1, k2)
		}
	}
}

// New conversations spread by weight and usable keys.
func TestConversationsSpreadByWeight(t *testing.T) {
	w := newWorld(t, affinity, selection.Candidate{Name: "a", Weight: 3, UsableKeys: 2},
		selection.Candidate{Name: "b", Weight: 3, UsableKeys: 1}, selection.Candidate{Name: "c", Weight: 1, UsableKeys: 1})
	keys := make(map[string]int)
	got := count(10000, func(i int) string {
		name, key := w.serve(conversation(uint64(i)+1), cached)
		keys[key]++
		return name
	})
	for name, share := range map[string]float64{"a": 6, "b": 3, "c": 1} {
		if math.Abs(float64(got[name])-share*1000) > 150 {
			t.Errorf("shares: %v", got)
		}
	}
	if math.Abs(float64(keys["a/0"]-keys["a/1"])) > 240 {
		t.Errorf("keys of one channel: %v", keys)
	}
}

// When a channel goes, only its conversations move, and not all to one other.
func TestOnlyConversationsThatMustMoveDo(t *testing.T) {
	w := newWorld(t, affinity, three(2)...)
	moved := make(map[string]int)
	for id := range uint64(1000) {
		call := conversation(id + 1)
		before := w.choose(call)
		after := w.choose(call, "a")
		if before == "a" {
			moved[after]++
		} else if before != after {
			t.Fatalf("conversation %d moved from %s to %s though only a went", id, before, after)
		}
	}
	if moved["b"] < 100 || moved["c"] < 100 {
		t.Errorf("from a to: %v", moved)
	}
}

func TestConversationLeavesAKeyThatRestsAndReturns(t *testing.T) {
	w := newWorld(t, affinity, three(2)...)
	channel, home := w.serve(conversation(7), cached)
	at := int(home[len(home)-1] - '0')
	w.keys[channel][at].Usable = false
	if _, key := w.serve(conversation(7), ai.Usage{}); key == home {
		t.Fatal("stayed on a key that cools down")
	}
	if want := "cannot serve now"; !strings.Contains(w.last.Why, want) {
		t.Errorf("why: %q", w.last.Why)
	}
	w.keys[channel][at].Usable = true
	if _, key := w.serve(conversation(7), cached); key != home {
		t.Errorf("did not return to its cache: %s, home %s", key, home)
	}
	// Where as much has been cached in the meantime is the new home.
	w.keys[channel][at].Usable = false
	_, second := w.serve(conversation(7), cached)
	w.keys[channel][at].Usable = true
	if _, key := w.serve(conversation(7), cached); key != second {
		t.Errorf("left its new cache on %s for %s", second, key)
	}
}

// One conversation with many calls at once must not run one key hot.
func TestLoadIsBounded(t *testing.T) {
	for _, conversations := range []int{1, 3, 200} {
		w := newWorld(t, affinity, selection.Candidate{Name: "a", UsableKeys: 4}, selection.Candidate{Name: "b", UsableKeys: 4})
		for i := range 400 {
			channel := w.choose(conversation(uint64(i%conversations) + 1))
			keys := w.keys[channel]
			at := selection.ChooseKey(w.state, channel, keys, w.last.Key)
			keys[at].InFlight++ // and never ends
			for c := range w.candidates {
				if w.candidates[c].Name == channel {
					w.candidates[c].InFlight++
				}
			}
			if most := math.Ceil(1.25*float64(i+1)/8) + 1; float64(keys[at].InFlight) > most {
				t.Fatalf("%d conversations: a key has %d of %d calls, more than %.0f", conversations, keys[at].InFlight, i+1, most)
			}
			w.state.Observe(selection.Observation{
				Channel: channel, Key: keys[at].ID, Call: w.last.Call, OK: true, Now: w.now, FirstContent: time.Second,
			})
		}
	}
}

// Where nothing is known of keys, channels are bounded.
func TestLoadOfChannelsIsBounded(t *testing.T) {
	candidates := []selection.Candidate{{Name: "a", Weight: 2}, {Name: "b"}, {Name: "c"}}
	st := selection.NewState()
	for i := range 200 {
		s := selection.Input{Call: conversation(1), Candidates: candidates, Now: epoch, Seed: uint64(i), State: st}
		c := &candidates[selection.Choose(new(selection.Affinity), &s)]
		c.InFlight++
		if most := math.Ceil(1.25*float64(i+1)*float64(max(c.Weight, 1))/4) + 1; float64(c.InFlight) > most {
			t.Fatalf("channel %s has %d of %d calls, more than %.0f", c.Name, c.InFlight, i+1, most)
		}
	}
}

// A conversation that would lose much may have some more calls on its key.
func TestALargeCacheAllowsSomeMoreCalls(t *testing.T) {
	w := newWorld(t, affinity, three(1)...)
	channel, key := w.serve(conversation(5), ai.Usage{CachedInput: 200_000})
	for load := range 20 {
		for c := range w.candidates {
			if w.candidates[c].Name == channel {
				w.candidates[c].InFlight = load
			}
		}
		w.keys[channel][0].InFlight = load
		stays := w.choose(conversation(5)) == channel
		most := math.Ceil(1.25*float64(load+1)/3) + 1 + 4
		if want := float64(load+1) <= most; stays != want {
			t.Errorf("with %d calls on %s: stays %v, want %v (%s)", load, key, stays, want, w.last.Why)
		}
	}
}

// A cache is worth some waiting, more for more tokens, and nothing once it died.
func TestConversationLeavesWhatIsTooSlow(t *testing.T) {
	for _, c := range []struct {
		name    string
		cached  int64
		seconds float64
		later   time.Duration
		stays   bool
	}{
		{"a bit slower", 0, 1.4, 0, true},
		{"slower, nothing cached", 0, 4, 0, false},
		{"slower, much cached", 50000, 4, 0, true},
		{"very slow, much cached", 50000, 12, 0, false},
		{"slower, cache has died", 50000, 9, 6 * time.Minute, false},
		{"quick, cache has died", 50000, 1, 6 * time.Minute, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, affinity, three(1)...)
			call := conversation(11)
			home := w.choose(call)
			w.now = w.now.Add(c.later)
			for _, cand := range w.candidates {
				if cand.Name != home {
					w.observe(plain(), cand.Name, time.Second)
				}
			}
			w.now = w.now.Add(-c.later)
			w.state.Observe(selection.Observation{
				Channel: home, Key: w.last.Key, FirstContent: time.Duration(c.seconds * float64(time.Second)),
				Size: call.BodySize, Call: call, Usage: ai.Usage{CacheWrite: c.cached}, OK: true, Now: w.now,
			})
			w.now = w.now.Add(c.later)
			if c.later > 0 { // what was slow still is
				w.observe(plain(), home, time.Duration(c.seconds*float64(time.Second)))
			}
			if got := w.choose(call); (got == home) != c.stays {
				t.Errorf("stays: %v, want %v (%s)", got == home, c.stays, w.last.Why)
			}
		})
	}
}

// Rate-limit headers say that a key is nearly used up: what loses little goes
// elsewhere before the 429.
func TestKeysNearTheirLimitAreSpared(t *testing.T) {
	low := func(w *world, home string) {
		for name, keys := range w.keys {
			for k := range keys {
				w.keys[name][k].Low = keys[k].ID == home
			}
		}
	}
	w := newWorld(t, affinity, three(2)...)
	_, home := w.serve(conversation(3), ai.Usage{CachedInput: 1000})
	low(w, home)
	if _, key := w.serve(conversation(3), ai.Usage{}); key == home {
		t.Error("a small cache is not worth a key that is nearly used up")
	}
	w = newWorld(t, affinity, three(2)...)
	_, home = w.serve(conversation(3), ai.Usage{CachedInput: 90000})
	low(w, home)
	if _, key := w.serve(conversation(3), ai.Usage{}); key != home {
		t.Error("a large cache was left for nothing")
	}
	w = newWorld(t, affinity, three(2)...)
	_, home = w.serve(conversation(3), ai.Usage{})
	for _, keys := range w.keys {
		for k := range keys {
			keys[k].Low = true
		}
	}
	if _, key := w.serve(conversation(3), ai.Usage{}); key != home {
		t.Error("moved though every key is nearly used up")
	}
}

// A new conversation does not begin on a key that is nearly used up.
func TestNewConversationsAvoidKeysNearTheirLimit(t *testing.T) {
	w := newWorld(t, affinity, three(2)...)
	for k := range w.keys["a"] {
		w.keys["a"][k].Low = true
	}
	w.keys["b"][0].Low = true
	for id := range uint64(200) {
		if channel, key := w.serve(conversation(id+1), cached); channel == "a" || key == "b/0" {
			t.Fatalf("conversation %d was placed on %s", id, key)
		}
	}
	for _, name := range []string{"b", "c"} {
		for k := range w.keys[name] {
			w.keys[name][k].Low = true
		}
	}
	got := count(200, func(i int) string { return w.choose(conversation(uint64(i) + 1000)) })
	if len(got) != 3 {
		t.Errorf("when all are nearly used up: %v", got)
	}
}

// What was written for an hour is still there when later turns only read it.
func TestCachesOfAnHourLast(t *testing.T) {
	w := newWorld(t, affinity, three(1)...)
	w.serve(conversation(1), ai.Usage{CacheWrite: 50000, CacheWrite1h: 50000})
	w.now = w.now.Add(time.Minute)
	w.serve(conversation(1), ai.Usage{CachedInput: 50000})
	w.now = w.now.Add(30 * time.Minute)
	w.choose(conversation(1))
	if want := "holds the conversation's prompt cache (50k tokens)"; w.last.Why != want {
		t.Errorf("why: %q, want %q", w.last.Why, want)
	}
}

func TestWhatHasNothingToKeepTogetherGoesByWeight(t *testing.T) {
	session := &http.Request{Header: http.Header{"X-Claude-Code-Session-Id": {"s"}}}
	for _, c := range []struct {
		name   string
		change func(c *ai.Call)
		http   *http.Request
		stays  bool
	}{
		{"no conversation", func(c *ai.Call) { c.Conversation = 0 }, nil, false},
		{"counting tokens", func(c *ai.Call) { c.Operation = ai.CountTokens }, nil, false},
		{"embedding", func(c *ai.Call) { c.Operation = ai.Embed }, nil, false},
		{"a prompt too short for any cache", func(c *ai.Call) { c.BodySize = 4095 }, nil, false},
		{"a short prompt of a named session", func(c *ai.Call) { c.BodySize = 400 }, session, true},
		{"a long prompt", func(c *ai.Call) { c.BodySize = 4096 }, nil, true},
		{"unknown size", func(c *ai.Call) { c.BodySize = 0 }, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, affinity, three(1)...)
			call := conversation(9)
			c.change(call)
			got := count(30, func(int) string {
				w.last = selection.Input{}
				w.last.HTTP = c.http
				return w.chooseAs(call)
			})
			if (len(got) == 1) != c.stays || !c.stays && got["a"] != 10 {
				t.Errorf("30 calls: %v, stays wanted: %v", got, c.stays)
			}
		})
	}
}

func TestMinPromptIsConfigurable(t *testing.T) {
	short := conversation(9)
	short.BodySize = 100
	w := newWorld(t, `{"policy":"ccload_affinity","min_prompt":0}`, three(1)...)
	if got := count(30, func(int) string { return w.choose(short) }); len(got) != 1 {
		t.Errorf("with min_prompt 0: %v", got)
	}
}

// A policy that was asked for by name places new conversations itself.
func TestOtherNestedPoliciesPlaceConversations(t *testing.T) {
	w := newWorld(t, `{"policy":"ccload_affinity","then":{"policy":"ccload_latency"}}`, three(3)...)
	w.observe(plain(), "a", 5*time.Second)
	w.observe(plain(), "b", time.Second)
	w.observe(plain(), "c", 5*time.Second)
	got := count(300, func(i int) string {
		name := w.choose(conversation(uint64(i) + 1))
		if !strings.HasPrefix(w.last.Key, name) {
			t.Fatalf("key %q of channel %s", w.last.Key, name)
		}
		return name
	})
	if got["b"] < 180 {
		t.Errorf("new conversations: %v", got)
	}
}

// Remembering conversations must not need more and more memory.
func TestManyConversationsAreForgotten(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	st := selection.NewState()
	for i := range 300_000 {
		st.Observe(selection.Observation{
			Channel: fmt.Sprint(i % 3), Key: "k", Model: "m", OK: true, Now: epoch,
			Call: &ai.Call{Conversation: random.Uint64(), Model: "m"},
		})
	}
	if n := selection.Conversations(st); n > 64<<10 || n < 60<<10 {
		t.Errorf("remembers %d conversations", n)
	}
}

func TestConversationsAreForgottenAfterAnHour(t *testing.T) {
	w := newWorld(t, affinity, three(1)...)
	call := conversation(1)
	home := w.choose(call)
	away := map[string]string{"a": "b", "b": "c", "c": "a"}[home]
	w.state.Observe(selection.Observation{Channel: away, Key: away + "/0", Call: call, OK: true, Now: w.now})
	w.now = w.now.Add(59 * time.Minute)
	if got := w.choose(call); got != away {
		t.Errorf("after 59 minutes: %s, was served by %s", got, away)
	}
	w.now = w.now.Add(2 * time.Minute)
	if got := w.choose(call); got != home {
		t.Errorf("after 61 minutes: %s, its place is %s", got, home)
	}
}

// Clients use one session for a large and a small model.
func TestModelsOfASessionHaveTheirOwnPlaces(t *testing.T) {
	w := newWorld(t, affinity, three(1)...)
	large, small := conversation(4), conversation(4)
	small.Model = "small"
	home := w.choose(large)
	other := map[string]string{"a": "b", "b": "c", "c": "a"}[home]
	w.state.Observe(selection.Observation{Channel: home, Key: home + "/0", Call: large, Usage: cached, OK: true, Now: w.now})
	w.state.Observe(selection.Observation{Channel: other, Key: other + "/0", Call: small, Usage: cached, OK: true, Now: w.now})
	if a, b := w.choose(large), w.choose(small); a != home || b != other {
		t.Errorf("large on %s, small on %s; want %s and %s", a, b, home, other)
	}
}
