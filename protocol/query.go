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
			hi, lo := unhex(name[i+1]), unhex(name[i+2])
			if hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(name[i])
	}
	return b.String()
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
