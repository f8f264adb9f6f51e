package config

import (
	"time"
)

// Bounds of the responses that are kept.
const (
	DefaultResponsesAge         = 24 * time.Hour
	DefaultResponsesBytes int64 = 256 << 20
	MaxResponsesAge             = 90 * 24 * time.Hour
	MaxResponsesBytes     int64 = 64 << 30
)

// ResponsesStore keeps the answers that clients of OpenAI's Responses got by
// translation, for those that refer to them: by previous_response_id, by
// item_reference, or to read and delete them. They are sealed with the
// encryption key, are there for the token that they were made for only, and are
// not kept where a request says store: false.
type ResponsesStore struct {
	// Disabled keeps none, and forgets those that were kept.
	Disabled bool `json:"disabled,omitempty"`

	// Age after which a response is forgotten that was not continued since.
	// Default 24h; at most 90 days.
	Age Duration `json:"age,omitzero"`

	// Bytes of all responses together; the oldest are forgotten first. Default
	// 256 MiB; at most 64 GiB.
	Bytes int64 `json:"bytes,omitempty"`
}

// Validate checks the bounds. A nil ResponsesStore is the default one.
func (r *ResponsesStore) Validate() error {
	if r == nil {
		return nil
	}
	return first("responses_store", "",
		checkThat(r.Age.Duration >= 0 && r.Age.Duration <= MaxResponsesAge, "age", "", "must be from 1s to 90 days"),
		checkThat(r.Bytes >= 0 && r.Bytes <= MaxResponsesBytes, "bytes", "", "must be from 1 byte to 64 GiB"),
	)
}

// Resolved returns the settings with defaults applied.
func (r *ResponsesStore) Resolved() ResponsesStore {
	var s ResponsesStore
	if r != nil {
		s = *r
	}
	if s.Age.Duration == 0 {
		s.Age = NewDuration(DefaultResponsesAge)
	}
	if s.Bytes == 0 {
		s.Bytes = DefaultResponsesBytes
	}
	return s
}

// Since is when the oldest responses were made that are kept at a moment.
func (r *ResponsesStore) Since(now time.Time) time.Time {
	if r.Disabled {
		return now
	}
	return now.Add(-r.Age.Duration)
}
