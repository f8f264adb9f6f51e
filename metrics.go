package ccload

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ccload/ccload/ai"
)

// maxModelLabels bounds the models that get a label of their own; with
// patterns, clients choose the names. The rest is counted as "other".
const maxModelLabels = 500

// metrics are the collectors of all gateways of the process. They are made
// once, because Caddy makes a new registry for each config and a counter must
// not start again at every reload.
var metrics = struct {
	requests, attempts, tokens *prometheus.CounterVec
	firstContent, duration     *prometheus.HistogramVec
	inFlight                   prometheus.GaugeFunc
	cooling                    *prometheus.GaugeVec
	cost, unpriced, drift      prometheus.Counter
	journalDepth, journalSpool prometheus.GaugeFunc
	journalLost, journalDone   prometheus.CounterFunc
}{
	requests: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ccload_requests_total", Help: "Calls of clients, by what became of them.",
	}, []string{"channel", "model", "protocol", "outcome"}),
	attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ccload_attempts_total", Help: "Tries of upstream targets, by what became of them.",
	}, []string{"channel", "outcome"}),
	tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ccload_tokens_total", Help: "Tokens of all attempts, as reported by upstreams, else counted: input (cached included), cached_input, output.",
	}, []string{"direction"}),
	firstContent: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "ccload_time_to_first_content_seconds", Help: "Time from the request to the first content of the answer.",
		Buckets: []float64{.05, .1, .25, .5, 1, 2, 4, 8, 15, 30, 60, 120},
	}, []string{"channel"}),
	duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "ccload_request_duration_seconds", Help: "Time from the request to the end of the answer.",
		Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900},
	}, []string{"channel"}),
	cost: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "ccload_cost_usd_total", Help: "What calls cost with all their attempts, in US dollars.",
	}),
	unpriced: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "ccload_unpriced_requests_total", Help: "Calls of which something has no known price; it is not in the costs.",
	}),
	drift: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "ccload_price_drift_total", Help: "Attempts whose cost, as the vendor reports it, differs from the list price by more than a tenth.",
	}),
	inFlight: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "ccload_inflight_requests", Help: "Calls under way.",
	}, func() float64 {
		return sumStates(func(st *state) float64 { return float64(st.gateway.UnderWay.Load()) })
	}),
	cooling: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "ccload_cooling", Help: "Things that rest after failures, by scope.",
	}, []string{"scope"}),
	journalDepth: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "ccload_journal_depth", Help: "Records of calls that wait to be written to the store.",
	}, func() float64 {
		return sumStates(func(st *state) float64 { return float64(st.gateway.Ledger.Stats().Depth) })
	}),
	journalSpool: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "ccload_journal_spooled", Help: "Records of calls on disk that wait to be written, because the store is away.",
	}, func() float64 {
		return sumStates(func(st *state) float64 { return float64(st.gateway.Ledger.Stats().Spooled) })
	}),
	journalLost: prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "ccload_journal_lost_total", Help: "Records of calls that were lost; anything but 0 is a fault.",
	}, func() float64 {
		return sumStates(func(st *state) float64 { return float64(st.gateway.Ledger.Stats().Lost) })
	}),
	journalDone: prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "ccload_journal_written_total", Help: "Records of calls that were written to the store.",
	}, func() float64 {
		return sumStates(func(st *state) float64 { return float64(st.gateway.Ledger.Stats().Written) })
	}),
}

// sumStates adds up a number over the gateways of the process.
func sumStates(f func(*state) float64) float64 {
	var sum float64
	states.Range(func(_, v any) bool {
		sum += f(v.(*state))
		return true
	})
	return sum
}

// registerMetrics offers the collectors to a config's registry. A config that
// is loaded into the same registry again finds them there.
func registerMetrics(r *prometheus.Registry) error {
	for _, c := range []prometheus.Collector{
		metrics.requests, metrics.attempts, metrics.tokens, metrics.firstContent, metrics.duration,
		metrics.cost, metrics.unpriced, metrics.drift, metrics.inFlight,
		coolingGauge{},
		metrics.journalDepth, metrics.journalSpool, metrics.journalLost, metrics.journalDone,
	} {
		var already prometheus.AlreadyRegisteredError
		if err := r.Register(c); err != nil && !errors.As(err, &already) {
			return err
		}
	}
	return nil
}

