package main

import (
	"bytes"
	"strconv"
	"time"

	"github.com/ccload/ccload/bench/internal/load"
	"github.com/ccload/ccload/bench/internal/traffic"
)

// Sizes of requests, in bytes.
const (
	smallSize = 1 << 10
	largeSize = 200 << 10
)

// Paths of the two protocols that clients speak here.
const (
	messages = "/v1/messages"
	chat     = "/v1/chat/completions"
)

// cases are what is measured, with the goals of the project. The streams come
// first, before others have left their garbage in memory.
func cases() []benchCase {
	return []benchCase{
		{"streams-1000", "1,000 streams at once, an event every 50 ms: CPU, memory, lateness", wideStreams},
		{"streams-64", "64 streams at once, an event every 20 ms", pacedStreams},
		{"burst", "a stream of 200 events that are all there at once, 8 at a time", burst},
		{"small", "a call of 1 KB, 16 at a time; also with 200 channels of 5 keys that all serve it", small},
		{"large-anthropic", "an Anthropic body of 200 KB (16 tools, 60 tool turns), 8 at a time; also with its model rewritten", largeAnthropic},
		{"large-chat", "a Chat Completions body of 200 KB of the same kind", largeChat},
		{"translated", "a Chat call of 1 KB to an Anthropic channel, over an Anthropic call to the same", translated},
		{"latency", "what is added to the latency of a 1 KB call, at 200 calls a second", latency},
		{"failover", "a call whose first answer is an error inside 200 OK, one at a time", failover},
		{"growth-channels", "a 1 KB call with 1, 100 and 5,000 channels that all serve it", growthChannels},
		{"growth-tokens", "a 1 KB call with 1, 1,000 and 100,000 client tokens in use", growthTokens},
		{"growth-rows", "a 1 KB call with a request log that is empty, and one of -rows calls", growthRows},
		{"start", "from the start of the process to its first answer, with 1,000 stored channels", coldStart},
		{"reload", "a reload of the config, with 1,000 stored channels", reload},
		{"idle", "memory of a process that has answered one call", idle},
		{"size", "bytes of the stripped binary over those of plain Caddy", binarySize},
	}
}

// window is how long each lane is driven in a round of calls without streams.
const window = 500 * time.Millisecond

func small(r *rig, name string) error {
	plain := r.scenarios[0]
	lanes := r.lanes("plain", messages, traffic.Message(plain.Model(), false, smallSize), gatewayLane, plainLane, bareLane)
	lanes = append(lanes, r.lane("gateway, 200 channels", "plain", r.main, r.address, messages, traffic.Message(manyModel, false, smallSize)))
	return r.measure(name, loadCase{
		shape: load.Shape{Conns: 16, Window: window}, rounds: 5, lanes: lanes, share: true,
		checks: []check{
			cpu(over(gatewayLane, plainLane), 0, 1, 0.85),
			cpu(over("gateway with 200 channels of 5 keys", plainLane), 3, 1, 0.90),
			cpu(over(bareLane, plainLane), 2, 1, none),
		},
	})
}

func largeAnthropic(r *rig, name string) error {
	lanes := r.lanes("plain", messages, traffic.AgentMessage(r.scenarios[0].Model(), largeSize), gatewayLane, plainLane, bareLane)
	rewritten := r.lane("gateway, model rewritten", "plain", r.main, r.address, messages, traffic.AgentMessage(rewrittenModel, largeSize))
	// The client gets the name back that it asked for.
	rewritten.Want = bytes.Replace(rewritten.Want, []byte(strconv.Quote(traffic.AnswerModel)), []byte(strconv.Quote(rewrittenModel)), 1)
	lanes = append(lanes, rewritten)
	return r.measure(name, loadCase{
		shape: load.Shape{Conns: 8, Window: window}, rounds: 5, lanes: lanes, share: true,
		checks: []check{
			cpu(over(gatewayLane, plainLane), 0, 1, 0.95),
			cpu(over("gateway with the model rewritten", plainLane), 3, 1, 0.95),
			cpu(over(bareLane, plainLane), 2, 1, none),
		},
	})
}

