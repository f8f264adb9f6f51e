package anthropic

import (
	"bytes"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/protocol/sse"
)

// judge follows one stream. It is also what a whole body is judged with.
type judge struct {
	counts
	model   string
	failure ai.Failure

	failed  bool
	content bool // there was something to read
	stopped bool // a stop reason was given
	turned  bool // and it was end_turn
	refused bool // and it was a refusal
	ended   bool // message_stop was seen
}

// NewJudge returns a judge for one stream.
func (Format) NewJudge(*protocol.Endpoint) protocol.Judge { return &judge{} }

// event is what the top level of an event's data says.
type event struct {
	kind                                   []byte
	message, block, delta, usage, failures []byte
}

// Event judges the next event.
func (j *judge) Event(ev sse.Event) protocol.Step {
	data := ev.Data
	var e event
	err := scan.Members(data, func(key []byte, start, end int) bool {
		value := data[start:end]
		switch string(key) {
		case "type":
			e.kind = value
		case "message":
			e.message = value
		case "content_block":
			e.block = value
		case "delta":
			e.delta = value
		case "usage":
			e.usage = value
		case "error":
			e.failures = value
		}
		return true
	})
	if err != nil {
		return j.broken(ev, err)
	}
	kind := ev.Name
	if len(e.kind) > 2 {
		kind = e.kind[1 : len(e.kind)-1]
	}
	if string(kind) == "error" || string(ev.Name) == "error" || said(e.failures) {
		j.readFailed(e.usage, e.failures)
		return j.fail(data)
	}
	switch string(kind) {
	case "content_block_delta":
		if !j.content && emptyDelta(e.delta) {
			return protocol.Preamble
		}
		j.content = true
		return protocol.Content
	case "content_block_start":
		if emptyText(e.block) {
			return protocol.Preamble
		}
		j.content = true
		return protocol.Content
	case "message_start":
		return j.start(e.message)
	case "message_delta":
		j.read(e.usage)
		return j.unlessHollow(j.stop(e.delta))
	case "message_stop":
		j.ended = true
		return j.unlessHollow(protocol.End)
	}
	return protocol.Preamble
}

// hollow reports whether the answer has ended and is none: without a word, and
// either without a stop reason or with one that explains nothing and not a
// single output token. A model that chose to say nothing has spent some.
func (j *judge) hollow() bool {
	return !j.content && (j.turned && j.output == 0 || j.ended && !j.stopped)
}

// unlessHollow is step, but an end proves nothing of an answer that is none.
func (j *judge) unlessHollow(step protocol.Step) protocol.Step {
	if j.hollow() {
		return protocol.Preamble
	}
	return step
}

// broken judges an event that is not a JSON object. What is cut short is
// usually the last one of a stream that broke off, so it proves nothing by
// itself; message_stop says all it has to say by its name.
func (j *judge) broken(ev sse.Event, err error) protocol.Step {
	data := bytes.TrimSpace(ev.Data)
	switch {
	case string(ev.Name) == "message_stop", string(data) == "[DONE]" && (j.content || j.stopped):
		j.ended = true
		return j.unlessHollow(protocol.End)
	}
	if f, failed := protocol.BrokenEvent(ev, err); failed {
		j.failed, j.failure = true, f
		return protocol.Failed
	}
	return protocol.Preamble
}

// readFailed reads what a failed answer says that it used, beside its error or
// inside of it.
func (j *judge) readFailed(usage, failure []byte) {
	if from, to, ok := scan.Get(failure, "usage"); ok && len(usage) == 0 {
		usage = failure[from:to]
	}
	if len(usage) > 0 {
		j.read(usage)
	}
}

func (j *judge) fail(data []byte) protocol.Step {
	j.failed = true
	j.failure, _ = protocol.ParseFailure(data)
	return protocol.Failed
}

// start reads message_start. An answer that carries on a tool's program comes
// whole in it, stop reason included.
func (j *judge) start(message []byte) protocol.Step {
	*j = judge{counts: counts{}, content: j.content}
	step := protocol.Preamble
	_ = scan.Members(message, func(key []byte, start, end int) bool {
		value := message[start:end]
		switch string(key) {
		case "model":
			j.model, _ = scan.String(value)
		case "usage":
			j.read(value)
		case "content":
			if said(value) {
				j.content = true
				step = protocol.Content
			}
		case "stop_reason":
			if j.reason(value) {
				step = protocol.Finish
			}
		}
		return true
	})
	return step
}

// stop reads the delta of message_delta.
func (j *judge) stop(delta []byte) protocol.Step {
	if from, to, ok := scan.Get(delta, "stop_reason"); ok && j.reason(delta[from:to]) {
		return protocol.Finish
	}
	return protocol.Preamble
}

// reason takes a stop reason, if value is one.
func (j *judge) reason(value []byte) bool {
	if len(value) <= 2 || value[0] != '"' {
		return false
	}
	j.stopped = true
	j.turned = scan.StringIs(value, "end_turn")
	j.refused = scan.StringIs(value, "refusal")
	return true
}

// said reports whether a value holds anything.
func said(value []byte) bool {
	switch string(value) {
	case "", "null", `""`, "[]", "{}", "false":
		return false
	}
	return true
}

// emptyText reports whether a content block is a text block that has yet to be
// filled; any other block is content by being there.
func emptyText(block []byte) bool {
	from, to, ok := scan.Get(block, "type")
	if !ok || !scan.StringIs(block[from:to], "text") {
		return !ok
	}
	from, to, ok = scan.Get(block, "text")
	return !ok || !said(block[from:to])
}

// emptyDelta reports whether a delta adds nothing: an empty text or thought.
func emptyDelta(delta []byte) bool {
	empty, known := true, false
	_ = scan.Members(delta, func(key []byte, start, end int) bool {
		switch string(key) {
		case "type":
		case "text", "thinking", "partial_json":
			known = true
			empty = !said(delta[start:end])
		default:
			known, empty = true, false
		}
		return empty
	})
	return !known || empty
}

// Failure is the error of the event that was Failed.
func (j *judge) Failure() ai.Failure { return j.failure }

// Ended reports whether the stream may end here.
func (j *judge) Ended() bool { return !j.failed && (j.stopped || j.ended) }

// Verdict sums up what was seen so far. Without content it is Empty, unless a
// stop reason says that saying nothing was meant.
func (j *judge) Verdict() protocol.Verdict {
	v := protocol.Verdict{Usage: j.usage(), Model: j.model, Failure: j.failure}
	switch {
	case j.failed:
		v.Kind = ai.SoftError
	case j.refused && !j.content:
		v.Kind = ai.ContentFilter
	case j.hollow():
		v.Kind = ai.Empty
	case j.stopped, j.ended && j.content:
		v.Kind = ai.OK
	case j.content:
		v.Kind = ai.Truncated
	default:
		v.Kind = ai.Empty
	}
	return v
}
