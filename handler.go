package ccload

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"go.uber.org/zap"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/selection"
)

func init() {
	caddy.RegisterModule(new(Handler))
}

// Handler is the proxy. It serves the endpoints of the AI protocols, choosing
// for each call one of the app's channels and trying others when the answer is
// no answer; any other path goes to the next handler.
//
// It sets these placeholders for other directives and the access log:
//
// Placeholder | Description
// ------------|------------
// `{http.ccload.request_id}` | Identifies the call, also in the X-Ccload-Request-Id header
// `{http.ccload.token}` | Name of the client token
// `{http.ccload.protocol}` | Wire format: anthropic, openai, responses or gemini
// `{http.ccload.model}` | The model as the client named it
// `{http.ccload.upstream_model}` | The model as the serving channel names it
// `{http.ccload.channel}` | The channel that served
// `{http.ccload.attempts}` | How many targets were tried
// `{http.ccload.stream}` | Whether the client asked for a stream
// `{http.ccload.input_tokens}` | Input tokens, cached ones included
// `{http.ccload.cached_tokens}` | Input tokens read from a prompt cache
// `{http.ccload.output_tokens}` | Output tokens
// `{http.ccload.cost_usd}` | What the call cost in US dollars; empty if no price is known
// `{http.ccload.ttfb_ms}` | Milliseconds from the request to the first content
// `{http.ccload.outcome}` | What became of the call: ok, rate_limited, truncated, …
type Handler struct {
	config.Handler

	// LBPolicy chooses among the channels that can serve a call. Ours are
	// ccload_priority (the default), ccload_weighted, ccload_latency and
	// ccload_affinity; other selection policies of Caddy work too, except
	// those that need what only reverse_proxy knows.
	LBPolicyRaw json.RawMessage `json:"lb_policy,omitempty" caddy:"namespace=http.reverse_proxy.selection_policies inline_key=policy"`

	app        *App
	policy     routing.Policy
	policyName string
	limits     config.Limits
	latest     atomic.Pointer[snapshot]
	log        *zap.Logger
}

// CaddyModule returns the Caddy module information.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.ccload",
		New: func() caddy.Module { return new(Handler) },
	}
}

// Provision resolves the handler's settings and finds the app. It touches
// neither disk nor network.
func (h *Handler) Provision(ctx caddy.Context) error {
	h.log = ctx.Logger()
	app, err := ctx.App("ccload")
	if err != nil {
		return err
	}
	h.app = app.(*App)
	h.app.anyHandler.Store(h)
	if err := h.Validate(); err != nil {
		return err
	}
	h.limits = h.Resolve()
	if err := h.loadPolicy(ctx); err != nil {
		return err
	}
	_, err = h.resolve(h.app.registry.Load())
	return err
}

// loadPolicy loads the selection policy, or the default one.
func (h *Handler) loadPolicy(ctx caddy.Context) error {
	if h.LBPolicyRaw == nil {
		h.LBPolicyRaw = json.RawMessage(`{"policy":"ccload_priority"}`)
	}
	var named struct {
		Policy string `json:"policy"`
	}
	if err := json.Unmarshal(h.LBPolicyRaw, &named); err != nil {
		return fmt.Errorf("lb_policy: %w", err)
	}
	h.policyName = named.Policy
	mod, err := ctx.LoadModule(h, "LBPolicyRaw")
	if err != nil {
		return fmt.Errorf("loading lb_policy %q: %w", named.Policy, err)
	}
	selector := mod.(reverseproxy.Selector)
	h.policy = selection.Bind(selector)
	return selection.Refuse(selector)
}

// Cleanup lets the garbage collector have the app of an old config.
func (h *Handler) Cleanup() error { return nil }

// ServeHTTP is the life of a call: read it, admit it, try targets until one
// answers well, and settle what it was. Everything but the story itself is in
// the files named after its steps.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if r.URL.Path == "/health" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	m := findRoute(r.Method, r.URL.Path)
	if m.format == nil || m.short && !h.isOurs(r) {
		return h.unrouted(w, r, next)
	}
	r = m.corrected(r)
	h.answerHeader(w, r)
	if h.preflight(w, r, &m) {
		return nil
	}

	done := h.app.enter()
	defer done()
	c := newCall(h, w, r, m)
	defer c.settle()

	if err := c.read(); err != nil {
		return c.refuse(err)
	}
	c.startCapture()
	if c.isList() {
		return c.listModels()
	}
	if err := c.mayUseModel(); err != nil {
		return c.refuse(err)
	}
	if c.countsHere() {
		return c.countTokens()
	}
	if err := c.plan(); err != nil {
		return c.refuse(err)
	}
	if err := c.admit(); err != nil {
		return c.refuse(err)
	}
	return c.serve()
}

// read authenticates the client and reads its request.
func (c *call) read() error {
	if c.match.endpoint == nil {
		return c.wrongMethod()
	}
	if err := c.authenticate(); err != nil {
		return err
	}
	if err := c.h.refuseCrossSite(c.r); err != nil {
		return err
	}
	return c.readRequest()
}

