package allocs

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/ccload/ccload/bench/internal/traffic"
)

// load is a kind of call.
type load struct {
	name           string
	scenario       int // of traffic.Scenarios
	channels, keys int
	path, body     string
	bare           bool // whether the bare handler can serve it: it does not translate
}

func loads() []load {
	s := traffic.Scenarios(false)
	const messages, chat, small, large = "/v1/messages", "/v1/chat/completions", 1 << 10, 200 << 10
	return []load{
		{"small", 0, 1, 1, messages, traffic.Message(s[0].Model(), false, small), true},
		{"200-channels", 0, 200, 5, messages, traffic.Message(s[0].Model(), false, small), true},
		{"large-anthropic", 0, 1, 1, messages, traffic.AgentMessage(s[0].Model(), large), true},
		{"large-chat", 1, 1, 1, chat, traffic.AgentChat(s[1].Model(), large), true},
		{"burst", 2, 1, 1, messages, traffic.Message(s[2].Model(), true, small), true},
		{"translated", 0, 1, 1, chat, traffic.Chat(s[0].Model(), small), false},
	}
}

// start returns callers of a gateway and of the bare handler, to one upstream.
func (l *load) start(tb testing.TB) (gateway, bare *caller) {
	tb.Helper()
	s := &traffic.Scenarios(false)[l.scenario]
	upstream := startUpstream(tb, s)
	protocol := "anthropic"
	if s.Chat {
		protocol = "openai"
	}
	gateway = newGateway(tb, upstream, protocol, l.channels, l.keys).caller(tb, l.path, l.body)
	return gateway, newBare(tb, upstream).caller(tb, l.path, l.body)
}

// limits are the most that one call may allocate. Handler is what the gateway
// allocates beyond the bare handler: net/http, Caddy and the harness allocate
// the same for both. Log is what the writer of the request log allocates
// afterwards. They are what is used today and some room for chance; whoever
// makes it less lowers them.
var limits = map[string]struct{ handler, handlerBytes, log, logBytes float64 }{
	"small":           {46, 5_600, 32, 2_800},
	"200-channels":    {46, 5_600, 36, 3_700},
	"large-anthropic": {50, -26_000, 32, 2_800}, // the bare handler's transport has a buffer of 32 KB for each
	"large-chat":      {46, -26_000, 32, 2_800},
	"burst":           {60, 7_800, 34, 2_900},
	"translated":      {114, 20_500, 32, 2_900},
}

// TestCallsAllocateNoMore fails on a regression by count, which does not depend
// on how busy the machine is.
func TestCallsAllocateNoMore(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates, and empties pools at random")
	}
	for _, l := range loads() {
		t.Run(l.name, func(t *testing.T) {
			gateway, bare := l.start(t)
			var floor cost
			if l.bare {
				floor, _ = measure(t, bare)
			} else { // the same answer by the way that needs no translation
				other := loads()[0]
				_, bare = other.start(t)
				floor, _ = measure(t, bare)
			}
			handler, log := measure(t, gateway)
			own := cost{handler.count - floor.count, handler.bytes - floor.bytes}
			t.Logf("handler %.1f allocations, %.0f bytes; log %.1f, %.0f; the bare handler and the harness %.1f, %.0f",
				own.count, own.bytes, log.count, log.bytes, floor.count, floor.bytes)
			most, ok := limits[l.name]
			if !ok {
				t.Fatal("no limit is set")
			}
			for _, c := range []struct {
				what      string
				got, most float64
			}{
				{"allocations of the handler", own.count, most.handler},
				{"bytes of the handler", own.bytes, most.handlerBytes},
				{"allocations of the log", log.count, most.log},
				{"bytes of the log", log.bytes, most.logBytes},
			} {
				if c.got > c.most {
					t.Errorf("%s: %.1f for each call, at most %.0f are allowed; go test -bench . -memprofile shows where", c.what, c.got, c.most)
				}
			}
		})
	}
}

// cost is what one call allocates.
type cost struct{ count, bytes float64 }

// least takes each figure by itself: the try with the fewest allocations may be
// the one in which a buffer of 64 KB grew.
func (c cost) least(o cost) cost { return cost{min(c.count, o.count), min(c.bytes, o.bytes)} }

// calls are few enough to be over before the log's writer wakes, which waits
// 250 ms for a batch to fill.
const calls = 100

// measure returns what calls allocate while they run, and what is allocated for
// them afterwards. It takes the least of some tries: what disturbs can only add.
func measure(tb testing.TB, c *caller) (during, after cost) {
	tb.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // pools stay filled,
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))  // for all that runs here
	for range calls {
		c.call()
	}
	const tries, most = 6, 60
	for good, try := 0, 0; good < tries; try++ {
		if try == most {
			tb.Fatal("the log was written in the middle of nearly every try; the machine is too busy to count")
		}
		c.awaitLog()
		idle := now()
		before := c.written()
		begun := now()
		looking := begun.minus(idle)
		for range calls {
			c.call()
		}
		ended := now()
		run := ended.minus(begun).perCall()
		if c.written() != before {
			continue // the writer was at work meanwhile
		}
		looks := c.awaitLog() + 1
		rest := now().minus(ended)
		for range looks {
			rest = rest.minus(looking)
		}
		log := rest.perCall()
		if good == 0 {
			during, after = run, log
		}
		during, after = during.least(run), after.least(log)
		good++
	}
	return during, after
}

// memory is what was allocated.
type memory struct{ count, bytes int64 }

func now() memory {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return memory{int64(m.Mallocs), int64(m.TotalAlloc)}
}

func (m memory) minus(o memory) memory { return memory{m.count - o.count, m.bytes - o.bytes} }

func (m memory) perCall() cost { return cost{float64(m.count) / calls, float64(m.bytes) / calls} }

// poll is how long to wait before looking again whether the log is written: the
// writer has to wake by itself, as it does for users.
const poll = 20 * time.Millisecond

// awaitLog waits until all calls are in the log and returns how often it looked.
func (c *caller) awaitLog() (looks int) {
	if !c.logged {
		return 0
	}
	for {
		time.Sleep(poll)
		looks++
		if c.written() >= c.first+float64(c.next) {
			return looks
		}
	}
}

// BenchmarkCall is a call through the gateway and through the bare handler, with
// the writing of the log; run it with -benchmem.
func BenchmarkCall(b *testing.B) {
	for _, l := range loads() {
		b.Run(l.name, func(b *testing.B) {
			gateway, bare := l.start(b)
			run := func(name string, c *caller) {
				b.Run(name, func(b *testing.B) {
					c.tb = b
					b.ReportAllocs()
					for b.Loop() {
						c.call()
					}
				})
			}
			run("gateway", gateway)
			if l.bare {
				run("bare", bare)
			}
		})
	}
}
