// Package writetimeout keeps the timeouts by which Caddy cuts slow clients from
// cutting answers that take long because of who makes them.
package writetimeout

import (
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Lift frees the answer to a request from Caddy's write_timeout, which counts
// from the request on, and from a least rate of writing, which counts the
// silence of a model as the client's. How long a single write may take
// (write_idle_timeout) stays as it is. What Lift returns must be called once the
// handler is done.
func Lift(w http.ResponseWriter, r *http.Request) (restore func()) {
	restore = func() {}
	server, _ := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	limited := server != nil && server.WriteTimeout > 0
	_, idle := caddyhttp.IdleTimeoutsFromContext(r.Context())
	if idle != nil {
		if idle.Deadline.MinRate > 0 {
			restore = idle.Override(idle.Deadline.Timeout, 0, 0)
		}
		// Before each write it would set the deadline of the whole answer again.
		idle.Deadline.HardDeadline = time.Time{}
	}
	if limited {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // a writer without deadlines has none to lift
	}
	return restore
}
