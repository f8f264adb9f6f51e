package transfer

import (
	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/secrets"
)

// Bounds of a file.
const (
	MaxBytes = 32 << 20 // of a file; a database that is read in its place may be larger
	MaxRows  = 20_000   // channels, tokens and aliases together, and rows of a table
	MaxCell  = 1 << 20  // bytes of one value
)

// Formats of files.
const (
	FormatJSON           = "ccload-json"
	FormatCSV            = "ccload-csv"
	FormatOriginalCSV    = "original-csv"
	FormatOriginalSQLite = "original-sqlite"
	FormatLiteLLM        = "litellm"
	FormatNewAPI         = "new-api"
	FormatOneAPI         = "one-api"
	FormatNewAPISQLite   = "new-api-sqlite"
	FormatOneAPISQLite   = "one-api-sqlite"
	FormatGPTLoad        = "gpt-load"
	FormatCLIProxyAPI    = "cliproxyapi"
	FormatCodeRouter     = "claude-code-router"
	FormatPortkey        = "portkey"
)

// Kinds of what a file holds.
const (
	KindChannel = "channel"
	KindToken   = "token"
	KindAlias   = "alias"
)

// Set is what is carried over.
type Set struct {
	Channels []Channel
	Tokens   []Token
	Aliases  []config.Alias
}

// Channel is a channel with what is known of its keys. The Keys of the embedded
// config.Channel are empty.
type Channel struct {
	config.Channel
	Keys []Key `json:"keys,omitempty"`
}

// Key is an upstream key. Without its secret it is known by its fingerprint.
type Key struct {
	// Secret is the key itself; empty in a file without secrets.
	Secret string `json:"secret,omitempty"`
	// Fingerprint is that of package access.
	Fingerprint string `json:"fingerprint,omitempty"`
	// LastFour are the last characters of the secret, to recognise it by; empty
	// for one so short that they would tell too much.
	LastFour string `json:"last_four,omitempty"`
	// Note is what its owner wrote of it.
	Note string `json:"note,omitempty"`
	// Disabled keys are kept and not used.
	Disabled bool `json:"disabled,omitempty"`
}

// Token is a client's token. Its Secret is always empty; its SecretHash is
// empty in a file without secrets, and for the token named anonymous.
type Token struct {
	config.Token
	LastFour string `json:"last_four,omitempty"`
}

// Problem is something that cannot be used, and why. No secret is in it.
type Problem struct {
	Line    int    `json:"line,omitempty"` // of the file, from 1; 0 where there are none
	Code    string `json:"code"`           // what kind of problem it is, one of those below
	Name    string `json:"name,omitempty"`
	Field   string `json:"field,omitempty"` // JSON name or path of the setting, or the column
	Message string `json:"message"`
}

// Codes of problems.
const (
	CodeInvalid     = "invalid"      // a setting is wrong; Field says which
	CodeTwice       = "twice"        // something else of the file has this name
	CodeSecretTaken = "secret_taken" // another token of the file has this secret
	CodeUnsupported = "unsupported"  // it has no counterpart here
	CodeUnreadable  = "unreadable"   // a row cannot be read
)

// File is what a file holds.
type File struct {
	Format   string    // one of the formats
	Set      Set       // what can be used of it
	Notes    []string  // what of it has no counterpart here or was changed to fit
	Lines    []Line    // of another system's file: what becomes of each thing
	Problems []Problem // what cannot be used, in the order of the file
}

// complete fills in what follows from the secret. What a placeholder stands for
// is not known here, so its fingerprint is that of its text.
func (k *Key) complete() {
	if k.Secret != "" {
		k.Fingerprint, k.LastFour = access.Fingerprint(k.Secret), lastFour(k.Secret)
	}
}

// lastFour is nothing of a placeholder, whose value is not known here.
func lastFour(secret string) string {
	if config.HasPlaceholder(secret) {
		return ""
	}
	return secrets.LastFour(secret)
}
