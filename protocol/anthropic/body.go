package anthropic

import (
	"bytes"
	"errors"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// JudgeBody judges a whole answer.
func (Format) JudgeBody(ep *protocol.Endpoint, body []byte) protocol.Verdict {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return protocol.Verdict{Kind: ai.Empty}
	}
	var kind, content, failures []byte
	counted := false
	err := scan.Members(body, func(key []byte, start, end int) bool {
		switch value := body[start:end]; string(key) {
		case "type":
			kind = value
		case "content":
			content = value
		case "error":
			failures = value
		case "input_tokens":
			_, counted = scan.Int(value)
		}
		return true
	})
	if errors.Is(err, scan.ErrTruncated) && body[0] == '{' {
		return protocol.Verdict{Kind: ai.Truncated}
	}
	if err != nil || scan.StringIs(kind, "error") || said(failures) {
		return bad(body)
	}
	if ep.Operation == ai.CountTokens {
		if counted {
			return protocol.Verdict{Kind: ai.OK}
		}
		return bad(body)
	}
	if !scan.StringIs(kind, "message") && (len(content) == 0 || content[0] != '[') {
		return bad(body)
	}
	var j judge
	j.start(body)
	v := j.Verdict()
	if v.Kind == ai.Truncated { // the whole body is there, only its stop reason is not
		v.Kind = ai.OK
	}
	return v
}

// bad judges a body that is no answer. What it used is billed all the same.
func bad(body []byte) protocol.Verdict {
	var j judge
	var usage, failure []byte
	_ = scan.Members(body, func(key []byte, start, end int) bool {
		switch string(key) {
		case "usage":
			usage = body[start:end]
		case "error":
			failure = body[start:end]
		}
		return true
	})
	j.readFailed(usage, failure)
	v := protocol.Verdict{Kind: ai.BadAnswer}
	if j.input+j.cacheRead+j.cacheWrite+j.output > 0 {
		v.Usage = j.usage()
	}
	var isError bool
	if v.Failure, isError = protocol.ParseFailure(body); isError {
		v.Kind = ai.SoftError
	}
	return v
}
