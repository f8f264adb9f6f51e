// Package examples holds configurations to start from. The tests run each of
// them; the demo runs the quickstart.
package examples

import _ "embed" // for the quickstart

// Quickstart is a Caddyfile that works without a key, so that what the demo
// shows is what people can start from.
//
//go:embed quickstart/Caddyfile
var Quickstart []byte
