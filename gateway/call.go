package gateway

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/ledger"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/routing"
)

// StatusClientGone is what a call that its client left is recorded with. It is
// nginx's number; nobody receives it.
const StatusClientGone = 499

// Call is one client request on its way through the handler. It is used by the
// goroutine that serves the request, and is not kept: what is remembered of it
// is its record.
type Call struct {
	ai.Call
	site          *Site
	snapshot      *snapshot
	w             http.ResponseWriter
	r             *http.Request
	clientAddress string
	match         Match

	token       *access.Token
	admission   admission
	body        *body
	request     protocol.Request
	route       *routing.Route // what the model amounts to; nil until it is known
	chooser     *routing.Chooser
	forecast    forecast
	translation translation
	continued   *continued // nil: the request tells all of the conversation
	progress    progress

	// Record is what is remembered of the call. It grows until Settle hands it
	// out.
	Record  *ai.Record
	failure *failedAnswer // the most telling failure so far
	alive   *keepalive    // nil: nobody needs a sign of life
	callEnd
	capture *capturing // nil: its bodies are not kept
	journal ledger.Open
}

// callEnd is what is known of a call's end.
type callEnd struct {
	finished bool // it has an outcome
	abort    bool // the connection must be cut, see Settle
}

// NewCall starts the account of a request. clientAddress is the client's as the
// server knows it behind trusted proxies, which the access log has too; empty if
// it is that of the connection.
func (s *Site) NewCall(w http.ResponseWriter, r *http.Request, m Match, clientAddress string) *Call {
	c := &Call{
		site: s, snapshot: s.snapshot(), w: w, r: r, match: m,
		clientAddress: cmp.Or(clientAddress, access.HostOf(r.RemoteAddr)),
	}
	c.forecast.call = c
	c.Received = time.Now()
	c.ID = newRequestID(c.Received)
	c.Protocol = m.Format.ID()
	c.Path = r.URL.Path
	if m.Endpoint != nil {
		c.Operation = m.Endpoint.Operation
	}
	c.Record = &ai.Record{
		ID: c.ID, Time: c.Received, Protocol: c.Protocol, Operation: c.Operation,
		ClientIP: c.clientAddress, UserAgent: ai.Shorten(r.UserAgent(), 200), Policy: s.PolicyName,
	}
	w.Header().Set("X-Ccload-Request-Id", c.ID)
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
func (c *Call) since() time.Duration { return time.Since(c.Received) }

// end notes how the call ended; the first word stands.
func (c *Call) end(kind ai.Kind, status int, message string) {
	if c.finished {
		return
	}
	c.finished = true
	c.Record.Outcome, c.Record.Status, c.Record.Message = kind, status, message
}

// setRetryAfter tells the client when to come back, in whole seconds and at
// least one (RFC 9110, section 10.2.3).
func setRetryAfter(header http.Header, d time.Duration) {
	header.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(d.Seconds())))))
}

// writeError answers with an error in the client's own protocol.
func (c *Call) writeError(e *protocol.Error) {
	if c.alive.has() {
		writeErrorEvent(c, e)
		return
	}
	contentType, body := c.match.Format.WriteError(e)
	header := c.w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	c.exposeRoute()
	sayFinal(header, e.Status)
	c.w.WriteHeader(e.Status)
	if c.r.Method != http.MethodHead {
		n, _ := c.w.Write(body)
		c.Record.AnswerBytes = int64(n)
	}
}

// exposeRoute adds the headers that say which way the call went, where the
// handler or the token allows it.
func (c *Call) exposeRoute() {
	if !c.site.Limits.ExposeRoute && (c.token == nil || !c.token.ExposeRoute()) {
		return
	}
	header := c.w.Header()
	header.Set("X-Ccload-Attempts", strconv.Itoa(len(c.Record.Attempts)))
	if n := len(c.Record.Attempts); n > 0 {
		last := &c.Record.Attempts[n-1].Target
		header.Set("X-Ccload-Channel", last.Channel)
		header.Set("X-Ccload-Upstream-Model", last.Model)
	}
}
