package callrow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/ccload/ccload/ai"
)

// Row is a call on its way to the store.
type Row struct {
	Record  *ai.Record
	Set     *Set   // of the record's candidates, nil for none
	Details []byte // what of the record has no column, as AppendDetails writes it

	// Earlier says that another process recorded the call, which has ended.
	Earlier bool
	// Fresh is set by the store: it did not have the call before.
	Fresh bool
}

// NewRow makes a row of a record that stands in no journal.
func NewRow(r *ai.Record) Row {
	set, leftOut := shared.explain(r.Candidates)
	return Row{Record: r, Set: set, Details: appendDetails(nil, r, leftOut)}
}

// shared are the sets of the process.
var shared = newSets()

// The beginnings of texts.
const (
	donePrefix = `{"done":{`
	openPrefix = `{"open":{`
	setPrefix  = `{"set":"`
)

// Kind is what a text tells.
type Kind uint8

// Kinds of texts.
const (
	Unknown Kind = iota
	Done         // a call that has ended
	Open         // a call under way
	SetOf        // a list of channels
)

// KindOf tells the kind of a text by its beginning.
func KindOf(text []byte) Kind {
	switch {
	case bytes.HasPrefix(text, []byte(donePrefix)):
		return Done
	case bytes.HasPrefix(text, []byte(openPrefix)):
		return Open
	case bytes.HasPrefix(text, []byte(setPrefix)):
		return SetOf
	}
	return Unknown
}

// AppendRow appends the text of a call, and says where in it the details
// begin; they end one byte before the text does. set is the set that must stand
// before it, nil if none need.
func AppendRow(b []byte, k Kind, r *ai.Record) (text []byte, details int, set *Set) {
	set, leftOut := shared.explain(r.Candidates)
	if k == Done {
		b = append(b, donePrefix...)
	} else {
		b = append(b, openPrefix...)
	}
	b = append(b, `"id":`...)
	b = appendText(b, r.ID)
	b = appendInt(b, "time", Nanos(r.Time))
	b = appendString(b, "protocol", string(r.Protocol))
	b = appendString(b, "operation", string(r.Operation))
	b = appendString(b, "model", r.Model)
	b = appendString(b, "upstream_model", r.UpstreamModel)
	b = appendString(b, "token", r.Token)
	b = appendString(b, "channel", r.Channel)
	b = appendBool(b, "stream", r.Stream)
	b = appendInt(b, "status", r.Status)
	b = appendString(b, "outcome", r.Outcome.String())
	b = appendInt(b, "first_content_ns", r.FirstContent)
	b = appendInt(b, "duration_ns", r.Duration)
	b = appendInt(b, "input", r.Usage.Input)
	b = appendInt(b, "cached_input", r.Usage.CachedInput)
	b = appendInt(b, "cache_write", r.Usage.CacheWrite)
	b = appendInt(b, "output", r.Usage.Output)
	b = appendString(b, "client_ip", r.ClientIP)
	b = appendString(b, "response_id", r.ResponseID)
	b = appendInt(b, "nano_usd", r.Cost.Amount)
	b = appendInt(b, "day", r.Day)
	if set != nil {
		b = append(appendKey(b, "set"), '"')
		b = append(b, set.hex...)
		b = append(b, '"')
	}
	b = append(b, `},"details":`...)
	details = len(b)
	b = appendDetails(b, r, leftOut)
	return append(b, '}'), details, set
}

// AppendSet appends the text of a set.
func AppendSet(b []byte, s *Set) []byte {
	b = append(b, setPrefix...)
	b = append(b, s.hex...)
	b = append(b, `","names":`...)
	b = append(b, s.JSON...)
	return append(b, '}')
}

