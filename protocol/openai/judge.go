package openai

import (
	"bytes"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openaikit"
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
	stopped bool // every choice that began has finished
	filter  bool // it was stopped for its content
	cut     bool // it was stopped at a limit, so it may be without content
	done    bool // [DONE] was seen
	closing bool // the chunk without choices that carries the usage was seen
	other   bool // not a chat: images, recordings and transcripts in pieces
	images  bool // what it makes are images
	audio   bool // it is a transcript, or a recording

	begun, ended uint64 // choices, a bit for each index
}

// NewJudge returns a judge for one stream.
func (Format) NewJudge(ep *protocol.Endpoint) protocol.Judge {
	return &judge{
		other:  ep.Operation != ai.Generate && ep.Operation != ai.Complete,
		images: ep.Operation == ai.Image,
		audio:  ep.Operation == ai.Audio,
		cut:    ep.Operation == ai.Complete, // a prompt may need no completion
	}
}

// chunk is what the top level of a chunk or a body says, beside what the judge
// takes over at once.
type chunk struct {
	kind, choices, data, failures []byte
}

// read reads the top level of a chunk or a body.
func (j *judge) read(b []byte) (chunk, error) {
	var c chunk
	err := scan.Members(b, func(key []byte, start, end int) bool {
		value := b[start:end]
		switch string(key) {
		case "choices":
			c.choices = value
		case "data", "results", "embeddings":
			c.data = value
		case "type":
			c.kind = value
		case "error":
			c.failures = value
		case "usage":
			openaikit.ReadUsage(value, &j.used)
		case "x_groq":
			j.groq(value)
		case "model":
			if j.model == "" {
				j.model, _ = scan.String(value)
			}
		case "service_tier":
			openaikit.Tier(&j.used, value)
		case "meta":
			openaikit.ReadBilledUnits(value, &j.used)
		case "duration":
			if j.audio { // of the recording, in a transcript that says more than its text
				openaikit.ReadSeconds(value, &j.used)
			}
		}
		return true
	})
	if j.images && len(c.data) > 0 && c.data[0] == '[' {
		j.used.Images = 0
		_ = scan.Elements(c.data, func(int, int) bool {
			j.used.Images++
			return true
		})
	}
	return c, err
}

// groq reads Groq's own member: usage in the last chunk, or why it stopped.
func (j *judge) groq(value []byte) {
	if from, to, ok := scan.Get(value, "usage"); ok && !j.used.Reported {
		openaikit.ReadUsage(value[from:to], &j.used)
	}
	if from, to, ok := scan.Get(value, "error"); ok && openaikit.Said(value[from:to]) {
		j.fail(value)
	}
}

// Event judges the next event.
func (j *judge) Event(ev sse.Event) protocol.Step {
	data := ev.Data
	if isDone(data) {
		return j.end()
	}
	c, err := j.read(data)
	switch {
	case err != nil:
		return j.broken(ev, err)
	case j.failed:
		return protocol.Failed
	case openaikit.Said(c.failures), string(ev.Name) == "error", scan.StringIs(c.kind, "error"):
		return j.fail(data)
	case j.other:
		return j.piece(c.kind)
	case c.choices == nil, string(c.choices) == "[]", string(c.choices) == "null":
		return j.aside(data, c.choices == nil || !j.content)
	}
	return j.choices(c.choices)
}

// isDone reports whether an event is the end marker.
func isDone(data []byte) bool {
	return len(data) > 0 && data[0] != '{' && string(bytes.TrimSpace(data)) == "[DONE]"
}

// end judges the end marker. It proves nothing of an answer that is none.
func (j *judge) end() protocol.Step {
	j.done = true
	if j.Verdict().Kind == ai.Empty {
		return protocol.Preamble
	}
	return protocol.End
}

// aside judges a chunk without choices: usage, what a filter thought of the
// prompt, or, if it is suspect, an error in another shape.
func (j *judge) aside(data []byte, suspect bool) protocol.Step {
	if suspect {
		if f, isError := protocol.ParseFailure(data); isError {
			j.failed, j.failure = true, f
			return protocol.Failed
		}
	}
	if j.used.Reported && j.content {
		j.closing = true
	}
	return j.step()
}

// pieceSuffixes end the types of events after which another one must come:
// parts of a recording or transcript, and images that are not yet sharp.
var pieceSuffixes = [][]byte{[]byte(`.delta"`), []byte(`.segment"`), []byte(`.partial_image"`)}

