// Package admin shows the gateway to its operator, and lets them change it. It
// holds the dashboard's HTTP side: the table of routes with who may ask for each,
// logins and sessions, live events and the pages; and the smaller API on Caddy's
// own admin endpoint. What a route does is asked of an Operator, which package
// control implements.
package admin

import (
	"context"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/pricing"
)

// App is the Caddy app that the API belongs to.
type App interface {
	// Operator returns the control plane of the app's config.
	Operator() Operator
}

// Source is what the API shows. It is looked up anew for each request, so that
// it never speaks of an old config.
type Source interface {
	Activity
	Money
}

// Activity is what the gateway is doing, and has done.
type Activity interface {
	// Status sums up the gateway.
	Status(ctx context.Context) Status
	// Channels returns every channel with its state.
	Channels(now time.Time) []Channel
	// Calls returns the newest calls that fit, at most 500.
	Calls(ctx context.Context, f CallFilter) ([]*ai.Record, error)
	// Call returns one call; the error is ErrNotFound if it is not known.
	Call(ctx context.Context, id string) (*ai.Record, error)
	// Explain tells where a call would go now, without sending anything.
	Explain(q Question) (*Explanation, error)
	// ExpectedShares tells which part of calls like these would go to each channel first
	// as things are now; nil where the policy cannot say.
	ExpectedShares(asked []Asked) map[string]float64
	// DropCooldowns ends cooldowns early and says how many there were. An empty
	// field of which means any.
	DropCooldowns(which health.Ref) int
}

// Money is what calls cost, and what may be spent.
type Money interface {
	// Budgets returns what tokens and channels have spent, and may spend.
	Budgets(now time.Time) []Budget
	// Price tells what a usage would cost, and by which price.
	Price(q PriceQuestion) Priced
	// OwnPrices returns the rows of prices that are kept in the store.
	OwnPrices(ctx context.Context) ([]pricing.Row, error)
	// SetOwnPrices replaces them, for good and at once.
	SetOwnPrices(ctx context.Context, rows []pricing.Row) error
	// Reprice prices the stored calls anew that arrived at since or later, and
	// says how many have changed.
	Reprice(ctx context.Context, since time.Time) (int, error)
	// Lessons returns what replies have taught about counting tokens.
	Lessons() any
}

// Budget is what a token or a channel has spent and may spend, in US dollars.
// A limit of 0 is none.
type Budget struct {
	Kind     string   `json:"kind"`         // token or channel
	Name     string   `json:"name"`         // of the token or channel
	Day      Spent    `json:"day"`          // spent today
	Month    Spent    `json:"month"`        // spent this month
	Total    Spent    `json:"total"`        // spent ever
	Reserved ai.Money `json:"reserved_usd"` // set aside for calls under way
	InFlight int      `json:"in_flight"`    // calls under way
}

// Spent is an amount and its limit.
type Spent struct {
	Spent  ai.Money  `json:"spent_usd"`           // what calls have cost
	Limit  ai.Money  `json:"limit_usd,omitempty"` // what they may cost; 0: no limit
	Resets time.Time `json:"resets,omitzero"`     // when it begins at 0 again; empty: never
}

// PriceQuestion asks what a usage costs.
type PriceQuestion struct {
	Provider, Model string
	At              time.Time // now, if zero
	Usage           ai.Usage
}

// Priced is a price and its parts.
type Priced struct {
	Cost  ai.Cost        `json:"cost"`  // of all parts
	Lines []pricing.Line `json:"lines"` // the parts of the price
}

// Status is the gateway at a glance.
type Status struct {
	InFlight int64       `json:"in_flight"` // calls under way
	Channels int         `json:"channels"`  // how many are in use
	Tokens   int         `json:"tokens"`    // how many are in use
	Cooling  int         `json:"cooling"`   // how many things cool down
	Journal  Journal     `json:"journal"`   // what waits to be written to the store
	Store    StoreStatus `json:"store"`     // how the gateway stands with its database
	// Sites is a host of each site with the ccload handler, by which the
	// playground and the explanation of a call name the site.
	Sites []string `json:"sites"`
	Nodes []Node   `json:"nodes"` // gateways that use the same database, this one included, the oldest first
}

// Node is a gateway that uses the database.
type Node struct {
	ID      string    `json:"id"`             // another one each time it begins
	Name    string    `json:"name"`           // of its machine
	Version string    `json:"version"`        // of its program
	Since   time.Time `json:"since"`          // when it began
	Seen    time.Time `json:"seen"`           // when it was heard of last
	Self    bool      `json:"self,omitempty"` // it is the one that answers
	Away    bool      `json:"away,omitempty"` // it was not heard of for half a minute and did not take its leave; after a day it is left out
}

// StoreState is how the gateway stands with its database.
type StoreState string

// States of the store.
const (
	StoreOpening StoreState = "opening" // it is being opened for the first time, which may change its schema
	StoreOpen    StoreState = "open"    // it is in use
	StoreAway    StoreState = "away"    // it does not answer, and is tried again
	StoreRefused StoreState = "refused" // it cannot be used as it is, which somebody has to mend
)

