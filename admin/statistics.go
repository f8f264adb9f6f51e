package admin

import (
	"time"

	"github.com/ccload/ccload/ai"
)

// StatisticsQuestion asks for sums of calls.
type StatisticsQuestion struct {
	Since, Until time.Time
	Step         time.Duration     // 0: one sum; else a multiple of a minute
	By           []string          // dimensions to group by
	Where        map[string]string // values of dimensions; a * in a model stands for any run of characters
	Quantiles    bool
}

// Statistics is the answer.
type Statistics struct {
	Since time.Time       `json:"since"`             // begin of the range
	Until time.Time       `json:"until"`             // end of the range
	Step  time.Duration   `json:"step_ns,omitempty"` // width of a bucket; 0: one sum
	By    []string        `json:"by"`                // dimensions that are grouped by
	Rows  []StatisticsRow `json:"rows"`              // in the order of time, then of the dimensions
}

// StatisticsRow is one sum.
type StatisticsRow struct {
	Start  time.Time         `json:"start,omitzero"`   // of the step
	Values map[string]string `json:"values,omitempty"` // of the dimensions that are grouped by

	Calls        int64    `json:"calls"`                           // that have ended; by channel or key: those that it served or was the last to fail
	Attempts     int64    `json:"attempts"`                        // of calls; by channel or key: those it was asked in, also where another served
	FailedOver   int64    `json:"failed_over"`                     // good calls whose first attempt was not
	Streams      int64    `json:"streams"`                         // calls that asked for a stream
	Input        int64    `json:"input_tokens"`                    // of all attempts, each where it was made; cached ones included
	CachedInput  int64    `json:"cached_input_tokens"`             // read from a prompt cache
	CacheWrite   int64    `json:"cache_write_tokens"`              // written to a prompt cache
	Output       int64    `json:"output_tokens"`                   // reasoning included
	Reasoning    int64    `json:"reasoning_tokens"`                // of the output
	Cost         ai.Money `json:"cost_usd"`                        // of all attempts, each where it was made, with multipliers of channels
	ListCost     ai.Money `json:"list_cost_usd"`                   // of the same by list prices
	Unpriced     int64    `json:"unpriced"`                        // calls of which a part has no price, at the first attempt that has none
	Estimated    int64    `json:"estimated"`                       // calls whose tokens were counted here, at the first such attempt
	MeanDuration int64    `json:"mean_duration_ns,omitempty"`      // of the calls
	MeanFirst    int64    `json:"mean_first_content_ns,omitempty"` // of the calls that had content
	DurationP50  int64    `json:"duration_p50_ns,omitempty"`       // median; with quantiles only
	DurationP95  int64    `json:"duration_p95_ns,omitempty"`       // with quantiles only
	DurationP99  int64    `json:"duration_p99_ns,omitempty"`       // with quantiles only
	FirstP50     int64    `json:"first_content_p50_ns,omitempty"`  // median; with quantiles only
	FirstP95     int64    `json:"first_content_p95_ns,omitempty"`  // with quantiles only
	FirstP99     int64    `json:"first_content_p99_ns,omitempty"`  // with quantiles only
}
