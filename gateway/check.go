package gateway

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/secrets"
)

// checkTimeout bounds one active check.
const checkTimeout = 30 * time.Second

// StartChecks begins the active checks of the channels that ask for them.
func (g *Gateway) StartChecks() {
	g.checks.Lock()
	defer g.checks.Unlock()
	g.checked = checksOf(g.Table())
	g.checker = health.NewChecker(g.Check)
	for name, every := range g.checked {
		g.checker.Add(name, every)
	}
	g.checker.Start()
}

// StopChecks ends them.
func (g *Gateway) StopChecks() {
	g.checks.Lock()
	defer g.checks.Unlock()
	if g.checker != nil {
		g.checker.Stop()
		g.checker = nil
	}
}

// RenewChecks begins anew where other channels are to be checked than before,
// or at other intervals.
func (g *Gateway) RenewChecks() {
	g.checks.Lock()
	same := g.checker == nil || maps.Equal(g.checked, checksOf(g.Table()))
	g.checks.Unlock()
	if !same {
		g.StopChecks()
		g.StartChecks()
	}
}

// checksOf are the intervals of the channels that ask for active checks.
func checksOf(r *routing.Table) map[string]time.Duration {
	every := make(map[string]time.Duration)
	for _, ch := range r.Channels {
		if hc := ch.Conf.HealthCheck; hc != nil && !ch.Conf.Disabled && !ch.Keyless {
			every[ch.Name] = hc.Every()
		}
	}
	return every
}

// Check asks a channel for one token. What comes of it is evidence for health
// and nothing else: no call, no usage, no statistics. A caller's fault says
// that the check's model is wrong, not that the channel is.
func (g *Gateway) Check(ctx context.Context, name string) ai.Outcome {
	ch := g.Table().ByName[name]
	site := g.anySite()
	if ch == nil || site == nil {
		return ai.Outcome{Kind: ai.OK, Rule: "no_channel"}
	}
	model := checkModel(ch)
	if model == "" {
		return ai.Outcome{Kind: ai.OK, Rule: "no_model"}
	}
	upstream := ch.UpstreamModel(model)
	now := time.Now()
	u, k, p := checkTarget(ch, upstream, now)
	claim, ok := ch.Health.Acquire(u, k, p, upstream, now, true)
	if !ok {
		return ai.Outcome{Kind: ai.OK, Rule: "probe_under_way"}
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	request, err := checkRequest(&routing.Target{
		Candidate: routing.Candidate{Channel: ch, Model: upstream}, Protocol: p, URL: u, Key: k,
	})
	if err != nil {
		claim.Release()
		return ai.Outcome{Kind: ai.OK, Rule: "no_request"}
	}
	via, err := transports(ch, g.State.Pool, site.Limits.ConnectTimeout)
	if err != nil {
		claim.Release()
		return ai.Outcome{Kind: ai.OK, Rule: "no_transport"}
	}
	request.Transport = via[u]
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
		claim.Release()
		g.Log.Warn("a health check says nothing of its channel", zap.String("channel", name),
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

// checkTarget picks what a check should look at: something that cools down if there
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

// checkRequest builds the request of a check, the cheapest useful one.
func checkRequest(t *routing.Target) (*relay.Request, error) {
	format := formatOf(t.Protocol)
	tester, ok := format.(protocol.Tester)
	if !ok {
		return nil, fmt.Errorf("the protocol %s has no request to test with", t.Protocol)
	}
	endpoint := protocol.GenerateEndpoint(format, false)
	path, err := endpoint.URLPath(t.Model)
	if err != nil {
		return nil, err
	}
	out := tester.TestRequest(t.Model, "hi", 0, false)
	header := http.Header{"Content-Type": jsonType}
	maps.Copy(header, out.Header)
	u := finish(t, nil, format, header, path, out.Query)
	body := edit(t, out.Body)
	return &relay.Request{
		Method: http.MethodPost, URL: u, Base: t.Base(), Header: header, Body: relay.Body{Parts: [5][]byte{body}},
		Format: format, Endpoint: endpoint,
	}, nil
}
