package anthropic

import (
	"bytes"
	"errors"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// stopReasons are the reasons to stop.
// https://docs.claude.com/en/docs/build-with-claude/handling-stop-reasons
var stopReasons = []struct {
	name   string
	reason protocol.StopReason
}{
	{"end_turn", protocol.StopEnd},
	{"max_tokens", protocol.StopLength},
	{"stop_sequence", protocol.StopWords},
	{"tool_use", protocol.StopTools},
	{"refusal", protocol.StopFilter},
	{"pause_turn", protocol.StopPause},
	{"model_context_window_exceeded", protocol.StopContext},
}

// stopOf is the reason of a name. Calls are waited for whatever it says of an
// end.
func stopOf(name string, called bool) protocol.StopReason {
	reason := protocol.StopEnd
	for _, row := range stopReasons {
		if row.name == name {
			reason = row.reason
		}
	}
	if reason == protocol.StopEnd && called {
		return protocol.StopTools
	}
	return reason
}

// DecodeReply reads a whole answer.
func (Format) DecodeReply(body []byte) (*protocol.Reply, error) {
	body = bytes.TrimSpace(body)
	if err := scan.Valid(body); err != nil || len(body) == 0 || body[0] != '{' {
		return nil, errors.New("the answer is not a JSON object")
	}
	if content := member(body, "content"); len(content) > 0 && content[0] != '[' {
		return nil, errors.New("the content of the answer is not a list")
	}
	var c protocol.Collector
	var d replyDecoder
	d.message(body, c.Add)
	d.Close(c.Add)
	return &c.Reply, nil
}
