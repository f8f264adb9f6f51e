// Package routing decides which target a call tries next.
//
// A Table is the immutable list of channels, tokens and aliases of one config.
// Its Route of a model name lists the channels that could serve it, as Steps of
// Candidates. A Chooser takes a call along its Route: it leaves out who cannot
// serve now, lets a Policy choose among the others, and claims a Target under
// the limits of its channel. What a decision remembers of earlier calls lives in
// State, by name, and outlives any config.
//
// A decision reads no clock and no random source but the Chooser's own fields,
// and neither waits nor tells anybody: that is its caller's. So a choice can be
// explained before a call, and replayed after it.
package routing
