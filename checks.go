package ccload

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/secrets"
)

// checkTimeout bounds one active check.
const checkTimeout = 30 * time.Second

// startChecks begins the active checks of the channels that ask for them.
func (a *App) startChecks() {
	a.checks.Lock()
	defer a.checks.Unlock()
	a.checked = checksOf(a.registry.Load())
	a.checker = health.NewChecker(a.check)
	for name, every := range a.checked {
		a.checker.Add(name, every)
	}
	a.checker.Start()
}

// stopChecks ends them.
func (a *App) stopChecks() {
	a.checks.Lock()
	defer a.checks.Unlock()
	if a.checker != nil {
		a.checker.Stop()
		a.checker = nil
	}
}

// renewChecks begins anew where other channels are to be checked than before,
// or at other intervals.
func (a *App) renewChecks() {
	a.checks.Lock()
	same := a.checker == nil || maps.Equal(a.checked, checksOf(a.registry.Load()))
	a.checks.Unlock()
	if !same {
		a.stopChecks()
		a.startChecks()
	}
}

// checksOf are the intervals of the channels that ask for active checks.
func checksOf(r *routing.Table) map[string]time.Duration {
	every := make(map[string]time.Duration)
	for _, ch := range r.Channels {
		if hc := ch.Conf.HealthCheck; hc != nil && !ch.Conf.Disabled && !ch.Keyless {
			every[ch.Name] = time.Duration(hc.Interval)
		}
	}
	return every
}

