// Package scan reads JSON without decoding it: it walks the members of an
// object and reports where each value lies in the text. It allocates nothing,
// validates everything it walks over in one pass, and tells text that ends
// early from text that is wrong.
//
// Validity is that of encoding/json, down to the nesting limit, except that the
// letter behind a backslash is only looked at by those functions that decode a
// string. Like there, invalid UTF-8 inside a string is let through.
//
// It is written by hand because nothing else is faster at the same duty: find
// the 25 fields that routing reads, with their spans, refuse duplicates and
// validate the whole body. BenchmarkRouting compares, with Go 1.26 on amd64, the
// best of 4 runs in microseconds; the first three are texts of conversations, the
// last is definitions of tools:
//
//	                          1 KB   20 KB   200 KB   200 KB of tools
//	this package               0.4       3       31               167
//	its keys, sonic's Skip     0.4       5       42               174
//	sonic's Valid and ast      2.0      14      118               386
//	sonic's Valid and Get      5.1      48      437               648
//	encoding/json               11     174    1,600             1,716
//
// Sonic's Skip lets control characters pass within strings, so they have to be
// looked for once more; it takes 4,096 levels. Sonic's Valid lets them pass too,
// and Get refuses no duplicates. This package and the first way of sonic's
// allocate nothing; the others copy the body, encoding/json thrice and more.
package scan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// MaxDepth is how deep arrays and objects may be nested.
const MaxDepth = 10000

// Errors of this package. What is returned is an *Error that wraps one of
// them; decide with errors.Is.
var (
	// ErrTruncated means the text is fine as far as it goes, but ends too early.
	ErrTruncated = errors.New("unexpected end of JSON")
	// ErrSyntax means the text is not JSON.
	ErrSyntax = errors.New("invalid JSON")
	// ErrDepth means arrays and objects are nested deeper than MaxDepth.
	ErrDepth = errors.New("JSON is nested too deeply")
	// ErrDuplicate is for callers that refuse a key that appears twice; this
	// package never returns it itself, since walking an object needs no memory
	// of its keys.
	ErrDuplicate = errors.New("duplicate JSON key")
	// ErrType means the value is valid so far but not an object (Members) or
	// array (Elements).
	ErrType = errors.New("JSON value has another type")
)

// Error says where a text stops being JSON.
type Error struct {
	Offset int   // bytes from the start of the text
	Err    error // one of the sentinels of this package
}

func (e *Error) Error() string { return fmt.Sprintf("%v at byte %d", e.Err, e.Offset) }

// Unwrap makes errors.Is work with the sentinels.
func (e *Error) Unwrap() error { return e.Err }

func fail(err error, at int) error { return &Error{Offset: at, Err: err} }

// Valid reports whether b is one complete JSON value with nothing but white
// space around it.
func Valid(b []byte) error {
	i := space(b, 0)
	end, err := value(b, i, 0)
	if err != nil {
		return err
	}
	return atEnd(b, end)
}

// Members walks the members of the JSON object b in their order, and validates
// all of b. fn gets the key as it is written, still escaped and without its
// quotes, and the span of the value in b. Once fn returns false it is not
// called again; the rest is still validated. Duplicate keys are reported as
// often as they appear; compare keys with KeyIs.
func Members(b []byte, fn func(key []byte, start, end int) bool) error {
	i := space(b, 0)
	if i == len(b) {
		return fail(ErrTruncated, i)
	}
	if b[i] != '{' {
		return wrongType(b, i)
	}
	i = space(b, i+1)
	if i < len(b) && b[i] == '}' {
		return atEnd(b, i+1)
	}
	calling := true
	for {
		key, start, err := member(b, i)
		if err != nil {
			return err
		}
		end, err := value(b, start, 1)
		if err != nil {
			return err
		}
		if calling {
			calling = fn(key, start, end)
		}
		i = space(b, end)
		if i == len(b) {
			return fail(ErrTruncated, i)
		}
		switch b[i] {
		case ',':
			i = space(b, i+1)
		case '}':
			return atEnd(b, i+1)
		default:
			return fail(ErrSyntax, i)
		}
	}
}

