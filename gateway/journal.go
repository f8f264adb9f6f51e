package gateway

import (
	"cmp"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/provider"
	"github.com/ccload/ccload/relay"
)

// interruptedMessage says in a record what became of its call.
const interruptedMessage = "the gateway's process ended before the call did; its usage is what was known until then"

// journal writes down that an attempt is under way, as the record that the call
// has should the process end before it does: its input, and what of its output
// is there, estimated. answer is nil before there is one.
func (a *attempt) journal(answer *relay.Answer) {
	c := a.call
	rec := c.Record
	call, last := *rec, *a.record
	a.record.Outcome = ai.Outcome{Kind: ai.Interrupted}
	a.record.Duration = c.since() - a.record.Start
	if answer != nil {
		a.record.Usage = answer.Verdict().Usage
		a.record.Outcome.Status, rec.Status = answer.Status, answer.Status
		a.estimate(&a.record.Usage, answer, false)
	} else if generates(c.Operation) {
		a.record.Usage = ai.Usage{Input: c.forecast.rough(), Estimated: true}
	}
	if u := &a.record.Usage; !u.IsZero() {
		u.Region = cmp.Or(u.Region, provider.Region(a.target.Conf, a.target.URLs[a.target.URL].Host))
		a.record.Cost = c.forecast.priceAt(&a.target.Candidate, u)
		rec.Cost.Amount += a.record.Cost.Amount
		rec.Cost.List += a.record.Cost.List
		rec.Cost.Unpriced = rec.Cost.Unpriced || a.record.Cost.Unpriced
		rec.Cost.Price, rec.Cost.Multiplier = a.record.Cost.Price, a.record.Cost.Multiplier
		rec.Usage.Add(u)
	}
	rec.Outcome, rec.Message = ai.Interrupted, interruptedMessage
	rec.Duration, rec.RequestBytes = c.since(), int64(c.BodySize)
	rec.Day = c.snapshot.table.Calendar.Day(c.Received)
	c.site.gateway.State.Ledger.Begin(&c.journal, rec)
	*rec, *a.record = call, last
}

// journalEvery is how often the journal is told of a long stream.
const journalEvery = 5 * time.Second

// Progress implements relay.Progress. It comes about once a second.
func (a *attempt) Progress(answer *relay.Answer) {
	a.topUp(answer)
	if now := a.call.since(); now-a.journaled >= journalEvery {
		a.journaled = now
		a.journal(answer)
	}
}

// bytesOfOutput is how many bytes of a stream at least there are to a token of
// its output.
const bytesOfOutput = 3

// topUp sets aside more of the token's budget for a stream that has grown beyond
// what it was admitted with, so that newcomers are not let in on money that is
// being spent. The stream itself goes on.
func (a *attempt) topUp(answer *relay.Answer) {
	c, t := a.call, a.target
	if c.admission.granted == nil || !generates(c.Operation) || !c.token.Limiter().Budget.Limited() {
		return
	}
	text, times := answer.Said()
	bound := c.site.gateway.State.outputs.Bound(t.Model)
	if c.MaxOutput > 0 {
		bound = c.MaxOutput
	}
	if float64(len(text))*times/bytesOfOutput < float64(bound) {
		return
	}
	u := ai.Usage{Input: c.forecast.countInput(), Output: int64(float64(c.site.gateway.State.Counter.Answer(t.Model, text)) * times)}
	c.admission.granted.Costs(c.Record.Cost.Amount + c.forecast.priceAt(&t.Candidate, &u).Amount)
}
