package config

import (
	"math"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
)

// What a handler does when nothing else is said.
const (
	DefaultMaxBody        int64 = 64 << 20
	DefaultBodyTimeout          = 2 * time.Minute
	DefaultMaxAttempts          = 6
	DefaultMaxWait              = 3 * time.Second
	DefaultTotalTimeout         = 15 * time.Minute
	DefaultConnectTimeout       = 10 * time.Second
	DefaultHeaderTimeout        = 5 * time.Minute // a call that is not streamed thinks before its headers
	DefaultIdleTimeout          = time.Minute
	DefaultKeepaliveAfter       = 75 * time.Second // CDNs give up at about 100 s

	// FirstContentUnknown is the wait for first content where it is learned and
	// not yet known, while another channel could serve; FirstContentAlone where
	// none could.
	FirstContentUnknown = time.Minute
	FirstContentAlone   = 2 * time.Minute
	// FirstContentBegun is the wait where it is learned and headers or an event
	// have come, and FirstContentThinking that of calls with reasoning on.
	FirstContentBegun    = 2 * time.Minute
	FirstContentThinking = 5 * time.Minute
)

// Bounds of a handler's numbers.
const (
	MaxMaxBody     int64 = 4 << 30
	MaxMaxAttempts       = 100
)

// FirstContentAuto is the first_content_timeout that is learned.
const FirstContentAuto = "auto"

// Handler is how the proxy tries and waits.
// Every duration: 0 switches the limit off.
type Handler struct {
	// MaxBody is the largest request body in bytes; above it 413. Default
	// 64 MiB (also if 0); at most 4 GiB. Bodies are held in memory.
	MaxBody int64 `json:"max_body,omitempty"`

	// BodyTimeout is how long a client may take to send its body; then 408. A
	// client that is silent for longer than Caddy's read_idle_timeout, a minute
	// by default, meets that first.
	// Default 2m.
	BodyTimeout *Duration `json:"body_timeout,omitempty"`

	// MaxAttempts is how many targets one call may try. Default 6 (also if 0);
	// 1 to 100.
	MaxAttempts int `json:"max_attempts,omitempty"`

	// MaxWait is how long a call may wait for a key that is due to be usable
	// again when nothing else is. Default 3s.
	MaxWait *Duration `json:"max_wait,omitempty"`

	// TotalTimeout bounds all attempts of a call and its answer. Default 15m.
	TotalTimeout *Duration `json:"total_timeout,omitempty"`

	// ConnectTimeout bounds dialling and the TLS handshake. Default 10s.
	ConnectTimeout *Duration `json:"connect_timeout,omitempty"`

	// HeaderTimeout bounds the wait for the answer's headers. For a call that
	// is not streamed that is the whole time until the answer begins, which with
	// most services is when it is finished. For a stream it counts only where
	// first_content_timeout is longer or off. A call given up by it is
	// recorded with its estimated cost. Default 5m.
	HeaderTimeout *Duration `json:"header_timeout,omitempty"`

	// FirstContentTimeout bounds the wait for the first content of a stream,
	// counted from when the request was sent. A duration fixes it; "off" or 0
	// switches it off. "auto" is for silence, which means neither headers nor any
	// event: it is learned from what the target usually takes (4 times its 99th
	// percentile, 20s to 5m); until that is known it is 1m while another channel
	// could serve, else 2m. Once headers or an event have come the wait is at least
	// 2m, and 5m for calls with reasoning switched on. A call given up by it is
	// recorded with its estimated cost. Default auto.
	FirstContentTimeout string `json:"first_content_timeout,omitempty"`

	// IdleTimeout bounds silence within a stream. Default 60s.
	IdleTimeout *Duration `json:"idle_timeout,omitempty"`

	// KeepaliveAfter is how long after its arrival a streamed call that has no
	// content yet gets a sign of life, and then every 15s: the headers, and what
	// its protocol takes for nothing, so that no server between gives the
	// connection up. Another channel may still be tried; if none can serve,
	// the stream ends with an error event. Headers that only an answer knows,
	// such as request ids, are not sent then. Over HTTP/3 the first sign comes
	// after 20s at the latest, because a QUIC connection lives 30s without one.
	// "off" or 0 switches it off. Default 75s.
	KeepaliveAfter *Duration `json:"keepalive_after,omitempty"`

	// ExposeRoute adds X-Ccload-Channel, X-Ccload-Attempts and
	// X-Ccload-Upstream-Model to every answer. Default: off.
	ExposeRoute bool `json:"expose_route,omitempty"`

	// AllowOrigins lists other sites whose pages may call the gateway from a
	// browser, as scheme and host such as https://app.example.com, or * for
	// all. They may read answers (CORS), and may call without a credential in a
	// header, which is refused of other sites: where the token stands in ?key=
	// or none is needed, any page could spend. Default: none.
	AllowOrigins []string `json:"allow_origins,omitempty"`

	// FuzzyModels lets an unknown model name match case-insensitively, and as a
	// part of a served name, newest first. Default: off.
	FuzzyModels bool `json:"fuzzy_models,omitempty"`
}

