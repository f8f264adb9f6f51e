package openai

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
	if body[0] == '[' && ep.Operation != ai.Generate { // some embedding and ranking servers
		return list(body)
	}
	j := judge{cut: ep.Operation == ai.Complete} // a prompt may need no completion
	var choices, data, failures []byte
	hasChoices := false
	err := scan.Members(body, func(key []byte, start, end int) bool {
		value := body[start:end]
		switch string(key) {
		case "choices":
			choices, hasChoices = value, true
		case "data", "results", "embeddings":
			data = value
		case "error":
			failures = value
		case "usage":
			protocol.ReadOpenAIUsage(value, &j.used)
		case "model":
			j.model, _ = scan.String(value)
		case "service_tier":
			protocol.Tier(&j.used, value)
		}
		return true
	})
	if errors.Is(err, scan.ErrTruncated) && body[0] == '{' {
		return protocol.Verdict{Kind: ai.Truncated}
	}
	if err != nil || protocol.Said(failures) {
		return bad(body)
	}
	switch ep.Operation {
	case ai.Generate, ai.Complete:
		if !hasChoices || len(choices) == 0 || choices[0] != '[' {
			return bad(body)
		}
		j.choices(choices)
		j.done = true // the body is whole
		v := j.Verdict()
		if v.Kind == ai.Empty {
			if f, isError := protocol.ParseFailure(body); isError {
				return protocol.Verdict{Kind: ai.SoftError, Failure: f}
			}
		}
		return v
	case ai.Embed, ai.Rerank, ai.Moderate:
		if len(data) == 0 {
			return bad(body)
		}
		if string(data) == "[]" {
			return protocol.Verdict{Kind: ai.Empty}
		}
	default:
		if f, isError := protocol.ParseFailure(body); isError {
			return protocol.Verdict{Kind: ai.SoftError, Failure: f}
		}
	}
	return protocol.Verdict{Kind: ai.OK, Usage: j.used, Model: j.model}
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

// bad judges a body that is no answer.
func bad(body []byte) protocol.Verdict {
	f, isError := protocol.ParseFailure(body)
	if isError {
		return protocol.Verdict{Kind: ai.SoftError, Failure: f}
	}
	return protocol.Verdict{Kind: ai.BadAnswer, Failure: f}
}
