package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Bounds of a token's secret, in characters.
const (
	MinSecret = 16
	MaxSecret = 512
)

// DefaultSecretFile stands for the token's own file in Caddy's data directory.
const DefaultSecretFile = "default"

// Anonymous is the name of the token that admits requests without a credential.
const Anonymous = "anonymous"

// Token is a credential that a client of the gateway presents.
type Token struct {
	// Name identifies the token in logs and statistics. Unique. Required. The
	// name "anonymous" with no secret admits requests without any credential.
	Name string `json:"name"`

	// Secret is what the client sends, at least 16 characters; placeholders
	// such as {env.TOKEN} are replaced; a file is looked at every second. Only its
	// hash is kept.
	Secret string `json:"secret,omitempty"`

	// SecretFile is a file that holds the secret, where none is written: it is
	// made once, with a random secret and readable by its owner only, when the
	// gateway starts and it is not there. A relative path is one in ccload/tokens
	// in Caddy's data directory; "default" is the token's own file there.
	// caddy ccload token show prints the secret.
	SecretFile string `json:"secret_file,omitempty"`

	// SecretHash is the SHA-256 of the secret in lower-case hexadecimal, instead
	// of the secret itself: so the config holds nothing that opens the gateway.
	SecretHash string `json:"secret_sha256,omitempty"`

	// Disabled refuses the token without removing it.
	Disabled bool `json:"disabled,omitempty"`

	// Models the token may use: exact names or patterns with *. Default: all.
	Models []string `json:"models,omitempty"`

	// Channels the token may use, by name. Default: all.
	Channels []string `json:"channels,omitempty"`

	// ExceptChannels the token may not use, by name. Not together with Channels.
	ExceptChannels []string `json:"except_channels,omitempty"`

	// RPM limits requests per minute (a sliding minute). Default 0: no limit.
	RPM int `json:"rpm,omitempty"`

	// TPM limits tokens per minute, input and output (a sliding minute). A
	// call counts with what it is expected to use, and with what it used when
	// it has ended. Default 0: no limit.
	TPM int `json:"tpm,omitempty"`

	// MaxConcurrency limits requests under way. Default 0: no limit.
	MaxConcurrency int `json:"max_concurrency,omitempty"`

	// Budget is how much the token's calls may cost. When it is used up, they
	// are refused until it begins anew.
	Budget Budget `json:"budget,omitzero"`

	// UpstreamCounts lets the holder have tokens counted by the upstream: a
	// request to count that carries the header X-Ccload-Count: upstream is sent
	// there. All others are counted by the gateway itself.
	UpstreamCounts bool `json:"upstream_counts,omitempty"`

	// Expires is the day (YYYY-MM-DD, UTC, inclusive) or moment (RFC 3339)
	// after which the token is refused. Default: never.
	Expires string `json:"expires,omitempty"`

	// ExposeRoute shows this token's holder which channel served, in response
	// headers, also where the handler does not.
	ExposeRoute bool `json:"expose_route,omitempty"`
}

// Validate checks the token by itself. No error of it holds the secret.
func (t *Token) Validate() error {
	return first("token", t.Name,
		checkName("name", t.Name),
		t.checkSecret(),
		checkModels("models", t.Models),
		checkThat(len(t.Channels) == 0 || len(t.ExceptChannels) == 0, "except_channels", "",
			"cannot stand beside channels: what is not listed there is excepted already"),
		checkRange("rpm", t.RPM, 0, MaxRPM),
		checkRange("tpm", t.TPM, 0, MaxTPM),
		checkRange("max_concurrency", t.MaxConcurrency, 0, MaxConcurrency),
		t.Budget.check("budget"),
		t.checkExpires(),
	)
}

func (t *Token) checkSecret() *Error {
	fail := func(problem string) *Error { return &Error{Field: "secret", Problem: problem} }
	switch length := len(t.Secret); {
	case t.SecretFile != "" && (t.Name == Anonymous || t.SecretHash != ""):
		return &Error{Field: "secret_file", Problem: "cannot stand beside secret_sha256, nor with the token named anonymous, which takes no secret: remove it"}
	case t.SecretFile != "" && length == 0:
		return checkSecretFile("secret_file", t.SecretFile)
	case t.SecretHash != "":
		raw, err := hex.DecodeString(t.SecretHash)
		return firstOf(
			checkThat(t.Name != Anonymous, "secret_sha256", "", "the token named anonymous admits everyone and takes no secret: remove it, or name the token otherwise"),
			checkThat(length == 0, "secret_sha256", "", "cannot stand beside secret: keep one of them"),
			checkThat(err == nil && len(raw) == sha256.Size && strings.ToLower(t.SecretHash) == t.SecretHash, "secret_sha256", "",
				"must be 64 hexadecimal digits in lower case; printf %s SECRET | sha256sum makes them"))
	case t.Name == Anonymous:
		return checkThat(length == 0, "secret", "",
			"the token named anonymous admits everyone and takes no secret: remove it, or name the token otherwise")
	case length == 0:
		return fail("is missing: what a client sends, at least " + strconv.Itoa(MinSecret) +
			" characters; to admit everyone name the token anonymous")
	case unclosed.MatchString(t.Secret):
		return checkClosed("secret", "", t.Secret)
	case HasPlaceholder(t.Secret):
		return nil
	case length < MinSecret || length > MaxSecret:
		return fail(fmt.Sprintf("must have %d to %d characters; openssl rand -hex 24 makes one", MinSecret, MaxSecret))
	case !sendable(t.Secret):
		return fail("holds a space, a line break or a character that no header can carry")
	}
	return nil
}