// readRequest reads the request's body and finds in it what routing must know.
func (c *call) readRequest() error {
	b, err := readBody(c.w, c.r, c.h.limits.MaxBody, c.h.limits.BodyTimeout)
	if err != nil {
		return err
	}
	c.body = b
	req, err := c.match.format.ReadRequest(c.match.endpoint, c.r, b.bytes)
	if err != nil {
		return err
	}
	c.request = req
	c.Model, c.Stream, c.MaxOutput = req.Model, req.Stream, req.MaxOutput
	c.Conversation, c.Continues = req.Conversation, req.Continues
	c.BodySize = len(b.bytes)
	return nil
}

// wrongMethod answers a path of ours that was asked with another method. A
// WebSocket upgrade gets 426, the one answer after which Codex falls back to
// plain HTTP at once.
func (c *call) wrongMethod() error {
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
func (c *call) authenticate() error {
	token, err := c.lookUp(access.Credential(c.r))
	switch {
	case err == nil:
		c.token = token
		c.Token = token.Name()
		return nil
	case errors.As(err, new(*protocol.RequestError)):
		return err
	case errors.Is(err, errClientGone):
		return err
	case errors.Is(err, access.ErrNoTokens) && c.h.app.state.complete():
		c.h.app.observer.NoTokens()
		return &protocol.RequestError{
			Status: http.StatusUnauthorized, Code: "no_tokens_configured",
			Message: "this gateway has no client tokens yet, so nobody may use it; its log says how to make one",
		}
	case !c.h.app.state.complete():
		return errStarting
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

// mayUseModel checks that the token may ask for the model.
func (c *call) mayUseModel() error {
	if c.Model == "" || c.token.MayUseModel(c.Model) {
		return nil
	}
	return &protocol.RequestError{
		Status: http.StatusForbidden, Code: "model_not_permitted", Param: "model",
		Message: fmt.Sprintf("this token may not use the model %q", ai.Shorten(c.Model, 200)),
	}
}

// errStarting answers calls that come in the moment between Caddy's sites and
// the gateway's store being ready, and need to know what is stored.
var errStarting = &protocol.RequestError{
	Status: http.StatusServiceUnavailable, Code: "starting",
	Message: "the gateway has just started and does not know yet what is stored; try again in a moment",
}

// admit takes the call's place under the limits of its token, and sets aside
// what it may cost; settle gives both back.
func (c *call) admit() error {
	if c.token.Allowance().Budget.Limited() && !c.h.app.state.opened.Load() {
		return errStarting
	}
	admission, err := c.token.Admit(c.Received, c.expected())
	for until := c.Received.Add(shareWait); err != nil && c.waitForShare(err, until); {
		admission, err = c.token.Admit(time.Now(), c.expected())
	}
	if over, ok := errors.AsType[*access.LimitError](err); ok {
		if over.RetryAfter > 0 {
			c.setRetryAfter(over.RetryAfter)
		}
		c.h.app.observer.LimitReached("token", c.Token, over.Limit, over.Resets)
		return &protocol.RequestError{
			Status: http.StatusTooManyRequests, Code: over.Code(), Message: over.Error(),
		}
	}
	c.admission = admission
	return err
}

// shareWait is how long a call waits for a larger share of a limit.
const shareWait = 1200 * time.Millisecond

// waitForShare waits for a larger share of a limit that other nodes leave room
// in, and says whether it is worth trying again.
func (c *call) waitForShare(err error, until time.Time) bool {
	over, ok := errors.AsType[*access.LimitError](err)
	if !ok || !over.Shared || !time.Now().Before(until) {
		return false
	}
	ctx, cancel := context.WithDeadline(c.r.Context(), until)
	defer cancel()
	c.h.app.state.cluster.Wait(ctx)
	if ctx.Err() != nil {
		c.token.Allowance().WaitedInVain(time.Now())
	}
	return ctx.Err() == nil
}

// plan finds the channels that serve the model.
func (c *call) plan() error {
	c.route = c.Route(c.Model, c.h.limits.FuzzyModels)
	if c.route != nil {
		return nil
	}
	if !c.h.app.state.complete() {
		return errStarting
	}
	message := fmt.Sprintf("no channel of this gateway serves the model %q", ai.Shorten(c.Model, 200))
	if near := config.Closest(c.Model, c.usableNames(), 3); len(near) > 0 {
		message += "; close to it are " + strings.Join(near, ", ")
	}
	return &protocol.RequestError{Status: http.StatusNotFound, Code: "model_not_found", Param: "model", Message: message}
}

// refuse answers a call that no upstream was asked for.
func (c *call) refuse(err error) error {
	if errors.Is(err, errClientGone) {
		c.end(ai.ClientGone, statusClientGone, "the client hung up while sending its request")
		return nil
	}
	var bad *protocol.RequestError
	if !errors.As(err, &bad) {
		bad = &protocol.RequestError{Status: http.StatusInternalServerError, Code: "internal_error", Message: "the gateway failed; its log says why"}
		c.h.log.Error("refusing a call", zap.String("request_id", c.ID), zap.Error(err))
	}
	kind := ai.InvalidRequest
	if bad.Status == http.StatusTooManyRequests {
		kind = ai.RateLimited
	}
	c.end(kind, bad.Status, bad.Code+": "+bad.Message)
	c.writeError(&protocol.Error{Status: bad.Status, Code: bad.Code, Param: bad.Param, Message: bad.Message, RequestID: c.ID})
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
	_ caddyfile.Unmarshaler       = (*Handler)(nil)
)
