package responses

import (
	"bytes"
	"errors"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/protocol/sse"
)

// judge follows one stream. It is also what a whole body is judged with.
type judge struct {
	used    ai.Usage
	id      string
	model   string
	failure ai.Failure

	failed  bool
	content bool // there was something to read
	ended   bool // the response was given whole
	filter  bool // it was stopped for its content
	excused bool // it may be without content: stopped at a limit, or still under way
}

// NewJudge returns a judge for one stream.
func (Format) NewJudge(*protocol.Endpoint) protocol.Judge { return new(judge) }

// preambles are the events that say nothing of the answer. Tools that the
// provider runs itself announce their states; those are work, and count.
var preambles = map[string]bool{
	"response.created": true, "response.queued": true, "response.in_progress": true, "response.metadata": true,
	"response.content_part.added": true, "response.reasoning_summary_part.added": true, "response.reasoning_part.added": true,
	"keepalive": true, "ping": true,
}

// Event judges the next event.
func (j *judge) Event(ev sse.Event) protocol.Step {
	data := ev.Data
	if string(data) == "[DONE]" {
		if j.ended {
			return protocol.End
		}
		return protocol.Preamble
	}
	var kind, response, item, part, text, delta, failures []byte
	err := scan.Members(data, func(key []byte, start, end int) bool {
		value := data[start:end]
		switch string(key) {
		case "type":
			kind = value
		case "response":
			response = value
		case "item":
			item = value
		case "part":
			part = value
		case "text":
			text = value
		case "delta":
			delta = value
		case "error":
			failures = value
		}
		return true
	})
	if err != nil {
		return j.broken(ev, err)
	}
	name := ev.Name
	if len(kind) > 2 {
		name = kind[1 : len(kind)-1]
	}
	switch string(name) {
	case "response.completed", "response.incomplete", "response.done":
		return j.end(string(name), response, data)
	case "error", "response.failed":
		return j.fail(data)
	}
	if protocol.Said(failures) {
		return j.fail(data)
	}
	var adds bool
	switch {
	case len(delta) > 0 && bytes.HasSuffix(name, []byte(".delta")): // nearly all events of a stream
		adds = protocol.Said(delta)
	case string(name) == "response.output_text.done", string(name) == "response.reasoning_text.done",
		string(name) == "response.reasoning_summary_text.done":
		adds = protocol.Said(text)
	case string(name) == "response.output_item.added", string(name) == "response.output_item.done":
		adds = speaks(item)
	case string(name) == "response.content_part.done", string(name) == "response.reasoning_summary_part.done",
		string(name) == "response.reasoning_part.done":
		adds = says(part)
	default:
		return j.other(string(name), response, data)
	}
	if !adds {
		return protocol.Preamble
	}
	j.content = true
	return protocol.Content
}

// other judges the less usual events.
func (j *judge) other(name string, response, data []byte) protocol.Step {
	switch {
	case response != nil:
		j.read(response)
		if j.failed {
			return j.fail(data)
		}
		return protocol.Preamble
	case preambles[name] || strings.Contains(name, "rate_limits") || strings.Contains(name, "metadata"):
		return protocol.Preamble
	case !strings.HasPrefix(name, "response."):
		if f, isError := protocol.ParseFailure(data); isError {
			j.failed, j.failure = true, f
			return protocol.Failed
		}
		return protocol.Preamble
	}
	j.content = true
	return protocol.Content
}

// end judges the event that carries the whole response.
func (j *judge) end(name string, response, data []byte) protocol.Step {
	j.excused = false
	j.read(response)
	if j.failed {
		return j.fail(data)
	}
	j.ended = true
	if name == "response.incomplete" {
		j.excused = true
	}
	if j.Verdict().Kind == ai.Empty {
		return protocol.Preamble
	}
	return protocol.End
}

// read takes over what a response object says.
func (j *judge) read(response []byte) {
	_ = scan.Members(response, func(key []byte, start, end int) bool {
		value := response[start:end]
		switch string(key) {
		case "id":
			j.id, _ = scan.String(value)
		case "model":
			j.model, _ = scan.String(value)
		case "status":
			switch {
			case scan.StringIs(value, "failed"):
				j.failed = true
			case scan.StringIs(value, "incomplete"), scan.StringIs(value, "queued"), scan.StringIs(value, "in_progress"),
				scan.StringIs(value, "cancelled"):
				j.excused = true
			}
		case "error":
			if protocol.Said(value) {
				j.failed = true
			}
		case "output":
			_ = scan.Elements(value, func(start, end int) bool {
				j.content = j.content || speaks(value[start:end])
				return !j.content
			})
		case "usage":
			protocol.ReadOpenAIUsage(value, &j.used)
		case "service_tier":
			protocol.Tier(&j.used, value)
		case "incomplete_details":
			if from, to, ok := scan.Get(value, "reason"); ok {
				j.filter = scan.StringIs(value[from:to], "content_filter")
			}
		}
		return true
	})
}

