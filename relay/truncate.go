package relay

import "bytes"

const (
	abridgedString  = 128     // bytes of a string that are kept
	abridgedScalars = 4       // numbers in a row that are kept
	abridgedMost    = 1 << 20 // bytes that are kept in all
)

// truncator makes of a JSON text that passes in pieces a short one: long strings
// and long runs of numbers lose their ends, everything else stays. Images and
// embeddings make an answer too large to be held, but what it cost stands in
// it too, often behind them.
type truncator struct {
	text []byte

	quoted  bool // inside a string
	escape  bool // behind its backslash
	hex     int  // digits of a \u that are still to come
	length  int  // bytes of the string so far
	scalars int  // numbers in a row so far
	skips   bool // inside the end of a run of numbers
	full    bool // even the short text became too long
}

// write takes the next piece.
func (a *truncator) write(b []byte) {
	for i := 0; i < len(b) && !a.full; {
		switch {
		case a.quoted && a.length >= abridgedString && !a.escape && a.hex == 0:
			i = a.skipString(b, i)
		case a.quoted:
			a.stringByte(b[i])
			i++
		default:
			a.plainByte(b[i])
			i++
		}
	}
	if len(a.text) > abridgedMost {
		a.full, a.text = true, nil
	}
}

// skipString leaves out a string from i on to its end, or to a backslash, and
// returns where it goes on.
func (a *truncator) skipString(b []byte, i int) int {
	end := bytes.IndexByte(b[i:], '"')
	if end < 0 {
		end = len(b) - i
	}
	if slash := bytes.IndexByte(b[i:i+end], '\\'); slash >= 0 {
		end = slash + 1
		if i+end < len(b) {
			return i + end + 1 // what is escaped is left out as well
		}
		a.length = -1 // the escaped byte is in the next piece
		return len(b)
	}
	if i+end < len(b) {
		a.text = append(a.text, '"')
		a.quoted = false
		end++
	}
	return i + end
}

// stringByte keeps a byte of a string.
func (a *truncator) stringByte(c byte) {
	if a.length < 0 { // escaped, and beyond the part that is kept
		a.length = abridgedString
		return
	}
	a.text = append(a.text, c)
	a.length++
	switch {
	case a.hex > 0:
		a.hex--
	case a.escape:
		a.escape = false
		if c == 'u' {
			a.hex = 4
		}
	case c == '\\':
		a.escape = true
	case c == '"':
		a.quoted = false
	}
}

// plainByte keeps a byte outside strings, unless it is of a number too many.
func (a *truncator) plainByte(c byte) {
	switch c {
	case '{', '[', '}', ']', ':', '"':
		if a.skips && c != ']' && c != '}' {
			a.text = append(a.text, ',')
		}
		a.skips, a.scalars = false, 0
		a.quoted, a.length = c == '"', 0
	case ',':
		if a.scalars++; a.scalars >= abridgedScalars {
			a.skips = true
		}
	}
	if !a.skips {
		a.text = append(a.text, c)
	}
}
