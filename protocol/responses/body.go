package responses

import (
	"bytes"
	"errors"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openaikit"
	"github.com/ccload/ccload/protocol/scan"
)

// JudgeBody judges a whole answer.
func (Format) JudgeBody(ep *protocol.Endpoint, body []byte) protocol.Verdict {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
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
	if ep.Operation == ai.Generate {
		return generated(body)
	}
	if ep.Operation == ai.StoredResponse {
		return stored(body)
	}
	if _, isError := protocol.ParseFailure(body); isError {
		return bad(body)
	}
	j := judge{ended: true, excused: true}
	j.read(body)
	return j.Verdict()
}

// generated judges a response that has just been made, or that will be: one in
// the background is queued and has no output yet.
func generated(body []byte) protocol.Verdict {
	if !says(body, "output") && !says(body, "status") {
		return bad(body)
	}
	j := judge{ended: true}
	j.read(body)
	v := j.Verdict()
	if v.Kind == ai.SoftError || v.Kind == ai.Empty {
		if f, isError := protocol.ParseFailure(body); isError {
			v.Kind, v.Failure = ai.SoftError, f
		}
	}
	return v
}

// stored judges what is said of an earlier response: the response itself, which
// may have failed in its day, its input, or that it was deleted.
func stored(body []byte) protocol.Verdict {
	if from, to, ok := scan.Get(body, "object"); !ok || scan.StringIs(body[from:to], "error") {
		if f, isError := protocol.ParseFailure(body); isError {
			return protocol.Verdict{Kind: ai.SoftError, Failure: f}
		}
	}
	j := judge{ended: true, excused: true, stored: true}
	j.read(body)
	return j.Verdict()
}

// says reports whether an object has a member that is not null.
func says(body []byte, name string) bool {
	from, to, ok := scan.Get(body, name)
	return ok && !scan.IsNull(body[from:to])
}

// bad judges a body that is no answer. What it used is billed all the same.
func bad(body []byte) protocol.Verdict {
	v := protocol.Verdict{Kind: ai.BadAnswer, Usage: openaikit.FailedUsage(body)}
	var isError bool
	if v.Failure, isError = protocol.ParseFailure(body); isError {
		v.Kind = ai.SoftError
	}
	return v
}
