// Package ledger settles calls: it takes their records and writes them to the
// store behind the calls' backs, in batches, so that no call waits for a
// database. While the store is away it keeps what it has, within bounds, and
// tries again. It does the same for what begins and ceases to cool down, and,
// without the promise, for the bodies of calls that somebody wants to see, see
// captures.go.
//
// A call is written to a journal on disk as it begins, and as it ends, before its
// answer has ended: what a client saw the end of is there, whatever becomes of
// the process. What a process leaves is taken over by the next one; calls that
// it left under way have outcome interrupted. See journal.go for the files and
// recover.go for who owns them.
//
// The store takes records from the text of the journal, which is in memory until
// it has them. One goroutine moves them on. It writes when a batch is full, when
// the oldest record has waited long enough, when somebody asks for it, and after
// a failure when the pause is over:
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
// While the store is away for longer than a moment, memory lets go of what is in
// the journal, and reads it back from there when the store is back. Where the
// journal cannot be written, records are in memory only until they are stored or
// the journal is mended.
//
// The order of records is that in which calls ended.
package ledger
