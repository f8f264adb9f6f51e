package openai

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
	if body[0] == '[' && ep.Operation != ai.Generate { // some embedding and ranking servers
		return list(body)
	}
	j := judge{
		cut:    ep.Operation == ai.Complete, // a prompt may need no completion
		images: ep.Operation == ai.Image,
		audio:  ep.Operation == ai.Audio,
	}
	c, err := j.read(body)
	if errors.Is(err, scan.ErrTruncated) && body[0] == '{' {
		return protocol.Verdict{Kind: ai.Truncated}
	}
	if err != nil || j.failed || openaikit.Said(c.failures) {
		return bad(body)
	}
	switch ep.Operation {
	case ai.Generate, ai.Complete:
		return j.whole(c.choices, body)
	case ai.Embed, ai.Moderate:
		if len(c.data) == 0 {
			return bad(body)
		}
		if string(c.data) == "[]" {
			return protocol.Verdict{Kind: ai.Empty}
		}
	default: // vendors disagree on the shape, but not on that of an error
		if _, isError := protocol.ParseFailure(body); isError {
			return bad(body)
		}
		if string(body) == "{}" {
			return protocol.Verdict{Kind: ai.Empty}
		}
	}
	return protocol.Verdict{Kind: ai.OK, Usage: j.usage(), Model: j.model}
}

// whole judges the choices of a whole body.
func (j *judge) whole(choices, body []byte) protocol.Verdict {
	if len(choices) == 0 || choices[0] != '[' {
		return bad(body)
	}
	j.choices(choices)
	j.done = true
	v := j.Verdict()
	if v.Kind == ai.Empty {
		if _, isError := protocol.ParseFailure(body); isError {
			return bad(body)
		}
	}
	return v
}

// list judges an answer that is a bare array.
func list(body []byte) protocol.Verdict {
	err := scan.Valid(body)
	switch {
	case errors.Is(err, scan.ErrTruncated):
		return protocol.Verdict{Kind: ai.Truncated}
	case err != nil:
		return bad(body)
	case string(body) == "[]":
		return protocol.Verdict{Kind: ai.Empty}
	}
	if f, isError := protocol.ParseFailure(body); isError {
		return protocol.Verdict{Kind: ai.SoftError, Failure: f}
	}
	return protocol.Verdict{Kind: ai.OK}
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
