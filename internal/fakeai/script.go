package fakeai

import "github.com/ccload/ccload/ai"

// event is one event of a stream.
type event struct {
	name string // the event line; empty: none
	data string
}

// script is a whole answer in a format, streamed and not. The parts are what
// faults are told by: the preamble proves nothing, the content is what the
// client waits for, finish says that the answer is complete, end is the marker
// after which nothing follows.
type script struct {
	preamble []event
	content  []event
	finish   []event
	end      []event
	ping     event // what keeps an idle stream open
	whole    []byte
}

// scriptOf writes an answer in the format of its request.
func scriptOf(a *answer) *script {
	switch a.req.Protocol {
	case ai.Anthropic:
		return anthropicScript(a)
	case ai.Responses:
		return responsesScript(a)
	case ai.Gemini:
		return geminiScript(a)
	}
	return chatScript(a)
}

// split cuts the arguments of a tool call as services stream them.
func split(s string) []string {
	const piece = 8
	var list []string
	for len(s) > piece {
		list = append(list, s[:piece])
		s = s[piece:]
	}
	return append(list, s)
}
