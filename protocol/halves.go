package protocol

import "github.com/ccload/ccload/protocol/scan"

// Halves reads the strings of one part of a stream. Upstreams that count in
// UTF-16 cut an emoji in two: one piece ends with the first half of a surrogate
// pair (RFC 8259, section 7) and the next begins with the second. The first
// half waits for it; at the end of the part it is nothing that anybody could
// read. The zero value is ready.
type Halves struct{ high []byte }

const escapeLength = len(`\ud83d`)

// String decodes the next JSON string, quotes included. ok is false if b is
// anything else.
func (h *Halves) String(b []byte) (s string, ok bool) {
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return "", false
	}
	inside, same := b[1:len(b)-1], true
	if len(h.high) > 0 && len(inside) > 0 {
		inside, same = append(h.high, inside...), false
		h.high = nil
	}
	if n := len(inside) - escapeLength; n >= 0 && endsWithHigh(inside) {
		h.high = append([]byte(nil), inside[n:]...)
		inside, same = inside[:n], false
	}
	if same {
		return scan.String(b)
	}
	whole := make([]byte, 0, len(inside)+2)
	whole = append(append(append(whole, '"'), inside...), '"')
	return scan.String(whole)
}

// endsWithHigh reports whether the last escape in the inside of a string is the
// first half of a pair. The backslash must not be escaped itself.
func endsWithHigh(inside []byte) bool {
	at := len(inside) - escapeLength
	if inside[at] != '\\' || inside[at+1] != 'u' {
		return false
	}
	slashes := 0
	for i := at - 1; i >= 0 && inside[i] == '\\'; i-- {
		slashes++
	}
	if slashes%2 == 1 {
		return false
	}
	var r rune
	for _, c := range inside[at+2:] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return false
		}
	}
	return 0xd800 <= r && r < 0xdc00
}
