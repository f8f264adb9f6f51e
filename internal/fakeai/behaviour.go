package fakeai

import (
	"net/http"
	"sync"
	"time"
)

// Fault is what goes wrong with an answer. The names are those of the package
// documentation.
type Fault string

// Faults.
const (
	None         Fault = ""            // nothing
	Error        Fault = "error"       // an error status, with the Problem as body
	Soft         Fault = "err200"      // status 200, with the Problem as body
	SoftText     Fault = "err200text"  // status 200, with a sentence as body
	EventFirst   Fault = "sseerr"      // the Problem as first event
	EventStart   Fault = "ssestart"    // the Problem after the preamble
	EventMid     Fault = "ssemid"      // the Problem within the content
	Drop         Fault = "drop"        // closed before the answer
	Reset        Fault = "reset"       // reset before the answer
	Cut          Fault = "cut"         // closed within the content
	CutByReset   Fault = "rst"         // reset within the content
	ResetAtEnd   Fault = "rstend"      // reset after the end marker
	Hang         Fault = "hang"        // no answer
	HangHeaders  Fault = "hanghdr"     // headers, and no more
	Silent       Fault = "silent"      // headers and preamble, and no more
	Stall        Fault = "stall"       // half of the content, and no more
	NoEnd        Fault = "noend"       // ends after the content
	NoEndMarker  Fault = "nodone"      // all but the end marker
	StaysOpen    Fault = "open"        // not closed after the end marker
	Broken       Fault = "broken"      // an event in the middle is no JSON
	BrokenFirst  Fault = "brokenfirst" // the first event with content is no JSON
	HTML         Fault = "html"        // an HTML page
	Empty        Fault = "empty"       // no body
	Hollow       Fault = "hollow"      // no content
	OnlyPings    Fault = "pings"       // pings, and the end of the stream
	Half         Fault = "half"        // ends within a value
	WholeJSON    Fault = "json"        // JSON although a stream was asked for
	InvalidUTF8  Fault = "badutf8"     // bytes that are no UTF-8
	Refused      Fault = "refusal"     // stopped for its content
	maxSoftError       = 100 << 10
)

// Behaviour is how one request is answered. The zero value answers it well.
type Behaviour struct {
	Fault   Fault
	Problem Problem // the error that is told, where the fault tells one; default Overloaded
	Status  int     // status of the answer; default: that of the problem, or 200

	RetryAfter time.Duration // Retry-After of an error, and the reset that some errors name; 0: none
	RetryDate  bool          // write Retry-After as a date
	Remaining  int           // what rate-limit headers leave of 1000 requests, plus one; 0: 999
	ResetIn    time.Duration // when rate-limit headers say that they start again; 0: a moment

	FirstByte    time.Duration // wait before the headers
	FirstContent time.Duration // wait before the first content
	Gap          time.Duration // wait between events with content

	Text      string // said instead of the echo
	Events    int    // text events, numbered; 0: one for each word
	EventSize int    // bytes of text in each of them
	Size      int    // bytes of text; 0: what the echo has
	Big       bool   // 3 MB of text in one event
	Think     bool   // reasoning first
	Signed    bool   // results of tools are taken only with what signed the reasoning before their calls
	Calls     int    // tool calls at once, if tools are offered; 0: one
	ErrorSize int    // least size of an error's body in bytes

	Encoding    string // gzip, br, zstd or deflate, whatever the client accepts
	ContentType string // instead of the right one
	Comments    bool   // SSE comments before the content
	CRLF        bool   // SSE with CRLF lines; Gemini's always has them
	NoEvent     bool   // SSE without event lines

	First   int // only the first so many requests get the fault; 0: all
	Percent int // only so many of a hundred get it; 0: all

	Header http.Header // added to the answer, replacing what is there
	Body   []byte      // sent as it is, for recorded answers; of the faults, cut, rst and their like come after it
	Split  int         // bytes of Body per write; 0: in one
}

// due reports whether the n-th request of its kind, counted from 1, gets the
// fault. Percentages are spread evenly rather than by chance.
func (b *Behaviour) due(n int) bool {
	switch {
	case b.First > 0:
		return n <= b.First
	case b.Percent > 0:
		return n*b.Percent/100 != (n-1)*b.Percent/100
	}
	return true
}

// well is the same answer with nothing wrong.
func (b *Behaviour) well() Behaviour {
	return Behaviour{
		Gap: b.Gap, Text: b.Text, Events: b.Events, EventSize: b.EventSize, Size: b.Size, Think: b.Think, Signed: b.Signed,
		Calls: b.Calls, Encoding: b.Encoding, Comments: b.Comments, CRLF: b.CRLF, NoEvent: b.NoEvent,
	}
}

// Plan says how a request is answered. It may look at all of the request;
// Request.Asked is what the request itself asks for. It is called by many
// goroutines at a time.
type Plan func(r *Request) Behaviour

// AsAsked does what requests ask for.
func AsAsked(r *Request) Behaviour { return r.Asked }

// Always answers every request by one scenario. It panics if the scenario is
// not understood: plans are written by hand.
func Always(scenario string) Plan {
	b := Must(scenario)
	return func(*Request) Behaviour { return b }
}

// InTurn answers the first generation by the first scenario, the next by the
// next, and all that follow by the last. Other requests are answered well.
func InTurn(scenarios ...string) Plan {
	var mu sync.Mutex
	var list []Behaviour
	for _, s := range scenarios {
		list = append(list, Must(s))
	}
	return func(r *Request) Behaviour {
		mu.Lock()
		defer mu.Unlock()
		if !r.Generates() || len(list) == 0 {
			return Behaviour{}
		}
		b := list[0]
		if len(list) > 1 {
			list = list[1:]
		}
		return b
	}
}

// ForModel does for requests of one model what the scenario says, and for the
// others what they ask for.
func ForModel(model, scenario string) Plan {
	b := Must(scenario)
	return func(r *Request) Behaviour {
		if r.Model == model {
			return b
		}
		return r.Asked
	}
}