// StoreStatus is how the gateway stands with its database, and what it knows of
// it.
type StoreStatus struct {
	State         StoreState `json:"state"`           // opening, open, away or refused
	Since         time.Time  `json:"since"`           // when that began
	Error         string     `json:"error,omitempty"` // why it is away or refused
	StoredKnown   bool       `json:"stored_known"`    // stored channels and tokens have been read; until then only declared ones count, and an unknown token is answered 503
	SpendingKnown bool       `json:"spending_known"`  // what was spent has been read; until then budgets refuse, unless serve_unmetered is set
}

// Journal is what waits to be written to the store.
type Journal struct {
	Depth   int64 `json:"depth"`   // records in memory
	Spooled int64 `json:"spooled"` // records on disk, while the store is away
	Written int64 `json:"written"` // records since the process began
	Lost    int64 `json:"lost"`    // records that nothing could keep
	// Problem says why the journal cannot be written now, and what to do; empty if
	// it can. Calls go on, but a process that is killed loses what is in memory.
	Problem string `json:"problem,omitempty"`
}

// Channel is a channel and its state.
type Channel struct {
	Name      string         `json:"name"`               // of the channel
	Provider  string         `json:"provider,omitempty"` // its preset
	Protocols []ai.Protocol  `json:"protocols"`          // those it speaks
	Models    []string       `json:"models"`             // names and patterns it serves
	Priority  int            `json:"priority"`           // the higher, the earlier it is tried
	Weight    int            `json:"weight"`             // its share among those of the same priority
	Group     string         `json:"group,omitempty"`    // channels that share one account
	Origin    string         `json:"origin"`             // declared: in the config
	InFlight  int            `json:"in_flight"`          // calls under way
	State     ai.Reason      `json:"state"`              // eligible, disabled, outside_hours, over_concurrent, cooling
	Until     time.Time      `json:"until,omitzero"`     // when the state ends, if that is known
	URLs      []URL          `json:"urls"`               // its addresses
	Keys      []Key          `json:"keys"`               // its credentials in use
	Cooling   []health.Entry `json:"cooling"`            // everything of the channel that cools down or failed lately
	// Substituted are models that the channel's upstream answered with another
	// one: by the name that was sent, the name that the answer gave last.
	Substituted map[string]string `json:"substituted,omitempty"`
}

// URL is one address of a channel.
type URL struct {
	URL       string        `json:"url"`            // the address
	Protocols []ai.Protocol `json:"protocols"`      // spoken there
	Usable    bool          `json:"usable"`         // it does not cool down
	Until     time.Time     `json:"until,omitzero"` // when its cooldown ends
}

// Key is one credential of a channel. The key itself is never shown.
type Key struct {
	Fingerprint string    `json:"fingerprint"`         // names the key without telling it
	LastFour    string    `json:"last_four,omitempty"` // the last four characters of the key
	Usable      bool      `json:"usable"`              // it does not cool down
	Low         bool      `json:"low,omitempty"`       // its rate limit is nearly used up
	Until       time.Time `json:"until,omitzero"`      // when its cooldown ends
	InFlight    int64     `json:"in_flight"`           // attempts under way
}

// CallFilter narrows a list of calls. Empty fields do not.
type CallFilter struct {
	Token, Channel, Model, Outcome string
	Status                         int // that the client got
	Since, Until                   time.Time
	Before                         string // id of the last call of the page before
	Limit                          int    // 1 to 500; 0 is 50
}

// Question asks where a call would go.
type Question struct {
	Model        string      `json:"model"`
	Protocol     ai.Protocol `json:"protocol"`     // default anthropic
	Token        string      `json:"token"`        // default: one that may use everything
	Conversation string      `json:"conversation"` // any text that stands for a conversation
	Site         string      `json:"site"`         // a host of the site that would be asked; default: the only one, or any if all decide alike
}

// Asked is how often calls of a kind are made.
type Asked struct {
	Model    string
	Protocol ai.Protocol
	Calls    int64
}

// Explanation is where a call would go.
type Explanation struct {
	Model      string         `json:"model"`             // that was asked for
	Protocol   ai.Protocol    `json:"protocol"`          // of the client
	Policy     string         `json:"policy"`            // the selection policy of the site
	Site       string         `json:"site,omitempty"`    // the hosts of the site that is meant
	Stages     []Stage        `json:"stages"`            // an alias has one per model, tried in order
	Next       *ai.Target     `json:"next,omitempty"`    // the target; left out if there is none
	Why        string         `json:"why,omitempty"`     // why the policy chose it
	Candidates []ai.Candidate `json:"candidates"`        // channels that serve the model, and why one is left out
	NotServing []string       `json:"not_serving"`       // channels that do not serve the model
	Problem    string         `json:"problem,omitempty"` // why no target was found
}

// Stage is the candidates for one model of an alias.
type Stage struct {
	Model    string   `json:"model"`    // of the alias, or the one that was asked for
	Channels []string `json:"channels"` // that serve it
}
