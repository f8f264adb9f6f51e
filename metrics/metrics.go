// Package metrics counts for Prometheus what gateways do.
package metrics

import (
	"errors"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/ledger"
)

// Source is a gateway of this process. It is asked when the metrics are read.
type Source interface {
	// UnderWay is how many calls are under way.
	UnderWay() int64
	// Records tells of the records of calls that wait to be written.
	Records() ledger.Stats
	// Cooling lists what cools down.
	Cooling() []health.Entry
}

// Metrics are the collectors of all gateways of the process. They are made
// once, because Caddy makes a new registry for each config and a counter must
// not start again at every reload.
type Metrics struct {
	sources iter.Seq[Source]

	requests, attempts, tokens *prometheus.CounterVec
	firstContent, duration     *prometheus.HistogramVec
	inFlight                   prometheus.GaugeFunc
	cooling                    *prometheus.GaugeVec
	cost, unpriced, drift      prometheus.Counter
	journalDepth, journalSpool prometheus.GaugeFunc
	journalLost, journalDone   prometheus.CounterFunc

	tokensIn, tokensCached, tokensOut prometheus.Counter

	boundRequests sync.Map // requestLabels -> *bound
	boundAttempts sync.Map // attemptLabels -> prometheus.Counter
	modelLabels   sync.Map // string -> struct{}
	modelCount    atomic.Int64
}

// New makes the collectors. sources are the gateways at the moment it is ranged
// over.
func New(sources iter.Seq[Source]) *Metrics {
	m := &Metrics{
		sources: sources,
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
		}, sum(sources, func(s Source) float64 { return float64(s.UnderWay()) })),
		cooling: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "ccload_cooling", Help: "Things that cool down after failures, by scope.",
		}, []string{"scope"}),
		journalDepth: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "ccload_journal_depth", Help: "Records of calls that wait to be written to the store.",
		}, sum(sources, func(s Source) float64 { return float64(s.Records().Depth) })),
		journalSpool: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "ccload_journal_spooled", Help: "Records of calls on disk that wait to be written, because the store is away.",
		}, sum(sources, func(s Source) float64 { return float64(s.Records().Spooled) })),
		journalLost: prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "ccload_journal_lost_total", Help: "Records of calls that were lost; anything but 0 is a fault.",
		}, sum(sources, func(s Source) float64 { return float64(s.Records().Lost) })),
		journalDone: prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "ccload_journal_written_total", Help: "Records of calls that were written to the store.",
		}, sum(sources, func(s Source) float64 { return float64(s.Records().Written) })),
	}
	m.tokensIn = m.tokens.WithLabelValues("input")
	m.tokensCached = m.tokens.WithLabelValues("cached_input")
	m.tokensOut = m.tokens.WithLabelValues("output")
	return m
}

// sum returns what adds up a number over gateways.
func sum(sources iter.Seq[Source], of func(Source) float64) func() float64 {
	return func() (all float64) {
		for s := range sources {
			all += of(s)
		}
		return all
	}
}

// Register offers the collectors to a config's registry. A config that
// is loaded into the same registry again finds them there.
func (m *Metrics) Register(r *prometheus.Registry) error {
	for _, c := range []prometheus.Collector{
		m.requests, m.attempts, m.tokens, m.firstContent, m.duration,
		m.cost, m.unpriced, m.drift, m.inFlight,
		coolingGauge{m},
		m.journalDepth, m.journalSpool, m.journalLost, m.journalDone,
	} {
		var already prometheus.AlreadyRegisteredError
		if err := r.Register(c); err != nil && !errors.As(err, &already) {
			return err
		}
	}
	return nil
}

// coolingGauge counts what cools down at the moment it is asked.
type coolingGauge struct{ *Metrics }

// Describe names the metric.
func (g coolingGauge) Describe(ch chan<- *prometheus.Desc) { g.cooling.Describe(ch) }

// Collect counts.
func (g coolingGauge) Collect(ch chan<- prometheus.Metric) {
	for _, s := range ai.Scopes() {
		if s != ai.ScopeNone {
			g.cooling.WithLabelValues(s.String()).Set(0)
		}
	}
	for source := range g.sources {
		for _, e := range source.Cooling() {
			g.cooling.WithLabelValues(e.Scope.String()).Inc()
		}
	}
	g.cooling.Collect(ch)
}
