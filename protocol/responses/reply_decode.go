package responses

import (
	"encoding/json"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/fastjson"
	"github.com/ccload/ccload/protocol"
)

// outputItem is an item of an answer.
type outputItem struct {
	Type      string        `json:"type"`
	ID        string        `json:"id"`
	CallID    string        `json:"call_id"`
	Name      string        `json:"name"`
	Namespace string        `json:"namespace"`
	Arguments string        `json:"arguments"`
	Input     string        `json:"input"`
	Content   []outputPart  `json:"content"`
	Summary   []outputPart  `json:"summary"`
	Encrypted string        `json:"encrypted_content"`
	Result    string        `json:"result"` // a picture
	Format    string        `json:"output_format"`
	Action    *searchAction `json:"action"`
}

type searchAction struct {
	Query string `json:"query"`
}

type outputPart struct {
	Type        string             `json:"type"`
	Text        string             `json:"text"`
	Refusal     string             `json:"refusal"`
	Logprobs    []protocol.Logprob `json:"logprobs"`
	Annotations []annotation       `json:"annotations"`
}

type annotation struct {
	Type  string `json:"type"`
	URL   string `json:"url"`
	Title string `json:"title"`
	Start int    `json:"start_index"`
	End   int    `json:"end_index"`
}

func citations(list []annotation) []protocol.Citation {
	var out []protocol.Citation
	for _, a := range list {
		if a.URL != "" {
			out = append(out, protocol.Citation{URL: a.URL, Title: a.Title, Start: a.Start, End: a.End})
		}
	}
	return out
}

// response is what a response says at its end, or whole.
type response struct {
	ID         string          `json:"id"`
	Model      string          `json:"model"`
	Created    json.Number     `json:"created_at"`
	Status     string          `json:"status"`
	Output     json.RawMessage `json:"output"`
	Incomplete struct {
		Reason string `json:"reason"`
	} `json:"incomplete_details"`
}

// stop is why a response ended.
func (r *response) stop() protocol.StopReason {
	switch r.Incomplete.Reason {
	case "":
		return protocol.StopEnd
	case "content_filter":
		return protocol.StopFilter
	}
	return protocol.StopLength
}

func (r *response) created() int64 {
	f, _ := r.Created.Float64() // some vendors write fractions
	return int64(f)
}

// parts are what an item is in the neutral form.
func (i *outputItem) parts() []protocol.Part {
	switch i.Type {
	case "message":
		var parts []protocol.Part
		for k := range i.Content {
			c := &i.Content[k]
			if c.Type == "refusal" {
				parts = append(parts, protocol.Part{Kind: protocol.Refusal, Text: c.Refusal})
			} else {
				parts = append(parts, protocol.Part{Kind: protocol.Text, Text: c.Text, Citations: citations(c.Annotations), Logprobs: c.Logprobs})
			}
		}
		return parts
	case "reasoning":
		return []protocol.Part{{Kind: protocol.Thought, Text: i.thought(), Signature: i.Encrypted, Origin: ai.Responses, ID: i.ID}}
	case "function_call", "custom_tool_call":
		return []protocol.Part{i.call(true)}
	case "web_search_call":
		part := protocol.Part{Kind: protocol.Search, ID: i.ID}
		if i.Action != nil {
			part.Text = i.Action.Query
		}
		return []protocol.Part{part}
	case "image_generation_call":
		if i.Result == "" {
			return nil
		}
		kind := i.Format
		if kind == "" {
			kind = "png"
		}
		return []protocol.Part{{Kind: protocol.Image, Media: &protocol.Media{Type: "image/" + kind, Data: i.Result}}}
	}
	return nil
}

// thought is what a reasoning item tells: its summary, or, from open models,
// the reasoning itself.
func (i *outputItem) thought() string {
	list := i.Summary
	if len(list) == 0 {
		list = i.Content
	}
	texts := make([]string, 0, len(list))
	for k := range list {
		texts = append(texts, list[k].Text)
	}
	return strings.Join(texts, "\n\n")
}

func (i *outputItem) call(whole bool) protocol.Part {
	call := &protocol.ToolCall{ID: i.CallID, Name: spaced(i.Namespace, i.Name), Custom: i.Type == "custom_tool_call"}
	if call.ID == "" {
		call.ID = i.ID
	}
	if whole {
		if call.Arguments = i.Arguments; call.Custom {
			call.Arguments = i.Input
		}
	}
	return protocol.Part{Kind: protocol.Call, Call: call}
}

// DecodeReply reads a whole response.
func (Format) DecodeReply(body []byte) (*protocol.Reply, error) {
	var r response
	if err := fastjson.Unmarshal(body, &r); err != nil {
		return nil, err
	}
	reply := &protocol.Reply{ID: r.ID, Model: r.Model, Created: r.created(), Stop: r.stop()}
	var items []json.RawMessage
	if len(r.Output) > 0 {
		if err := fastjson.Unmarshal(r.Output, &items); err != nil {
			return nil, err
		}
	}
	for _, raw := range items {
		var item outputItem
		if fastjson.Unmarshal(raw, &item) == nil { // items of OpenAI's own tools have other shapes
			reply.Parts = append(reply.Parts, item.parts()...)
		}
	}
	return reply, nil
}
