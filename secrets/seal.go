// Package secrets keeps the credentials of upstreams and clients out of sight.
//
// Where they are stored it seals them (seal.go) with AES-256-GCM, bound to what
// they belong to, so that a sealed text that is moved elsewhere, or changed,
// does not open. A sealed text begins with the identity of the key it was sealed
// with, so that the key that is missing can be named, and so that a new key can
// take over while the old one still opens what it has sealed. keyfile.go keeps
// these keys on disk.
//
// Where people see something it takes secrets out (redact.go): out of messages,
// answers, headers, settings and captured bodies.
package secrets

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// KeySize is the length of a key in bytes.
const KeySize = 32

// MinPassphrase is the least number of characters of a text that a key is
// derived from.
const MinPassphrase = 16

var (
	// ErrOtherKey says that a text was sealed with a key that is not here.
	ErrOtherKey = errors.New("sealed with another encryption key")
	// ErrBroken says that a sealed text was changed, moved or cut.
	ErrBroken = errors.New("a sealed secret was changed, or belongs to something else")
)

// Keyring seals with its first key and opens with all of them. It is safe for
// concurrent use.
type Keyring struct {
	first *sealer
	byID  map[string]*sealer
}

type sealer struct {
	id     string
	aead   cipher.AEAD
	hidden []byte // the key of pseudonyms
}

// NewKeyring returns a keyring. The first key seals, the others only open: they
// are the ones that came before it.
func NewKeyring(keys ...[]byte) (*Keyring, error) {
	if len(keys) == 0 {
		return nil, errors.New("a keyring needs a key")
	}
	k := &Keyring{byID: make(map[string]*sealer)}
	for _, key := range keys {
		if len(key) != KeySize {
			return nil, fmt.Errorf("an encryption key has %d bytes, and must have %d", len(key), KeySize)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		s := &sealer{id: KeyID(key), aead: aead, hidden: mac(key, "ccload pseudonym key")}
		if k.first == nil {
			k.first = s
		}
		k.byID[s.id] = s
	}
	return k, nil
}

// KeyID names a key without telling it: 8 hexadecimal digits of a hash.
func KeyID(key []byte) string {
	sum := sha256.Sum256(append([]byte("ccload encryption key\x00"), key...))
	return hex.EncodeToString(sum[:4])
}

// ID names the key that seals.
func (k *Keyring) ID() string { return k.first.id }

const version = "v1"

// Seal makes a text of plain that only Open with the same binding makes
// readable again: "v1.<key id>.<nonce and ciphertext in base64>".
func (k *Keyring) Seal(plain []byte, binding string) string {
	nonce := make([]byte, k.first.aead.NonceSize(), k.first.aead.NonceSize()+len(plain)+k.first.aead.Overhead())
	rand.Read(nonce)
	sealed := k.first.aead.Seal(nonce, nonce, plain, []byte(binding))
	return version + "." + k.first.id + "." + base64.RawStdEncoding.EncodeToString(sealed)
}

// Open makes a sealed text readable. The error is ErrOtherKey, which names the
// key, or ErrBroken; it holds nothing of the text.
func (k *Keyring) Open(sealed, binding string) ([]byte, error) {
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || parts[0] != version {
		return nil, ErrBroken
	}
	s := k.byID[parts[1]]
	if s == nil {
		return nil, fmt.Errorf("%w: %s, and this one is %s", ErrOtherKey, parts[1], k.first.id)
	}
	raw, err := base64.RawStdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) < s.aead.NonceSize() {
		return nil, ErrBroken
	}
	plain, err := s.aead.Open(nil, raw[:s.aead.NonceSize()], raw[s.aead.NonceSize():], []byte(binding))
	if err != nil {
		return nil, ErrBroken
	}
	return plain, nil
}

// Pseudonym stands for a text that others may not read: 40 hexadecimal digits,
// an HMAC with the key that seals. The same text has the same wherever that key
// is used.
func (k *Keyring) Pseudonym(text string) string {
	return hex.EncodeToString(mac(k.first.hidden, text)[:20])
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// SealedByFirst reports whether a text was sealed with the key that seals now.
func (k *Keyring) SealedByFirst(sealed string) bool {
	return strings.HasPrefix(sealed, version+"."+k.first.id+".")
}

// ParseKey reads a key as people write it: 64 hexadecimal digits, or 32 bytes
// in base64; any other text of at least MinPassphrase characters is a
// passphrase, from which a key is derived with Argon2id.
func ParseKey(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if raw, err := hex.DecodeString(text); err == nil && len(raw) == KeySize {
		return raw, nil
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if raw, err := enc.DecodeString(text); err == nil && len(raw) == KeySize {
			return raw, nil
		}
	}
	if len(text) < MinPassphrase {
		return nil, fmt.Errorf("an encryption key must be 32 bytes in hexadecimal or base64, or a text of at least %d characters; openssl rand -hex 32 makes one", MinPassphrase)
	}
	// The salt is fixed, because every node must find the same key; the cost
	// makes up for it (RFC 9106, section 4, second recommendation).
	return argon2.IDKey([]byte(text), []byte("ccload encryption key"), 3, 64<<10, 4, KeySize), nil
}

// NewKey makes a key.
func NewKey() []byte {
	key := make([]byte, KeySize)
	rand.Read(key)
	return key
}
