package protocol

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/ccload/ccload/ai"
)

// sealMark is how a sealed text begins: the base64 of sealHead.
const (
	sealHead = "ccl1{"
	sealMark = "Y2NsMX"
)

// sealed is what a seal holds.
type sealed struct {
	Origin    ai.Protocol `json:"o"`
	Signature string      `json:"s,omitempty"`
	Text      string      `json:"t,omitempty"`
	ID        string      `json:"i,omitempty"`
	Redacted  bool        `json:"r,omitempty"`
}

// Seal puts what the maker of a part needs to see again into a text that a
// client of any format gives back as it came, in the place where its own format
// keeps signatures. With whole the part's text is in it too, for places that
// keep no text. The text is base64 (RFC 4648, section 4), as Gemini's clients
// want signatures to be.
func (p *Part) Seal(whole bool) string {
	s := sealed{Origin: p.Origin, Signature: p.Signature, ID: p.ID, Redacted: p.Redacted}
	if whole {
		s.Text = p.Text
	}
	text := JSON(s)
	return base64.StdEncoding.EncodeToString(append([]byte(sealHead[:4]), text...))
}

// Unseal reads a signature that a client gave back. A sealed one gives the part
// back what it had; any other is own's.
func (p *Part) Unseal(signature string, own ai.Protocol) {
	p.Signature, p.Origin = signature, own
	if !strings.HasPrefix(signature, sealMark) {
		return
	}
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || !bytes.HasPrefix(raw, []byte(sealHead)) {
		return
	}
	var s sealed
	if json.Unmarshal(raw[4:], &s) != nil {
		return
	}
	p.Signature, p.Origin, p.Redacted, p.ID = s.Signature, s.Origin, s.Redacted, s.ID
	if s.Text != "" {
		p.Text = s.Text
	}
}

// Sealed reports whether a request holds something that another format's
// upstream signed: it must be translated even for an upstream of its own
// format, which would refuse a signature that is not its own.
func Sealed(body []byte) bool { return bytes.Contains(body, []byte(sealMark)) }

// Ids of calls: what a maker gave must come back to it, but may not be allowed
// in another format.
const (
	madeUp    = "ccx_" // before an id that was made here, for a format that has none
	wrappedID = "ccw_" // before the base64 (RFC 4648, section 5) of an id with letters that are not allowed
)

// MadeUpID returns an id for a call whose format gives none.
func MadeUpID() string { return madeUp + rand.Text() }

// IsMadeUp reports whether an id is one of MadeUpID's.
func IsMadeUp(id string) bool { return strings.HasPrefix(id, madeUp) }

// PlainID returns an id that has letters, digits, _ and - only (what Anthropic
// allows in the ids of calls, ^[a-zA-Z0-9_-]+$): the same if it is so already.
// OriginalID turns it back.
func PlainID(id string) string {
	plain := id != "" && !strings.HasPrefix(id, wrappedID)
	for i := 0; plain && i < len(id); i++ {
		c := id[i]
		plain = c == '_' || c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	}
	if plain {
		return id
	}
	return wrappedID + base64.RawURLEncoding.EncodeToString([]byte(id))
}

// OriginalID is the id that PlainID was given.
func OriginalID(id string) string {
	rest, wrapped := strings.CutPrefix(id, wrappedID)
	if !wrapped {
		return id
	}
	raw, err := base64.RawURLEncoding.DecodeString(rest)
	if err != nil {
		return id
	}
	return string(raw)
}
