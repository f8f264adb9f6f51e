// Package edge tests the gateway where it stands: within Caddy, behind its
// certificates, its versions of HTTP and its other directives. It runs the real
// binary and asks it from outside. Streams are given by the upstream piece by
// piece, each only once the client has read the one before, so that whatever
// holds one back is found without looking at a clock.
package edge
