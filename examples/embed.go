// Package examples holds configurations to start from. The tests run each of
// them.
package examples

import _ "embed" // for the demo

// Demo is what "caddy ccload demo" runs.
//
//go:embed demo/Caddyfile
var Demo []byte
