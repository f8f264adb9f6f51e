package ccload

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"go.uber.org/zap"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/metrics"
)

// observer tells people what happens: by events of Caddy and lines of its log
// (this file), and by metrics.
type observer struct {
	ctx      caddy.Context
	log      *zap.Logger
	events   *caddyevents.App
	warned   *sync.Map        // what the log was told -> time.Time: when, or until when it holds
	ended    func(*ai.Record) // tells the dashboard of a finished call
	noTokens atomic.Int64     // unix seconds of the last warning that there are no tokens
	problems sync.Map         // of this config, those that the log was told
}

var _ gateway.Observer = (*observer)(nil)

// collectors count what all gateways of the process do.
var collectors = metrics.New(gateways)

// gateways ranges over the gateways of the process.
func gateways(yield func(metrics.Source) bool) {
	states.Range(func(_, v any) bool { return yield(v.(*state)) })
}

// CallEnded implements Observer.
func (o *observer) CallEnded(rec *ai.Record, routed bool) {
	o.ended(rec)
	collectors.CallEnded(rec, routed)
}

// AttemptEnded implements Observer.
func (*observer) AttemptEnded(channel string, kind ai.Kind) { collectors.AttemptEnded(channel, kind) }

// Problem tells of a part of the config that is not used. What is declared is
// looked at when it is loaded, when the store is open and after each change: it
// is told once.
func (o *observer) Problem(text string) {
	if _, told := o.problems.LoadOrStore(text, true); !told {
		o.log.Warn(text)
	}
}

// driftEvery is how often the log repeats that a vendor's costs are not ours.
const driftEvery = time.Hour

// CostDrifted implements Observer.
func (o *observer) CostDrifted(channel, model string, c *ai.Cost) {
	collectors.CostDrifted()
	now := time.Now()
	key := "drift " + channel + " " + model
	if last, ok := o.warned.Load(key); ok && now.Sub(last.(time.Time)) < driftEvery {
		return
	}
	o.warned.Store(key, now)
	o.log.Warn("the vendor's cost of a call differs from its list price by more than a tenth",
		zap.String("channel", channel), zap.String("model", model), zap.String("list_usd", c.List.String()),
		zap.String("price", c.Price), zap.String("remedy", "check the channel's provider and cost_multiplier, or give the price in a file of prices"))
}

// Unpriced implements Observer.
func (o *observer) Unpriced(channel, model string) {
	if _, told := o.warned.LoadOrStore("unpriced "+channel+" "+model, time.Now()); told {
		return
	}
	o.log.Warn("no price is known for a model: its calls cost null, and no budget counts them",
		zap.String("channel", channel), zap.String("model", model),
		zap.String("remedy", "give its price in a file of prices (see the prices option); caddy ccload reprice then prices what was served before"))
}

// LimitReached implements Observer. People are told, once for each period, of a
// budget that is used up; other limits are nothing to look after.
func (o *observer) LimitReached(thing, name string, limit access.Limit, resets time.Time) {
	switch limit {
	case access.LimitDay, access.LimitMonth, access.LimitTotal:
	default:
		return
	}
	key := "budget " + thing + "/" + name + " " + string(limit)
	if last, ok := o.warned.Load(key); ok && last.(time.Time).Equal(resets) {
		return
	}
	o.warned.Store(key, resets)
	o.log.Warn("a budget is used up", zap.String(thing, name), zap.String("limit", string(limit)), zap.Time("resets", resets))
	o.events.Emit(o.ctx, "ccload.budget_exhausted", map[string]any{
		thing: name, "limit": string(limit), "resets": resets,
	})
}

// noTokensEvery is how often the log repeats that there are no tokens.
const noTokensEvery = int64(60)

// NoTokens implements Observer.
func (o *observer) NoTokens() {
	now, last := time.Now().Unix(), o.noTokens.Load()
	if now-last < noTokensEvery || !o.noTokens.CompareAndSwap(last, now) {
		return
	}
	o.log.Warn("no client tokens are configured, so every AI request is answered 401",
		zap.String("remedy", "add a token to the ccload options, e.g. `token laptop {env.LAPTOP_TOKEN}`, or `token anonymous` to let anybody in"))
}

// coolingChanged tells people that something began or ceased to cool down.
func (o *observer) coolingChanged(c health.Change) {
	name := "ccload.cooled"
	if c.Recovered {
		name = "ccload.recovered"
		o.log.Info("recovered", zap.String("scope", c.Scope.String()), zap.String("channel", c.Channel),
			zap.String("key", c.Key), zap.String("model", c.Model), zap.String("url", c.URL), zap.String("group", c.Group))
	} else {
		o.log.Warn("cooling", zap.String("scope", c.Scope.String()), zap.String("channel", c.Channel),
			zap.String("key", c.Key), zap.String("model", c.Model), zap.String("url", c.URL), zap.String("group", c.Group),
			zap.String("kind", c.Kind.String()), zap.Time("until", c.Until), zap.Int("failures", c.Failures),
			zap.String("message", c.Message))
	}
	o.events.Emit(o.ctx, name, map[string]any{
		"scope": c.Scope.String(), "channel": c.Channel, "key": c.Key, "model": c.Model, "url": c.URL,
		"group": c.Group, "kind": c.Kind.String(), "until": c.Until, "failures": c.Failures,
		"needs_attention": c.Attention,
	})
}
