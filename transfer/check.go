package transfer

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/provider"
	"github.com/ccload/ccload/secrets"
)

// collector takes what a file holds, and leaves out what cannot be used.
type collector struct {
	file  File
	seen  map[string]int // line of every kind and name
	owner map[string]string
	path  string // of the thing that is read, such as channels[3], if the file has such
}

// where says which thing of a file is read.
func (c *collector) where(kind string) string { return cmp.Or(c.path, "a "+kind) }

func newCollector(format string) *collector {
	return &collector{file: File{Format: format}, seen: make(map[string]int), owner: make(map[string]string)}
}

// done returns the file, its problems in the order of the file.
func (c *collector) done() *File {
	slices.SortStableFunc(c.file.Problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return &c.file
}

func (c *collector) problem(line int, code, name, field, message string) {
	c.file.Problems = append(c.file.Problems, Problem{Line: line, Code: code, Name: ai.Shorten(name, maxTold), Field: field, Message: message})
}

// fail tells of an error of package config, or any other.
func (c *collector) fail(line int, name string, err error, known ...string) {
	field := ""
	if e, ok := errors.AsType[*config.Error](err); ok {
		field = e.Field
	}
	if f, ok := errors.AsType[*fieldError](err); ok {
		field = f.field
	}
	c.problem(line, CodeInvalid, name, field, secrets.RedactSetting(err.Error(), known))
}

// fieldError is an error of one setting. It never holds what was written.
type fieldError struct{ field, problem string }

func (e *fieldError) Error() string { return e.field + ": " + e.problem }

// once reports whether nothing of this kind has the name yet. Of two with the
// same name the first is used.
func (c *collector) once(kind, name string, line int) bool {
	first, twice := c.seen[kind+"\x00"+name]
	if !twice {
		c.seen[kind+"\x00"+name] = line
		return true
	}
	where := ""
	if line > 0 {
		where = fmt.Sprintf(" (lines %d and %d)", first, line)
	}
	c.problem(line, CodeTwice, name, "name", fmt.Sprintf("%s %q: stands there twice%s: give each a name of its own, or remove one", kind, ai.Shorten(name, maxTold), where))
	return false
}

func (c *collector) channel(line int, ch Channel) {
	secrets := make([]string, 0, len(ch.Keys))
	for i := range ch.Keys {
		secrets = append(secrets, ch.Keys[i].Secret)
	}
	if err := checkChannel(&ch); err != nil {
		err = config.Nameless(err, c.where(KindChannel), ch.Hint())
		c.fail(line, ch.Name, err, secrets...)
		return
	}
	if c.once(KindChannel, ch.Name, line) {
		c.file.Set.Channels = append(c.file.Set.Channels, ch)
	}
}

// checkChannel completes the keys and checks the channel with them.
func checkChannel(ch *Channel) error {
	whole := ch.Channel
	for i := range ch.Keys {
		k := &ch.Keys[i]
		k.complete()
		at := func(field, problem string) error {
			return &config.Error{Thing: KindChannel, Name: ch.Name, Field: "keys", Value: "#" + strconv.Itoa(i+1), Problem: field + problem}
		}
		_, err := hex.DecodeString(k.Fingerprint)
		switch {
		case k.Fingerprint == "":
			return at("", "has neither a secret nor a fingerprint: write one")
		case err != nil || len(k.Fingerprint) != len(access.Fingerprint("any")) || strings.ToLower(k.Fingerprint) != k.Fingerprint:
			return at("fingerprint: ", "must be 16 hexadecimal digits in lower case")
		case len(k.LastFour) > 4:
			return at("last_four: ", "must be at most four characters")
		}
		// A key that is known by its fingerprint is there, whatever it is.
		stands := k.Secret
		if stands == "" {
			stands = k.Fingerprint
		}
		whole.Keys = append(whole.Keys, stands)
	}
	if err := whole.Validate(); err != nil {
		return err
	}
	if strings.ContainsFunc(ch.Proxy, unicode.IsControl) { // a placeholder in it keeps it from being judged
		return &config.Error{Thing: KindChannel, Name: ch.Name, Field: "proxy", Problem: "must not hold line breaks or other control characters"}
	}
	return provider.Check(&whole)
}

func (c *collector) token(line int, t Token) {
	secret := t.Secret
	if err := checkToken(&t); err != nil {
		err = config.Nameless(err, c.where(KindToken), t.Hint())
		c.fail(line, t.Name, err, secret, t.SecretHash)
		return
	}
	if !c.once(KindToken, t.Name, line) {
		return
	}
	if other, taken := c.owner[t.SecretHash]; taken && t.SecretHash != "" {
		c.problem(line, CodeSecretTaken, t.Name, "secret", fmt.Sprintf("token %q: secret: is that of the token %q too: give each its own", ai.Shorten(t.Name, maxTold), ai.Shorten(other, maxTold)))
		return
	}
	c.owner[t.SecretHash] = t.Name
	c.file.Set.Tokens = append(c.file.Set.Tokens, t)
}

// checkToken checks the token and replaces its secret by its hash.
func checkToken(t *Token) error {
	whole := t.Token
	if whole.Secret == "" && whole.SecretHash == "" && whole.Name != config.Anonymous {
		whole.SecretHash = config.HashSecret("") // its secret is not in the file
	}
	if err := whole.Validate(); err != nil {
		return err
	}
	fail := func(field, problem string) error {
		return &config.Error{Thing: KindToken, Name: t.Name, Field: field, Problem: problem}
	}
	switch {
	case t.Secret != "" && config.HasPlaceholder(t.Secret):
		return fail("secret", "holds a placeholder, which is not replaced in a file: write the secret, or secret_sha256")
	case len(t.LastFour) > 4:
		return fail("last_four", "must be at most four characters")
	case t.Secret != "":
		t.SecretHash, t.LastFour, t.Secret = config.HashSecret(t.Secret), lastFour(t.Secret), ""
	}
	return nil
}

func (c *collector) alias(line int, a config.Alias) {
	if err := a.Validate(); err != nil {
		err = config.Nameless(err, c.where(KindAlias), a.Hint())
		c.fail(line, a.Name, err)
		return
	}
	if c.once(KindAlias, a.Name, line) {
		c.file.Set.Aliases = append(c.file.Set.Aliases, a)
	}
}
