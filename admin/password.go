package admin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// Bounds of a password.
const (
	minPassword = 8       // characters
	maxPassword = 1 << 10 // bytes, of what somebody gives
)

// Costs of argon2id for a password that is written in plain text: the second
// recommendation of RFC 9106, section 4, with less memory, so that a small
// machine can check a few at once.
var plainCost = argonCost{memory: 19 << 10, time: 2, threads: 1}

// Bounds of the costs of a hash that somebody made elsewhere, so that a slip
// does not take all memory at each login.
const (
	maxArgonMemory  = 256 << 10 // KiB
	maxArgonTime    = 16
	maxArgonThreads = 16
	maxBcryptCost   = 15
)

// checking bounds the memory that guesses may take.
var checking = make(chan struct{}, 2)

// Password is what opens the dashboard.
type Password struct {
	id     string
	bcrypt []byte // a bcrypt hash, or
	argon  argonHash
}

type argonCost struct {
	memory, time uint32 // KiB, rounds
	threads      uint8
}

type argonHash struct {
	argonCost
	salt, sum []byte
}

func (c argonCost) hash(text string, salt []byte, size int) []byte {
	return argon2.IDKey([]byte(text), salt, c.time, c.memory, c.threads, uint32(size)) //nolint:gosec // 16 to 64
}

// ParsePassword reads the option admin_password: a text of at least 8
// characters, or the bcrypt or argon2id hash of one. The error never holds what
// was given.
func ParsePassword(text string) (*Password, error) {
	switch {
	case strings.HasPrefix(text, "$2"):
		cost, err := bcrypt.Cost([]byte(text))
		if err != nil {
			return nil, errors.New("admin_password: begins like a bcrypt hash and is none: was it copied whole, with all its $?")
		}
		if cost > maxBcryptCost {
			return nil, fmt.Errorf("admin_password: a bcrypt cost of %d takes too long: make the hash with at most %d", cost, maxBcryptCost)
		}
		return &Password{id: idOf(text), bcrypt: []byte(text)}, nil
	case strings.HasPrefix(text, "$argon2"):
		h, err := parseArgon(text)
		if err != nil {
			return nil, fmt.Errorf("admin_password: %w", err)
		}
		return &Password{id: idOf(text), argon: h}, nil
	case strings.HasPrefix(text, "$"):
		return nil, errors.New("admin_password: looks like a hash of a kind that is not known; there are bcrypt ($2…) and argon2id ($argon2id$…)")
	case utf8.RuneCountInString(text) < minPassword || len(text) > maxPassword:
		return nil, fmt.Errorf("admin_password: must have %d characters or more, and at most %d bytes", minPassword, maxPassword)
	}
	salt := make([]byte, 16)
	rand.Read(salt)
	// The id is the same after a restart, so that logins last; it is as slow to
	// guess by as the hash itself.
	id := idOf(string(plainCost.hash(text, []byte("ccload admin password"), 32)))
	return &Password{id: id, argon: argonHash{plainCost, salt, plainCost.hash(text, salt, 32)}}, nil
}

func idOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// parseArgon reads $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
func parseArgon(text string) (h argonHash, err error) {
	broken := errors.New("begins like an argon2id hash and is none: it must look like $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH")
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != "v=19" {
		return h, broken
	}
	given := make(map[string]uint32)
	for pair := range strings.SplitSeq(parts[3], ",") {
		name, value, _ := strings.Cut(pair, "=")
		n, err := strconv.ParseUint(value, 10, 32)
		if _, twice := given[name]; err != nil || twice {
			return h, broken
		}
		given[name] = uint32(n)
	}
	if len(given) != 3 || given["m"] == 0 || given["t"] == 0 || given["p"] == 0 {
		return h, broken
	}
	if given["m"] > maxArgonMemory || given["t"] > maxArgonTime || given["p"] > maxArgonThreads {
		return h, fmt.Errorf("the costs are too high: at most m=%d, t=%d, p=%d", maxArgonMemory, maxArgonTime, maxArgonThreads)
	}
	h.argonCost = argonCost{memory: given["m"], time: given["t"], threads: uint8(given["p"])} //nolint:gosec // at most maxArgonThreads
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	sum, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(salt) > 64 || len(sum) < 16 || len(sum) > 64 {
		return h, broken
	}
	h.salt, h.sum = salt, sum
	return h, nil
}

// ID identifies the password without telling it: a login made with another one
// is void. It is the same after a restart.
func (p *Password) ID() string { return p.id }

// Check reports whether a text is the password. It takes a while, and at most
// two are checked at once; the error is ctx's, if it ends before.
func (p *Password) Check(ctx context.Context, given string) (bool, error) {
	if len(given) > maxPassword {
		return false, nil
	}
	select {
	case checking <- struct{}{}:
		defer func() { <-checking }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if p.bcrypt != nil {
		// bcrypt reads no more than 72 bytes; a longer text is another one.
		return len(given) <= 72 && bcrypt.CompareHashAndPassword(p.bcrypt, []byte(given)) == nil, nil
	}
	sum := p.argon.hash(given, p.argon.salt, len(p.argon.sum))
	return subtle.ConstantTimeCompare(sum, p.argon.sum) == 1, nil
}
