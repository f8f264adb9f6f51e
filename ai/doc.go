// Package ai is the vocabulary of the gateway: what a protocol, a call, a
// target, an outcome and usage are. It imports nothing of the project and
// nothing of Caddy, so that every other package can speak in its words.
package ai
