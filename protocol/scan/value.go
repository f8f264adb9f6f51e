package scan

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Get returns the span of the value that path leads to: keys name members of
// objects, numbers count elements of arrays from 0. Of duplicate keys it takes
// the first. It stops at the value, so what follows it may be anything; ok is
// false if the value is not there or not complete. Without a path it is the
// span of the first value in b.
func Get(b []byte, path ...string) (start, end int, ok bool) {
	i := space(b, 0)
	for _, step := range path {
		if i, ok = child(b, i, step); !ok {
			return 0, 0, false
		}
	}
	end, err := value(b, i, 0)
	if err != nil {
		return 0, 0, false
	}
	return i, end, true
}

// child finds the member or element step of the value that starts at i.
func child(b []byte, i int, step string) (int, bool) {
	if i >= len(b) {
		return 0, false
	}
	object := b[i] == '{'
	nth := 0
	switch {
	case object:
	case b[i] == '[':
		n, err := strconv.Atoi(step)
		if err != nil || n < 0 {
			return 0, false
		}
		nth = n
	default:
		return 0, false
	}
	for i = space(b, i+1); ; i = space(b, i+1) {
		if object {
			key, at, err := member(b, i)
			if err != nil {
				return 0, false
			}
			if i = at; KeyIs(key, step) {
				return i, true
			}
		} else {
			if nth == 0 {
				return i, i < len(b) && b[i] != ']'
			}
			nth--
		}
		end, err := value(b, i, 0)
		if err != nil {
			return 0, false
		}
		if i = space(b, end); i == len(b) || b[i] != ',' {
			return 0, false
		}
	}
}

// KeyIs reports whether a key as Members gives it is name once its escapes are
// undone.
func KeyIs(key []byte, name string) bool {
	if bytes.IndexByte(key, '\\') < 0 {
		return string(key) == name
	}
	var short [64]byte
	plain, ok := unescape(short[:0], key)
	return ok && string(plain) == name
}

// StringIs reports whether the JSON value b is a string that says text. Unlike
// String it allocates nothing.
func StringIs(b []byte, text string) bool {
	return len(b) >= 2 && b[0] == '"' && b[len(b)-1] == '"' && KeyIs(b[1:len(b)-1], text)
}

// String decodes the JSON string b, quotes included, as a span of Members or
// Get gives it. ok is false if b is anything else.
func String(b []byte) (s string, ok bool) {
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return "", false
	}
	b = b[1 : len(b)-1]
	if bytes.IndexByte(b, '\\') < 0 {
		return string(b), bytes.IndexByte(b, '"') < 0
	}
	plain, ok := unescape(make([]byte, 0, len(b)), b)
	return string(plain), ok
}

// Unescape appends to dst what the inside of a JSON string says: a key as
// Members gives it, or a string without its quotes. ok is false at a broken
// escape.
func Unescape(dst, inside []byte) (text []byte, ok bool) { return unescape(dst, inside) }

func unescape(dst, b []byte) ([]byte, bool) {
	for i := 0; i < len(b); {
		c := b[i]
		if c != '\\' {
			if c == '"' {
				return dst, false
			}
			dst = append(dst, c)
			i++
			continue
		}
		if i+1 == len(b) {
			return dst, false
		}
		c = b[i+1]
		i += 2
		switch c {
		case '"', '\\', '/':
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r := hex4(b[i:])
			if r < 0 {
				return dst, false
			}
			i += 4
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if i+1 < len(b) && b[i] == '\\' && b[i+1] == 'u' {
					low = hex4(b[i+2:])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
			continue
		default:
			return dst, false
		}
		dst = append(dst, c)
	}
	return dst, true
}

// hex4 reads four hexadecimal digits, -1 if there are none.
func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	var r rune
	for _, c := range b[:4] {
		d := unhex(c)
		if d < 0 {
			return -1
		}
		r = r<<4 | d
	}
	return r
}

// Int reads the JSON number b as a whole number; a fraction is cut off. ok is
// false if b is not a number or does not fit.
func Int(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 32 {
		return 0, false
	}
	i, neg := 0, b[0] == '-'
	if neg {
		i = 1
	}
	if i == len(b) {
		return 0, false
	}
	for ; i < len(b); i++ {
		d := b[i] - '0'
		if d > 9 || n > (1<<63-10)/10 {
			return wide(b)
		}
		n = n*10 + int64(d)
	}
	if neg {
		n = -n
	}
	return n, true
}

// wide reads what is not a short row of digits: a fraction, an exponent, or a
// number near the limits.
func wide(b []byte) (int64, bool) {
	if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		return n, true
	}
	if end, err := number(b, 0); err != nil || end != len(b) {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || f >= 1<<63 || f < -1<<63 {
		return 0, false
	}
	return int64(f), true
}

// Bool reads the JSON value true or false; ok is false for anything else.
func Bool(b []byte) (v, ok bool) {
	switch string(b) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// IsNull reports whether the JSON value b is null, or not there at all.
func IsNull(b []byte) bool { return len(b) == 0 || string(b) == "null" }

// FindMember returns the value of the first member of the object b for which
// fn is true. Unlike Members it stops there and looks at nothing behind it: it
// is for text that has been validated.
func FindMember(b []byte, fn func(key []byte, start, end int) bool) (start, end int, ok bool) {
	i := space(b, 0)
	if i == len(b) || b[i] != '{' {
		return 0, 0, false
	}
	for i = space(b, i+1); ; i = space(b, i+1) {
		key, start, err := member(b, i)
		if err != nil {
			return 0, 0, false
		}
		end, err := value(b, start, 0)
		if err != nil {
			return 0, 0, false
		}
		if fn(key, start, end) {
			return start, end, true
		}
		if i = space(b, end); i == len(b) || b[i] != ',' {
			return 0, 0, false
		}
	}
}

// FindElement returns the first element of the array b for which fn is true,
// under the same rules as FindMember.
func FindElement(b []byte, fn func(start, end int) bool) (start, end int, ok bool) {
	i := space(b, 0)
	if i == len(b) || b[i] != '[' {
		return 0, 0, false
	}
	for i = space(b, i+1); ; i = space(b, i+1) {
		end, err := value(b, i, 0)
		if err != nil {
			return 0, 0, false
		}
		if fn(i, end) {
			return i, end, true
		}
		if i = space(b, end); i == len(b) || b[i] != ',' {
			return 0, 0, false
		}
	}
}
