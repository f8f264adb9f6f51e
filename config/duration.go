package config

import (
	"encoding/json"
	"reflect"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// Duration is a length of time as somebody wrote it. In JSON it is a text such
// as 90s, 36h or 30d, or off, which is 0; or a number of nanoseconds. A text is
// written as it was read, so that 720h does not come back as 30d; what was no
// text is written as FormatDuration does.
//
// Two of the same length in different words are different settings, which ==
// tells apart.
type Duration struct {
	time.Duration
	text string
}

// longestDuration is how long a text may be that is kept, in bytes. A longer one
// is no unit somebody prefers.
const longestDuration = 32

// NewDuration is a length of time that nobody has written, in its shortest form.
// That of 0 is the zero value.
func NewDuration(d time.Duration) Duration {
	if d == 0 {
		return Duration{}
	}
	return Duration{d, FormatDuration(d)}
}

// ReadDuration reads what ParseDuration reads and keeps the text.
func ReadDuration(text string) (Duration, error) {
	d, err := ParseDuration(text)
	return written(d, text), err
}

func written(d time.Duration, text string) Duration {
	if len(text) > longestDuration {
		text = FormatDuration(d)
	}
	return Duration{d, text}
}

// String writes the duration as it was read, or else in its shortest form.
func (d Duration) String() string {
	if d.text != "" {
		return d.text
	}
	return FormatDuration(d.Duration)
}

// MarshalJSON implements json.Marshaler.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON implements json.Unmarshaler. A negative duration is read: that
// it is wrong is said with the name of its setting, by Validate.
func (d *Duration) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	if ns, err := strconv.ParseInt(string(data), 10, 64); err == nil {
		*d = NewDuration(time.Duration(ns))
		return nil
	}
	var text string
	if json.Unmarshal(data, &text) != nil {
		return &json.UnmarshalTypeError{Value: "value of another type", Type: reflect.TypeFor[Duration]()}
	}
	length, err := caddy.ParseDuration(text)
	if text == Off {
		length, err = 0, nil
	}
	if err != nil {
		return &json.UnmarshalTypeError{Value: "text that is no duration", Type: reflect.TypeFor[Duration]()}
	}
	*d = written(length, text)
	return nil
}

// FormatDuration writes a duration in the shortest form that ParseDuration
// reads: 30d, 36h, 90s; 0s for none.
func FormatDuration(d time.Duration) string {
	for _, unit := range [...]struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if d%unit.size == 0 && d != 0 {
			return strconv.FormatInt(int64(d/unit.size), 10) + unit.name
		}
	}
	return d.String()
}

// ParseDuration reads a duration such as 90s, 15m or 30d, or off, which is 0.
// It is never negative.
func ParseDuration(s string) (time.Duration, error) {
	if s == Off {
		return 0, nil
	}
	d, err := caddy.ParseDuration(s)
	if err != nil {
		return 0, &Error{Value: quote(s), Problem: "must be a duration such as 90s, 15m, 12h or 30d, or off"}
	}
	if d < 0 {
		return 0, &Error{Value: quote(s), Problem: "must not be negative; off switches it off"}
	}
	return d, nil
}

// checkDuration checks a duration that 0 switches off and nil leaves at its
// default. Between them it must be at least low.
func checkDuration(field string, d *Duration, low time.Duration) *Error {
	if d == nil || d.Duration == 0 {
		return nil
	}
	switch {
	case d.Duration < 0:
		return &Error{Field: field, Value: d.String(), Problem: "must not be negative: 0 switches it off"}
	case d.Duration < low:
		return &Error{Field: field, Value: d.String(), Problem: "must be at least " + low.String()}
	}
	return nil
}
