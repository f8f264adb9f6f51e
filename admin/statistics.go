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
	Since time.Time       `json:"since"`
	Until time.Time       `json:"until"`
	Step  time.Duration   `json:"step_ns,omitempty"`
	By    []string        `json:"by"`
	Rows  []StatisticsRow `json:"rows"`
}

// StatisticsRow is one sum.
type StatisticsRow struct {
	Start  time.Time         `json:"start,omitzero"` // of the step
	Values map[string]string `json:"values,omitempty"`

	Calls        int64    `json:"calls"`
	Attempts     int64    `json:"attempts"`
	FailedOver   int64    `json:"failed_over"`
	Streams      int64    `json:"streams"`
	Input        int64    `json:"input_tokens"`
	CachedInput  int64    `json:"cached_input_tokens"`
	CacheWrite   int64    `json:"cache_write_tokens"`
	Output       int64    `json:"output_tokens"`
	Reasoning    int64    `json:"reasoning_tokens"`
	Cost         ai.Money `json:"cost_usd"`
	ListCost     ai.Money `json:"list_cost_usd"`
	Unpriced     int64    `json:"unpriced"`
	Estimated    int64    `json:"estimated"`
	MeanDuration int64    `json:"mean_duration_ns,omitempty"`
	MeanFirst    int64    `json:"mean_first_content_ns,omitempty"`
	DurationP50  int64    `json:"duration_p50_ns,omitempty"`
	DurationP90  int64    `json:"duration_p90_ns,omitempty"`
	DurationP99  int64    `json:"duration_p99_ns,omitempty"`
	FirstP50     int64    `json:"first_content_p50_ns,omitempty"`
	FirstP90     int64    `json:"first_content_p90_ns,omitempty"`
	FirstP99     int64    `json:"first_content_p99_ns,omitempty"`
}
