package protocol

import "strings"

// withoutKey drops "key=…" pairs from a raw query. It works on the text, so
// that what stays is byte for byte what the client wrote.
func withoutKey(raw string) string {
	if !strings.Contains(raw, "key") && !strings.Contains(raw, "%") {
		return raw
	}
	kept := make([]string, 0, 4)
	for pair := range strings.SplitSeq(raw, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if unescaped(name) != "key" {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}

// unescaped undoes percent-encoding of a short parameter name; a broken escape
// leaves the text as it is.
func unescaped(name string) string {
	if !strings.Contains(name, "%") {
		return name
	}
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] == '%' && i+2 < len(name) {
			hi, ok := unhex(name[i+1])
			lo, ok2 := unhex(name[i+2])
			if ok && ok2 {
				b.WriteByte(hi<<4 | lo)
				i += 2
				continue
			}
		}
		b.WriteByte(name[i])
	}
	return b.String()
}

func unhex(c byte) (digit byte, ok bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
