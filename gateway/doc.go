// Package gateway is the data plane: it serves one call from its admission to
// its settlement.
//
// A Gateway is that of one config. It holds the routing table in use and the
// calls under way. A Site serves calls with the settings of one handler. A Call
// is one request of a client; its methods are the steps of its life, in files
// named after them: it is admitted (admit.go), tried (attempt.go) with requests
// that are built in one place (request.go), translated where it must be
// (translate.go), answered if nobody could serve it (failure.go), priced
// (cost.go) and settled (settle.go).
//
// Calls that no client makes go the same way: checks of channels (check.go),
// tests of them (try_channel.go) and questions where a call would go
// (explain.go).
//
// What the gateway learns lives in State and outlives any config. Whom it tells
// of what happens is its Observer.
package gateway
