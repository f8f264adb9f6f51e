package admin

import (
	"context"
	"fmt"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/secrets"
)

// Operator is what the dashboard's API shows and changes.
//
// Every method that saves validates what it is given as the config is
// validated, does all of it or nothing, writes the audit trail, and puts the
// change to use before it returns. Its errors are *Problem where the caller
// can do something about them.
type Operator interface {
	Source
	Channels
	Tokens
	Aliases
	GlobalSettings
	Cooldowns
	Running
	Playground
	Records
	Transfer
	Logins
}

// Channels are the settings of channels.
type Channels interface {
	// ChannelConfigs returns the settings of all channels, without secrets.
	ChannelConfigs() []ChannelConfig
	// SaveChannel makes a channel, where name is "", or replaces the one of that
	// name, which may be given another by it.
	SaveChannel(ctx context.Context, who Actor, name string, c ChannelConfig) (ChannelConfig, error)
	// ChangeChannels lets change work on what channels are at that moment, all or
	// none, and returns those that are different now. change may be called again.
	ChangeChannels(ctx context.Context, who Actor, names []string, change func(ChannelConfig) (ChannelConfig, error)) ([]ChannelConfig, error)
	// RemoveChannels removes all of them or none.
	RemoveChannels(ctx context.Context, who Actor, names []string) error
	// TestChannel asks a channel for a short answer, as a client would.
	TestChannel(ctx context.Context, who Actor, q TestQuestion) ([]TestAnswer, error)
	// FetchModels asks the upstream of a channel, or of one that is not saved,
	// which models it has.
	FetchModels(ctx context.Context, who Actor, name string, unsaved *ChannelConfig) ([]string, error)
}

// Tokens are the settings of client tokens.
type Tokens interface {
	// TokenConfigs returns the settings of all tokens, without secrets.
	TokenConfigs() []TokenConfig
	// SaveToken makes a token, where name is "", or replaces it. The answer holds
	// the secret if it is new; it is never shown again.
	SaveToken(ctx context.Context, who Actor, name string, t TokenConfig) (TokenConfig, error)
	// ChangeToken lets change work on what a token is at that moment. change may
	// be called again.
	ChangeToken(ctx context.Context, who Actor, name string, change func(TokenConfig) (TokenConfig, error)) (TokenConfig, error)
	// RemoveTokens removes all of them or none.
	RemoveTokens(ctx context.Context, who Actor, names []string) error
}

// Aliases are the names that stand for several models.
type Aliases interface {
	// AliasConfigs returns all aliases.
	AliasConfigs() []AliasConfig
	// SaveAlias makes an alias, where name is "", or replaces it.
	SaveAlias(ctx context.Context, who Actor, name string, a AliasConfig) (AliasConfig, error)
	// RemoveAliases removes all of them or none.
	RemoveAliases(ctx context.Context, who Actor, names []string) error
}

// GlobalSettings are the settings that belong to no channel, token or alias, and
// the description of all.
type GlobalSettings interface {
	// Settings returns the settings in force.
	Settings() SettingsConfig
	// SaveSettings replaces the stored settings.
	SaveSettings(ctx context.Context, who Actor, s config.Settings) (SettingsConfig, error)
	// Catalogue returns what this build knows: protocols, providers, policies,
	// and the settings of channels, tokens and handlers.
	Catalogue() Catalogue
}

// Cooldowns are begun and ended by hand.
type Cooldowns interface {
	// Rest starts a cooldown until a moment.
	Rest(ctx context.Context, who Actor, what health.Ref, until time.Time) error
	// ClearCooldowns ends cooldowns early and says how many there were.
	ClearCooldowns(ctx context.Context, who Actor, which health.Ref) (int, error)
}

// Records are what is kept of calls and of changes.
type Records interface {
	// Statistics sums calls up.
	Statistics(ctx context.Context, q StatisticsQuestion) (*Statistics, error)
	// Captured returns the bodies of a call; the error is ErrNotFound if none
	// were kept.
	Captured(ctx context.Context, id string) (*Capture, error)
	// Audit returns who changed what, the latest first.
	Audit(ctx context.Context, f AuditFilter) ([]AuditEntry, error)
}

