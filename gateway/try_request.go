package gateway

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// textOf is what an answer says.
func textOf(codec protocol.Codec, contentType string, body []byte) string {
	var b strings.Builder
	if !strings.HasPrefix(contentType, "text/event-stream") {
		reply, err := codec.DecodeReply(body)
		if err != nil {
			return ""
		}
		for i := range reply.Parts {
			if reply.Parts[i].Kind == protocol.Text {
				b.WriteString(reply.Parts[i].Text)
			}
		}
		return b.String()
	}
	decoder := codec.NewReplyDecoder()
	text := false
	take := func(p *protocol.Piece) {
		switch p.Kind {
		case protocol.PieceOpen:
			if text = p.Part.Kind == protocol.Text; text {
				b.WriteString(p.Part.Text)
			}
		case protocol.PieceMore:
			if text {
				b.WriteString(p.Text)
			}
		}
	}
	var scanner sse.Scanner
	event := func(ev sse.Event) bool {
		decoder.Event(ev, take)
		return true
	}
	if scanner.Feed(body, event) == nil {
		scanner.Close(event)
		decoder.Close(take)
	}
	return b.String()
}

// request is what is asked.
func (o *testOrder) request(model string) (path string, body []byte) {
	type object = map[string]any
	message := []object{{"role": "user", "content": o.prompt}}
	var ask object
	switch o.protocol {
	case ai.Anthropic:
		path, ask = "/v1/messages", object{"model": model, "max_tokens": testOutput, "stream": o.stream, "messages": message}
	case ai.Responses:
		path, ask = "/v1/responses", object{"model": model, "max_output_tokens": testOutput, "stream": o.stream, "store": false, "input": o.prompt}
	case ai.Gemini:
		action := ":generateContent"
		if o.stream {
			action = ":streamGenerateContent?alt=sse"
		}
		path = "/v1beta/models/" + url.PathEscape(model) + action
		ask = object{"contents": []object{{"role": "user", "parts": []object{{"text": o.prompt}}}}, "generationConfig": object{"maxOutputTokens": testOutput}}
	default:
		path, ask = "/v1/chat/completions", object{"model": model, "max_completion_tokens": testOutput, "stream": o.stream, "messages": message}
	}
	body, _ = json.Marshal(ask) // texts and numbers cannot fail
	return path, body
}
