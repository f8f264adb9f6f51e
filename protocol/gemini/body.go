package gemini

import (
	"bytes"
	"errors"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/protocol/sse"
)

// JudgeBody judges a whole answer. One that came as the array of a stream is
// judged element by element.
func (Format) JudgeBody(ep *protocol.Endpoint, body []byte) protocol.Verdict {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return protocol.Verdict{Kind: ai.Empty}
	}
	if err := scan.Valid(body); errors.Is(err, scan.ErrTruncated) && (body[0] == '{' || body[0] == '[') {
		return protocol.Verdict{Kind: ai.Truncated}
	} else if err != nil || body[0] != '{' && body[0] != '[' {
		return bad(body)
	}
	if ep.Operation != ai.Generate {
		return judgeFields(ep, body)
	}
	var j judge
	if body[0] == '[' {
		_ = scan.Elements(body, func(start, end int) bool {
			j.Event(sse.Event{Data: body[start:end]})
			return !j.failed
		})
	} else {
		j.Event(sse.Event{Data: body})
	}
	v := j.Verdict()
	switch {
	case j.failed:
	case !j.answered:
		return bad(body)
	case v.Kind == ai.Truncated: // the whole body is there, only its reason is not
		v.Kind = ai.OK
	}
	return v
}

// proofs are the members without which an answer is none.
var proofs = map[ai.Operation][]string{
	ai.CountTokens: {"totalTokens"},
	ai.Embed:       {"embedding", "embeddings"},
}

// judgeFields judges an answer of an endpoint that generates nothing.
func judgeFields(ep *protocol.Endpoint, body []byte) protocol.Verdict {
	var j judge
	proved, failed := false, false
	err := scan.Members(body, func(key []byte, start, end int) bool {
		value := body[start:end]
		switch string(key) {
		case "error":
			failed = said(value)
		case "usageMetadata":
			j.read(value)
		default:
			for _, proof := range proofs[ep.Operation] {
				if string(key) == proof && (said(value) || string(value) == "0") {
					proved = true
				}
			}
		}
		return true
	})
	if err != nil || failed || !proved {
		return bad(body)
	}
	return protocol.Verdict{Kind: ai.OK, Usage: j.usage()}
}

// bad judges a body that is no answer. What it used is billed all the same.
func bad(body []byte) protocol.Verdict {
	v := protocol.Verdict{Kind: ai.BadAnswer}
	if from, to, ok := scan.Get(body, "usageMetadata"); ok {
		var c counts
		if c.read(body[from:to]); c.reported {
			v.Usage = c.usage()
		}
	}
	var isError bool
	if v.Failure, isError = protocol.ParseFailure(body); isError {
		v.Kind = ai.SoftError
	}
	return v
}
