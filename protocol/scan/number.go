package scan

// literal skips true, false or null.
func literal(b []byte, i int, word string) (int, error) {
	for j := range len(word) {
		if i+j == len(b) {
			return 0, fail(ErrTruncated, i+j)
		}
		if b[i+j] != word[j] {
			return 0, fail(ErrSyntax, i+j)
		}
	}
	return i + len(word), nil
}

// number skips the number that starts at i.
func number(b []byte, i int) (int, error) {
	start := i
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch {
	case i == len(b):
		return 0, fail(ErrTruncated, i)
	case b[i] == '0':
		i++
	case b[i] >= '1' && b[i] <= '9':
		i = digits(b, i)
	default:
		return 0, fail(ErrSyntax, max(start, i))
	}
	if i < len(b) && b[i] == '.' {
		j := digits(b, i+1)
		if j == i+1 {
			return 0, missingDigit(b, j)
		}
		i = j
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		j := digits(b, i)
		if j == i {
			return 0, missingDigit(b, j)
		}
		i = j
	}
	return i, nil
}

func missingDigit(b []byte, i int) error {
	if i == len(b) {
		return fail(ErrTruncated, i)
	}
	return fail(ErrSyntax, i)
}

func digits(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}

func unhex(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}
