package ccload

import (
	"net/http"

	"github.com/ccload/ccload/routing"
)

// snapshot is what a call works with from its beginning to its end: the
// channels, tokens and aliases of one moment, and the handler's connections to
// them. Changes that are made meanwhile are for the calls that come after.
type snapshot struct {
	*routing.Table
	transports transportSet
}

// snapshot returns that of this moment. It is made when the first call after a
// change asks for it.
func (h *Handler) snapshot() *snapshot {
	r, s := h.app.registry.Load(), h.latest.Load()
	if s != nil && s.Table == r {
		return s
	}
	// A registry is not put to use before its connections could be made, see
	// newRegistry; should one fail all the same, its channel has none.
	s, err := h.resolve(r)
	if err != nil {
		h.log.Error("preparing connections: " + err.Error())
	}
	return s
}

// resolve makes the snapshot of a registry.
func (h *Handler) resolve(r *routing.Table) (*snapshot, error) {
	set, err := newTransportSet(r, h.app.state.gateway.Pool, h.limits.ConnectTimeout)
	s := &snapshot{Table: r, transports: set}
	if err == nil {
		h.latest.Store(s)
	}
	return s, err
}

// transportsOf are a handler's connections to a channel that may be of no
// snapshot any more.
func (h *Handler) transportsOf(ch *routing.Channel) ([]http.RoundTripper, error) {
	return transports(ch, h.app.state.gateway.Pool, h.limits.ConnectTimeout)
}
