// Package ledger settles calls: it takes their records and writes them to the
// store behind the calls' backs, in batches, so that no call waits for a
// database. While the store is away it keeps what it has, within bounds, and
// tries again. It does the same for what begins and ceases to cool down.
//
// A record is in one of three places: in the queue, where Record puts it; in
// the batch that is being written; in the store. One goroutine moves it on. It
// writes when a batch is full, when the oldest record has waited long enough,
// when somebody asks for it, and after a failure when the pause is over:
//
//	           batch full, or the oldest has waited, or Flush, or Close
//	collecting -------------------------------------------------------> writing
//	    ^                                                               |    |
//	    +---------------------------- written --------------------------+    | fails
//	                                                                    |    v
//	                                                                  pausing, doubled
//	                                                                  each time; Flush
//	                                                                  and Close end it
//
// While the store is away for longer than a moment, and at the end, records go
// to a spool on disk instead, and from there to the store when it is back, the
// oldest first.
//
// The order of records is that in which calls ended.
package ledger