// Validate checks the numbers.
func (h *Handler) Validate() error {
	_, firstContent := h.firstContent()
	return first("ccload", "",
		checkThat(h.MaxBody >= 0 && h.MaxBody <= MaxMaxBody, "max_body", strconv.FormatInt(h.MaxBody, 10), maxBodyProblem()),
		checkDuration("body_timeout", h.BodyTimeout, 0),
		checkRange("max_attempts", h.MaxAttempts, 1, MaxMaxAttempts),
		checkDuration("max_wait", h.MaxWait, 0),
		checkDuration("total_timeout", h.TotalTimeout, 0),
		checkDuration("connect_timeout", h.ConnectTimeout, 0),
		checkDuration("header_timeout", h.HeaderTimeout, 0),
		firstContent,
		checkDuration("idle_timeout", h.IdleTimeout, 0),
		checkDuration("keepalive_after", h.KeepaliveAfter, 0),
		checkEach(h.AllowOrigins, checkOrigin),
	)
}

func maxBodyProblem() string {
	return "must be 1 byte to " + humanize.IBytes(uint64(MaxMaxBody)) + ", as in 64MiB"
}

// firstContent reads FirstContentTimeout; learned if negative.
func (h *Handler) firstContent() (time.Duration, *Error) {
	switch h.FirstContentTimeout {
	case "", FirstContentAuto:
		return -1, nil
	}
	d, err := ParseDuration(h.FirstContentTimeout)
	if err != nil {
		return 0, &Error{Field: "first_content_timeout", Value: quote(h.FirstContentTimeout), Problem: "must be auto, off or a duration such as 30s"}
	}
	return d, nil
}

// Limits is a Handler with its defaults applied. A duration of 0 is no limit.
type Limits struct {
	MaxBody             int64 // bytes
	BodyTimeout         time.Duration
	MaxAttempts         int
	MaxWait             time.Duration
	TotalTimeout        time.Duration
	ConnectTimeout      time.Duration
	HeaderTimeout       time.Duration
	FirstContentTimeout time.Duration // FirstContentAlone where FirstContentAuto
	FirstContentAuto    bool          // it is learned
	IdleTimeout         time.Duration
	KeepaliveAfter      time.Duration
	ExposeRoute         bool
	FuzzyModels         bool
}

// Resolve applies the defaults. h must be valid.
func (h *Handler) Resolve() Limits {
	l := Limits{
		MaxBody:        h.MaxBody,
		BodyTimeout:    orDefault(h.BodyTimeout, DefaultBodyTimeout),
		MaxAttempts:    h.MaxAttempts,
		MaxWait:        orDefault(h.MaxWait, DefaultMaxWait),
		TotalTimeout:   orDefault(h.TotalTimeout, DefaultTotalTimeout),
		ConnectTimeout: orDefault(h.ConnectTimeout, DefaultConnectTimeout),
		HeaderTimeout:  orDefault(h.HeaderTimeout, DefaultHeaderTimeout),
		IdleTimeout:    orDefault(h.IdleTimeout, DefaultIdleTimeout),
		KeepaliveAfter: orDefault(h.KeepaliveAfter, DefaultKeepaliveAfter),
		ExposeRoute:    h.ExposeRoute,
		FuzzyModels:    h.FuzzyModels,
	}
	if l.MaxBody == 0 {
		l.MaxBody = DefaultMaxBody
	}
	if l.MaxAttempts == 0 {
		l.MaxAttempts = DefaultMaxAttempts
	}
	l.FirstContentTimeout, _ = h.firstContent()
	if l.FirstContentTimeout < 0 {
		l.FirstContentTimeout, l.FirstContentAuto = FirstContentAlone, true
	}
	return l
}

func orDefault(d *Duration, otherwise time.Duration) time.Duration {
	if d == nil {
		return otherwise
	}
	return d.Duration
}

// Off is the word that switches a limit off.
const Off = "off"

// ParseSize reads a number of bytes such as 64MiB, 2GiB, 500MB or 1048576.
func ParseSize(s string) (int64, error) {
	n, err := humanize.ParseBytes(s)
	if err != nil || n > math.MaxInt64 {
		return 0, &Error{Value: quote(s), Problem: "must be a size such as 64MiB or 2GiB"}
	}
	return int64(n), nil
}
