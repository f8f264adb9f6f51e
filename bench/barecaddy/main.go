// Command barecaddy is Caddy without the gateway, for comparison: what Caddy
// itself costs in memory, time to start and size. It has one handler more, which
// only forwards.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/ccload/ccload/bench/internal/bareforward"
)

func main() { caddycmd.Main() }
