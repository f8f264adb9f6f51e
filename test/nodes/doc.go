// Package nodes tests gateways as they run: the real binary, several of them on
// one database, killed, cut off from their store and started again.
package nodes
