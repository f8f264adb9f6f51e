package gemini

import (
	"bytes"
	"errors"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/protocol/sse"
)

// judge follows one stream. It is also what a whole body is judged with, since
// an event and a body are of one shape.
type judge struct {
	counts
	model   string
	failure ai.Failure

	failed   bool
	content  bool // there was something to read
	finished bool // a candidate has a finish reason, or the prompt was blocked
	meant    bool // the reason explains why there is nothing to read
	filtered bool // and it is a policy
	stopped  bool // the reason is that the model had nothing more to say
	answered bool // something of the shape of an answer was seen
}

// NewJudge returns a judge for one stream.
func (Format) NewJudge(*protocol.Endpoint) protocol.Judge { return &judge{} }

// Event judges the next event, or element of the array.
func (j *judge) Event(ev sse.Event) protocol.Step {
	data := bytes.TrimSpace(ev.Data)
	if len(data) == 0 {
		return protocol.Preamble
	}
	var candidates, feedback, failures []byte
	err := scan.Members(data, func(key []byte, start, end int) bool {
		value := data[start:end]
		switch string(key) {
		case "candidates":
			candidates = value
			j.answered = true
		case "promptFeedback":
			feedback = value
		case "usageMetadata":
			j.note(value)
			j.answered = true
		case "modelVersion":
			if j.model == "" {
				j.model, _ = scan.String(value)
			}
		case "error":
			failures = value
		}
		return true
	})
	switch {
	case errors.Is(err, scan.ErrTruncated) && data[0] == '{':
		return protocol.Preamble // what a cut stream ends with
	case string(data) == "[DONE]": // some relays end every stream like that
		if j.finished {
			return protocol.End
		}
		return protocol.Preamble
	case err != nil && data[0] == '{':
		return j.fail(ai.Failure{Message: "upstream sent an event that is not JSON"})
	case err != nil, said(failures), string(ev.Name) == "error":
		f, isError := protocol.ParseFailure(data)
		if isError || err == nil {
			return j.fail(f)
		}
		return protocol.Preamble
	}
	step := protocol.Preamble
	switch {
	case j.content && !bytes.Contains(candidates, []byte(`"finishReason"`)) && !bytes.Contains(candidates, []byte(`"groundingMetadata"`)):
		// The answer is known to be one; only its end and its searches are of
		// interest now.
		if len(candidates) > 2 {
			step = protocol.Content
		}
	case j.candidates(candidates):
		step = protocol.Content
	}
	if start, end, ok := scan.Get(feedback, "blockReason"); ok && said(feedback[start:end]) {
		j.answered, j.finished, j.meant, j.filtered = true, true, true, true
	}
	if j.finished && (j.content || j.explained()) {
		step = protocol.Finish
	}
	return step
}

func (j *judge) fail(f ai.Failure) protocol.Step {
	j.failed, j.failure = true, f
	return protocol.Failed
}

// said reports whether a value holds anything.
func said(value []byte) bool {
	switch string(value) {
	case "", "null", `""`, "[]", "{}", "false", "0":
		return false
	}
	return true
}

// candidates reads the next parts of the answer and reports whether any of
// them is content.
func (j *judge) candidates(list []byte) bool {
	content := false
	_ = scan.Elements(list, func(start, end int) bool {
		one := list[start:end]
		_ = scan.Members(one, func(key []byte, start, end int) bool {
			switch value := one[start:end]; string(key) {
			case "content":
				if !content {
					content = hasContent(value)
				}
			case "finishReason":
				j.reason(value)
			case "groundingMetadata":
				j.grounded(value)
			}
			return true
		})
		return true
	})
	j.content = j.content || content
	return content
}

// grounded counts the searches that an answer rests on. Google bills each
// query from Gemini 3 on, and before that each answer that made any.
func (j *judge) grounded(metadata []byte) {
	start, end, ok := scan.Get(metadata, "webSearchQueries")
	if !ok {
		return
	}
	queries := int64(0)
	_ = scan.Elements(metadata[start:end], func(int, int) bool {
		queries++
		return true
	})
	if strings.HasPrefix(j.model, "gemini-2") || strings.HasPrefix(j.model, "gemini-1") {
		queries = min(queries, 1)
	}
	j.searches = max(j.searches, queries)
}