func largeChat(r *rig, name string) error {
	_, s := r.scenario("chat")
	return r.measure(name, loadCase{
		shape: load.Shape{Conns: 8, Window: window}, rounds: 5, share: true,
		lanes:  r.lanes("chat", chat, traffic.AgentChat(s.Model(), largeSize), gatewayLane, plainLane, bareLane),
		checks: []check{cpu(over(gatewayLane, plainLane), 0, 1, 0.95), cpu(over(bareLane, plainLane), 2, 1, none)},
	})
}

func burst(r *rig, name string) error {
	_, s := r.scenario("burst")
	return r.measure(name, loadCase{
		shape: load.Shape{Conns: 8, Window: window}, rounds: 5, share: true,
		lanes:  r.lanes("burst", messages, traffic.Message(s.Model(), true, smallSize), gatewayLane, plainLane, bareLane),
		checks: []check{cpu(over(gatewayLane, plainLane), 0, 1, 0.95), cpu(over(bareLane, plainLane), 2, 1, none)},
	})
}

func pacedStreams(r *rig, name string) error {
	_, s := r.scenario("paced")
	return r.measure(name, loadCase{
		shape: load.Shape{Conns: 64, Each: 1}, rounds: 4,
		lanes: r.lanes("paced", messages, traffic.Message(s.Model(), true, smallSize), gatewayLane, plainLane, nethttpLane),
		checks: []check{
			cpu(over(gatewayLane, plainLane), 0, 1, 0.90), cpu(over(nethttpLane, plainLane), 2, 1, none),
			later("events later than through reverse_proxy, p99", 0, 1),
		},
	})
}

func wideStreams(r *rig, name string) error {
	_, s := r.scenario("wide")
	return r.measure(name, loadCase{
		shape: load.Shape{Conns: 1000, Each: 1}, rounds: 2,
		lanes: r.lanes("wide", messages, traffic.Message(s.Model(), true, smallSize), gatewayLane, plainLane, nethttpLane),
		checks: []check{
			cpu(over(gatewayLane, plainLane), 0, 1, 0.90), cpu(over(nethttpLane, plainLane), 2, 1, none),
			memory("peak memory of gateway", 0, 120), memory("peak memory of reverse_proxy", 1, none),
			later("events later than through reverse_proxy, p99", 0, 1), complete("incomplete streams", 0),
		},
	})
}

func translated(r *rig, name string) error {
	model := r.scenarios[0].Model()
	lane := r.lane("gateway, translated", "plain", r.main, r.address, chat, traffic.Chat(model, smallSize))
	lane.Contains = []byte(`"completion_tokens":140`)
	lanes := append(r.lanes("plain", messages, traffic.Message(model, false, smallSize), gatewayLane), lane)
	return r.measure(name, loadCase{
		shape: load.Shape{Conns: 16, Window: window}, rounds: 5, lanes: lanes,
		checks: []check{cpu("CPU of translated / passed through", 1, 0, 1.10)},
	})
}

func latency(r *rig, name string) error {
	lanes := r.lanes("plain", messages, traffic.Message(r.scenarios[0].Model(), false, smallSize), gatewayLane, plainLane, bareLane, directLane)
	lanes = append(lanes, r.lane("gateway, 200 channels", "plain", r.main, r.address, messages, traffic.Message(manyModel, false, smallSize)))
	return r.measure(name, loadCase{
		shape: load.Shape{Conns: 16, Window: 1500 * time.Millisecond, Rate: 200}, rounds: 5, lanes: lanes,
		checks: []check{
			added("median added by gateway over reverse_proxy", 0, 1, 0.5, 0),
			added("median added by gateway with 200 channels over reverse_proxy", 4, 1, 0.5, 0),
			added("median added by the bare handler over reverse_proxy", 2, 1, 0.5, none),
		},
	})
}

func failover(r *rig, name string) error {
	// Each call names another model, so that what cools after one failure is
	// never what the next call asks for.
	failing := r.lane("gateway, failing over", "plain", r.main, r.address, messages, traffic.Message(failingModel+traffic.CallMark, false, smallSize))
	lanes := append(r.lanes("plain", messages, traffic.Message(r.scenarios[0].Model(), false, smallSize), gatewayLane, directLane), failing)
	return r.measure(name, loadCase{
		shape: load.Shape{Conns: 1, Window: window}, rounds: 4, lanes: lanes,
		checks: []check{slower("median latency of a call that fails over / of one that does not", 2, 0, 2)},
	})
}
