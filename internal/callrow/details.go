package callrow

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ccload/ccload/ai"
)

// Details is what a call's row holds in JSON. Fields are left out where they
// are empty: rows are many. AppendDetails writes it.
type Details struct {
	RequestBytes int64            `json:"request_bytes,omitempty"`
	AnswerBytes  int64            `json:"answer_bytes,omitempty"`
	UserAgent    string           `json:"user_agent,omitempty"`
	Message      string           `json:"message,omitempty"`
	Policy       string           `json:"policy,omitempty"`
	Playground   bool             `json:"playground,omitempty"`
	Usage        *storedUsage     `json:"usage,omitempty"` // without what has columns
	Cost         *storedCost      `json:"cost,omitempty"`  // without the amount, which has a column
	LeftOut      []LeftOut        `json:"left_out,omitempty"`
	Attempts     []attemptDetails `json:"attempts,omitempty"`
}

// attemptDetails is an ai.Attempt.
type attemptDetails struct {
	Channel      string        `json:"channel,omitempty"`
	URL          string        `json:"url,omitempty"`
	Key          string        `json:"key,omitempty"`
	Model        string        `json:"model,omitempty"`
	Start        time.Duration `json:"start_ns,omitempty"`
	Dialing      *ai.Dialing   `json:"dialing,omitempty"`
	FirstByte    time.Duration `json:"first_byte_ns,omitempty"`
	FirstContent time.Duration `json:"first_content_ns,omitempty"`
	Duration     time.Duration `json:"duration_ns,omitempty"`
	Outcome      string        `json:"outcome"`
	Scope        string        `json:"scope,omitempty"` // absent for none
	Status       int           `json:"status,omitempty"`
	Until        int64         `json:"until,omitempty"`
	Rule         string        `json:"rule,omitempty"`
	Code         string        `json:"code,omitempty"`
	Message      string        `json:"message,omitempty"`
	Retry        bool          `json:"retry,omitempty"`
	Served       bool          `json:"served,omitempty"` // its usage is that of the call
	Usage        *storedUsage  `json:"usage,omitempty"`
	Cost         *storedCost   `json:"cost,omitempty"`
	Why          string        `json:"why,omitempty"`
	CooledUntil  int64         `json:"rested,omitempty"`
	Probe        bool          `json:"probe,omitempty"`
	ServerID     string        `json:"server_id,omitempty"`
	Protocol     string        `json:"protocol,omitempty"`
	Substituted  string        `json:"substituted,omitempty"`
	Dropped      []string      `json:"dropped,omitempty"`
}

// storedUsage is an ai.Usage that leaves out what is 0.
type storedUsage struct {
	Input        int64  `json:"input,omitempty"`
	CachedInput  int64  `json:"cached_input,omitempty"`
	CacheWrite   int64  `json:"cache_write,omitempty"`
	CacheWrite1h int64  `json:"cache_write_1h,omitempty"`
	Output       int64  `json:"output,omitempty"`
	Reasoning    int64  `json:"reasoning,omitempty"`
	AudioInput   int64  `json:"audio_input,omitempty"`
	ImageInput   int64  `json:"image_input,omitempty"`
	CachedAudio  int64  `json:"cached_audio,omitempty"`
	CachedImage  int64  `json:"cached_image,omitempty"`
	AudioOutput  int64  `json:"audio_output,omitempty"`
	ImageOutput  int64  `json:"image_output,omitempty"`
	WebSearches  int64  `json:"web_searches,omitempty"`
	SearchSize   string `json:"search_size,omitempty"`
	Characters   int64  `json:"characters,omitempty"`
	Images       int64  `json:"images,omitempty"`
	ImageForm    string `json:"image_form,omitempty"`
	AudioMillis  int64  `json:"audio_ms,omitempty"`
	ServiceTier  string `json:"service_tier,omitempty"`
	Region       string `json:"region,omitempty"`
	Reported     bool   `json:"reported,omitempty"`
	Unmeasured   bool   `json:"unmeasured,omitempty"`
	Estimated    bool   `json:"estimated,omitempty"`
	Doubtful     bool   `json:"doubtful,omitempty"`

	VendorCost   ai.Money `json:"vendor_usd,omitempty"`
	VendorCosted bool     `json:"vendor_costed,omitempty"`

	Beside []ai.ModelUsage `json:"beside,omitempty"`
}

