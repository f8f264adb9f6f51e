// Package config is settings as people write them: the types that JSON,
// Caddyfile and (later) dashboard share, and their validation. It knows
// nothing of what is done with them.
package config

import "github.com/caddyserver/caddy/v2"

// Token is a credential that a client of the gateway presents.
type Token struct {
	// Name identifies the token in logs and statistics. Unique. Required. The
	// name "anonymous" with no secret admits requests without any credential.
	Name string `json:"name"`

	// Secret is what the client sends, at least 16 characters; placeholders
	// such as {env.TOKEN} are replaced. Only its hash is kept.
	Secret string `json:"secret,omitempty"`

	// Models the token may use: exact names or patterns with *. Default: all.
	Models []string `json:"models,omitempty"`

	// Channels the token may use, by name. Default: all.
	Channels []string `json:"channels,omitempty"`

	// ExceptChannels the token may not use, by name. Not together with Channels.
	ExceptChannels []string `json:"except_channels,omitempty"`

	// RPM limits requests per minute (a sliding minute). Default 0: no limit.
	RPM int `json:"rpm,omitempty"`

	// MaxConcurrency limits requests under way. Default 0: no limit.
	MaxConcurrency int `json:"max_concurrency,omitempty"`

	// Expires is the day (YYYY-MM-DD, UTC, inclusive) or moment (RFC 3339)
	// after which the token is refused. Default: never.
	Expires string `json:"expires,omitempty"`

	// ExposeRoute shows this token's holder which channel served, in response
	// headers, also where the handler does not.
	ExposeRoute bool `json:"expose_route,omitempty"`
}

// Alias is one name for several models, tried in order.
type Alias struct {
	// Name is what clients ask for.
	Name string `json:"name"`
	// Models are what is looked for, in order.
	Models []string `json:"models"`
}

// Retention bounds the request log.
type Retention struct {
	// Age after which a call is forgotten. Default 30 days; 0: no limit by age.
	Age *caddy.Duration `json:"age,omitempty"`
	// Bytes the database may grow to before the oldest calls are forgotten.
	// Default 2 GiB; 0: no limit by size.
	Bytes *int64 `json:"bytes,omitempty"`
}

// Handler is how the proxy tries and waits.
// Every duration: 0 switches the limit off.
type Handler struct {
	// MaxBody is the largest request body in bytes; above it 413. Default 64 MiB.
	MaxBody int64 `json:"max_body,omitempty"`

	// BodyTimeout is how long a client may take to send its body; then 408.
	// Default 2m.
	BodyTimeout *caddy.Duration `json:"body_timeout,omitempty"`

	// MaxAttempts is how many targets one call may try. Default 6; 1 to 100.
	MaxAttempts int `json:"max_attempts,omitempty"`

	// MaxWait is how long a call may wait for a key that is due to be usable
	// again when nothing else is. Default 3s.
	MaxWait *caddy.Duration `json:"max_wait,omitempty"`

	// TotalTimeout bounds all attempts of a call and its answer. Default 15m.
	TotalTimeout *caddy.Duration `json:"total_timeout,omitempty"`

	// ConnectTimeout bounds dialling and the TLS handshake. Default 10s.
	ConnectTimeout *caddy.Duration `json:"connect_timeout,omitempty"`

	// HeaderTimeout bounds the wait for the answer's headers. For a call that
	// is not streamed that is the whole time the model thinks. Default: off.
	HeaderTimeout *caddy.Duration `json:"header_timeout,omitempty"`

	// FirstContentTimeout bounds the wait for the first content of a stream,
	// counted from when the request was sent. "auto" learns it from what the
	// target usually takes (4 times its 99th percentile, 20s to 5m, and 2m until it is known);
	// a duration fixes it; "off" or 0 switches it off. Default auto.
	FirstContentTimeout string `json:"first_content_timeout,omitempty"`

	// IdleTimeout bounds silence within a stream. Default 60s.
	IdleTimeout *caddy.Duration `json:"idle_timeout,omitempty"`

	// ExposeRoute adds X-Ccload-Channel, X-Ccload-Attempts and
	// X-Ccload-Upstream-Model to every answer. Default: off.
	ExposeRoute bool `json:"expose_route,omitempty"`

	// FuzzyModels lets an unknown model name match case-insensitively, and as a
	// part of a served name, newest first. Default: off.
	FuzzyModels bool `json:"fuzzy_models,omitempty"`
}
