package openai

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// said is a message of an answer, or a delta of one.
type said struct {
	Content   json.RawMessage `json:"content"` // a text; Mistral also writes parts
	Refusal   json.RawMessage `json:"refusal"`
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
		Name  string          `json:"name"`
		Input json.RawMessage `json:"input"`
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
func (f *saidFunction) arguments(half *protocol.Halves) string {
	if s, ok := half.String(f.Arguments); ok {
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
func (s *said) text(half, thoughts *protocol.Halves) (text, thought string) {
	if t, ok := half.String(s.Content); ok {
		text = t
	} else if len(s.Content) > 0 && s.Content[0] == '[' {
		_ = protocol.EachElement(s.Content, "", func(_ int, v []byte) error {
			if inner := protocol.Member(v, "thinking"); inner != nil {
				_ = protocol.EachElement(inner, "", func(_ int, v []byte) error {
					t, _ := thoughts.String(protocol.Member(v, "text"))
					thought += t
					return nil
				})
				return nil
			}
			t, _ := half.String(protocol.Member(v, "text"))
			text += t
			return nil
		})
	}
	for _, raw := range [...]json.RawMessage{s.Thinking, s.Reasoning} {
		if t, ok := thoughts.String(raw); ok && t != "" {
			return text, thought + t
		}
	}
	return text, thought
}

// details are the reasoning_details, without their brackets.
func (s *said) details() string {
	list := strings.TrimSpace(string(s.Details))
	if len(list) < 2 || list[0] != '[' {
		return ""
	}
	return strings.TrimSpace(list[1 : len(list)-1])
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

// part is what a piece of a call tells of it beside its arguments.
func (c *saidCall) part() protocol.Part {
	call := &protocol.ToolCall{ID: c.ID, Name: c.name(), Custom: c.Function == nil && c.Custom != nil}
	part := protocol.Part{Kind: protocol.Call, Call: call}
	if s := c.Extra.Google.Signature; s != "" {
		part.Signature, part.Origin = s, ai.Gemini
	}
	return part
}

// index is the index of a piece, "" without one.
func (c *saidCall) index() string {
	if c.Index == nil {
		return ""
	}
	return strconv.Itoa(*c.Index)
}

func (c *saidCall) name() string {
	switch {
	case c.Function != nil:
		return c.Function.Name
	case c.Custom != nil:
		return c.Custom.Name
	}
	return ""
}

func (c *saidCall) arguments(half *protocol.Halves) string {
	switch {
	case c.Function != nil:
		return c.Function.arguments(half)
	case c.Custom != nil:
		s, _ := half.String(c.Custom.Input)
		return s
	}
	return ""
}

// isEmpty reports whether a piece holds no arguments.
func (c *saidCall) isEmpty() bool { return c.arguments(new(protocol.Halves)) == "" }
