package responses

import (
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

var _ protocol.Codec = Format{}

// hints are fields that change nothing of what an answer means.
var hints = map[string]bool{
	"store": true, "metadata": true, "prompt_cache_key": true, "prompt_cache_retention": true, "client_metadata": true,
	"stream_options": true, "truncation": true, "moderation": true, "prompt_cache_options": true,
}

// promptReader reads one request.
type promptReader struct {
	protocol.Reader
	p *protocol.Prompt

	callIDs  map[string]string // of the calls of tools with forms, by their items' ids
	searches map[string]bool   // calls of the search for tools
}

// DecodePrompt reads a request to /v1/responses
// (https://platform.openai.com/docs/api-reference/responses).
func (Format) DecodePrompt(in *protocol.Inbound) (*protocol.Prompt, error) {
	r := promptReader{p: &protocol.Prompt{Model: in.Model, Stream: in.Stream, WantsUsage: true}}
	p := r.p
	var instructions, input, choice []byte
	top, wanted := int64(0), false
	r.Each(in.Body, "", func(name string, v []byte) {
		switch name {
		case "model":
			p.Model = r.String(v, name)
		case "stream":
			p.Stream = r.Bool(v, name)
		case "instructions":
			instructions = v
		case "input":
			input = v
		case "max_output_tokens":
			p.MaxOutput = r.Int(v, name)
		case "temperature":
			p.Temperature = r.Float(v, name)
		case "top_p":
			p.TopP = r.Float(v, name)
		case "top_logprobs":
			top = r.Int(v, name)
		case "include":
			wanted = r.include(v) || wanted
		case "tools":
			r.Elements(v, name, func(path string, v []byte) { r.tool(path, v, "") })
		case "tool_choice":
			choice = v
		case "parallel_tool_calls":
			parallel := r.Bool(v, name)
			p.Parallel = &parallel
		case "reasoning":
			r.reasoning(v)
		case "text":
			r.text(v)
		case "service_tier":
			if tier := r.String(v, name); tier != "auto" {
				p.Tier = tier
			}
		case "user", "safety_identifier":
			p.User = r.String(v, name)
		case "background":
			if r.Bool(v, name) {
				p.Keep(name)
			}
		default: // previous_response_id, conversation, prompt, and what is not known here
			if hints[name] {
				p.Hint(name)
			} else {
				p.Unknown(name, v)
			}
		}
	})
	if wanted {
		p.Logprobs = int(top) + 1
	}
	r.turns(instructions, input)
	if choice != nil {
		r.choice(choice)
	}
	return p, r.Err
}

// include reads what else the answer shall hold, and reports whether it shall hold
// log probabilities.
func (r *promptReader) include(v []byte) (logprobs bool) {
	for _, field := range r.Strings(v, "include") {
		switch field {
		case "message.output_text.logprobs":
			logprobs = true
		case "reasoning.encrypted_content", "web_search_call.action.sources", "web_search_call.results":
		default:
			r.p.Hint("include." + field)
		}
	}
	return logprobs
}

// turns reads the conversation.
func (r *promptReader) turns(instructions, input []byte) {
	p := r.p
	if text, ok := scan.String(instructions); ok && text != "" {
		p.Turns = append(p.Turns, protocol.Turn{Role: protocol.System, Parts: []protocol.Part{{Text: text}}})
	} else if instructions != nil && !ok {
		p.Keep("instructions")
	}
	if text, ok := scan.String(input); ok {
		p.Turns = append(p.Turns, protocol.Turn{Parts: []protocol.Part{{Text: text}}})
	} else if input != nil {
		r.Elements(input, "input", r.item)
	} else if r.Err == nil && len(p.Native) == 0 {
		r.Fail("input", "one of input, previous_response_id, prompt or conversation must be provided")
	}
}

func (r *promptReader) reasoning(v []byte) {
	t := &r.p.Thinking
	r.Each(v, "reasoning", func(name string, v []byte) {
		switch name {
		case "effort":
			if t.Effort = r.String(v, "reasoning.effort"); t.Effort == "none" {
				t.Effort, t.Mode = "", protocol.ThinkingOff
			} else {
				t.Mode = protocol.ThinkingOn
			}
		case "summary", "generate_summary":
			if t.Show = "summary"; scan.StringIs(v, "detailed") {
				t.Show = "detailed"
			}
		default:
			r.p.Hint("reasoning." + name)
		}
	})
}

func (r *promptReader) text(v []byte) {
	out := &r.p.Output
	r.Each(v, "text", func(name string, v []byte) {
		switch name {
		case "verbosity":
			out.Verbosity = r.String(v, "text.verbosity")
		case "format":
			r.format(v)
		default:
			r.p.Keep("text." + name)
		}
	})
}

func (r *promptReader) format(v []byte) {
	out := &r.p.Output
	switch kind := protocol.Kind(v); kind {
	case "text", "":
	case "json_object":
		out.JSON = true
	case "json_schema":
		out.JSON = true
		r.Each(v, "text.format", func(name string, v []byte) {
			switch name {
			case "type":
			case "name":
				out.Name = r.String(v, "text.format.name")
			case "description":
				out.About = r.String(v, "text.format.description")
			case "schema":
				out.Schema = v
			case "strict":
				strict := r.Bool(v, "text.format.strict")
				out.Strict = &strict
			default:
				r.p.Keep("text.format." + name)
			}
		})
	default:
		r.p.Keep("text.format.type " + kind)
	}
}
