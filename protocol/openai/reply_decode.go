package openai

import (
	"encoding/json"
	"errors"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/fastjson"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

func init() { fastjson.Register(saidAnswer{}) }

// stops are the reasons to stop; the first of a reason is how it is written.
var stops = []struct {
	name   string
	reason protocol.StopReason
}{
	{"stop", protocol.StopEnd},
	{"length", protocol.StopLength},
	{"tool_calls", protocol.StopTools},
	{"content_filter", protocol.StopFilter},
	{"length", protocol.StopContext},
	{"stop", protocol.StopWords},
	{"stop", protocol.StopPause},
	{"function_call", protocol.StopTools},
	{"model_length", protocol.StopLength}, // Mistral
	{"max_tokens", protocol.StopLength},
	{"sensitive", protocol.StopFilter}, // Z.ai
	{"tool_use", protocol.StopTools},
	{"end_turn", protocol.StopEnd},
	{"eos", protocol.StopEnd}, // Together
}

func stopOf(name string) protocol.StopReason {
	for _, s := range stops {
		if s.name == name {
			return s.reason
		}
	}
	return protocol.StopEnd
}

func stopName(r protocol.StopReason) string {
	for _, s := range stops {
		if s.reason == r {
			return s.name
		}
	}
	return "stop"
}

func readLogprobs(raw json.RawMessage) []protocol.Logprob {
	var l struct {
		Content []protocol.Logprob `json:"content"`
	}
	if len(raw) == 0 || fastjson.Unmarshal(raw, &l) != nil {
		return nil
	}
	return l.Content
}

var errNoChoice = errors.New("the answer has no choices")

// DecodeReply reads a whole completion: its first choice.
func (Format) DecodeReply(body []byte) (*protocol.Reply, error) {
	var a saidAnswer
	if err := fastjson.Unmarshal(body, &a); err != nil {
		return nil, err
	}
	if len(a.Choices) == 0 {
		return nil, errNoChoice
	}
	c := &a.Choices[0]
	created, _ := a.Created.Int64()
	r := &protocol.Reply{ID: a.ID, Model: a.Model, Created: created, Stop: stopOf(c.Reason)}
	if c.Message == nil {
		if c.Message = c.Delta; c.Message == nil {
			return r, nil
		}
	}
	m := c.Message
	text, thought := m.text(new(protocol.Halves), new(protocol.Halves))
	details := m.details()
	if details != "" {
		details = "[" + details + "]"
	}
	if thought != "" || details != "" {
		part := protocol.Part{Kind: protocol.Thought, Text: thought, Origin: ai.OpenAI, Signature: details}
		r.Parts = append(r.Parts, part)
	}
	if text != "" {
		r.Parts = append(r.Parts, protocol.Part{Kind: protocol.Text, Text: text, Citations: m.citations(), Logprobs: readLogprobs(c.Logprobs)})
	}
	if refusal, _ := scan.String(m.Refusal); refusal != "" {
		r.Parts = append(r.Parts, protocol.Part{Kind: protocol.Refusal, Text: refusal})
	}
	for _, image := range m.Images {
		media := new(protocol.Media)
		media.SetURL(image.URL.URL)
		r.Parts = append(r.Parts, protocol.Part{Kind: protocol.Image, Media: media})
	}
	seen := make(map[string]bool)
	for i := range m.Calls {
		part := m.Calls[i].part()
		if part.Call.Name == "" {
			continue // some vendors write an empty one beside a text
		}
		if part.Call.ID == "" || seen[part.Call.ID] { // two calls must not have one
			part.Call.ID = protocol.MadeUpID()
		}
		seen[part.Call.ID] = true
		part.Call.Arguments = m.Calls[i].arguments(new(protocol.Halves))
		r.Parts = append(r.Parts, part)
	}
	if m.Call != nil && m.Call.Name != "" {
		r.Parts = append(r.Parts, protocol.Part{Kind: protocol.Call, Call: &protocol.ToolCall{
			ID: protocol.MadeUpID(), Name: m.Call.Name, Arguments: m.Call.arguments(new(protocol.Halves)),
		}})
	}
	return r, nil
}