// hasContent reports whether a part of a candidate's content says anything:
// text, a thought, a call, a file, code or its result. A signature alone does
// not.
func hasContent(content []byte) bool {
	start, end, ok := scan.Get(content, "parts")
	if !ok {
		return false
	}
	parts := content[start:end]
	_, _, found := scan.FindElement(parts, func(start, end int) bool {
		part := parts[start:end]
		_, _, found := scan.FindMember(part, func(key []byte, start, end int) bool {
			switch string(key) {
			case "thought", "thoughtSignature", "partMetadata":
				return false
			case "functionCall", "functionResponse", "executableCode", "codeExecutionResult":
				return true
			}
			return said(part[start:end])
		})
		return found
	})
	return found
}

// finishReasons tells the reasons apart by what they mean for an answer without
// content. Those that are not listed explain it, whatever they are. The
// numbers are the enum's, for clients that ask for those.
var finishReasons = map[string]struct{ open, unexplained, stopped, filtered bool }{
	`"FINISH_REASON_UNSPECIFIED"`: {open: true},
	"0":                           {open: true},
	`"STOP"`:                      {unexplained: true, stopped: true},
	"1":                           {unexplained: true, stopped: true},
	`"OTHER"`:                     {unexplained: true},
	"5":                           {unexplained: true},
	`"MALFORMED_FUNCTION_CALL"`:   {unexplained: true},
	"9":                           {unexplained: true},
	`"SAFETY"`:                    {filtered: true},
	"3":                           {filtered: true},
	`"RECITATION"`:                {filtered: true},
	"4":                           {filtered: true},
	`"BLOCKLIST"`:                 {filtered: true},
	"6":                           {filtered: true},
	`"PROHIBITED_CONTENT"`:        {filtered: true},
	"7":                           {filtered: true},
	`"SPII"`:                      {filtered: true},
	"8":                           {filtered: true},
	`"MODEL_ARMOR"`:               {filtered: true},
	`"IMAGE_SAFETY"`:              {filtered: true},
	`"IMAGE_PROHIBITED_CONTENT"`:  {filtered: true},
	`"IMAGE_RECITATION"`:          {filtered: true},
	`"LANGUAGE"`:                  {filtered: true},
}

func (j *judge) reason(value []byte) {
	if !said(value) {
		return
	}
	row := finishReasons[string(value)]
	j.stopped = j.stopped || row.stopped
	if row.open {
		return
	}
	j.finished = true
	j.meant = j.meant || !row.unexplained
	j.filtered = j.filtered || row.filtered
}

// explained reports whether an answer that has finished without content is one
// all the same: its reason says why, tokens were spent on it, or it is blank.
func (j *judge) explained() bool { return j.meant || j.output() > 0 || j.blank() }

// blank reports whether the model read the prompt, which is billed, and had
// nothing to say to it. Another target would bill the prompt once more, and most
// likely say nothing either. Google leaves a count of zero out, as protobuf's JSON
// does; who writes it stands before Google, and may have lost the answer.
func (j *judge) blank() bool {
	return j.stopped && !j.content && !j.meant && j.output() == 0 && !j.candidatesWereGiven && j.reported && j.prompt > 0
}

// Failure is the error of the event that was Failed.
func (j *judge) Failure() ai.Failure { return j.failure }

// Ended reports whether the stream may end here.
func (j *judge) Ended() bool { return !j.failed && j.finished }

// Verdict sums up what was seen so far.
func (j *judge) Verdict() protocol.Verdict {
	v := protocol.Verdict{Usage: j.usage(), Model: j.model, Failure: j.failure}
	switch {
	case j.failed:
		v.Kind = ai.SoftError
	case j.filtered && !j.content:
		v.Kind = ai.ContentFilter
	case j.finished && (j.content || j.explained()):
		v.Kind, v.Blank = ai.OK, j.blank()
	case j.content:
		v.Kind = ai.Truncated
	default:
		v.Kind = ai.Empty
	}
	return v
}
