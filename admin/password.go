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
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

const (
	// passwordMinimum is the fewest characters of a password in plain text.
	passwordMinimum = 8
	// passwordMaximum is the most bytes of a password. More is never hashed.
	passwordMaximum = 1 << 10
	// passwordBcryptMaximum is the highest cost, about three seconds of one core.
	passwordBcryptMaximum = 15
)

// passwordHashLimits bounds what a configured argon2id hash may ask for: two
// checks at once must not exhaust a small machine.
var passwordHashLimits = argon2idBounds{
	memory: 256 << 10, time: 16, threads: 16, work: 1 << 20,
	saltLeast: 8, saltMost: 64, keyLeast: 16, keyMost: 64,
}

type argon2idBounds struct {
	memory, time, threads                  uint64 // KiB, passes, lanes
	work                                   uint64 // memory times passes
	saltLeast, saltMost, keyLeast, keyMost int    // bytes
}

// passwordSlots bounds the checks that run at once in this process. Each may
// take as much memory as its hash asks for, and anybody may cause one.
var passwordSlots = make(chan struct{}, 2)

// passwordIDSalt is fixed so that a password in plain text has the same ID
// after a restart and on every node.
var passwordIDSalt = []byte("ccload admin_password identity 1")

var (
	bcryptForm      = regexp.MustCompile(`^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$`)
	argon2idForm    = regexp.MustCompile(`^\$argon2id\$v=19\$m=([0-9]{1,10}),t=([0-9]{1,10}),p=([0-9]{1,10})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$`)
	otherHashForm   = regexp.MustCompile(`^\$(1|2|5|6|7|y|gy|2x|sha1|apr1|scrypt|bcrypt[a-z0-9-]*|pbkdf2[a-z0-9-]*|argon2i|argon2d)\$`)
	placeholderForm = regexp.MustCompile(`^\{(\$[^{}]+|[a-z_]+\.[^{}]+)\}$`)
)

const passwordRemedy = "make one with: caddy hash-password --algorithm argon2id"

// Password is the operator's password, of which only a slow hash is kept.
type Password struct {
	id      string
	compare func(given []byte) bool
}

// ParsePassword reads the option admin_password: a password of at least 8
// characters in plain text, or the bcrypt or argon2id hash of one. It takes
// some tenths of a second for plain text. Its errors never tell the value.
func ParsePassword(text string) (*Password, error) {
	switch {
	case text == "":
		return nil, errors.New("admin_password is empty: set a password of at least 8 characters, or the bcrypt or argon2id hash of one")
	case len(text) > passwordMaximum:
		return nil, fmt.Errorf("admin_password is longer than %d bytes: choose a shorter one", passwordMaximum)
	case strings.HasPrefix(text, "$2a$"), strings.HasPrefix(text, "$2b$"), strings.HasPrefix(text, "$2y$"):
		return parseBcrypt(text)
	case strings.HasPrefix(text, "$argon2id$"):
		return parseArgon2id(text)
	case otherHashForm.MatchString(text):
		return nil, errors.New("admin_password looks like a hash of a kind that is not known, only bcrypt and argon2id are: " + passwordRemedy)
	case placeholderForm.MatchString(text):
		return nil, errors.New("admin_password is a placeholder that was not replaced: check its name, such as {env.NAME} or {file./path}")
	case !utf8.ValidString(text), strings.ContainsFunc(text, unicode.IsControl):
		return nil, errors.New("admin_password has a line break or another character that cannot be typed: remove it")
	case utf8.RuneCountInString(text) < passwordMinimum:
		return nil, fmt.Errorf("admin_password is shorter than %d characters: choose a longer one", passwordMinimum)
	}
	return plainPassword(text), nil
}