// completedSuffix ends the type of an event that brings an image whole.
var completedSuffix = []byte(`.completed"`)

// piece judges an event of a stream that is no chat. It never says that the
// stream is over: after one image another may follow.
func (j *judge) piece(kind []byte) protocol.Step {
	j.content, j.stopped = true, true
	if j.images && bytes.HasSuffix(kind, completedSuffix) {
		j.used.Images++
	}
	for _, suffix := range pieceSuffixes {
		if bytes.HasSuffix(kind, suffix) {
			j.stopped = false
		}
	}
	return protocol.Content
}

// choices judges the pieces of a chunk.
func (j *judge) choices(list []byte) protocol.Step {
	_ = scan.Elements(list, func(start, end int) bool {
		j.choice(list[start:end])
		return true
	})
	return j.step()
}

func (j *judge) choice(choice []byte) {
	finished := false
	var index int64
	_ = scan.Members(choice, func(key []byte, start, end int) bool {
		value := choice[start:end]
		switch string(key) {
		case "index":
			index, _ = scan.Int(value)
		case "delta", "message":
			j.content = j.content || speaks(value)
		case "text":
			j.content = j.content || openaikit.Said(value)
		case "finish_reason":
			finished = j.finish(value)
		case "error":
			if openaikit.Said(value) {
				j.fail(choice)
			}
		}
		return true
	})
	bit := uint64(1) << uint64(index&63)
	j.begun |= bit
	if finished {
		j.ended |= bit
	}
	j.stopped = j.ended == j.begun
}

// step is what has been seen so far.
func (j *judge) step() protocol.Step {
	switch {
	case j.failed:
		return protocol.Failed
	case j.stopped && j.Verdict().Kind != ai.Empty:
		return protocol.Finish
	case j.content:
		return protocol.Content
	}
	return protocol.Preamble
}

// finish takes over a finish reason. It reports whether there is one.
func (j *judge) finish(value []byte) bool {
	if len(value) <= 2 || value[0] != '"' {
		return false
	}
	switch reason := value[1 : len(value)-1]; string(reason) {
	case "content_filter", "sensitive": // sensitive: Z.ai
		j.filter = true
	case "length", "model_length", "max_tokens": // model_length: Mistral
		j.cut = true
	case "error", "network_error", "insufficient_system_resource": // Mistral and OpenRouter; Z.ai; DeepSeek
		if !j.failed {
			j.failed = true
			j.failure = ai.Failure{Code: string(reason), Message: "the answer stopped with " + string(reason)}
		}
	}
	return true
}

// speaks reports whether a delta or message says anything beside its role.
func speaks(delta []byte) bool {
	_, _, found := scan.FindMember(delta, func(key []byte, start, end int) bool {
		switch string(key) {
		case "role", "name", "provider_metadata", "annotations", "padding", "channel":
			return false
		}
		return openaikit.Speaks(delta[start:end])
	})
	return found
}

// broken judges an event that is not a JSON object. What is cut short is
// usually the last one of a stream that broke off, and proves nothing.
func (j *judge) broken(ev sse.Event, err error) protocol.Step {
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

// Ended reports whether the stream may end here: some vendors leave out the
// finish reason, some [DONE], but none both and the usage as well.
func (j *judge) Ended() bool { return !j.failed && (j.stopped || j.done || j.closing) }

// Verdict sums up what was seen so far. An answer without content is Empty
// unless the provider counted output for it, or it was stopped at a limit or
// for its content.
func (j *judge) Verdict() protocol.Verdict {
	return protocol.Verdict{Kind: j.kind(), Usage: j.usage(), Model: j.model, Failure: j.failure}
}

// usage is what was reported. What an image model makes is images, unless it
// says which part of it was text.
func (j *judge) usage() ai.Usage {
	u := j.used
	if j.images && u.ImageOutput == 0 {
		u.ImageOutput = u.Output
	}
	return u
}

func (j *judge) kind() ai.Kind {
	switch {
	case j.failed:
		return ai.SoftError
	case j.content && j.Ended():
		return ai.OK
	case j.content:
		return ai.Truncated
	case j.stopped && j.filter:
		return ai.ContentFilter
	case j.stopped && (j.cut || j.used.Output > 0):
		return ai.OK
	}
	return ai.Empty
}
