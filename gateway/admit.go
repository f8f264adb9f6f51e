package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/protocol"
)

// Read authenticates the client and reads its request.
func (c *Call) Read() error {
	if c.match.Endpoint == nil {
		return c.wrongMethod()
	}
	if err := c.authenticate(); err != nil {
		return err
	}
	if err := c.site.refuseCrossSite(c.r); err != nil {
		return err
	}
	return c.readRequest()
}

// readRequest reads the request's body and finds in it what routing must know.
func (c *Call) readRequest() error {
	b, err := readBody(c.w, c.r, c.site.Limits.MaxBody, c.site.Limits.BodyTimeout)
	if err != nil {
		return err
	}
	c.body = b
	req, err := c.match.Format.ReadRequest(c.match.Endpoint, c.r, b.bytes)
	if err != nil {
		return err
	}
	if err := writeOut(c); err != nil {
		return err
	}
	if c.continued != nil {
		b = c.body
		if req, err = c.match.Format.ReadRequest(c.match.Endpoint, c.r, b.bytes); err != nil {
			return err
		}
	}
	c.request = req
	c.Model, c.Stream, c.MaxOutput = req.Model, req.Stream, req.MaxOutput
	c.Record.Model, c.Record.Stream = req.Model, req.Stream
	c.Conversation, c.Continues = req.Conversation, req.Continues
	c.BodySize = len(b.bytes)
	return nil
}

// wrongMethod answers a path of ours that was asked with another method. A
// WebSocket upgrade gets 426, the one answer after which Codex falls back to
// plain HTTP at once.
func (c *Call) wrongMethod() error {
	if strings.EqualFold(c.r.Header.Get("Upgrade"), "websocket") {
		return &protocol.RequestError{
			Status: http.StatusUpgradeRequired, Code: "websocket_not_supported",
			Message: "WebSocket is not served here; use HTTP",
		}
	}
	c.w.Header().Set("Allow", strings.Join(routes.Allowed(c.match.path), ", "))
	return &protocol.RequestError{
		Status: http.StatusMethodNotAllowed, Code: "method_not_allowed",
		Message: "this endpoint does not take " + c.r.Method,
	}
}

// authenticate finds the client's token.
func (c *Call) authenticate() error {
	token, err := c.lookUp(access.Credential(c.r))
	switch {
	case err == nil:
		c.token = token
		c.Token, c.Record.Token = token.Name(), token.Name()
		return nil
	case errors.As(err, new(*protocol.RequestError)):
		return err
	case errors.Is(err, errClientGone):
		return err
	case errors.Is(err, access.ErrNoTokens) && c.site.gateway.Ready():
		c.site.gateway.Observer.NoTokens()
		return &protocol.RequestError{
			Status: http.StatusUnauthorized, Code: "no_tokens_configured",
			Message: "this gateway has no client tokens yet, so nobody may use it; its log says how to make one",
		}
	case !c.site.gateway.Ready():
		return c.untilKnown("token")
	case errors.Is(err, access.ErrDisabled):
		return &protocol.RequestError{
			Status: http.StatusUnauthorized, Code: "token_disabled", Message: "this gateway token is switched off",
		}
	case errors.Is(err, access.ErrExpired):
		return &protocol.RequestError{
			Status: http.StatusUnauthorized, Code: "token_expired", Message: "this gateway token has expired",
		}
	}
	return &protocol.RequestError{
		Status: http.StatusUnauthorized, Code: "unknown_token",
		Message: "no gateway token was given, or it is not one of this gateway's; send it as Authorization: Bearer, x-api-key, x-goog-api-key or ?key=",
	}
}

// MayUseModel checks that the token may ask for the model.
func (c *Call) MayUseModel() error {
	if c.Model == "" || c.token.MayUseModel(c.Model) {
		return nil
	}
	return &protocol.RequestError{
		Status: http.StatusForbidden, Code: "model_not_permitted", Param: "model",
		Message: fmt.Sprintf("this token may not use the model %q", ai.Shorten(c.Model, 200)),
	}
}

// untilStored is when a client whose call needs to know what is stored had
// better come back. The store is tried every few seconds while it is away.
const untilStored = 2 * time.Second

// untilKnown answers a call that cannot be judged before what is stored has been
// read: just after a start, or while the database is away.
func (c *Call) untilKnown(what string) error {
	setRetryAfter(c.w.Header(), untilStored)
	return &protocol.RequestError{
		Status: http.StatusServiceUnavailable, Code: "starting",
		Message: "this " + what + " is not one that the gateway's configuration declares, and what is stored has not been read yet, because the gateway has just started or its database is away; try again in a moment",
	}
}

// Plan finds the channels that serve the model.
func (c *Call) Plan() error {
	c.route = c.snapshot.table.Route(c.Model, c.site.Limits.FuzzyModels)
	if c.route != nil {
		return nil
	}
	if !c.site.gateway.Ready() {
		return c.untilKnown("model")
	}
	message := fmt.Sprintf("no channel of this gateway serves the model %q", ai.Shorten(c.Model, 200))
	if near := config.Closest(c.Model, usableNames(c.snapshot.table, c.token), 3); len(near) > 0 {
		message += "; close to it are " + strings.Join(near, ", ")
	}
	return &protocol.RequestError{Status: http.StatusNotFound, Code: "model_not_found", Param: "model", Message: message}
}

// Refuse answers a call that no upstream was asked for.
func (c *Call) Refuse(err error) error {
	if errors.Is(err, errClientGone) {
		c.end(ai.ClientGone, StatusClientGone, "the client hung up while sending its request")
		return nil
	}
	var bad *protocol.RequestError
	if !errors.As(err, &bad) {
		bad = &protocol.RequestError{Status: http.StatusInternalServerError, Code: "internal_error", Message: "the gateway failed; its log says why"}
		c.site.Log.Error("refusing a call", zap.String("request_id", c.ID), zap.Error(err))
	}
	kind := ai.InvalidRequest
	switch bad.Status {
	case http.StatusTooManyRequests:
		kind = ai.RateLimited
	case http.StatusServiceUnavailable: // it is not the request that is wrong
		kind = ai.Overloaded
	}
	c.end(kind, bad.Status, bad.Code+": "+bad.Message)
	c.writeError(&protocol.Error{Status: bad.Status, Code: bad.Code, Param: bad.Param, Message: bad.Message, RequestID: c.ID})
	return nil
}
