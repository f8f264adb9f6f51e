package responses

import (
	"bytes"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openaikit"
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
	excused bool // it may be without content: stopped at a limit, or still under way
	filter  bool // it was stopped for its content
	stored  bool // it is an earlier response that is read once more, whatever became of it

	searches  int64 // web searches among the items of the output
	toolsTold bool  // the provider counts them itself
}

// NewJudge returns a judge for one stream.
func (Format) NewJudge(ep *protocol.Endpoint) protocol.Judge {
	return &judge{stored: ep.Operation == ai.StoredResponse}
}

// preambles are the events that say nothing of the answer. Tools that the
// provider runs itself announce their states; those are work, and count.
var preambles = map[string]bool{
	"response.created": true, "response.queued": true, "response.in_progress": true,
	"response.metadata": true, "response.rate_limits": true,
	"response.content_part.added": true, "response.reasoning_summary_part.added": true, "response.reasoning_part.added": true,
}

// event is what the top level of an event says.
type event struct {
	name               []byte
	response, failures []byte
	item               []byte // an item of the output, or a part of one
	delta              []byte // a piece of text, or at its end the whole of it
}

func readEvent(ev sse.Event) (event, error) {
	e := event{name: ev.Name}
	data := ev.Data
	err := scan.Members(data, func(key []byte, start, end int) bool {
		value := data[start:end]
		switch string(key) {
		case "type":
			if end-start > 2 && value[0] == '"' {
				e.name = data[start+1 : end-1]
			}
		case "response":
			e.response = value
		case "item", "part":
			e.item = value
		case "delta", "text", "refusal", "arguments", "input", "code", "transcript", "diff":
			e.delta = value
		case "error":
			e.failures = value
		}
		return true
	})
	return e, err
}

// Event judges the next event.
func (j *judge) Event(ev sse.Event) protocol.Step {
	data := ev.Data
	if len(data) > 0 && data[0] != '{' && string(bytes.TrimSpace(data)) == "[DONE]" {
		if j.ended {
			return protocol.End
		}
		return protocol.Preamble
	}
	e, err := readEvent(ev)
	if err != nil {
		return j.broken(ev, err)
	}
	switch string(e.name) {
	case "response.completed", "response.incomplete", "response.done", "response.cancelled":
		return j.end(&e, data)
	case "response.failed":
		if j.stored {
			return j.end(&e, data)
		}
		j.read(e.response) // what it used is billed
		return j.fail(data)
	case "error":
		return j.fail(data)
	}
	switch {
	case openaikit.Said(e.failures):
		return j.fail(data)
	case e.response != nil:
		j.read(e.response)
		if j.failed {
			return j.fail(data)
		}
		return protocol.Preamble
	case preambles[string(e.name)]:
		return protocol.Preamble
	case !bytes.HasPrefix(e.name, []byte("response.")): // a ping, or a vendor's own, such as codex.rate_limits
		if f, isError := protocol.ParseFailure(data); isError {
			j.failed, j.failure = true, f
			return protocol.Failed
		}
		return protocol.Preamble
	case !j.content && !e.says():
		return protocol.Preamble
	}
	j.content = true
	return protocol.Content
}

var (
	deltaSuffix = []byte(".delta")
	doneSuffix  = []byte(".done")
)

// says reports whether an event adds anything to the answer.
func (e *event) says() bool {
	switch {
	case bytes.HasSuffix(e.name, deltaSuffix):
		return openaikit.Said(e.delta)
	case e.item != nil:
		return speaks(e.item)
	case bytes.HasSuffix(e.name, doneSuffix):
		return openaikit.Said(e.delta)
	}
	return true
}

