package protocol

import (
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"strconv"
	"strings"
)

// NameRule is what a name may look like. ASCII letters and digits are always
// allowed. The zero value allows anything.
type NameRule struct {
	Most   int    // how many bytes it may have; 0 for any number
	Exact  bool   // it has so many, and no fewer
	Others string // what may stand in it beside letters and digits
	// Letter says that it begins with a letter or _.
	Letter bool
}

// allows reports whether a name may be called so.
func (r *NameRule) allows(name string) bool {
	if r.Most == 0 && r.Others == "" {
		return true
	}
	if name == "" || r.Most > 0 && len(name) > r.Most || r.Exact && len(name) != r.Most {
		return false
	}
	if c := name[0]; r.Letter && !isLetter(c) && c != '_' {
		return false
	}
	for i := range len(name) {
		if !r.allowed(name[i]) {
			return false
		}
	}
	return true
}

func (r *NameRule) allowed(c byte) bool {
	return isLetter(c) || '0' <= c && c <= '9' || strings.IndexByte(r.Others, c) >= 0
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// hashLength is how many hexadecimal digits of its hash a fitted name ends in.
const hashLength = 8

// fit is a name that the rule allows instead of another. Each attempt gives
// another one, for names that are taken.
func (r *NameRule) fit(name string, attempt int) string {
	hashed := name
	if attempt > 0 {
		hashed += "#" + strconv.Itoa(attempt)
	}
	sum := sha256.Sum256([]byte(hashed))
	if r.Exact {
		digits := new(big.Int).SetBytes(sum[:]).Text(62)
		return digits[:r.Most]
	}
	end := hex.EncodeToString(sum[:])[:hashLength]
	join := byte('_')
	if r.Most > 0 && !r.allowed(join) {
		join = 'x'
	}
	room := len(name)
	if r.Most > 0 {
		room = r.Most - hashLength - 1
	}
	var b strings.Builder
	for i := range name { // of a rune of several bytes the first, which is never allowed
		switch c := name[i]; {
		case b.Len() >= room:
		case r.allowed(c) && (b.Len() > 0 || !r.Letter || isLetter(c) || c == '_'):
			b.WriteByte(c)
		default:
			b.WriteByte(join)
		}
	}
	b.WriteByte(join)
	b.WriteString(end)
	return b.String()
}
