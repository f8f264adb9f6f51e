package protocol

import (
	"strconv"
	"unicode/utf8"
)

// Writer writes JSON. Its zero value is ready. Members and elements are
// separated as they come.
type Writer struct{ B []byte }

func (w *Writer) comma() {
	if n := len(w.B); n > 0 {
		switch w.B[n-1] {
		case '{', '[', ':', ' ', '\n': // a space stands before the data of an event
		default:
			w.B = append(w.B, ',')
		}
	}
}

// Open begins an object or array: open is { or [.
func (w *Writer) Open(open byte) {
	w.comma()
	w.B = append(w.B, open)
}

// Close ends it.
func (w *Writer) Close(end byte) { w.B = append(w.B, end) }

// Key writes the name of a member.
func (w *Writer) Key(name string) {
	w.comma()
	w.B = append(append(append(w.B, '"'), name...), '"', ':')
}

// Raw writes a value that is JSON already.
func (w *Writer) Raw(v []byte) {
	w.comma()
	w.B = append(w.B, v...)
}

// String writes a string.
func (w *Writer) String(s string) {
	w.comma()
	w.B = AppendString(w.B, s)
}

// Int writes a whole number.
func (w *Writer) Int(n int64) {
	w.comma()
	w.B = strconv.AppendInt(w.B, n, 10)
}

// Bool writes true or false.
func (w *Writer) Bool(b bool) {
	w.comma()
	w.B = strconv.AppendBool(w.B, b)
}

// Float writes a number.
func (w *Writer) Float(f float64) {
	w.comma()
	w.B = append(w.B, JSON(f)...)
}

// Strings writes a list.
func (w *Writer) Strings(list []string) {
	w.Open('[')
	for _, s := range list {
		w.String(s)
	}
	w.Close(']')
}

// Text writes a member that is a string.
func (w *Writer) Text(name, s string) {
	w.Key(name)
	w.String(s)
}

// TextIf writes a member that is a string, unless it is empty.
func (w *Writer) TextIf(name, s string) {
	if s != "" {
		w.Text(name, s)
	}
}

// Number writes a member that is a whole number.
func (w *Writer) Number(name string, n int64) {
	w.Key(name)
	w.Int(n)
}

// FloatIf writes a member that is a number, if there is one.
func (w *Writer) FloatIf(name string, f *float64) {
	if f != nil {
		w.Key(name)
		w.Float(*f)
	}
}

// JSONIf writes a member that is JSON already, if there is one.
func (w *Writer) JSONIf(name string, v []byte) {
	if len(v) > 0 {
		w.Key(name)
		w.Raw(v)
	}
}

const hexDigits = "0123456789abcdef"

// AppendString appends a JSON string (RFC 8259, section 7). Bytes that are no
// UTF-8 become the replacement character, as clients would read them.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
			dst = append(append(dst, s[from:i]...), "\ufffd"...)
			i++
			from = i
			continue
		}
		dst = append(dst, s[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}
