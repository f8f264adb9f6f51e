// Package admin shows the gateway to its operator: a read-only API on Caddy's
// own admin endpoint, with which one can see what rests and why, follow calls,
// ask why a call would go where it goes, and let a rest end early.
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
	Status() Status
	// Channels returns every channel with its state.
	Channels(now time.Time) []Channel
	// Calls returns the newest calls that fit, at most 500.
	Calls(ctx context.Context, f CallFilter) ([]*ai.Record, error)
	// Call returns one call; the error is ErrNotFound if it is not known.
	Call(ctx context.Context, id string) (*ai.Record, error)
	// Explain tells where a call would go now, without sending anything.
	Explain(q Question) (*Explanation, error)
	// ClearCooling ends rests early and says how many there were. An empty
	// field of which means any.
	ClearCooling(which health.Ref) int
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
	Kind     string   `json:"kind"` // token or channel
	Name     string   `json:"name"`
	Day      Spent    `json:"day"`
	Month    Spent    `json:"month"`
	Total    Spent    `json:"total"`
	Reserved ai.Money `json:"reserved_usd"` // set aside for calls under way
}

// Spent is an amount and its limit.
type Spent struct {
	Spent  ai.Money  `json:"spent_usd"`
	Limit  ai.Money  `json:"limit_usd,omitempty"`
	Resets time.Time `json:"resets,omitzero"`
}

// PriceQuestion asks what a usage costs.
type PriceQuestion struct {
	Provider, Model string
	At              time.Time // now, if zero
	Usage           ai.Usage
}

// Priced is a price and its parts.
type Priced struct {
	Cost  ai.Cost        `json:"cost"`
	Lines []pricing.Line `json:"lines"`
}

// Status is the gateway at a glance.
type Status struct {
	InFlight int64 `json:"in_flight"`
	Channels int   `json:"channels"`
	Tokens   int   `json:"tokens"`
	Cooling  int   `json:"cooling"`
	Journal  struct {
		Depth   int64 `json:"depth"`
		Spooled int64 `json:"spooled"`
		Written int64 `json:"written"`
		Lost    int64 `json:"lost"`
	} `json:"journal"`
}

// Channel is a channel and its state.
type Channel struct {
	Name      string         `json:"name"`
	Provider  string         `json:"provider,omitempty"`
	Protocols []ai.Protocol  `json:"protocols"`
	Models    []string       `json:"models"`
	Priority  int            `json:"priority"`
	Weight    int            `json:"weight"`
	Group     string         `json:"group,omitempty"`
	Origin    string         `json:"origin"` // declared: in the config
	InFlight  int            `json:"in_flight"`
	State     ai.Reason      `json:"state"` // eligible, disabled, outside_hours, over_concurrent, cooling
	Until     time.Time      `json:"until,omitzero"`
	URLs      []URL          `json:"urls"`
	Keys      []Key          `json:"keys"`
	Cooling   []health.Entry `json:"cooling"` // everything of the channel that rests or failed lately
	// Substituted are models that the channel's upstream answered with another
	// one: by the name that was sent, the name that the answer gave last.
	Substituted map[string]string `json:"substituted,omitempty"`
}

// URL is one address of a channel.
type URL struct {
	URL       string        `json:"url"`
	Protocols []ai.Protocol `json:"protocols"`
	Usable    bool          `json:"usable"`
	Until     time.Time     `json:"until,omitzero"`
}

// Key is one credential of a channel. The key itself is never shown.
type Key struct {
	Fingerprint string    `json:"fingerprint"`
	LastFour    string    `json:"last_four,omitempty"`
	Usable      bool      `json:"usable"`
	Low         bool      `json:"low,omitempty"` // its rate limit is nearly used up
	Until       time.Time `json:"until,omitzero"`
	InFlight    int64     `json:"in_flight"`
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
}

// Explanation is where a call would go.
type Explanation struct {
	Model      string         `json:"model"`
	Protocol   ai.Protocol    `json:"protocol"`
	Policy     string         `json:"policy"`
	Stages     []Stage        `json:"stages"` // an alias has one per model, tried in order
	Next       *ai.Target     `json:"next,omitempty"`
	Why        string         `json:"why,omitempty"`
	Candidates []ai.Candidate `json:"candidates"`
	NotServing []string       `json:"not_serving"` // channels that do not serve the model
	Problem    string         `json:"problem,omitempty"`
}

// Stage is the candidates for one model of an alias.
type Stage struct {
	Model    string   `json:"model"`
	Channels []string `json:"channels"`
}
