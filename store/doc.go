// Package store is what the gateway remembers: every call with its attempts,
// and what cools down. A database is a guest module of the app's store option; the
// Store interface is what it must do, and package storetest proves that it does.
//
// A call is one row, its attempts included: as rows of their own they doubled
// the cost of writing, and nobody asks for an attempt without its call. Columns
// are what lists are filtered and sums are made by; the rest is JSON. The list
// of channels that could have served a call is the same for most calls, so it
// is kept once in candidate_sets, under a hash of its names, and the call holds
// only who was left out and why. Moments and durations are in nanoseconds,
// moments since 1970 in UTC; 0 is no moment at all.
//
// What is peculiar to one database stands in the files named after it, in its
// folder of migrations and in its dialect; all other files are the same for
// every SQL database. Where several gateways write to one database, rows that
// are read in order to be changed are locked first, locks are taken in one
// order, and a transaction that the server undoes is run again.
package store
