package admin

import (
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
)

// LiveMetrics are told each second: to the operator all but budget, to the
// holder of a token time and budget only.
type LiveMetrics struct {
	Time     time.Time   `json:"time"`          // of these numbers
	InFlight int64       `json:"in_flight"`     // calls under way
	Calls    int64       `json:"calls"`         // that have ended since the process began
	Failed   int64       `json:"failed"`        // of them, without those that the client ended
	Input    int64       `json:"input_tokens"`  // since the process began
	Output   int64       `json:"output_tokens"` // since the process began
	Cost     ai.Money    `json:"cost_usd"`      // since the process began
	Cooling  int         `json:"cooling"`       // how many things cool down
	Journal  LiveJournal `json:"journal"`       // what waits to be written to the store
}

// LiveJournal is what waits to be written to the store.
type LiveJournal struct {
	Depth   int    `json:"depth"`   // records in memory
	Spooled int    `json:"spooled"` // records on disk, while the store is away
	Written uint64 `json:"written"` // records since the process began
	Lost    uint64 `json:"lost"`    // records that nothing could keep
}

// LiveSnapshot is what a stream of events begins with.
type LiveSnapshot struct {
	LiveMetrics
	Revision int64     `json:"revision"` // of the stored configuration
	Channels []Channel `json:"channels"` // those in use, and their state
}

// OwnMetrics are what the holder of a token sees, as snapshot and as metrics.
type OwnMetrics struct {
	Time   time.Time `json:"time"`   // of these numbers
	Budget *Budget   `json:"budget"` // of the token; null: it may not be used any more
}

// LiveChange is told when something begins or ceases to cool down, or what is
// stored was changed.
type LiveChange struct {
	Cooling  *health.Change `json:"cooling,omitempty"`  // what began or ceased to cool down here
	Resting  bool           `json:"resting,omitempty"`  // another node has changed what cools down: ask anew
	Revision int64          `json:"revision,omitempty"` // of the stored configuration
}

// LiveCalls are calls that have ended. The hub writes them from calls that are
// JSON already.
type LiveCalls struct {
	Calls   []ai.Record `json:"calls"`    // in the order in which they ended
	LeftOut int         `json:"left_out"` // calls that were too many to be told
}

// liveEvents are the events of a stream by name, and the types of their data.
var liveEvents = map[string][]any{
	"snapshot": {LiveSnapshot{}, OwnMetrics{}},
	"metrics":  {LiveMetrics{}, OwnMetrics{}},
	"channel":  {LiveChange{}},
	"running":  {RunningCalls{}},
	"calls":    {LiveCalls{}},
}
