package ccload

import (
	"crypto/rand"
	"encoding/hex"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/routing"
)

// statusClientGone is what a call that its client left is recorded with. It is
// nginx's number; nobody receives it.
const statusClientGone = 499

// call is one client request on its way through the handler. It is used by the
// goroutine that serves the request, and is not kept: what is remembered of it
// is its record.
type call struct {
	ai.Call
	h *Handler
	*snapshot
	w     http.ResponseWriter
	r     *http.Request
	match match

	token     *access.Token
	admission *access.Admission // nil until the token has admitted the call
	used      access.Use        // by all attempts together, see bill
	body      *body
	request   protocol.Request
	route     *routing.Route // what the model amounts to; nil until it is known
	chooser   *routing.Chooser
	question  question // of the attempt under way, see askusage.go
	expectation
	translation translation

	record   *ai.Record
	failure  *failedAnswer // the most telling failure so far
	waited   time.Duration // for something that was due
	finished bool
	abort    bool       // the connection must be cut, see settle
	capture  *capturing // nil: its bodies are not kept
}

// newCall starts the account of a request.
func newCall(h *Handler, w http.ResponseWriter, r *http.Request, m match) *call {
	c := &call{h: h, snapshot: h.snapshot(), w: w, r: r, match: m}
	c.Received = time.Now()
	c.ID = newRequestID(c.Received)
	c.Protocol = m.format.ID()
	c.Path = r.URL.Path
	if m.endpoint != nil {
		c.Operation = m.endpoint.Operation
	}
	c.record = &ai.Record{
		ID: c.ID, Time: c.Received, Protocol: c.Protocol, Operation: c.Operation,
		ClientIP: clientIP(r), UserAgent: ai.Shorten(r.UserAgent(), 200), Policy: h.policyName,
	}
	w.Header().Set("X-Ccload-Request-Id", c.ID)
	c.setPlaceholders()
	return c
}

// newRequestID returns a fresh id, "req_" and 24 hexadecimal digits: 48 bits of
// milliseconds since 1970 and as many random ones. Ids that grow with time keep
// the store's index of them cheap.
func newRequestID(now time.Time) string {
	var raw [12]byte
	rand.Read(raw[:])
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		raw[i] = byte(ms >> (40 - 8*i)) //nolint:gosec // one byte of it
	}
	var text [28]byte
	copy(text[:], "req_")
	hex.Encode(text[4:], raw[:])
	return string(text[:])
}

// since is the time since the call arrived.
func (c *call) since() time.Duration { return time.Since(c.Received) }

// end notes how the call ended; the first word stands.
func (c *call) end(kind ai.Kind, status int, message string) {
	if c.finished {
		return
	}
	c.finished = true
	c.record.Outcome, c.record.Status, c.record.Message = kind, status, message
}

// setRetryAfter tells the client when to come back, in whole seconds and at
// least one (RFC 9110, section 10.2.3).
func (c *call) setRetryAfter(d time.Duration) {
	c.w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(d.Seconds())))))
}

// writeError answers with an error in the client's own protocol.
func (c *call) writeError(e *protocol.Error) {
	contentType, body := c.match.format.WriteError(e)
	header := c.w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	c.exposeRoute()
	sayFinal(header, e.Status)
	c.w.WriteHeader(e.Status)
	if c.r.Method != http.MethodHead {
		n, _ := c.w.Write(body) //nolint:gosec // JSON, and said to be
		c.record.AnswerBytes = int64(n)
	}
}

// exposeRoute adds the headers that say which way the call went, where the
// handler or the token allows it.
func (c *call) exposeRoute() {
	if !c.h.limits.ExposeRoute && (c.token == nil || !c.token.ExposeRoute()) {
		return
	}
	header := c.w.Header()
	header.Set("X-Ccload-Attempts", strconv.Itoa(len(c.record.Attempts)))
	if n := len(c.record.Attempts); n > 0 {
		last := &c.record.Attempts[n-1].Target
		header.Set("X-Ccload-Channel", last.Channel)
		header.Set("X-Ccload-Upstream-Model", last.Model)
	}
}

// clientIP is the address of the client as Caddy knows it.
func clientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