// Elements walks the elements of the JSON array b in their order, with the
// same rules as Members.
func Elements(b []byte, fn func(start, end int) bool) error {
	i := space(b, 0)
	if i == len(b) {
		return fail(ErrTruncated, i)
	}
	if b[i] != '[' {
		return wrongType(b, i)
	}
	i = space(b, i+1)
	if i < len(b) && b[i] == ']' {
		return atEnd(b, i+1)
	}
	calling := true
	for {
		end, err := value(b, i, 1)
		if err != nil {
			return err
		}
		if calling {
			calling = fn(i, end)
		}
		i = space(b, end)
		if i == len(b) {
			return fail(ErrTruncated, i)
		}
		switch b[i] {
		case ',':
			i = space(b, i+1)
		case ']':
			return atEnd(b, i+1)
		default:
			return fail(ErrSyntax, i)
		}
	}
}

// wrongType tells a complete value of another type from something that is no
// JSON at all.
func wrongType(b []byte, i int) error {
	if err := Valid(b[i:]); err != nil {
		return err
	}
	return fail(ErrType, i)
}

// atEnd wants nothing but white space from i on.
func atEnd(b []byte, i int) error {
	if i = space(b, i); i != len(b) {
		return fail(ErrSyntax, i)
	}
	return nil
}

// member reads a key and its colon at i and returns where the value starts.
func member(b []byte, i int) (key []byte, start int, err error) {
	if i == len(b) {
		return nil, 0, fail(ErrTruncated, i)
	}
	if b[i] != '"' {
		return nil, 0, fail(ErrSyntax, i)
	}
	end, err := text(b, i)
	if err != nil {
		return nil, 0, err
	}
	key = b[i+1 : end-1]
	i = space(b, end)
	if i == len(b) {
		return nil, 0, fail(ErrTruncated, i)
	}
	if b[i] != ':' {
		return nil, 0, fail(ErrSyntax, i)
	}
	return key, space(b, i+1), nil
}

