// Package allocs counts what a call allocates: in the gateway's handler, and
// afterwards in the writer of its log. It holds tests and benchmarks only; they
// drive the handler as Caddy makes it from a config, over a transport that
// answers from memory, so that neither a network nor net/http's own server and
// client are counted.
package allocs
