package main

import (
	"fmt"
	"strings"

	"github.com/ccload/ccload/bench/internal/traffic"
)

// clientToken is what the load presents; each token has a number in it.
const clientToken = "bench-token-" + traffic.TokenMark + "-0123456789abcdef"

// globals are the options that all configs have.
const globals = `	auto_https off
	persist_config off
	log {
		level ERROR
	}
`

// channel is a channel of a gateway's config.
type channel struct {
	name, upstream string // upstream: host and port
	protocol       string
	keys           int
	lines          []string
}

// gatewayConfig is the config of a gateway as users run it: whatever can be
// limited is limited, so high that nothing is met, and every call is logged.
type gatewayConfig struct {
	address, admin, db string
	channels           []channel
	handler            string // a line in the handler's block
}

func (g *gatewayConfig) text() string {
	var c strings.Builder
	fmt.Fprintf(&c, "{\n\tadmin %s\n%s\tccload {\n\t\tstore sqlite %s\n", g.admin, globals, g.db)
	for _, ch := range g.channels {
		fmt.Fprintf(&c, "\t\tchannel %s {\n\t\t\turl http://%s\n\t\t\tprotocol %s\n\t\t\trpm 100000000\n\t\t\tmax_concurrency 100000\n\t\t\tkey", ch.name, ch.upstream, ch.protocol)
		for k := range max(1, ch.keys) {
			fmt.Fprintf(&c, " sk-%s-%d", ch.name, k)
		}
		for _, l := range ch.lines {
			c.WriteString("\n\t\t\t" + l)
		}
		c.WriteString("\n\t\t}\n")
	}
	fmt.Fprintf(&c, "\t\ttoken bench-0 %s {\n\t\t\tbudget 900000000/day 900000000/month 900000000/total\n\t\t\trpm 100000000\n\t\t\tmax_concurrency 100000\n\t\t}\n", secretOf(0))
	fmt.Fprintf(&c, "\t}\n}\nhttp://%s {\n\tccload {\n\t\t%s\n\t}\n}\n", g.address, g.handler)
	return c.String()
}

// secretOf is the secret of a client token.
func secretOf(i int) string {
	return strings.Replace(clientToken, traffic.TokenMark, fmt.Sprintf("%08d", i), 1)
}

// proxyConfig is a plain proxy for each pair of addresses, without an access
// log. directive is reverse_proxy or bench_forward.
func proxyConfig(admin, directive string, listen, upstream []string) string {
	var c strings.Builder
	fmt.Fprintf(&c, "{\n\tadmin %s\n%s}\n", admin, globals)
	for i := range listen {
		fmt.Fprintf(&c, "http://%s {\n\t%s %s", listen[i], directive, upstream[i])
		if directive == "reverse_proxy" {
			c.WriteString(" {\n\t\tflush_interval -1\n\t}")
		}
		c.WriteString("\n}\n")
	}
	return c.String()
}

// serving are n channels of some keys that all serve a scenario's model.
func serving(n, keys int, s *traffic.Scenario, upstream, model string) []channel {
	list := make([]channel, n)
	for i := range list {
		list[i] = channel{name: fmt.Sprintf("%s-%04d", s.Name, i), upstream: upstream, protocol: protocolOf(s), keys: keys, lines: []string{"models " + model}}
	}
	return list
}

func protocolOf(s *traffic.Scenario) string {
	if s.Chat {
		return "openai"
	}
	return "anthropic"
}
