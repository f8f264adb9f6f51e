package fakeai

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/ccload/ccload/ai"
)

// inputData is what an answer depends on, in the words of all formats.
type inputData struct {
	Model         string `json:"model"`
	Stream        bool   `json:"stream"`
	MaxTokens     int64  `json:"max_tokens"`
	MaxCompletion int64  `json:"max_completion_tokens"`
	MaxOutput     int64  `json:"max_output_tokens"`
	Config        struct {
		MaxOutput int64 `json:"maxOutputTokens"`
	} `json:"generationConfig"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`

	Messages []message       `json:"messages"`
	Input    json.RawMessage `json:"input"`    // Responses, embeddings, moderation, speech
	Contents []message       `json:"contents"` // Gemini
	Prompt   json.RawMessage `json:"prompt"`

	Tools      []tool          `json:"tools"`
	ToolChoice json.RawMessage `json:"tool_choice"`
	ToolConfig struct {
		Calling struct {
			Mode string `json:"mode"`
		} `json:"functionCallingConfig"`
	} `json:"toolConfig"`

	Store      *bool             `json:"store"`
	Previous   string            `json:"previous_response_id"`
	Encoding   string            `json:"encoding_format"`
	Documents  []json.RawMessage `json:"documents"`
	TopN       int               `json:"top_n"`
	Requests   []json.RawMessage `json:"requests"` // Gemini, embeddings
	Dimensions int               `json:"dimensions"`

	err error // why the body could not be read
}

// message is a turn of any format, or an item of Responses.
type message struct {
	Role    string          `json:"role"`
	Type    string          `json:"type"`
	Content json.RawMessage `json:"content"`
	Parts   []part          `json:"parts"`
	Output  json.RawMessage `json:"output"`
}

// part is a piece of a turn of any format.
type part struct {
	Type             string          `json:"type"`
	Text             string          `json:"text"`
	FunctionResponse json.RawMessage `json:"functionResponse"`
}

// tool is a tool of any format.
type tool struct {
	Type        string          `json:"type"`
	Name        string          `json:"name"`
	InputSchema json.RawMessage `json:"input_schema"`
	Parameters  json.RawMessage `json:"parameters"`
	Function    *function       `json:"function"`
	Gemini      []function      `json:"functionDeclarations"`
}

// function is what can be called.
type function struct {
	Name       string          `json:"name"`
	Parameters json.RawMessage `json:"parameters"`
	JSONSchema json.RawMessage `json:"parametersJsonSchema"`
}

// turns are the turns of the conversation, whatever the format.
func (in *inputData) turns() []message {
	if len(in.Messages) > 0 {
		return in.Messages
	}
	if len(in.Contents) > 0 {
		return in.Contents
	}
	var items []message
	if json.Unmarshal(in.Input, &items) == nil && len(items) > 0 {
		return items
	}
	var text string
	if json.Unmarshal(in.Input, &text) == nil || json.Unmarshal(in.Prompt, &text) == nil {
		quoted, _ := json.Marshal(text)
		return []message{{Role: "user", Content: quoted}}
	}
	return nil
}

// parts are the pieces of a turn.
func (m *message) parts() []part {
	if len(m.Parts) > 0 {
		return m.Parts
	}
	var text string
	if json.Unmarshal(m.Content, &text) == nil {
		return []part{{Type: "text", Text: text}}
	}
	var list []part
	_ = json.Unmarshal(m.Content, &list) // what is not understood has no text
	return list
}

// lastText is the last thing the user said.
func (in *inputData) lastText() string {
	turns := in.turns()
	for _, m := range slices.Backward(turns) {
		if m.Role != "user" && m.Role != "" {
			continue
		}
		for _, p := range slices.Backward(m.parts()) {
			if strings.TrimSpace(p.Text) != "" {
				return p.Text
			}
		}
	}
	return ""
}

// hasResult reports whether the last turn brings the result of a tool.
func (in *inputData) hasResult() bool {
	turns := in.turns()
	if len(turns) == 0 {
		return false
	}
	last := &turns[len(turns)-1]
	if last.Role == "tool" || last.Type == "function_call_output" || last.Type == "custom_tool_call_output" {
		return true
	}
	return slices.ContainsFunc(last.parts(), func(p part) bool {
		return p.Type == "tool_result" || len(p.FunctionResponse) > 0
	})
}

// functions are the tools that the client itself runs.
func (in *inputData) functions(p ai.Protocol) []function {
	var list []function
	for _, t := range in.Tools {
		switch {
		case p == ai.Anthropic && len(t.InputSchema) > 0:
			list = append(list, function{Name: t.Name, Parameters: t.InputSchema})
		case p == ai.OpenAI && t.Function != nil:
			list = append(list, *t.Function)
		case p == ai.Responses && t.Type == "function":
			list = append(list, function{Name: t.Name, Parameters: t.Parameters})
		case p == ai.Gemini:
			for _, f := range t.Gemini {
				if len(f.Parameters) == 0 {
					f.Parameters = f.JSONSchema
				}
				list = append(list, f)
			}
		}
	}
	return list
}

// wantsCall reports whether an answer should be the call of a tool.
func (in *inputData) wantsCall() bool {
	choice := string(in.ToolChoice)
	return !in.hasResult() && choice != `"none"` && !strings.Contains(choice, `"type":"none"`) &&
		in.ToolConfig.Calling.Mode != "NONE"
}

// limit is how many tokens the client lets an answer have, 0 if it sets none.
func (in *inputData) limit() int64 {
	return max(in.MaxTokens, in.MaxCompletion, in.MaxOutput, in.Config.MaxOutput)
}

// arguments fit the required part of a JSON schema.
func arguments(schema json.RawMessage) string {
	value := sample(schema, 0)
	if _, ok := value.(map[string]any); !ok {
		value = map[string]any{}
	}
	b, err := json.Marshal(value)
	if err != nil {
		return "{}"
	}
	return string(b)
}

// sample is a value that fits a JSON schema of the usual kind.
func sample(schema json.RawMessage, depth int) any {
	var s struct {
		Type       any                        `json:"type"`
		Enum       []any                      `json:"enum"`
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
	}
	if json.Unmarshal(schema, &s) != nil || depth > 8 {
		return "sample"
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	kind, _ := s.Type.(string)
	switch strings.ToLower(kind) { // Gemini writes types in capitals
	case "number", "integer":
		return 1
	case "boolean":
		return true
	case "array":
		return []any{}
	case "object":
		object := make(map[string]any)
		for _, name := range s.Required {
			object[name] = sample(s.Properties[name], depth+1)
		}
		return object
	}
	return "sample"
}
