package ai

import "time"

// Kind says what an attempt amounted to.
type Kind uint8

// Kinds of outcome. What each one cools down, and for how long, is the table in
// package health.
const (
	OK             Kind = iota // an answer that proved itself
	RateLimited                // too many requests or tokens for now
	QuotaExhausted             // money or an allowance is used up
	AuthFailed                 // the upstream key is refused
	Overloaded                 // upstream says it is overloaded
	ServerError                // upstream failed (5xx)
	SoftError                  // 200 with an untyped error inside
	Truncated                  // the answer ended before its end
	Empty                      // an answer without content
	BadAnswer                  // not an answer of this protocol: HTML, half JSON, a wrong type
	Timeout                    // silence: no headers, no content, or a stall
	NetworkError               // dial, DNS, TLS, reset before an answer
	NoSuchModel                // upstream does not know the model
	NoSuchEndpoint             // upstream does not speak this protocol here (404/405 without model text)
	ContextLength              // the request is too long for this model
	ContentFilter              // the request or answer was refused by policy
	InvalidRequest             // the caller's own fault
	ClientGone                 // the client hung up
	Interrupted                // the gateway's process ended before the call did
	Ended                      // an operator ended the call
	kinds
)

var kindNames = [kinds]string{
	"ok", "rate_limited", "quota_exhausted", "auth", "overloaded", "server", "soft_error", "truncated", "empty",
	"bad_answer", "timeout", "network", "no_such_model", "no_such_endpoint", "context_length", "content_filter",
	"invalid_request", "client_gone", "interrupted", "ended",
}

// String is the stable name used in logs, metrics, records and JSON.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// MarshalText writes the stable name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the stable name; an unknown one becomes SoftError so
// that records of a newer version can still be read.
func (k *Kind) UnmarshalText(text []byte) error {
	for i, name := range kindNames {
		if name == string(text) {
			*k = Kind(i)
			return nil
		}
	}
	*k = SoftError
	return nil
}

// Kinds lists every kind in order.
func Kinds() []Kind {
	all := make([]Kind, kinds)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// CallersFault reports whether the outcome says nothing about the upstream:
// the answer goes to the client as it is and nothing cools.
func (k Kind) CallersFault() bool {
	return k == InvalidRequest || k == ContentFilter || k == ContextLength
}

// Scope is how much of a target an outcome speaks about.
type Scope uint8

// Scopes, from nothing to the widest.
const (
	ScopeNone        Scope = iota // the caller, or nothing
	ScopeKeyModel                 // one model on one key
	ScopeKey                      // one key
	ScopeURLModel                 // one model on one URL
	ScopeURLProtocol              // one protocol on one URL
	ScopeURL                      // one URL
	ScopeModel                    // one model on the whole channel
	ScopeChannel                  // the whole channel
	ScopeGroup                    // every channel of the group
	scopes
)

var scopeNames = [scopes]string{
	"none", "key_model", "key", "url_model", "url_protocol", "url", "model", "channel", "group",
}

// String is the stable name used in logs, metrics, records and JSON.
func (s Scope) String() string {
	if int(s) < len(scopeNames) {
		return scopeNames[s]
	}
	return "unknown"
}

// MarshalText writes the stable name.
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the stable name; an unknown one becomes ScopeNone.
func (s *Scope) UnmarshalText(text []byte) error {
	*s = ScopeNone
	for i, name := range scopeNames {
		if name == string(text) {
			*s = Scope(i)
		}
	}
	return nil
}

// Scopes lists every scope in order.
func Scopes() []Scope {
	all := make([]Scope, scopes)
	for i := range all {
		all[i] = Scope(i)
	}
	return all
}

// Outcome is what an attempt amounted to, and what follows from it.
type Outcome struct {
	Kind   Kind      `json:"kind"`             // what happened
	Scope  Scope     `json:"scope"`            // what is to blame, and cools down
	Status int       `json:"status,omitempty"` // upstream's HTTP status, 0 if there was none
	Until  time.Time `json:"until,omitzero"`   // cool down until then, if upstream said so
	// Configured says that Until is the operator's word, not the upstream's.
	Configured bool   `json:"-"`
	Rule       string `json:"rule,omitempty"` // the row of the table or the custom rule that decided
	Code       string `json:"code,omitempty"` // upstream's own error code or type
	// Message is upstream's error text, shortened, secrets removed. For
	// operators; a client sees it only where the fault is the caller's.
	Message string `json:"message,omitempty"`
	// Retry says that another target may be tried.
	Retry bool `json:"retry"`
}

// Failure is an error as an upstream wrote it, whatever its shape.
type Failure struct {
	Status     int           // status written inside the body, 0 if none
	Type       string        // error.type, or Gemini's error.status
	Code       string        // error.code as text
	Message    string        // error.message, unwrapped if it holds JSON again
	Param      string        // error.param
	RetryAfter time.Duration // RetryInfo.retryDelay or a like field, 0 if none
	Reset      time.Time     // an absolute reset moment in the body, zero if none
	Model      bool          // a field of the error says that it is about one model (per-model quota)
}
