// Package faults tests the gateway as it runs against upstreams that fail: the
// real binary, from outside, one line for each case. CCLOAD_FAULTS=long makes
// the measured cases longer.
package faults
