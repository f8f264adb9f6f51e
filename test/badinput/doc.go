// Package badinput tests what the gateway says of bad input, and its ways in for
// the operator: the real binary, from outside, one line for each case. Each is refused in one clear message
// that says what is wrong, where and what to do, within seconds, with nothing
// half done and no secret told.
package badinput
