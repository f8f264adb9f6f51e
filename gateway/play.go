package gateway

import (
	"bytes"
	"net/http"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/routing"
)

// Play serves a call of the playground, as the site that is asked for serves one
// of a client's: the answer is that of the call, with its id in
// X-Ccload-Request-Id. r is the request of the dashboard; of it only where it
// comes from is used. The error is that no call was made. abort is that of
// Settle.
func (g *Gateway) Play(w http.ResponseWriter, r *http.Request, clientAddress string, q *admin.Play) (abort bool, err error) {
	site, err := g.siteOf(q.Site)
	if err != nil {
		return false, admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "site", "%s", err.Error())
	}
	inner, err := playRequest(r, q)
	if err != nil {
		return false, err
	}
	m := FindRoute(inner.Method, inner.URL.Path)
	if m.Format == nil || m.Endpoint == nil {
		return false, admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "path", "path: %q is no endpoint that takes POST, such as /v1/chat/completions", ai.Shorten(q.Path, 100))
	}
	g.Enter()
	defer g.Leave()
	c := site.NewCall(w, m.Corrected(inner), m, clientAddress)
	c.Record.Playground = true
	if err := playAs(c, q.Token); err != nil {
		return false, err
	}
	if q.Channel != "" && c.snapshot.table.ByName[q.Channel] == nil {
		return false, admin.Problemf(http.StatusNotFound, admin.CodeNotFound, "channel", "there is no channel %q in use", ai.Shorten(q.Channel, 100))
	}
	return play(c, q.Channel), nil
}

// playRequest is the request that a client would have sent.
func playRequest(r *http.Request, q *admin.Play) (*http.Request, error) {
	inner, err := http.NewRequestWithContext(r.Context(), http.MethodPost, q.Path, bytes.NewReader(q.Body))
	if err != nil || inner.URL.IsAbs() || inner.URL.Host != "" {
		return nil, admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "path", "path: %q cannot stand in an address", ai.Shorten(q.Path, 100))
	}
	inner.RemoteAddr, inner.Host = r.RemoteAddr, r.Host
	inner.Header.Set("Content-Type", "application/json")
	inner.Header.Set("User-Agent", "ccload-playground")
	inner.Header.Set("Anthropic-Version", "2023-06-01")
	return inner, nil
}

// playAs makes the call one of a token, or, where name is "", of the operator,
// who may use everything.
func playAs(c *Call, name string) error {
	if name == "" {
		c.token = access.Unlimited
		return nil
	}
	wrong := func(format string) error {
		return admin.Problemf(http.StatusConflict, admin.CodeInvalid, "token", format, ai.Shorten(name, 100))
	}
	token := c.snapshot.table.Tokens.ByName(name)
	switch {
	case token == nil:
		return admin.Problemf(http.StatusNotFound, admin.CodeNotFound, "token", "there is no token %q", ai.Shorten(name, 100))
	case token.Disabled():
		return wrong("token: %q is switched off")
	case token.Expired(time.Now()):
		return wrong("token: %q has expired")
	}
	c.token = token
	c.Token, c.Record.Token = name, name
	return nil
}

// play is the life of the call from where its client is known. channel is the
// only one that may serve it; "" leaves the choice to the site.
func play(c *Call, channel string) (abort bool) {
	defer func() { _, abort = c.Settle() }()
	if err := c.readRequest(); err != nil {
		_ = c.Refuse(err)
		return false
	}
	c.StartCapture()
	if err := c.MayUseModel(); err != nil {
		_ = c.Refuse(err)
		return false
	}
	if c.CountsHere() {
		_ = c.CountTokens()
		return false
	}
	plan := c.Plan
	if channel != "" {
		plan = func() error {
			c.route = routing.RouteTo(c.snapshot.table.ByName[channel], c.Model)
			return nil
		}
	}
	for _, step := range []func() error{plan, c.Admit} {
		if err := step(); err != nil {
			_ = c.Refuse(err)
			return false
		}
	}
	_ = c.Serve() // it has answered
	return false
}