// space skips white space from i on.
func space(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// value skips the value that starts at i, which is depth levels deep.
func value(b []byte, i, depth int) (int, error) {
	if i == len(b) {
		return 0, fail(ErrTruncated, i)
	}
	switch b[i] {
	case '"':
		return text(b, i)
	case '{', '[':
		return nested(b, i, depth)
	case 't':
		return literal(b, i, "true")
	case 'f':
		return literal(b, i, "false")
	case 'n':
		return literal(b, i, "null")
	}
	return number(b, i)
}

// nested skips the object or array that starts at i. It keeps the kinds of the
// open brackets in the bits of one word, so it needs neither memory nor
// recursion for the first 64 levels; below those it calls itself once per 64
// more, which MaxDepth bounds.
func nested(b []byte, i, depth int) (int, error) {
	const levels = 64
	var objects uint64 // one bit per open bracket, the innermost lowest; 1 is an object
	open := 0
	for {
		// Here a value starts at i.
		if i == len(b) {
			return 0, fail(ErrTruncated, i)
		}
		c := b[i]
		var err error
		switch c {
		case '"':
			if i, err = text(b, i); err != nil {
				return 0, err
			}
		case '{', '[':
			if open == levels {
				if i, err = nested(b, i, depth+levels); err != nil {
					return 0, err
				}
				break
			}
			if depth+open == MaxDepth {
				return 0, fail(ErrDepth, i)
			}
			objects <<= 1
			if c == '{' {
				objects |= 1
			}
			open++
			i = space(b, i+1)
			if i < len(b) && b[i] == c+2 { // '}' is '{'+2, ']' is '['+2: empty
				break
			}
			if c == '{' {
				if _, i, err = member(b, i); err != nil {
					return 0, err
				}
			}
			continue
		default:
			if i, err = value(b, i, 0); err != nil {
				return 0, err
			}
		}
		// Here a value has ended, or an empty bracket is about to close.
	closing:
		for {
			i = space(b, i)
			if i == len(b) {
				return 0, fail(ErrTruncated, i)
			}
			switch b[i] {
			case ',':
				i = space(b, i+1)
				if objects&1 == 1 {
					if _, i, err = member(b, i); err != nil {
						return 0, err
					}
				}
				break closing
			case '}', ']':
				if (b[i] == '}') != (objects&1 == 1) {
					return 0, fail(ErrSyntax, i)
				}
				i++
				objects >>= 1
				if open--; open == 0 {
					return i, nil
				}
			default:
				return 0, fail(ErrSyntax, i)
			}
		}
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// text skips the string that starts at i and returns where it ends, behind the
// closing quote.
func text(b []byte, i int) (int, error) {
	i++
	// Most strings are short and plain: eight bytes at a time.
	for n := 0; n < 4 && i+8 <= len(b); n++ {
		if hit := special(binary.LittleEndian.Uint64(b[i:])); hit != 0 {
			i += bits.TrailingZeros64(hit) >> 3
			switch b[i] {
			case '"':
				return i + 1, nil
			case '\\':
				return longText(b, i)
			}
			return 0, fail(ErrSyntax, i)
		}
		i += 8
	}
	return longText(b, i)
}

// special marks the high bit of the bytes of w that are a quote, a backslash or
// a control character. Flipping bit 1 makes the quote (0x22) 0x20 and keeps
// controls below that, so one comparison finds both. A borrow can mark bytes
// above a true hit as well; only the lowest mark counts.
func special(w uint64) uint64 {
	return (((w ^ ones*2) - ones*0x21) | ((w ^ ones*'\\') - ones)) &^ w & highs
}

// stop is at what textBlocks stops.
type stop int

const (
	atPlain   stop = iota // nothing in particular; more may follow
	atEscaped             // the same, but the byte there is escaped
	atQuote               // the quote that ends the string
	atControl             // a control character before that
)

// longText goes on inside a string at i: in blocks as long as they fit.
func longText(b []byte, i int) (int, error) {
	if !blockwise || len(b)-i < 64 {
		return restOfText(b, i)
	}
	at, found := textBlocks(&b[i], len(b)-i)
	i += at
	switch {
	case found == atQuote:
		return i + 1, nil
	case found == atControl, found == atEscaped && i < len(b) && b[i] < ' ':
		return 0, fail(ErrSyntax, i)
	case found == atEscaped && i < len(b):
		i++
	}
	return restOfText(b, i)
}

// restOfText is longText for the end of the text, and where there are no blocks.
// Where strings are long they are full of escapes at unforeseeable places, and
// stopping at each costs more than all else. So it only looks for the quote that
// is not escaped, by how many backslashes stand before it, and for control
// characters afterwards.
func restOfText(b []byte, i int) (int, error) {
	start := i
	for {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			if at := control(b[start:]); at >= 0 {
				return 0, fail(ErrSyntax, start+at)
			}
			return 0, fail(ErrTruncated, len(b))
		}
		i += n
		slash := i
		for slash > start && b[slash-1] == '\\' {
			slash--
		}
		if (i-slash)&1 == 0 {
			break
		}
		i++
	}
	if at := control(b[start:i]); at >= 0 {
		return 0, fail(ErrSyntax, start+at)
	}
	return i + 1, nil
}

// control is where the first control character is in b, -1 if there is none.
func control(b []byte) int {
	var hits uint64
	rest := b
	for ; len(rest) >= 32; rest = rest[32:] {
		hits |= below32(binary.LittleEndian.Uint64(rest)) | below32(binary.LittleEndian.Uint64(rest[8:])) |
			below32(binary.LittleEndian.Uint64(rest[16:])) | below32(binary.LittleEndian.Uint64(rest[24:]))
	}
	for ; len(rest) >= 8; rest = rest[8:] {
		hits |= below32(binary.LittleEndian.Uint64(rest))
	}
	from := 0
	if hits&highs == 0 {
		from = len(b) - len(rest)
	}
	for i := from; i < len(b); i++ {
		if b[i] < ' ' {
			return i
		}
	}
	return -1
}

// below32 has the high bit of a byte set if some byte of w is a control
// character, and no high bit set if none is.
func below32(w uint64) uint64 { return (w - ones*' ') &^ w }