// end judges the event that carries the whole response.
func (j *judge) end(e *event, data []byte) protocol.Step {
	j.excused = j.stored || string(e.name) == "response.incomplete" || string(e.name) == "response.cancelled"
	j.read(e.response)
	if j.failed {
		return j.fail(data)
	}
	j.ended = true
	if j.kind() == ai.Empty {
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
			takeOver(&j.id, value)
		case "model":
			takeOver(&j.model, value)
		case "status":
			j.status(value)
		case "error":
			j.failed = j.failed || !j.stored && openaikit.Said(value)
		case "incomplete_details":
			from, to, ok := scan.Get(value, "reason")
			j.filter = ok && scan.StringIs(value[from:to], "content_filter")
		case "output":
			j.searches = 0
			_ = scan.Elements(value, func(start, end int) bool {
				item := value[start:end]
				j.content = j.content || speaks(item)
				if searched(item) {
					j.searches++
				}
				return true
			})
		case "usage":
			openaikit.ReadUsage(value, &j.used)
		case "tool_usage":
			j.toolsTold = true
			openaikit.ReadToolUsage(value, &j.used)
		case "service_tier":
			openaikit.Tier(&j.used, value)
		}
		return true
	})
}

// searched reports whether an item of the output is a web search, which has a
// fee; opening a page and looking for something in it have none.
func searched(item []byte) bool {
	from, to, ok := scan.Get(item, "type")
	if !ok || !scan.StringIs(item[from:to], "web_search_call") {
		return false
	}
	if from, to, ok = scan.Get(item, "action"); !ok {
		return true
	}
	action := item[from:to]
	from, to, ok = scan.Get(action, "type")
	return !ok || scan.StringIs(action[from:to], "search")
}

func (j *judge) status(value []byte) {
	switch {
	case scan.StringIs(value, "failed"):
		j.failed = j.failed || !j.stored
	case scan.StringIs(value, "incomplete"), scan.StringIs(value, "queued"), scan.StringIs(value, "in_progress"),
		scan.StringIs(value, "cancelled"):
		j.excused = true
	}
}

// takeOver reads a string that is repeated in every response object.
func takeOver(to *string, value []byte) {
	if !scan.StringIs(value, *to) {
		*to, _ = scan.String(value)
	}
}

// speaks reports whether an output item, or a part of one, is more than a
// message or a thought that has yet to be filled.
func speaks(item []byte) bool {
	from, to, ok := scan.Get(item, "type")
	if !ok {
		return false
	}
	switch string(item[from:to]) {
	case `"message"`:
		return holds(item, "content")
	case `"reasoning"`:
		return holds(item, "summary") || holds(item, "content") || holds(item, "encrypted_content")
	case `"output_text"`, `"summary_text"`, `"reasoning_text"`, `"text"`:
		return holds(item, "text")
	}
	return true
}

func holds(item []byte, name string) bool {
	from, to, ok := scan.Get(item, name)
	return ok && openaikit.Speaks(item[from:to])
}

// broken judges an event that is not a JSON object. What is cut short is
// usually the last one of a stream that broke off, and proves nothing, not even
// if it was the one that was to end the stream: clients need what it carries.
func (j *judge) broken(ev sse.Event, err error) protocol.Step {
	if string(ev.Name) == "response.failed" {
		return j.fail(ev.Data)
	}
	if f, failed := protocol.BrokenEvent(ev, err); failed {
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
// unless the provider counted output for it, or says that it is not complete.
// Reading a stored response does not bill it again.
func (j *judge) Verdict() protocol.Verdict {
	v := protocol.Verdict{Kind: j.kind(), Usage: j.used, Model: j.model, ResponseID: j.id, Failure: j.failure}
	if !j.toolsTold && v.Usage.Reported {
		v.Usage.WebSearches = max(v.Usage.WebSearches, j.searches)
	}
	if j.stored {
		v.Usage = ai.Usage{}
	}
	return v
}

func (j *judge) kind() ai.Kind {
	switch {
	case j.failed:
		return ai.SoftError
	case j.content && !j.ended:
		return ai.Truncated
	case j.ended && j.filter && !j.content:
		return ai.ContentFilter
	case j.ended && (j.content || j.excused || j.used.Output > 0):
		return ai.OK
	}
	return ai.Empty
}
