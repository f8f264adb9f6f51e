package callrow

import (
	"math"
	"strconv"

	"github.com/ccload/ccload/ai"
)

// These append fields of JSON objects. A field that is empty is left out.

// appendKey appends the name of the next field.
func appendKey(b []byte, key string) []byte {
	if last := b[len(b)-1]; last != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, key...)
	return append(b, '"', ':')
}

func appendString(b []byte, key, s string) []byte {
	if s == "" {
		return b
	}
	return appendText(appendKey(b, key), s)
}

const hexDigits = "0123456789abcdef"

// appendText appends a text, cleaned, as a JSON string.
func appendText(b []byte, s string) []byte {
	s = Clean(s)
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		if c < ' ' {
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		} else {
			b = append(b, '\\', c)
		}
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

func appendInt[N ~int | ~int32 | ~int64](b []byte, key string, n N) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(appendKey(b, key), int64(n), 10)
}

func appendBool(b []byte, key string, on bool) []byte {
	if !on {
		return b
	}
	return append(appendKey(b, key), "true"...)
}

func appendFloat(b []byte, key string, f *float64) []byte {
	if f == nil || math.IsNaN(*f) || math.IsInf(*f, 0) {
		return b
	}
	return strconv.AppendFloat(appendKey(b, key), *f, 'g', -1, 64)
}

// appendMoney appends an amount as ai.Money is written: in dollars.
func appendMoney(b []byte, key string, m ai.Money) []byte {
	if m == 0 {
		return b
	}
	b = appendKey(b, key)
	whole, part := int64(m/ai.Dollar), int64(m%ai.Dollar)
	if m < 0 {
		b = append(b, '-')
		whole, part = -whole, -part
	}
	b = strconv.AppendInt(b, whole, 10)
	if part == 0 {
		return b
	}
	b = append(b, '.')
	for digit := int64(ai.Dollar) / 10; part > 0; digit /= 10 {
		b = append(b, byte('0'+part/digit))
		part %= digit
	}
	return b
}

func appendTexts(b []byte, key string, list []string) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(appendKey(b, key), '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, s)
	}
	return append(b, ']')
}
