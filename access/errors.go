package access

import (
	"fmt"
	"time"

	"github.com/ccload/ccload/ai"
)

// Refusal says why a credential was not accepted, in words that may be told to
// the client that presented it. It is answered with status 401.
type Refusal struct { //nolint:errname // it refuses, and is an error by the way
	code    string
	message string
}

// Reasons a credential is refused, to be compared with errors.Is.
var (
	// ErrNoTokens: not one token is configured, so nobody may use the gateway.
	ErrNoTokens error = &Refusal{"no_tokens_configured", "this gateway has no client tokens yet, so nobody may use it; its log says how to make one"}
	// ErrUnknown: no credential, or one that belongs to no token.
	ErrUnknown error = &Refusal{"unknown_token", "no gateway token was given, or it is not one of this gateway's; send it as Authorization: Bearer, x-api-key, x-goog-api-key or ?key="}
	// ErrDisabled: the token was switched off.
	ErrDisabled error = &Refusal{"token_disabled", "this gateway token is switched off"}
	// ErrExpired: the token's time is over.
	ErrExpired error = &Refusal{"token_expired", "this gateway token has expired"}
)

// Error is the sentence for the client.
func (r *Refusal) Error() string { return r.message }

// Code is stable and made for programs.
func (r *Refusal) Code() string { return r.code }

// Limit names a limit of a token or channel.
type Limit string

// Limits an Limiter keeps.
const (
	LimitRPM         Limit = "rpm"             // requests in any 60 seconds
	LimitTPM         Limit = "tpm"             // tokens in any 60 seconds
	LimitConcurrency Limit = "max_concurrency" // requests under way
	LimitDay         Limit = "daily_budget"    // money in a day
	LimitMonth       Limit = "monthly_budget"  // money in a month of the calendar
	LimitTotal       Limit = "total_budget"    // money at all
	LimitUnknown     Limit = "spending"        // there is a budget, and it is not known yet what was spent of it
)

// LimitError says that a token has used up a limit. It is answered with
// status 429, or 503 for LimitUnknown; its message may be told to the client.
type LimitError struct {
	Limit      Limit
	Max        int           // what a rate or the concurrency is set to
	Budget     ai.Money      // what a budget is set to
	Spent      ai.Money      // what was spent of it
	Likely     ai.Money      // what a call like this is likely to cost at most
	Reserved   bool          // the budget is not spent: what is left of it is reserved by calls under way
	Resets     time.Time     // when a spent budget begins anew; zero: never
	RetryAfter time.Duration // when it is worth trying again, from now; 0: nobody knows
	Shared     bool          // it is only the share of this process that is used up, and there may be more
}

// Error is the sentence for the client.
func (e *LimitError) Error() string {
	switch e.Limit {
	case LimitUnknown:
		return "this token has a budget, and what was spent of it cannot be read now, because the gateway has just started or its database is away; try again in a moment"
	case LimitConcurrency:
		return fmt.Sprintf("this token has as many requests under way as it may have (%d); wait for one to end", e.Max)
	case LimitRPM:
		return fmt.Sprintf("this token has used up its %d requests per minute", e.Max)
	case LimitTPM:
		return fmt.Sprintf("this token has used up its %d tokens per minute", e.Max)
	}
	period := map[Limit]string{LimitDay: "daily ", LimitMonth: "monthly "}[e.Limit]
	if e.Reserved {
		return fmt.Sprintf("what is left of this token's %sbudget of $%s (spent: $%s) is reserved by requests under way, until they end; try again in a moment, or say a smaller max_tokens", period, e.Budget, e.Spent)
	}
	text := fmt.Sprintf("this token has used up its %sbudget of $%s (spent: $%s)", period, e.Budget, e.Spent)
	if e.Spent < e.Budget {
		text = fmt.Sprintf("what is left of this token's %sbudget of $%s (spent: $%s) is less than a request like this may cost ($%s); say a smaller max_tokens", period, e.Budget, e.Spent, e.Likely)
	}
	if e.Resets.IsZero() {
		return text
	}
	return text + "; it begins anew at " + e.Resets.Format(time.RFC3339)
}

// Code is stable and made for programs.
func (e *LimitError) Code() string {
	switch e.Limit {
	case LimitUnknown:
		return "token_spending_unknown"
	case LimitConcurrency:
		return "token_concurrency_exceeded"
	case LimitRPM:
		return "token_rate_exceeded"
	case LimitTPM:
		return "token_tokens_per_minute_exceeded"
	}
	return "token_" + string(e.Limit) + "_exceeded"
}