// plainPassword hashes what was configured in plain text, twice: with a random
// salt to check, and more slowly with a fixed one to identify it. The second is
// stored with sessions, so whoever reads the database may try guesses on it.
func plainPassword(text string) *Password {
	salt := make([]byte, 16)
	rand.Read(salt) // it never fails: it ends the process instead
	want := argon2.IDKey([]byte(text), salt, 2, 19<<10, 1, 32)
	id := argon2.IDKey([]byte(text), passwordIDSalt, 3, 32<<10, 1, 32)
	return &Password{id: hex.EncodeToString(id), compare: func(given []byte) bool {
		return subtle.ConstantTimeCompare(want, argon2.IDKey(given, salt, 2, 19<<10, 1, 32)) == 1
	}}
}

func parseBcrypt(text string) (*Password, error) {
	cost, err := bcrypt.Cost([]byte(text))
	switch {
	case err != nil, !bcryptForm.MatchString(text):
		return nil, errors.New("admin_password begins like a bcrypt hash but is not a whole one of 60 characters: copy it again, or " + passwordRemedy)
	case cost > passwordBcryptMaximum:
		return nil, fmt.Errorf("admin_password is a bcrypt hash of cost %d, at most %d is allowed: make one that takes less time", cost, passwordBcryptMaximum)
	}
	return &Password{id: passwordHashID(text), compare: func(given []byte) bool {
		return bcrypt.CompareHashAndPassword([]byte(text), given) == nil
	}}, nil
}

func parseArgon2id(text string) (*Password, error) {
	parts := argon2idForm.FindStringSubmatch(text)
	if parts == nil {
		return nil, errors.New("admin_password begins like an argon2id hash but is not of the form $argon2id$v=19$m=..,t=..,p=..$salt$hash: copy it again, or " + passwordRemedy)
	}
	limits := passwordHashLimits
	var numbers [3]uint64
	for i, most := range []uint64{limits.memory, limits.time, limits.threads} {
		n, err := strconv.ParseUint(parts[i+1], 10, 64)
		if err != nil || n < 1 || n > most {
			return nil, fmt.Errorf("admin_password is an argon2id hash with %c=%s, allowed is 1 to %d: %s", "mtp"[i], parts[i+1], most, passwordRemedy)
		}
		numbers[i] = n
	}
	memory, passes, threads := numbers[0], numbers[1], numbers[2]
	if memory < 8*threads || memory*passes > limits.work {
		return nil, fmt.Errorf("admin_password is an argon2id hash with m=%d,t=%d,p=%d: m must be at least 8 times p, and m times t at most %d: %s",
			memory, passes, threads, limits.work, passwordRemedy)
	}
	salt, saltErr := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	want, wantErr := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if saltErr != nil || wantErr != nil || len(salt) < limits.saltLeast || len(salt) > limits.saltMost ||
		len(want) < limits.keyLeast || len(want) > limits.keyMost {
		return nil, fmt.Errorf("admin_password is an argon2id hash whose salt is not base64 of %d to %d bytes, or whose hash is not base64 of %d to %d bytes: copy it again, or %s",
			limits.saltLeast, limits.saltMost, limits.keyLeast, limits.keyMost, passwordRemedy)
	}
	return &Password{id: passwordHashID(text), compare: func(given []byte) bool {
		got := argon2.IDKey(given, salt, uint32(passes), uint32(memory), uint8(threads), uint32(len(want))) //nolint:gosec // all are bounded above
		return subtle.ConstantTimeCompare(want, got) == 1
	}}, nil
}

// passwordHashID identifies a configured hash. Its own salt makes it unguessable.
func passwordHashID(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Check reports whether the password is the given one. At most two checks run
// at once in this process; the error is that ctx ended before this one could.
// What is empty or longer than 1 KiB is wrong without being hashed.
func (p *Password) Check(ctx context.Context, given string) (bool, error) {
	if given == "" || len(given) > passwordMaximum {
		return false, nil
	}
	select {
	case passwordSlots <- struct{}{}:
		defer func() { <-passwordSlots }()
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return false, fmt.Errorf("the password was not checked, because others were being checked for too long; try again: %w", context.Cause(ctx))
	}
	return p.compare([]byte(given)), nil
}

// ID identifies which password this is, so that sessions made with another one
// are void. It stays the same for the same configured text, across restarts
// and nodes, and does not help to guess it: it is a slow hash.
func (p *Password) ID() string { return p.id }
