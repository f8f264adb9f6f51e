package ai

import "time"

// Record is what is remembered of one call. It is built by the handler when
// the call has ended and handed to the ledger; nobody changes it after that.
type Record struct {
	ID            string        `json:"id"`                         // of the call, as in X-Ccload-Request-Id
	Time          time.Time     `json:"time"`                       // when the request arrived
	Protocol      Protocol      `json:"protocol"`                   // the client speaks it
	Operation     Operation     `json:"operation"`                  // what was asked for, such as generate
	Model         string        `json:"model"`                      // as the client named it
	UpstreamModel string        `json:"upstream_model,omitempty"`   // as the upstream that served names it
	Token         string        `json:"token"`                      // the client token's name
	Channel       string        `json:"channel,omitempty"`          // the channel that served, empty if none did
	Stream        bool          `json:"stream"`                     // the client asked for a stream
	Status        int           `json:"status"`                     // status the client got; 499 when it hung up
	Outcome       Kind          `json:"outcome"`                    // of the whole call
	FirstContent  time.Duration `json:"first_content_ns,omitempty"` // from its arrival to the first content that the client got; 0 if there was none
	Duration      time.Duration `json:"duration_ns"`                // from its arrival to its end
	RequestBytes  int64         `json:"request_bytes"`              // of the client's body
	AnswerBytes   int64         `json:"answer_bytes"`               // of the body that the client got
	Usage         Usage         `json:"usage"`                      // of all attempts together; of the one that answered: usage of the last of attempts
	Cost          Cost          `json:"cost"`                       // of all attempts together
	Day           Day           `json:"day,omitempty"`              // of the budgets it counts against, YYYYMMDD
	ResponseID    string        `json:"response_id,omitempty"`      // id of a response stored upstream
	ClientIP      string        `json:"client_ip,omitempty"`        // the client's address, as trusted_proxies make it known
	UserAgent     string        `json:"user_agent,omitempty"`       // the client's, shortened
	Message       string        `json:"message,omitempty"`          // what went wrong, for people
	Attempts      []Attempt     `json:"attempts"`                   // in the order they were made
	Candidates    []Candidate   `json:"candidates"`                 // channels that serve the model, and why one was left out
	Policy        string        `json:"policy,omitempty"`           // the selection policy that chose
	Playground    bool          `json:"playground,omitempty"`       // an operator made it in the dashboard's playground
}

// Attempt is one try of one target.
type Attempt struct {
	Target       Target        `json:"target"`                     // what was asked
	Start        time.Duration `json:"start_ns"`                   // since the call arrived
	Dialing      *Dialing      `json:"dialing,omitempty"`          // making its connection; left out where it was open already
	FirstByte    time.Duration `json:"first_byte_ns,omitempty"`    // from its start to the answer's headers; 0 if there were none
	FirstContent time.Duration `json:"first_content_ns,omitempty"` // from its start to the first content; 0 if there was none
	Duration     time.Duration `json:"duration_ns"`                // from its start to its end
	Outcome      Outcome       `json:"outcome"`                    // what came of it
	Usage        Usage         `json:"usage"`                      // what it used
	Cost         Cost          `json:"cost"`                       // what it cost
	Why          string        `json:"why"`                        // why this target was picked
	CooledUntil  time.Time     `json:"rested,omitzero"`            // something cools down until then because of it
	Probe        bool          `json:"probe,omitempty"`            // it was the single probe of a target that cools down
	ServerID     string        `json:"server_id,omitempty"`        // upstream's request id
	Protocol     Protocol      `json:"protocol,omitempty"`         // what the target was asked in, if not the client's
	Substituted  string        `json:"substituted,omitempty"`      // the model that answered, as upstream names it, where it is another than was sent
	Dropped      []string      `json:"dropped,omitempty"`          // fields of the request that cannot be said there and change nothing of what is meant
}

// Dialing is how long it took to make the connection of an attempt, or to fail.
type Dialing struct {
	DNS     time.Duration `json:"dns_ns,omitempty"`     // resolving the name; 0 for an address
	Connect time.Duration `json:"connect_ns,omitempty"` // until the connection stood
	TLS     time.Duration `json:"tls_ns,omitempty"`     // the handshake; 0 for http, and where it did not come to it
}

// Candidate is a channel that could serve the call by its model, and what
// became of it.
type Candidate struct {
	Channel string    `json:"channel"`          // its name
	Reason  Reason    `json:"reason"`           // why it was left out; Eligible if it was not
	Detail  string    `json:"detail,omitempty"` // what cools down, which hours, which limit
	Until   time.Time `json:"until,omitzero"`   // when the reason ends, if known
}

// Reason is why a candidate was left out of a call.
type Reason string

// Reasons a candidate is left out.
const (
	Eligible        Reason = "eligible"         // could serve; whether it did is in the attempts
	Disabled        Reason = "disabled"         // switched off
	NoKey           Reason = "no_key"           // its config names keys, and every placeholder is empty here
	NotAllowed      Reason = "not_allowed"      // the token may not use the channel
	OutsideHours    Reason = "outside_hours"    // not in its hours
	OverRate        Reason = "over_rate"        // its requests per minute are used up
	OverTokens      Reason = "over_tokens"      // its tokens per minute are used up
	OverConcurrent  Reason = "over_concurrent"  // all its slots are taken
	OverBudget      Reason = "over_budget"      // what may be spent on it is spent
	SpendingUnknown Reason = "spending_unknown" // it has a budget, and what was spent of it has not been read yet
	Cooling         Reason = "cooling"          // it, or all its keys or URLs for this model, cool down
	Probing         Reason = "probing"          // its cooldown has ended and one probe is under way
	WrongProtocol   Reason = "wrong_protocol"   // does not speak the call's protocol, and this kind of call is not translated
	Untranslatable  Reason = "untranslatable"   // speaks other protocols, in which the request cannot be said
	NotTheOwner     Reason = "not_the_owner"    // the stored response was made elsewhere
)
