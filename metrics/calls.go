package metrics

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ccload/ccload/ai"
)

// maxModelLabels bounds the models that get a label of their own; with
// patterns, clients choose the names. The rest is counted as "other".
const maxModelLabels = 500

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

type attemptLabels struct {
	channel string
	outcome ai.Kind
}

// modelLabel is the label for a model: its name if the gateway serves it and
// there is room, else "other".
func (m *Metrics) modelLabel(model string, routed bool) string {
	if !routed || model == "" {
		return "other"
	}
	if _, known := m.modelLabels.Load(model); known {
		return model
	}
	if m.modelCount.Load() >= maxModelLabels {
		return "other"
	}
	if _, raced := m.modelLabels.LoadOrStore(model, struct{}{}); !raced {
		m.modelCount.Add(1)
	}
	return model
}

// CallEnded counts a call. routed says that the gateway serves its model.
func (m *Metrics) CallEnded(rec *ai.Record, routed bool) {
	labels := requestLabels{rec.Channel, strings.ToValidUTF8(m.modelLabel(rec.Model, routed), "\ufffd"), rec.Protocol, rec.Outcome}
	v, ok := m.boundRequests.Load(labels)
	if !ok {
		v, _ = m.boundRequests.LoadOrStore(labels, &bound{
			requests:     m.requests.WithLabelValues(labels.channel, labels.model, string(labels.protocol), labels.outcome.String()),
			firstContent: m.firstContent.WithLabelValues(labels.channel),
			duration:     m.duration.WithLabelValues(labels.channel),
		})
	}
	b := v.(*bound)
	b.requests.Inc()
	if rec.Cost.Amount > 0 {
		m.cost.Add(rec.Cost.Amount.USD())
	}
	if rec.Cost.Unpriced {
		m.unpriced.Inc()
	}
	// Tokens count where money does: with every call, served or not.
	m.tokensIn.Add(float64(rec.Usage.Input))
	m.tokensCached.Add(float64(rec.Usage.CachedInput))
	m.tokensOut.Add(float64(rec.Usage.Output))
	b.duration.Observe(rec.Duration.Seconds())
	if rec.Channel != "" && rec.FirstContent > 0 {
		b.firstContent.Observe(rec.FirstContent.Seconds())
	}
}

// AttemptEnded counts an attempt.
func (m *Metrics) AttemptEnded(channel string, kind ai.Kind) {
	labels := attemptLabels{channel, kind}
	v, ok := m.boundAttempts.Load(labels)
	if !ok {
		v, _ = m.boundAttempts.LoadOrStore(labels, m.attempts.WithLabelValues(channel, kind.String()))
	}
	v.(prometheus.Counter).Inc()
}

// CostDrifted counts an attempt whose cost the vendor reports otherwise.
func (m *Metrics) CostDrifted() { m.drift.Inc() }
