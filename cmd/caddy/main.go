// Command caddy is Caddy with ccload built in, for those without xcaddy.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/ccload/ccload"
)

func main() { caddycmd.Main() }