// Transfer moves what is stored in and out, and seals it.
type Transfer interface {
	// Import takes channels, tokens and aliases from a file, or only says what
	// it would do.
	Import(ctx context.Context, who Actor, file ImportFile) (*ImportResult, error)
	// Export writes channels, tokens and aliases as json, csv or caddyfile. With
	// secrets only for one who is confirmed.
	Export(ctx context.Context, who Actor, format string, withSecrets bool) ([]byte, error)
	// Rotate seals everything with another key.
	Rotate(ctx context.Context, who Actor) (*Rotation, error)
}

// Logins are those who may use the dashboard.
type Logins interface {
	// TokenOf returns the token that a secret belongs to, if it may be used.
	TokenOf(secret string) (Holder, bool)
	// HolderOf returns the token of a name, if it may be used.
	HolderOf(name string) (Holder, bool)
	// NoteLogin writes into the audit trail that somebody has logged in, or has
	// failed to.
	NoteLogin(ctx context.Context, note LoginNote) error
	// Shared returns what of the dashboard outlives configs.
	Shared() *Shared
	// Password opens the dashboard; nil if none is configured.
	Password() *Password
	// PasswordFile is the file that the password is kept in; "" where the
	// password is written in the config, or there is none.
	PasswordFile() string
}

// Actor is who changes something.
type Actor struct {
	Name    string // operator, command, admin endpoint
	Address string // where the request came from, if it came by a network
	// Confirmed says that the admin password was given with this very request,
	// or that it came by Caddy's admin endpoint.
	Confirmed bool
}

// Holder is who holds a client token.
type Holder struct {
	Name string // of the token
	// Secret identifies the token's secret without telling it: it changes with
	// it.
	Secret string
}

// Masked stands for a secret in what is shown. Where it is given back, the
// secret stays what it is.
const Masked = secrets.Masked

// ChannelConfig is the settings of a channel, as the API shows and takes them.
// Keys, the password of a proxy and the values of headers are never shown.
type ChannelConfig struct {
	config.Channel

	// Keys of the channel. Each has a fingerprint by which it stays the key it
	// is; one with a key is new. Left out: they stay as they are.
	Keys []KeyConfig `json:"keys"`

	// Password is the admin password, which is asked for where a change lets
	// stored keys go to another scheme, host, port or proxy. Only ever given,
	// never shown.
	Password string `json:"password,omitempty"`

	// Origin is where it comes from: declared in the config, and read-only, or
	// stored.
	Origin string `json:"origin,omitempty"`

	Created time.Time `json:"created,omitzero"` // when it was made; empty if it is declared
	Updated time.Time `json:"updated,omitzero"` // when it was changed last; empty if it is declared
}

// KeyConfig is an upstream key.
type KeyConfig struct {
	Key         string `json:"key,omitempty"`         // only ever given, never shown
	Fingerprint string `json:"fingerprint,omitempty"` // names the key without telling it
	LastFour    string `json:"last_four,omitempty"`   // the last four characters of the key
	Note        string `json:"note,omitempty"`        // at most 512 bytes
	Disabled    bool   `json:"disabled,omitempty"`    // the key is kept and not used
}

// TokenConfig is the settings of a client token.
type TokenConfig struct {
	config.Token

	// LastFour characters of the secret.
	LastFour string `json:"last_four,omitempty"`

	// NewSecret asks for another secret, made by the gateway.
	NewSecret bool `json:"new_secret,omitempty"`

	Origin  string    `json:"origin,omitempty"` // declared in the config, and read-only, or stored
	Created time.Time `json:"created,omitzero"` // when it was made; empty if it is declared
	Updated time.Time `json:"updated,omitzero"` // when it was changed last; empty if it is declared
}

