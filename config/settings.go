package config

import (
	"time"
)

// Settings are what may be changed while the gateway runs, beside channels,
// tokens and aliases. What the config says itself cannot be changed.
type Settings struct {
	// Retention bounds the log of calls. Default: 30 days and 2 GiB.
	Retention *Retention `json:"retention,omitempty"`

	// Capture keeps the bodies of calls for a short time, to find out why
	// something goes wrong. Default: off.
	Capture *Capture `json:"capture,omitempty"`
}

// Bounds of what is captured.
const (
	DefaultCaptureAge         = 15 * time.Minute
	DefaultCaptureBytes int64 = 64 << 20
	DefaultCaptureBody  int64 = 256 << 10
	MaxCaptureAge             = 7 * 24 * time.Hour
	MaxCaptureBytes     int64 = 4 << 30
	MaxCaptureBody      int64 = 10 << 20
)

// Capture keeps the bodies of requests and answers. They hold what people and
// models said; keys and tokens in them are masked.
type Capture struct {
	// Enabled switches it on. Default off.
	Enabled bool `json:"enabled,omitempty"`

	// Channels whose calls are captured, by name. Default: all.
	Channels []string `json:"channels,omitempty"`

	// Tokens whose calls are captured, by name. Default: all.
	Tokens []string `json:"tokens,omitempty"`

	// FailuresOnly keeps only the calls that did not end well.
	FailuresOnly bool `json:"failures_only,omitempty"`

	// Age after which a capture is forgotten. Default 15m; at most 7 days.
	Age Duration `json:"age,omitzero"`

	// Bytes of all captures together; the oldest are forgotten first. Default
	// 64 MiB; at most 4 GiB.
	Bytes int64 `json:"bytes,omitempty"`

	// BodyBytes of each body that are kept. Default 256 KiB; at most 10 MiB.
	BodyBytes int64 `json:"body_bytes,omitempty"`
}

// Validate checks the settings.
func (s *Settings) Validate() error {
	if err := s.Retention.Validate(); err != nil {
		return err
	}
	return s.Capture.Validate()
}

// Validate checks the bounds. A nil Capture is off.
func (c *Capture) Validate() error {
	if c == nil {
		return nil
	}
	within := func(field string, v, most int64, problem string) *Error {
		return checkThat(v >= 0 && v <= most, field, "", problem)
	}
	return first("capture", "",
		within("age", int64(c.Age.Duration), int64(MaxCaptureAge), "must be at most 7 days"),
		within("bytes", c.Bytes, MaxCaptureBytes, "must be at most 4 GiB"),
		within("body_bytes", c.BodyBytes, MaxCaptureBody, "must be at most 10 MiB"),
	)
}

// Resolved returns the capture with defaults applied.
func (c *Capture) Resolved() Capture {
	var r Capture
	if c != nil {
		r = *c
	}
	if r.Age.Duration == 0 {
		r.Age = NewDuration(DefaultCaptureAge)
	}
	if r.Bytes == 0 {
		r.Bytes = DefaultCaptureBytes
	}
	if r.BodyBytes == 0 {
		r.BodyBytes = DefaultCaptureBody
	}
	return r
}
