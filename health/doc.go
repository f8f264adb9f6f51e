// Package health decides who must cool down. It has two halves that meet in
// ai.Outcome:
//
//   - Classify reads what an attempt met (a transport error, a status, headers,
//     a body, an error event) and says what it amounts to: kind, scope, when
//     upstream says it will be well again, and whether another target may be
//     tried. It is one table, in table.go, preceded by the rules a channel
//     brings along.
//   - Tracker remembers outcomes in breakers, one per thing that can be unwell: a
//     group, a channel, a URL, a protocol or a model on a URL, a model, a key, a
//     model on a key. A breaker cools down after a failure, longer after each further
//     one; when its cooldown has ended a single attempt, the probe, goes first and
//     the others follow its outcome.
//
// The life of a breaker:
//
//	        failure                cooldown over              permitted by Acquire
//	none ------------> cooling ------------------> due ---------------------> probing
//	 ^                    ^                      ^   released or expired      |
//	 |                    |                      +----------------------------+
//	 |                    +------------------ failure, cooldown doubled -------+
//	 +------------------------------------------------------------- success --+
//
// Breakers are found by name, not by config: a new generation of the config asks
// the Tracker for new views (Channel) and finds the same breakers.
//
// The package is plain Go and knows no protocol and no HTTP client. Everything
// exported is safe for concurrent use unless it says otherwise.
package health