// speaks reports whether an output item is more than a message or a thought
// that has yet to be filled.
func speaks(item []byte) bool {
	from, to, ok := scan.Get(item, "type")
	if !ok {
		return false
	}
	switch string(item[from:to]) {
	case `"message"`:
		return anySays(item, "content")
	case `"reasoning"`:
		return anySays(item, "summary") || anySays(item, "content") || holds(item, "encrypted_content")
	}
	return true
}

func holds(object []byte, name string) bool {
	from, to, ok := scan.Get(object, name)
	return ok && protocol.Said(object[from:to])
}

// anySays reports whether one of an item's parts says something. Some vendors
// write plain text instead of parts.
func anySays(item []byte, name string) bool {
	from, to, ok := scan.Get(item, name)
	if !ok || item[from] != '[' {
		return ok && protocol.Said(item[from:to])
	}
	list, found := item[from:to], false
	_ = scan.Elements(list, func(start, end int) bool {
		found = says(list[start:end])
		return !found
	})
	return found
}

// says reports whether a part is more than a text that has yet to be filled.
func says(part []byte) bool {
	if from, to, ok := scan.Get(part, "text"); ok {
		return protocol.Said(part[from:to])
	}
	return protocol.Said(part)
}

// broken judges an event that is not a JSON object. What is cut short is
// usually the last one of a stream that broke off, and proves nothing.
func (j *judge) broken(ev sse.Event, err error) protocol.Step {
	data := bytes.TrimSpace(ev.Data)
	switch {
	case string(ev.Name) == "response.completed" && j.content:
		j.ended = true
		return protocol.End
	case string(ev.Name) == "error", string(ev.Name) == "response.failed":
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

// Ended reports whether the stream may end here.
func (j *judge) Ended() bool { return j.ended && !j.failed }

// Verdict sums up what was seen so far. A response without content is Empty
// unless the provider counted output for it or says that it is not complete, and
// ContentFilter if it was stopped for what it would have said.
func (j *judge) Verdict() protocol.Verdict {
	v := protocol.Verdict{Usage: j.used, Model: j.model, ResponseID: j.id, Failure: j.failure}
	switch {
	case j.failed:
		v.Kind = ai.SoftError
	case j.ended && j.filter && !j.content:
		v.Kind = ai.ContentFilter
	case j.ended && (j.content || j.excused || j.used.Output > 0):
		v.Kind = ai.OK
	case j.content && !j.ended:
		v.Kind = ai.Truncated
	default:
		v.Kind = ai.Empty
	}
	return v
}

// JudgeBody judges a whole answer.
func (Format) JudgeBody(ep *protocol.Endpoint, body []byte) protocol.Verdict {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return protocol.Verdict{Kind: ai.Empty}
	}
	err := scan.Valid(body)
	if errors.Is(err, scan.ErrTruncated) && body[0] == '{' {
		return protocol.Verdict{Kind: ai.Truncated}
	}
	if err != nil || body[0] != '{' {
		return bad(body)
	}
	if ep.Operation == ai.StoredResponse && isResponse(body) {
		// It may have failed back then; asking for it did not.
		j := judge{}
		j.read(body)
		return protocol.Verdict{ResponseID: j.id, Model: j.model} // reading one does not bill it again
	}
	if holds(body, "error") {
		return bad(body)
	}
	if ep.Operation != ai.Generate {
		if f, isError := protocol.ParseFailure(body); isError {
			return protocol.Verdict{Kind: ai.SoftError, Failure: f}
		}
		j := judge{ended: true, excused: true}
		j.read(body)
		v := j.Verdict()
		if ep.Operation == ai.StoredResponse {
			v.Usage = ai.Usage{}
		}
		return v
	}
	if _, _, ok := scan.Get(body, "output"); !ok {
		if from, to, ok := scan.Get(body, "status"); !ok || !protocol.Said(body[from:to]) {
			return bad(body)
		}
	}
	j := judge{ended: true}
	j.read(body)
	if j.failed {
		j.failure, _ = protocol.ParseFailure(body)
	}
	return j.Verdict()
}

// isResponse reports whether a body says that it is a response.
func isResponse(body []byte) bool {
	from, to, ok := scan.Get(body, "object")
	return ok && scan.StringIs(body[from:to], "response")
}

// bad judges a body that is no answer.
func bad(body []byte) protocol.Verdict {
	f, isError := protocol.ParseFailure(body)
	if isError {
		return protocol.Verdict{Kind: ai.SoftError, Failure: f}
	}
	return protocol.Verdict{Kind: ai.BadAnswer, Failure: f}
}
