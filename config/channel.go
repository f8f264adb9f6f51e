package config

import (
	"github.com/caddyserver/caddy/v2"
)

// Channel is one account at one provider: where it is, its keys, which models
// it serves, and how much may be asked of it.
type Channel struct {
	// Name identifies the channel in logs, statistics and tokens. Unique.
	// Required; at most 191 characters.
	Name string `json:"name"`

	// Provider is a preset: base URL, protocols and the way it wants its
	// credential, e.g. anthropic, openai, gemini, openrouter. Either a provider
	// or at least one URL is needed; URLs given here replace the preset's.
	Provider string `json:"provider,omitempty"`

	// URLs are base addresses of the service, all equal; the faster healthy one
	// is used. A trailing /v1 may be left out or written. A trailing # means:
	// use the address as it is, append no endpoint path.
	URLs []URL `json:"urls,omitempty"`

	// Protocols are the wire formats the URLs speak, in order of preference:
	// anthropic, openai, responses, gemini. Default: those of the provider; for
	// a channel without provider all of them, and what an address does not
	// speak is learned from its answers.
	Protocols []string `json:"protocols,omitempty"`

	// Keys are the upstream credentials. They are used in turn, and rest one by
	// one. Placeholders such as {env.KEY} and {file./path} are replaced. A channel may have
	// no key if its service wants none.
	Keys []string `json:"keys,omitempty"`

	// Auth says how the key is sent: bearer (Authorization: Bearer), x-api-key,
	// x-goog-api-key, api-key, or none. Default: as the provider or protocol
	// wants it.
	Auth string `json:"auth,omitempty"`

	// Models are the models the channel serves: exact names or patterns with *.
	// Default: everything the provider serves; for a channel without provider, everything (*).
	Models []string `json:"models,omitempty"`

	// ModelNames maps a client's model name to the name this upstream uses. The
	// client's names are served too, they need not stand in Models again.
	ModelNames map[string]string `json:"model_names,omitempty"`

	// Priority decides first: a channel of a higher priority is used as long as
	// it can be. Default 0; may be negative.
	Priority int `json:"priority,omitempty"`

	// Weight is the share among channels of the same priority, multiplied by
	// the number of usable keys. Default 1; 1 to 10000.
	Weight int `json:"weight,omitempty"`

	// Disabled takes the channel out of routing without removing it.
	Disabled bool `json:"disabled,omitempty"`

	// RPM limits requests per minute (a sliding minute). Default 0: no limit.
	RPM int `json:"rpm,omitempty"`

	// MaxConcurrency limits requests under way. Default 0: no limit.
	MaxConcurrency int `json:"max_concurrency,omitempty"`

	// Hours is the daily time the channel may be used. Default: always.
	Hours *Hours `json:"hours,omitempty"`

	// Proxy is a forward proxy for this channel: http, https, socks5 or
	// socks5h URL. Default: the environment's (HTTPS_PROXY). "off" for none.
	Proxy string `json:"proxy,omitempty"`

	// HeaderUp changes request headers on their way up, in Caddy's header
	// operations. Applied last, so it can replace anything but the credential.
	HeaderUp *HeaderOps `json:"header_up,omitempty"`

	// BodySet sets top-level or dotted fields of a JSON request body; the value
	// is JSON. Changing "model" changes what is asked for and counted.
	BodySet []BodyField `json:"body_set,omitempty"`

	// BodyRemove removes top-level or dotted fields of a JSON request body.
	BodyRemove []string `json:"body_remove,omitempty"`

	// CooldownRules are tried before the built-in classification of an answer;
	// the first that matches decides. At most 32.
	CooldownRules []CooldownRule `json:"cooldown_rules,omitempty"`

	// Group names channels that share fate: a limit that speaks of the
	// organisation or the address rests all of them. Default: none.
	Group string `json:"group,omitempty"`

	// HealthCheck asks a cheap request of the channel from time to time, so
	// that a resting one is found well before a client needs it. Default: off.
	HealthCheck *HealthCheck `json:"health_check,omitempty"`

	// AllowPrivateAddresses permits host names that resolve to loopback,
	// private or link-local addresses. An address or "localhost" written
	// literally in a URL is always permitted; a name is not, because whoever
	// controls its DNS could point it inside your network.
	AllowPrivateAddresses bool `json:"allow_private_addresses,omitempty"`

	// TLSInsecureSkipVerify accepts any certificate. Only for tests.
	TLSInsecureSkipVerify bool `json:"tls_insecure_skip_verify,omitempty"`
}

// URL is one address of a channel.
type URL struct {
	// URL is the base address, http or https, without credentials, query or
	// fragment (but see the # mark of Channel.URLs).
	URL string `json:"url"`

	// Protocols this address speaks. Default: the channel's.
	Protocols []string `json:"protocols,omitempty"`
}

// Hours is a daily window of time.
type Hours struct {
	// From is the first minute, HH:MM. A window may cross midnight.
	From string `json:"from"`
	// To is the first minute outside again, HH:MM. Equal to From: always.
	To string `json:"to"`
	// Zone is an IANA time zone. Default UTC.
	Zone string `json:"zone,omitempty"`
}

// HeaderOps are changes of headers.
type HeaderOps struct {
	// Set replaces a header, or creates it.
	Set map[string][]string `json:"set,omitempty"`
	// Add adds a value beside those that are there.
	Add map[string][]string `json:"add,omitempty"`
	// Delete removes headers.
	Delete []string `json:"delete,omitempty"`
}

// BodyField is one field to set in a JSON body.
type BodyField struct {
	// Path is a top-level name or a dotted path; a number is an index.
	Path string `json:"path"`
	// Value is any JSON value.
	Value any `json:"value"`
}

// CooldownRule recognises an answer and says what rests for how long.
type CooldownRule struct {
	// Status codes the rule looks at. Default: any.
	Status []int `json:"status,omitempty"`
	// Body is a regular expression (RE2) the answer's text must match, at most
	// 1024 characters. A group named "reset" captures when the rest ends.
	Body string `json:"body,omitempty"`
	// Scope is what rests: key, model or channel. Default key.
	Scope string `json:"scope,omitempty"`
	// For is how long it rests if no reset is captured.
	For caddy.Duration `json:"for,omitempty"`
	// Layout is the Go time layout of the captured reset, or one of unix,
	// unix_ms, seconds, time_of_day. Default RFC 3339.
	Layout string `json:"layout,omitempty"`
	// Zone is the IANA time zone of a captured reset without one. Default UTC.
	Zone string `json:"zone,omitempty"`
}

// HealthCheck is an active check of a channel.
type HealthCheck struct {
	// Interval between checks of one channel. Default 5m; at least 10s.
	Interval caddy.Duration `json:"interval,omitempty"`
	// Model to ask. Default: the first of the channel's that is no pattern.
	Model string `json:"model,omitempty"`
}