// columns are the columns of a call.
type columns struct {
	ID            string        `json:"id"`
	Time          int64         `json:"time"`
	Protocol      ai.Protocol   `json:"protocol"`
	Operation     ai.Operation  `json:"operation"`
	Model         string        `json:"model"`
	UpstreamModel string        `json:"upstream_model"`
	Token         string        `json:"token"`
	Channel       string        `json:"channel"`
	Stream        bool          `json:"stream"`
	Status        int           `json:"status"`
	Outcome       ai.Kind       `json:"outcome"`
	FirstContent  time.Duration `json:"first_content_ns"`
	Duration      time.Duration `json:"duration_ns"`
	Input         int64         `json:"input"`
	CachedInput   int64         `json:"cached_input"`
	CacheWrite    int64         `json:"cache_write"`
	Output        int64         `json:"output"`
	ClientIP      string        `json:"client_ip"`
	ResponseID    string        `json:"response_id"`
	Amount        int64         `json:"nano_usd"`
	Day           ai.Day        `json:"day"`
	Set           string        `json:"set"`
}

// text is any of the texts.
type text struct {
	Done    *columns        `json:"done"`
	Open    *columns        `json:"open"`
	Details json.RawMessage `json:"details"`
	Set     string          `json:"set"`
	Names   []string        `json:"names"`
}

var errNoCall = errors.New("it is no call")

// ID is the id in the text of a call.
func ID(b []byte) (string, error) {
	const begin = len(donePrefix) + len(`"id":"`)
	if len(b) > begin {
		if id, _, ok := bytes.Cut(b[begin:], []byte{'"'}); ok && bytes.IndexByte(id, '\\') < 0 {
			return string(id), nil
		}
	}
	var t text
	if err := json.Unmarshal(b, &t); err != nil {
		return "", fmt.Errorf("reading the record of a call: %w", err)
	}
	switch {
	case t.Done != nil:
		return t.Done.ID, nil
	case t.Open != nil:
		return t.Open.ID, nil
	}
	return "", errNoCall
}

// Closed makes the text of a call under way that of one that has ended.
func Closed(open []byte) []byte {
	return append([]byte(donePrefix), open[len(openPrefix):]...)
}

// Sets are the lists that stood before a call in a journal, by their ids.
type Sets map[string]*Set

// Add takes the text of a set in.
func (s Sets) Add(b []byte) error {
	var t text
	if err := json.Unmarshal(b, &t); err != nil {
		return fmt.Errorf("reading a list of channels: %w", err)
	}
	if s[t.Set] == nil {
		s[t.Set] = NewSet(t.Names)
	}
	return nil
}

// Put takes a set in.
func (s Sets) Put(set *Set) { s[set.hex] = set }

// Decode makes a row of the text of a call. Without its set, which was damaged
// then, it has no candidates.
func (s Sets) Decode(b []byte) (Row, error) {
	var t text
	if err := json.Unmarshal(b, &t); err != nil {
		return Row{}, fmt.Errorf("reading the record of a call: %w", err)
	}
	c := t.Done
	if c == nil {
		c = t.Open
	}
	if c == nil || c.ID == "" {
		return Row{}, errNoCall
	}
	r := &ai.Record{
		ID: c.ID, Time: FromNanos(c.Time), Protocol: c.Protocol, Operation: c.Operation, Model: c.Model,
		UpstreamModel: c.UpstreamModel, Token: c.Token, Channel: c.Channel, Stream: c.Stream, Status: c.Status,
		Outcome: c.Outcome, FirstContent: c.FirstContent, Duration: c.Duration,
		Usage: ai.Usage{Input: c.Input, CachedInput: c.CachedInput, CacheWrite: c.CacheWrite, Output: c.Output},
		Cost:  ai.Cost{Amount: ai.Money(c.Amount)}, Day: c.Day, ResponseID: c.ResponseID, ClientIP: c.ClientIP,
	}
	d, err := ParseDetails(string(t.Details))
	if err != nil {
		return Row{}, fmt.Errorf("reading the details of call %s: %w", strconv.Quote(c.ID), err)
	}
	row := Row{Record: r, Details: t.Details, Set: s[c.Set]}
	if row.Set == nil {
		d.LeftOut = nil
		d.Into(r)
		if c.Set != "" { // who was left out says nothing without names
			row.Details = AppendDetails(nil, r, nil)
		}
		return row, nil
	}
	d.Into(r)
	if r.Candidates, err = decodeCandidates(row.Set.Names, d.LeftOut); err != nil {
		return Row{}, fmt.Errorf("reading the candidates of call %s: %w", strconv.Quote(c.ID), err)
	}
	return row, nil
}
