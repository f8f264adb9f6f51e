package ccload

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/internal/writetimeout"
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

	app  *App
	site *gateway.Site
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
	app, err := ctx.App("ccload")
	if err != nil {
		return err
	}
	h.app = app.(*App)
	if err := h.Validate(); err != nil {
		return err
	}
	o := gateway.SiteOptions{Limits: h.Resolve(), AllowOrigins: h.AllowOrigins, Log: ctx.Logger()}
	if err := h.loadPolicy(ctx, &o); err != nil {
		return err
	}
	h.site, err = h.app.gateway.NewSite(o)
	return err
}

// loadPolicy loads the selection policy, or the default one.
func (h *Handler) loadPolicy(ctx caddy.Context, o *gateway.SiteOptions) error {
	if h.LBPolicyRaw == nil {
		h.LBPolicyRaw = json.RawMessage(`{"policy":"ccload_priority"}`)
	}
	var named struct {
		Policy string `json:"policy"`
	}
	if err := json.Unmarshal(h.LBPolicyRaw, &named); err != nil {
		return fmt.Errorf("lb_policy: %w", err)
	}
	o.PolicyName, o.PolicyConfig = named.Policy, string(h.LBPolicyRaw) // Caddy forgets it once it is loaded
	mod, err := ctx.LoadModule(h, "LBPolicyRaw")
	if err != nil {
		return fmt.Errorf("loading lb_policy %q: %w", named.Policy, err)
	}
	selector := mod.(reverseproxy.Selector)
	o.Policy = selection.Bind(selector)
	return selection.Refuse(selector)
}

// Cleanup lets the garbage collector have the app of an old config.
func (h *Handler) Cleanup() error { return nil }

// ServeHTTP is the life of a call: read it, admit it, try targets until one
// answers well, and settle what it was. Each step is a method of gateway's Call,
// in the file named after it.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if r.URL.Path == "/health" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	m := gateway.FindRoute(r.Method, r.URL.Path)
	if m.Format == nil || m.Short && !h.site.IsOurs(r) {
		return h.unrouted(w, r, next)
	}
	r = m.Corrected(r)
	h.site.AnswerHeader(w, r)
	if h.site.Preflight(w, r, &m) {
		return nil
	}

	h.app.gateway.Enter()
	defer h.app.gateway.Leave()
	defer writetimeout.Lift(w, r)()
	c := h.site.NewCall(w, r, m, clientAddress(r))
	defer settle(c, r)
	setPlaceholders(r, c.Record)

	if err := c.Read(); err != nil {
		return c.Refuse(err)
	}
	c.StartCapture()
	if c.IsList() {
		return c.ListModels()
	}
	if c.KeptHere() {
		return c.ServeKept()
	}
	if err := c.MayUseModel(); err != nil {
		return c.Refuse(err)
	}
	if c.CountsHere() {
		return c.CountTokens()
	}
	if err := c.Plan(); err != nil {
		return c.Refuse(err)
	}
	if err := c.Admit(); err != nil {
		return c.Refuse(err)
	}
	return c.Serve()
}

// settle closes the account of a call and writes it into Caddy's log and trace.
//
// It ends with the panic that makes net/http cut the connection when an answer
// broke off: without it a cut stream would look complete to the client.
func settle(c *gateway.Call, r *http.Request) {
	rec, abort := c.Settle()
	logFields(r, rec)
	traceFields(r, rec)
	if abort {
		panic(http.ErrAbortHandler)
	}
}

// clientAddress is the address of the client as Caddy knows it behind trusted
// proxies; empty if it does not.
func clientAddress(r *http.Request) string {
	address, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	return address
}

// unrouted hands a request to the next handler. One below /v1 or /v1beta that
// nobody takes is of a client that speaks to an AI service: Caddy's empty 200
// would tell it nothing.
func (h *Handler) unrouted(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	err := next.ServeHTTP(w, r)
	if err != nil || !belowVersion(r.URL.Path) {
		return err
	}
	if nobody, _ := caddyhttp.GetVar(r.Context(), "unhandled").(bool); !nobody {
		return nil
	}
	caddyhttp.SetVar(r.Context(), "unhandled", false)
	h.site.UnknownEndpoint(w, r)
	return nil
}

// belowVersion reports whether a path is one of an AI service.
func belowVersion(path string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	return strings.HasPrefix(path, "/") && (first == "v1" || first == "v1beta")
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
	_ caddyfile.Unmarshaler       = (*Handler)(nil)
)