// AliasConfig is one name for several models.
type AliasConfig struct {
	config.Alias

	Origin  string    `json:"origin,omitempty"` // declared in the config, and read-only, or stored
	Created time.Time `json:"created,omitzero"` // when it was made; empty if it is declared
	Updated time.Time `json:"updated,omitzero"` // when it was changed last; empty if it is declared
}

// SettingsConfig is the settings in force, and which of them the config
// declares, so that they cannot be changed.
type SettingsConfig struct {
	config.Settings
	Declared []string `json:"declared"` // names of the settings that the config declares
	// Defaults are what counts where a setting is absent.
	Defaults config.Settings `json:"defaults"`
}

// AuditFilter narrows the audit trail. Empty fields do not.
type AuditFilter struct {
	Actor, Action, Kind string
	Channel             string // what was done to this one
	Since, Until        time.Time
	Before              int64 // id of the last entry of the page before
	Limit               int   // 1 to 500
}

// AuditEntry says who changed what, and when.
type AuditEntry struct {
	ID      int64     `json:"id"`                // grows with each entry
	Time    time.Time `json:"time"`              // when it was done
	Actor   string    `json:"actor"`             // operator, command, or the name of a client token
	Address string    `json:"address,omitempty"` // where the request came from, if it came by a network
	Action  string    `json:"action"`            // create, change, remove, import, export, rest, clear, rotate, login, end
	Kind    string    `json:"kind"`              // of what was changed: channel, token, alias, settings, secrets, cooling, call
	Name    string    `json:"name"`              // of what was changed
	Fields  []string  `json:"fields"`            // the settings that changed, never what they were
}

// TestQuestion asks for a test of a channel.
type TestQuestion struct {
	Channel  string      `json:"channel"`            // its name
	Models   []string    `json:"models,omitempty"`   // client's names; none: every one that is written out
	Protocol ai.Protocol `json:"protocol,omitempty"` // default: the channel's first
	Stream   bool        `json:"stream,omitempty"`   // ask for a stream
	Key      string      `json:"key,omitempty"`      // fingerprint; default: one that may be used
	URL      string      `json:"url,omitempty"`      // default: one that may be used
	Prompt   string      `json:"prompt,omitempty"`   // at most 4 KiB; default: hi
}

// TestAnswer is what came of the test of one model.
type TestAnswer struct {
	ID            string        `json:"id"`                         // of the call that it was
	Model         string        `json:"model"`                      // as a client names it
	UpstreamModel string        `json:"upstream_model"`             // as the channel's upstream names it
	Protocol      ai.Protocol   `json:"protocol"`                   // the one that was spoken
	URL           string        `json:"url"`                        // address that was asked
	Key           string        `json:"key,omitempty"`              // fingerprint of the key that was used
	OK            bool          `json:"ok"`                         // the answer was a good one
	Status        int           `json:"status,omitempty"`           // HTTP status of the upstream; 0 if it gave none
	Outcome       ai.Kind       `json:"outcome"`                    // what became of it, such as ok or rate_limited
	Message       string        `json:"message,omitempty"`          // what went wrong
	Duration      time.Duration `json:"duration_ns"`                // of the whole test
	FirstContent  time.Duration `json:"first_content_ns,omitempty"` // until the first content came; 0 if none did
	Text          string        `json:"text,omitempty"`             // the beginning of the answer
	// Speed is the output tokens per second from the first content on; 0 where
	// that is not known, as of an answer that came whole.
	Speed  float64   `json:"tokens_per_second,omitempty"`
	Rested time.Time `json:"rested,omitzero"` // something cools down until then because of it
	Usage  ai.Usage  `json:"usage"`           // tokens that it used
	Cost   ai.Cost   `json:"cost"`            // what it cost
}

// Capture is the bodies of a call, as far as they were kept.
type Capture struct {
	ID       string    `json:"id"`                 // of the call
	Time     time.Time `json:"time"`               // when the call arrived
	Request  string    `json:"request"`            // what the client sent, without secrets
	Answer   string    `json:"answer"`             // what the client was sent
	Cut      bool      `json:"cut,omitempty"`      // there was more
	Upstream string    `json:"upstream,omitempty"` // answers of upstreams that the client did not get
}

