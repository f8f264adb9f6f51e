package gateway

import (
	"net/http"

	"github.com/ccload/ccload/ai"
)

// Settle closes the account of a call, however it ended: record, limits and
// metrics. It does not wait for the database.
//
// abort says that the answer broke off and its connection must be cut: without
// that a cut stream would look complete to the client.
func (c *Call) Settle() (rec *ai.Record, abort bool) {
	if !c.finished {
		c.end(ai.ServerError, http.StatusInternalServerError, "the handler ended without an answer")
	}
	rec = c.Record
	rec.Duration = c.since()
	c.progress.endedBy(rec)
	rec.AnswerBytes += c.alive.release()
	c.alive = nil
	rec.RequestBytes = int64(c.BodySize)
	rec.Candidates = explanation(c)
	if c.chooser != nil {
		c.chooser.Reset()
		choosers.Put(c.chooser)
		c.chooser = nil
	}
	c.keepCapture()
	c.admission.bound.drop()
	if c.body != nil {
		c.body.release()
		c.body = nil
	}
	rec.Day = c.snapshot.table.Calendar.Day(c.Received)
	c.admission.settle(rec.Cost.Amount)
	c.site.gateway.State.Ledger.Record(rec, &c.journal) // before anything that may go wrong
	c.site.gateway.Observer.CallEnded(rec, c.route != nil)
	return rec, c.abort
}

// explanation lists every candidate and why it was left out.
func explanation(c *Call) []ai.Candidate {
	switch {
	case c.route == nil:
		return nil
	case c.chooser == nil:
		return c.route.Steps[0].All
	}
	return c.chooser.Explanation()
}
