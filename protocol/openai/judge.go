package openai

import (
	"bytes"
	"errors"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/protocol/sse"
)

// judge follows one stream of chunks. It is also what a whole body is judged
// with.
type judge struct {
	used    ai.Usage
	model   string
	failure ai.Failure

	failed  bool
	content bool // there was something to read
	stopped bool // a choice has finished
	filter  bool // it was stopped for its content
	cut     bool // it was stopped at a limit, so it may be without content
	done    bool // [DONE] was seen
	closing bool // the chunk without choices that carries the usage was seen
	other   bool // not a chat: any event that is no error is content
}

// NewJudge returns a judge for one stream.
func (Format) NewJudge(ep *protocol.Endpoint) protocol.Judge {
	return &judge{
		other: ep.Operation != ai.Generate && ep.Operation != ai.Complete,
		cut:   ep.Operation == ai.Complete, // a prompt may need no completion
	}
}

// Event judges the next event.
func (j *judge) Event(ev sse.Event) protocol.Step {
	data := ev.Data
	if string(data) == "[DONE]" {
		return j.marker()
	}
	var choices, failures []byte
	err := scan.Members(data, func(key []byte, start, end int) bool {
		value := data[start:end]
		switch string(key) {
		case "choices":
			choices = value
		case "error":
			failures = value
		case "usage":
			protocol.ReadOpenAIUsage(value, &j.used)
		case "x_groq":
			if from, to, ok := scan.Get(value, "usage"); ok && !j.used.Reported {
				protocol.ReadOpenAIUsage(value[from:to], &j.used)
			}
		case "model":
			if j.model == "" {
				j.model, _ = scan.String(value)
			}
		case "service_tier":
			protocol.Tier(&j.used, value)
		}
		return true
	})
	if err != nil {
		return j.broken(ev, err)
	}
	if protocol.Said(failures) || string(ev.Name) == "error" {
		return j.fail(data)
	}
	if j.other {
		j.content, j.stopped = true, true
		return protocol.Content
	}
	if !protocol.Said(choices) && !j.content {
		// Nothing was chosen; it may be an error that does not say so.
		if f, isError := protocol.ParseFailure(data); isError {
			j.failed, j.failure = true, f
			return protocol.Failed
		}
	}
	step := j.choices(choices)
	if string(choices) == "[]" && j.used.Reported && j.content {
		j.closing = true
	}
	return step
}

// marker judges [DONE]. After nothing at all it proves nothing.
func (j *judge) marker() protocol.Step {
	j.done = true
	if j.Verdict().Kind == ai.Empty {
		return protocol.Preamble
	}
	return protocol.End
}

// choices judges the pieces of a chunk.
func (j *judge) choices(list []byte) protocol.Step {
	step := protocol.Preamble
	_ = scan.Elements(list, func(start, end int) bool {
		choice := list[start:end]
		_ = scan.Members(choice, func(key []byte, start, end int) bool {
			value := choice[start:end]
			switch string(key) {
			case "delta", "message":
				if speaks(value) {
					j.content = true
				}
			case "text":
				if protocol.Said(value) {
					j.content = true
				}
			case "finish_reason":
				j.finish(value)
			case "error":
				if protocol.Said(value) {
					j.failed = true
					j.failure, _ = protocol.ParseFailure(choice)
				}
			}
			return true
		})
		return true
	})
	switch {
	case j.failed:
		step = protocol.Failed
	case j.stopped && j.Verdict().Kind != ai.Empty:
		step = protocol.Finish
	case j.content:
		step = protocol.Content
	}
	return step
}

// finish takes over a finish reason.
func (j *judge) finish(value []byte) {
	if len(value) <= 2 || value[0] != '"' {
		return
	}
	j.stopped = true
	switch string(value[1 : len(value)-1]) {
	case "content_filter":
		j.filter = true
	case "length":
		j.cut = true
	}
}

// speaks reports whether a delta or message says anything beside its role.
func speaks(delta []byte) bool {
	found := false
	_ = scan.Members(delta, func(key []byte, start, end int) bool {
		switch string(key) {
		case "role", "name", "provider_metadata", "annotations", "padding":
		default:
			found = protocol.Said(delta[start:end])
		}
		return !found
	})
	return found
}

// broken judges an event that is not a JSON object. What is cut short is
// usually the last one of a stream that broke off, and proves nothing.
func (j *judge) broken(ev sse.Event, err error) protocol.Step {
	data := bytes.TrimSpace(ev.Data)
	switch {
	case bytes.Equal(data, []byte("[DONE]")):
		return j.marker()
	case string(ev.Name) == "error":
		return j.fail(data)
	case len(data) == 0 || errors.Is(err, scan.ErrTruncated):
		return protocol.Preamble
	case data[0] == '{':
		j.failed = true
		j.failure = ai.Failure{Message: "upstream sent an event that is not JSON"}
		return protocol.Failed
	}
	if f, isError := protocol.ParseFailure(data); isError {
		j.failed, j.failure = true, f
		return protocol.Failed
	}
	return protocol.Preamble
}

func (j *judge) fail(data []byte) protocol.Step {
	j.failed = true
	j.failure, _ = protocol.ParseFailure(data)
	return protocol.Failed
}

// Failure is the error of the event that was Failed.
func (j *judge) Failure() ai.Failure { return j.failure }

// Ended reports whether the stream may end here: some vendors leave out the
// finish reason, some [DONE], but none both and the usage as well.
func (j *judge) Ended() bool { return !j.failed && (j.stopped || j.done || j.closing) }

// Verdict sums up what was seen so far. An answer without content is Empty
// unless the provider counted output for it or it was stopped at a limit, and
// ContentFilter if it was stopped for what it would have said.
func (j *judge) Verdict() protocol.Verdict {
	v := protocol.Verdict{Usage: j.used, Model: j.model, Failure: j.failure}
	switch {
	case j.failed:
		v.Kind = ai.SoftError
	case j.filter && !j.content:
		v.Kind = ai.ContentFilter
	case j.content && j.Ended():
		v.Kind = ai.OK
	case j.content:
		v.Kind = ai.Truncated
	case j.stopped && (j.cut || j.used.Output > 0):
		v.Kind = ai.OK
	default:
		v.Kind = ai.Empty
	}
	return v
}
