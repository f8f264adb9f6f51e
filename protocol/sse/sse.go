// Package sse finds the events in a stream of server-sent events (WHATWG HTML,
// section 9.2.6) as it passes by, without copying what it need not copy.
package sse

// Event is one server-sent event. Its slices are valid only until the scanner
// that made it is used again.
type Event struct {
	Name []byte // the event field; empty for the default
	Data []byte // the data lines, joined by a newline
}