// ImportFile is a file to import.
type ImportFile struct {
	Name   string // as it was uploaded
	Data   []byte
	Path   string // of a file on this machine, instead of Data; only for commands
	DryRun bool
}

// ImportResult is what an import did, or would do.
type ImportResult struct {
	DryRun   bool            `json:"dry_run"`         // nothing was changed
	Format   string          `json:"format"`          // that was recognised
	Added    int             `json:"added"`           // how many things are new
	Changed  int             `json:"changed"`         // how many things are different now
	Same     int             `json:"same"`            // how many things were like this before
	Changes  []ImportChange  `json:"changes"`         // what becomes of each thing
	Notes    []string        `json:"notes"`           // what else there is to know of the file
	Lines    []ImportLine    `json:"lines,omitempty"` // of another system's file: what becomes of each thing
	Problems []ImportProblem `json:"problems"`        // rows that cannot be used
}

// ImportLine tells what becomes of one thing of another system's file.
type ImportLine struct {
	Line    int    `json:"line,omitempty"`    // where it stands, from 1
	From    string `json:"from"`              // its place and name in the file
	Becomes string `json:"becomes,omitempty"` // what it is here; empty: it is not taken over
	Note    string `json:"note,omitempty"`    // why not, or what is different here
}

// ImportChange is what becomes of one thing.
type ImportChange struct {
	Kind   string   `json:"kind"`             // channel, token or alias
	Name   string   `json:"name"`             // of the thing
	Action string   `json:"action"`           // add, change, same
	Fields []string `json:"fields,omitempty"` // the settings that are different
}

// ImportProblem is a row that cannot be used, and why.
type ImportProblem struct {
	Line    int    `json:"line,omitempty"`  // of the file, from 1; 0 if it has none
	Code    string `json:"code"`            // stable, for programs: invalid, twice, secret_taken, unsupported, unreadable, or that of a problem, such as declared or name_taken
	Name    string `json:"name,omitempty"`  // of the thing
	Field   string `json:"field,omitempty"` // the setting that is wrong
	Message string `json:"message"`         // what is wrong, and what to do
}

// Rotation is what sealing with another key came to.
type Rotation struct {
	Key      string `json:"key"`      // which key seals now
	Channels int    `json:"channels"` // how many were sealed anew
}

// Problem is something the caller can mend. Code is stable and made for
// programs, Message for people.
type Problem struct { //nolint:errname // it is told as an answer, and is an error by the way
	Status  int    `json:"-"`
	Code    string `json:"code"`            // stable, for programs
	Field   string `json:"field,omitempty"` // the setting that is wrong, where one is
	Message string `json:"message"`         // what happened and what to do, for people
}

// Error is the message.
func (p *Problem) Error() string { return p.Message }

// Problemf makes a Problem.
func Problemf(status int, code, field, format string, args ...any) *Problem {
	return &Problem{Status: status, Code: code, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Codes of problems.
const (
	CodeInvalid    = "invalid"           // what was sent is wrong; field says which setting
	CodeNotFound   = "not_found"         //
	CodeDeclared   = "declared"          // it stands in the config, and cannot be changed here
	CodeNameTaken  = "name_taken"        //
	CodeInUse      = "in_use"            // something else needs it
	CodeConflict   = "conflict"          // somebody else changed it meanwhile
	CodeLogin      = "login_required"    //
	CodeForbidden  = "forbidden"         //
	CodePassword   = "wrong_credential"  //nolint:gosec // a code, no credential
	CodeConfirm    = "password_required" // the admin password has to be given with the request
	CodeThrottled  = "too_many_attempts" //
	CodeNoPassword = "no_admin_password" // no password is configured, so nobody can log in
	CodeTooLarge   = "too_large"         //
	CodeUpstream   = "upstream_failed"   // an upstream was asked and did not answer well
	CodeStore      = "store_failed"      // the database does not do what it should
	CodeInternal   = "internal"          //
)
