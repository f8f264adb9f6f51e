// Package callrow is a call as it is kept. A record is written down once, as the
// text of a Row: the journal appends that text to its file, and the store takes
// the row's columns from the record and its details, unchanged, from the text.
//
// A text is one of three JSON objects, told apart by their first key:
//
//	{"done":{…},"details":{…}}   a call that has ended
//	{"open":{…},"details":{…}}   a call under way, as what it is should nothing more be heard of it
//	{"set":"…","names":[…]}      a list of channels that the calls behind it refer to
//
// No text holds a zero byte.
package callrow
