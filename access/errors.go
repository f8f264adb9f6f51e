package access

import (
	"fmt"
	"time"
)

// Refusal says why a credential was not accepted, in words that may be told to
// the client that presented it. It is answered with status 401.
type Refusal struct {
	code    string
	message string
}

// Reasons a credential is refused, to be compared with errors.Is.
var (
	// ErrNoTokens: not one token is configured, so nobody may use the gateway.
	ErrNoTokens error = &Refusal{"no_tokens_configured", "this gateway has no client tokens yet, so nobody may use it; its log says how to make one"}
	// ErrUnknown: no credential, or one that belongs to no token.
	ErrUnknown error = &Refusal{"unknown_token", "no gateway token was given, or it is not one of this gateway's; send it as Authorization: Bearer, x-api-key, x-goog-api-key or ?key="}
	// ErrExpired: the token's time is over.
	ErrExpired error = &Refusal{"token_expired", "this gateway token has expired"}
)

// Error is the sentence for the client.
func (r *Refusal) Error() string { return r.message }

// Code is stable and made for programs.
func (r *Refusal) Code() string { return r.code }

// Limit names a limit of a token or channel.
type Limit string

// Limits a Meter can enforce.
const (
	LimitRPM         Limit = "rpm"             // requests in any 60 seconds
	LimitConcurrency Limit = "max_concurrency" // requests under way
)

// LimitError says that a token has used up a limit. It is answered with
// status 429; its message may be told to the client.
type LimitError struct {
	Limit      Limit
	Max        int           // what the limit is set to
	RetryAfter time.Duration // when it is worth trying again, from now
}

// Error is the sentence for the client.
func (e *LimitError) Error() string {
	if e.Limit == LimitConcurrency {
		return fmt.Sprintf("this token has as many requests under way as it may have (%d); wait for one to end", e.Max)
	}
	return fmt.Sprintf("this token has used up its %d requests per minute", e.Max)
}

// Code is stable and made for programs.
func (e *LimitError) Code() string {
	if e.Limit == LimitConcurrency {
		return "token_concurrency_exceeded"
	}
	return "token_rate_exceeded"
}