// coolingGauge counts what cools down at the moment it is asked.
type coolingGauge struct{}

// Describe names the metric.
func (coolingGauge) Describe(ch chan<- *prometheus.Desc) { metrics.cooling.Describe(ch) }

// Collect counts.
func (coolingGauge) Collect(ch chan<- prometheus.Metric) {
	for _, s := range ai.Scopes() {
		if s != ai.ScopeNone {
			metrics.cooling.WithLabelValues(s.String()).Set(0)
		}
	}
	states.Range(func(_, v any) bool {
		for _, e := range v.(*state).control.Resting() {
			metrics.cooling.WithLabelValues(e.Scope.String()).Inc()
		}
		return true
	})
	metrics.cooling.Collect(ch)
}

// requestLabels are the labels of a finished call. It is the key under which
// its bound collectors are kept, so that a call does not look labels up.
type requestLabels struct {
	channel, model string
	protocol       ai.Protocol
	outcome        ai.Kind
}

// bound are the collectors of one combination of labels.
type bound struct {
	requests               prometheus.Counter
	firstContent, duration prometheus.Observer
}

var (
	boundRequests sync.Map // requestLabels -> *bound
	boundAttempts sync.Map // attemptLabels -> prometheus.Counter
	modelLabels   sync.Map // string -> struct{}
	modelCount    atomic.Int64

	tokensIn     = metrics.tokens.WithLabelValues("input")
	tokensCached = metrics.tokens.WithLabelValues("cached_input")
	tokensOut    = metrics.tokens.WithLabelValues("output")
)

type attemptLabels struct {
	channel string
	outcome ai.Kind
}

// modelLabel is the label for a model: its name if the gateway serves it and
// there is room, else "other".
func modelLabel(model string, routed bool) string {
	if !routed || model == "" {
		return "other"
	}
	if _, known := modelLabels.Load(model); known {
		return model
	}
	if modelCount.Load() >= maxModelLabels {
		return "other"
	}
	if _, raced := modelLabels.LoadOrStore(model, struct{}{}); !raced {
		modelCount.Add(1)
	}
	return model
}

// CallEnded implements Observer.
func (o *observer) CallEnded(rec *ai.Record, routed bool) {
	o.ended(rec)
	labels := requestLabels{rec.Channel, strings.ToValidUTF8(modelLabel(rec.Model, routed), "\ufffd"), rec.Protocol, rec.Outcome}
	v, ok := boundRequests.Load(labels)
	if !ok {
		v, _ = boundRequests.LoadOrStore(labels, &bound{
			requests:     metrics.requests.WithLabelValues(labels.channel, labels.model, string(labels.protocol), labels.outcome.String()),
			firstContent: metrics.firstContent.WithLabelValues(labels.channel),
			duration:     metrics.duration.WithLabelValues(labels.channel),
		})
	}
	b := v.(*bound)
	b.requests.Inc()
	if rec.Cost.Amount > 0 {
		metrics.cost.Add(rec.Cost.Amount.USD())
	}
	if rec.Cost.Unpriced {
		metrics.unpriced.Inc()
	}
	// Tokens count where money does: with every call, served or not.
	tokensIn.Add(float64(rec.Usage.Input))
	tokensCached.Add(float64(rec.Usage.CachedInput))
	tokensOut.Add(float64(rec.Usage.Output))
	b.duration.Observe(rec.Duration.Seconds())
	if rec.Channel != "" && rec.FirstContent > 0 {
		b.firstContent.Observe(rec.FirstContent.Seconds())
	}
}

// AttemptEnded implements Observer.
func (*observer) AttemptEnded(channel string, kind ai.Kind) {
	labels := attemptLabels{channel, kind}
	v, ok := boundAttempts.Load(labels)
	if !ok {
		v, _ = boundAttempts.LoadOrStore(labels, metrics.attempts.WithLabelValues(channel, kind.String()))
	}
	v.(prometheus.Counter).Inc()
}
