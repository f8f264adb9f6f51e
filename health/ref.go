package health

import (
	"cmp"
	"time"

	"github.com/ccload/ccload/ai"
)

// Ref names one thing that can be unwell. Which fields are set follows from
// the scope; equal values are the same thing, whatever config it came from.
type Ref struct {
	Scope    ai.Scope    `json:"scope"`              // what cools down: the kind of thing that the other fields name
	Channel  string      `json:"channel,omitempty"`  // its name; empty if a group cools down
	URL      string      `json:"url,omitempty"`      // address of the channel
	Key      string      `json:"key,omitempty"`      // fingerprint
	Model    string      `json:"model,omitempty"`    // as the upstream names it
	Group    string      `json:"group,omitempty"`    // of channels that share one account
	Protocol ai.Protocol `json:"protocol,omitempty"` // spoken at the address
}

// Entry is what is remembered of one thing that is or was unwell.
type Entry struct {
	Ref
	// Until is the end of the cooldown. In the past: it is due, one probe may try it.
	// If StatedUntil is set it is the next probe.
	Until time.Time `json:"until"`
	// StatedUntil is the end that the upstream states, where that is so far away
	// that it is probed before: an hour, six hours, and then daily after the
	// first failure.
	StatedUntil time.Time `json:"stated_until,omitzero"`
	// Failures in a row, less what has decayed. 0: it cools down as a precaution,
	// because a rate-limit header of a good answer said that nothing is left.
	Failures int     `json:"failures"`
	Kind     ai.Kind `json:"kind"` // what happened last
	// Rule is the row of the table or the custom rule that decided last, or
	// "headers".
	Rule    string `json:"rule,omitempty"`
	Message string `json:"message,omitempty"` // the upstream's, without secrets
	// Since is when its trouble began.
	Since time.Time `json:"since"`
	// Attention says that it will not heal by waiting: somebody has to act.
	Attention bool `json:"attention,omitempty"`
}

// Change is told to Options.Changed when something begins to cool down, cools down
// longer, or has recovered.
type Change struct {
	Entry
	// Recovered says that nothing cools down any more and nothing need be remembered:
	// after a success, after Clear, or because its trouble was so long ago.
	Recovered bool `json:"recovered"`
}

// compareEntries orders entries for people.
func compareEntries(a, b Entry) int {
	return cmp.Or(
		cmp.Compare(a.Group, b.Group), cmp.Compare(a.Channel, b.Channel), -cmp.Compare(a.Scope, b.Scope),
		cmp.Compare(a.URL, b.URL), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Model, b.Model), cmp.Compare(a.Protocol, b.Protocol),
	)
}

// valid reports whether a ref names something; others come from a newer
// version's store.
func (r *Ref) valid() bool {
	switch r.Scope {
	case ai.ScopeNone:
		return false
	case ai.ScopeGroup:
		return r.Group != ""
	}
	return r.Channel != ""
}

// modelLevel reports whether there may be as many of its kind as there are
// model names.
func (r *Ref) modelLevel() bool {
	return r.Scope == ai.ScopeModel || r.Scope == ai.ScopeKeyModel || r.Scope == ai.ScopeURLModel
}