func (t *Token) checkExpires() *Error {
	if t.Expires == "" {
		return nil
	}
	_, p := parseExpires(t.Expires)
	return p
}

// checkChannels checks that the channels the token names are among known.
func (t *Token) checkChannels(known []string) error {
	for field, names := range sorted(map[string][]string{"channels": t.Channels, "except_channels": t.ExceptChannels}) {
		for _, name := range names {
			if slices.Contains(known, name) {
				continue
			}
			problem := "there is no channel of this name"
			if near := Closest(name, known, 1); len(near) > 0 {
				problem += fmt.Sprintf("; did you mean %q?", near[0])
			}
			return &Error{Thing: "token", Name: t.Name, Field: field, Value: quote(name), Problem: problem}
		}
	}
	return nil
}

// checkSecretsDiffer checks that no two tokens are the same to a client.
func checkSecretsDiffer(tokens []*Token) error {
	owner := make(map[string]string, len(tokens))
	for _, t := range tokens {
		known := t.SecretHash
		if known == "" {
			if t.Secret == "" {
				continue
			}
			known = HashSecret(t.Secret)
		}
		if other, taken := owner[known]; taken {
			return &Error{Thing: "token", Name: t.Name, Field: "secret", Problem: fmt.Sprintf("is that of the token %q too: give each its own", other)}
		}
		owner[known] = t.Name
	}
	return nil
}

// Replaced returns a copy of t in which replace has been applied to what may
// hold placeholders, its secret. ok is false if that came out empty although
// one was written: such a token must not be used, for without a secret it would
// admit everybody. The copy shares everything else with t.
func (t *Token) Replaced(replace func(string) string) (replaced *Token, ok bool) {
	r := *t
	r.Secret = strings.TrimSpace(replace(t.Secret))
	r.SecretFile = replace(t.SecretFile)
	return &r, r.Secret != "" || t.Secret == "" || t.SecretFile != ""
}

// HashSecret is what is kept of a token's secret.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Alias is one name, or a pattern, for several models, tried in order.
type Alias struct {
	// Name is what clients ask for: a name or a pattern with *. A name that is
	// written out, here or as a channel's model, goes before patterns, and of
	// these, the channels' too, the longest counts.
	Name string `json:"name"`
	// Models are what is looked for, in order. A * in one is what the * of the
	// alias's pattern stands for. They may be aliases without a * too, but no
	// alias may lead back to itself.
	Models []string `json:"models"`
}

// Validate checks the alias by itself.
func (a *Alias) Validate() error {
	return first("alias", a.Name,
		checkThat(a.Name != "", "name", "", "is missing"),
		checkModel("name", a.Name),
		checkThat(len(a.Models) > 0, "models", "", "is missing: name the models it stands for, in order"),
		checkEach(a.Models, func(m string) *Error { return checkTarget("models", a.Name, m) }),
		a.checkModelsDiffer(),
	)
}

func (a *Alias) checkModelsDiffer() *Error {
	for i, m := range a.Models {
		if m == a.Name {
			return &Error{Field: "models", Value: quote(m), Problem: "is the alias itself: give the alias a name of its own"}
		}
		if slices.Contains(a.Models[:i], m) {
			return &Error{Field: "models", Value: quote(m), Problem: "stands there twice"}
		}
	}
	return nil
}

// checkAliasCycles checks that no alias leads back to itself through others.
func checkAliasCycles(aliases []*Alias) error {
	models := make(map[string][]string, len(aliases))
	for _, a := range aliases {
		if !strings.Contains(a.Name, "*") { // what a pattern leads to is not looked for among patterns
			models[a.Name] = a.Models
		}
	}
	done := make(map[string]bool, len(aliases))
	var path []string
	var visit func(name string) error
	visit = func(name string) error {
		if done[name] || models[name] == nil {
			return nil
		}
		if i := slices.Index(path, name); i >= 0 {
			return &Error{
				Thing: "alias", Name: name, Field: "models",
				Problem: "leads back to itself: " + strings.Join(append(path[i:], name), " -> "),
			}
		}
		path = append(path, name)
		for _, m := range models[name] {
			if err := visit(m); err != nil {
				return err
			}
		}
		path = path[:len(path)-1]
		done[name] = true
		return nil
	}
	for _, a := range aliases {
		if err := visit(a.Name); err != nil {
			return err
		}
	}
	return nil
}

// AliasModels returns the models that each alias stands for, in order and each
// once: aliases among them, but for patterns, are replaced by what they stand
// for. a must be valid.
func (a *App) AliasModels() map[string][]string {
	direct := make(map[string][]string, len(a.Aliases))
	for _, l := range a.Aliases {
		direct[l.Name] = l.Models
	}
	resolved := make(map[string][]string, len(a.Aliases))
	for name := range direct {
		var models []string
		seen := make(map[string]bool)
		var add func(name string)
		add = func(name string) {
			for _, m := range direct[name] {
				switch {
				case seen[m]:
				case direct[m] != nil && !strings.Contains(m, "*"):
					seen[m] = true
					add(m)
				default:
					seen[m] = true
					models = append(models, m)
				}
			}
		}
		add(name)
		resolved[name] = models
	}
	return resolved
}