func (s *storedUsage) usage() ai.Usage {
	if s == nil {
		return ai.Usage{}
	}
	return ai.Usage(*s)
}

// storedCost is an ai.Cost that leaves out what is 0.
type storedCost struct {
	Amount     ai.Money `json:"usd,omitempty"`
	List       ai.Money `json:"list_usd,omitempty"`
	Multiplier *float64 `json:"multiplier,omitempty"`
	Price      string   `json:"price,omitempty"`
	Unpriced   bool     `json:"unpriced,omitempty"`
	OtherTier  bool     `json:"other_tier,omitempty"`
	Drifted    bool     `json:"drifted,omitempty"`
}

func (s *storedCost) cost() ai.Cost {
	if s == nil {
		return ai.Cost{}
	}
	return ai.Cost(*s)
}

// DecodeDetails reads into a record what had no column. names are its
// candidates.
func DecodeDetails(r *ai.Record, names []string, text string) error {
	d, err := ParseDetails(text)
	if err == nil {
		r.Candidates, err = decodeCandidates(names, d.LeftOut)
	}
	if err != nil {
		return fmt.Errorf("reading the details of call %s: %w", r.ID, err)
	}
	d.Into(r)
	return nil
}

// Into fills a record that has its columns already, but for its candidates.
func (d *Details) Into(r *ai.Record) {
	r.RequestBytes, r.AnswerBytes = d.RequestBytes, d.AnswerBytes
	r.UserAgent, r.Message, r.Policy, r.Playground = d.UserAgent, d.Message, d.Policy, d.Playground
	usage := d.Usage.usage()
	usage.Input, usage.CachedInput, usage.CacheWrite, usage.Output = r.Usage.Input, r.Usage.CachedInput, r.Usage.CacheWrite, r.Usage.Output
	r.Usage = usage
	amount := r.Cost.Amount
	r.Cost = d.Cost.cost()
	r.Cost.Amount = amount
	r.Attempts = make([]ai.Attempt, len(d.Attempts))
	for i := range d.Attempts {
		s := &d.Attempts[i]
		a := &r.Attempts[i]
		*a = ai.Attempt{
			Target: s.target(), Start: s.Start, Dialing: s.Dialing, FirstByte: s.FirstByte, FirstContent: s.FirstContent, Duration: s.Duration,
			Usage: s.Usage.usage(), Cost: s.Cost.cost(),
			Outcome: ai.Outcome{
				Status: s.Status, Until: FromNanos(s.Until), Rule: s.Rule, Code: s.Code, Message: s.Message, Retry: s.Retry,
			},
			Why: s.Why, CooledUntil: FromNanos(s.CooledUntil), Probe: s.Probe, ServerID: s.ServerID,
			Protocol: ai.Protocol(s.Protocol), Substituted: s.Substituted, Dropped: s.Dropped,
		}
		// Names that only a newer version knows are read as these types say.
		_ = a.Outcome.Kind.UnmarshalText([]byte(s.Outcome))
		_ = a.Outcome.Scope.UnmarshalText([]byte(s.Scope))
		if s.Served {
			a.Usage = r.Usage
		}
	}
}

// ParseDetails reads what AppendDetails wrote.
func ParseDetails(text string) (d Details, err error) {
	err = json.Unmarshal([]byte(text), &d)
	return d, err
}

// LastTarget is what the last attempt asked: the one whose answer the client
// got, if it got one. ok is false if nothing was asked.
func (d *Details) LastTarget() (t ai.Target, ok bool) {
	if len(d.Attempts) == 0 {
		return t, false
	}
	return d.Attempts[len(d.Attempts)-1].target(), true
}

func (s *attemptDetails) target() ai.Target {
	return ai.Target{Channel: s.Channel, URL: s.URL, Key: s.Key, Model: s.Model}
}
