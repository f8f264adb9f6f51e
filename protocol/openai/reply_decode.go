package openai

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// said is a message of an answer, or a delta of one.
type said struct {
	Content   json.RawMessage `json:"content"` // a text; Mistral also writes parts
	Refusal   string          `json:"refusal"`
	Thinking  json.RawMessage `json:"reasoning_content"`
	Reasoning json.RawMessage `json:"reasoning"` // OpenRouter, Groq, vLLM
	Details   json.RawMessage `json:"reasoning_details"`
	Calls     []saidCall      `json:"tool_calls"`
	Call      *saidFunction   `json:"function_call"`
	Notes     []struct {
		Citation struct {
			URL   string `json:"url"`
			Title string `json:"title"`
			Start int    `json:"start_index"`
			End   int    `json:"end_index"`
		} `json:"url_citation"`
	} `json:"annotations"`
	Images []struct {
		URL struct {
			URL string `json:"url"`
		} `json:"image_url"`
	} `json:"images"` // OpenRouter
}

type saidCall struct {
	Index    *int          `json:"index"`
	ID       string        `json:"id"`
	Function *saidFunction `json:"function"`
	Custom   *struct {
		Name  string `json:"name"`
		Input string `json:"input"`
	} `json:"custom"`
	Extra struct {
		Google struct {
			Signature string `json:"thought_signature"`
		} `json:"google"`
	} `json:"extra_content"`
}

type saidFunction struct {
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"` // a text; some vendors write the object
}

// arguments are those of a call, as text.
func (f *saidFunction) arguments() string {
	if s, ok := scan.String(f.Arguments); ok {
		return s
	}
	if string(f.Arguments) == "null" {
		return ""
	}
	return string(f.Arguments)
}

type saidChoice struct {
	Index    int             `json:"index"`
	Delta    *said           `json:"delta"`
	Message  *said           `json:"message"`
	Reason   string          `json:"finish_reason"`
	Logprobs json.RawMessage `json:"logprobs"`
}

type saidAnswer struct {
	ID      string       `json:"id"`
	Model   string       `json:"model"`
	Created json.Number  `json:"created"`
	Choices []saidChoice `json:"choices"`
}

// text is what a text or parts of one say; thought is what of it is a thought.
func (s *said) text() (text, thought string) {
	if t, ok := scan.String(s.Content); ok {
		text = t
	} else if len(s.Content) > 0 && s.Content[0] == '[' {
		_ = protocol.EachElement(s.Content, "", func(_ int, v []byte) error {
			if inner := protocol.Member(v, "thinking"); inner != nil {
				_ = protocol.EachElement(inner, "", func(_ int, v []byte) error {
					t, _ := scan.String(protocol.Member(v, "text"))
					thought += t
					return nil
				})
				return nil
			}
			t, _ := scan.String(protocol.Member(v, "text"))
			text += t
			return nil
		})
	}
	for _, raw := range [...]json.RawMessage{s.Thinking, s.Reasoning} {
		if t, ok := scan.String(raw); ok && t != "" {
			return text, thought + t
		}
	}
	return text, thought
}

func (s *said) citations() []protocol.Citation {
	var list []protocol.Citation
	for _, n := range s.Notes {
		if c := n.Citation; c.URL != "" {
			list = append(list, protocol.Citation{URL: c.URL, Title: c.Title, Start: c.Start, End: c.End})
		}
	}
	return list
}

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
	if len(raw) == 0 || json.Unmarshal(raw, &l) != nil {
		return nil
	}
	return l.Content
}

var errNoChoice = errors.New("the answer has no choices")

// DecodeReply reads a whole completion: its first choice.
func (Format) DecodeReply(body []byte) (*protocol.Reply, error) {
	var a saidAnswer
	if err := json.Unmarshal(body, &a); err != nil {
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
	text, thought := m.text()
	details := strings.TrimSpace(string(m.Details))
	if !strings.HasPrefix(details, "[") || details == "[]" {
		details = ""
	}
	if thought != "" || details != "" {
		part := protocol.Part{Kind: protocol.Thought, Text: thought, Origin: ai.OpenAI, Signature: details}
		r.Parts = append(r.Parts, part)
	}
	if text != "" {
		r.Parts = append(r.Parts, protocol.Part{Kind: protocol.Text, Text: text, Citations: m.citations(), Logprobs: readLogprobs(c.Logprobs)})
	}
	if m.Refusal != "" {
		r.Parts = append(r.Parts, protocol.Part{Kind: protocol.Refusal, Text: m.Refusal})
	}
	for _, image := range m.Images {
		media := new(protocol.Media)
		media.SetURL(image.URL.URL)
		r.Parts = append(r.Parts, protocol.Part{Kind: protocol.Image, Media: media})
	}
	for i := range m.Calls {
		if part, ok := m.Calls[i].part(); ok {
			part.Call.Arguments = m.Calls[i].arguments()
			r.Parts = append(r.Parts, part)
		}
	}
	if m.Call != nil && m.Call.Name != "" {
		r.Parts = append(r.Parts, protocol.Part{Kind: protocol.Call, Call: &protocol.ToolCall{
			ID: protocol.MadeUpID(), Name: m.Call.Name, Arguments: m.Call.arguments(),
		}})
	}
	return r, nil
}

// part is the beginning of a call, without its arguments.
func (c *saidCall) part() (part protocol.Part, ok bool) {
	call := &protocol.ToolCall{ID: c.ID}
	switch {
	case c.Function != nil:
		call.Name = c.Function.Name
	case c.Custom != nil:
		call.Name, call.Custom = c.Custom.Name, true
	}
	if call.Name == "" {
		return part, false // some vendors write an empty one beside a text
	}
	if call.ID == "" {
		call.ID = protocol.MadeUpID()
	}
	part = protocol.Part{Kind: protocol.Call, Call: call}
	if s := c.Extra.Google.Signature; s != "" {
		part.Signature, part.Origin = s, ai.Gemini
	}
	return part, true
}

func (c *saidCall) arguments() string {
	switch {
	case c.Function != nil:
		return c.Function.arguments()
	case c.Custom != nil:
		return c.Custom.Input
	}
	return ""
}