// check asks a channel for one token. What comes of it is evidence for health
// and nothing else: no call, no usage, no statistics. A caller's fault says
// that the check's model is wrong, not that the channel is.
func (a *App) check(ctx context.Context, name string) ai.Outcome {
	ch := a.registry.Load().ByName[name]
	handler := a.anyHandler.Load()
	if ch == nil || handler == nil {
		return ai.Outcome{Kind: ai.OK, Rule: "no_channel"}
	}
	model := checkModel(ch)
	if model == "" {
		return ai.Outcome{Kind: ai.OK, Rule: "no_model"}
	}
	upstream := ch.UpstreamModel(model)
	now := time.Now()
	u, k, p := checkTarget(ch, upstream, now)
	claim, ok := ch.Health.Begin(u, k, p, upstream, now, true)
	if !ok {
		return ai.Outcome{Kind: ai.OK, Rule: "probe_under_way"}
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	request, err := checkRequest(ch, p, u, k, upstream)
	if err != nil {
		claim.Abandon()
		return ai.Outcome{Kind: ai.OK, Rule: "no_request"}
	}
	transports, err := handler.transportsOf(ch)
	if err != nil {
		claim.Abandon()
		return ai.Outcome{Kind: ai.OK, Rule: "no_transport"}
	}
	request.Transport = transports[u]
	answer := relay.Send(ctx, request)
	defer answer.Close()
	now = time.Now()
	if answer.Good() {
		outcome := ai.Outcome{Kind: ai.OK, Status: answer.Status}
		claim.Report(outcome, answer.Upstream, now)
		return outcome
	}
	outcome := health.Classify(&answer.Evidence, ch.Rules, now)
	outcome.Message = secrets.Redact(outcome.Message, ch.Keys[k].Secret)
	if outcome.Kind == ai.ClientGone || outcome.Kind.CallersFault() {
		claim.Abandon()
		a.logger.Warn("a health check says nothing of its channel", zap.String("channel", name),
			zap.String("model", model), zap.Stringer("kind", outcome.Kind), zap.String("message", outcome.Message))
		return outcome
	}
	claim.Report(outcome, answer.Upstream, now)
	return outcome
}

// checkModel is the model to ask: the one that is named for it, or the first
// that is no pattern.
func checkModel(ch *routing.Channel) string {
	if m := ch.Conf.HealthCheck.Model; m != "" {
		return m
	}
	for _, name := range ch.Patterns() {
		if !access.IsPattern(name) {
			return name
		}
	}
	return ""
}

// checkTarget picks what a check should look at: something that rests if there
// is, since that is what a check can end.
func checkTarget(ch *routing.Channel, model string, now time.Time) (url, key int, p ai.Protocol) {
	for i := range ch.URLs {
		p = ch.URLs[i].Speaks[0]
		if !ch.Health.ReadyURL(i, p, model, now).OK {
			url = i
			break
		}
	}
	for i := range ch.Keys {
		if !ch.Health.ReadyKey(i, model, now).OK {
			key = i
			break
		}
	}
	return url, key, ch.URLs[url].Speaks[0]
}

// checkBodies are the cheapest useful requests; MODEL is replaced.
var checkBodies = map[ai.Protocol]string{
	ai.Anthropic: `{"model":MODEL,"max_tokens":1,"messages":[{"role":"user","content":"hi"}]}`,
	ai.OpenAI:    `{"model":MODEL,"max_completion_tokens":16,"messages":[{"role":"user","content":"hi"}]}`,
	ai.Responses: `{"model":MODEL,"max_output_tokens":16,"store":false,"input":"hi"}`,
	ai.Gemini:    `{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"maxOutputTokens":16}}`,
}

func checkRequest(ch *routing.Channel, p ai.Protocol, u, k int, model string) (*relay.Request, error) {
	format := formatOf(p)
	endpoint := generateEndpoint(format, false)
	header := http.Header{"Content-Type": {"application/json"}, "Accept-Encoding": identity}
	if p == ai.Anthropic {
		header["Anthropic-Version"] = []string{"2023-06-01"}
	}
	t := &routing.Target{Candidate: routing.Candidate{Channel: ch, Model: model}, URL: u, Key: k}
	address, err := endpointURL(t, endpoint, p, model, "")
	if err != nil {
		return nil, err
	}
	setCredential(t, header, format, ch.Keys[k].Secret)
	if ops := ch.Conf.HeaderUp; ops != nil {
		applyHeaderOps(header, ops)
	}
	return &relay.Request{
		Method: http.MethodPost, URL: address, Header: header,
		Body:     relay.Body{Parts: [5][]byte{bytes.ReplaceAll([]byte(checkBodies[p]), []byte("MODEL"), scan.Quote(model))}},
		Format:   format,
		Endpoint: endpoint,
	}, nil
}

// warnOfServers warns of settings of Caddy that would cut long answers or show
// what should be secret.
func (a *App) warnOfServers() {
	app, err := a.ctx.AppIfConfigured("http")
	if err != nil {
		return
	}
	web, ok := app.(*caddyhttp.App)
	if !ok {
		return
	}
	if web.GracePeriod > 0 {
		a.logger.Warn("grace_period is set: at exit, answers that take longer are cut",
			zap.Duration("grace_period", time.Duration(web.GracePeriod)))
	}
	for name, server := range web.Servers {
		if server.WriteTimeout > 0 {
			a.logger.Warn("the server has a write timeout: answers that take longer are cut",
				zap.String("server", name), zap.Duration("write_timeout", time.Duration(server.WriteTimeout)))
		}
		if believesClients(server) {
			a.logger.Warn("trusted_proxies without trusted_proxies_strict takes the leftmost address of X-Forwarded-For, which a client may make up: whoever guesses passwords or tokens is slowed down by proxy only, and may have others slowed down",
				zap.String("server", name), zap.String("remedy", "write trusted_proxies_strict into the servers option"))
		}
		if server.Logs != nil {
			// Caddy copies the request for its log before any handler sees it,
			// and how the log is encoded is not ours to see: a hint, no warning.
			a.logger.Info("the server keeps an access log; Caddy leaves Authorization out of it, but not the other places where clients put tokens",
				zap.String("server", name),
				zap.String("remedy", "filter X-Api-Key, X-Goog-Api-Key and ?key= in the log's format, as examples/compose/Caddyfile does"))
		}
	}
}
