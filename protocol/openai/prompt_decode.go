package openai

import (
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

var _ protocol.Codec = Format{}

// promptReader reads one request.
type promptReader struct {
	protocol.Reader
	p      *protocol.Prompt
	budget int64 // of tokens for thinking; 0: none is named
}

// hints are fields that change nothing of what an answer means.
var hints = map[string]bool{
	"store": true, "metadata": true, "prompt_cache_key": true, "prompt_cache_retention": true, "prediction": true, "usage": true,
	"stream_options": true, "transforms": true, "safe_prompt": true,
	"clear_thinking": true, "reasoning_format": true, "include_reasoning": true, "repetition_penalty": true, "min_p": true,
	"random_seed": true, "moderation": true, "safety_model": true, "session_id": true, "request_id": true, "extra_headers": true,
	"parallel_tool_calls": true, "user_id": true, "echo": true, "top_a": true, "return_reasoning": true,
}

// DecodePrompt reads a request to /v1/chat/completions
// (https://platform.openai.com/docs/api-reference/chat), with what compatible
// vendors add.
func (Format) DecodePrompt(in *protocol.Inbound) (*protocol.Prompt, error) {
	r := promptReader{p: &protocol.Prompt{Model: in.Model, Stream: in.Stream}}
	p := r.p
	var messages, choice []byte
	r.Each(in.Body, "", func(name string, v []byte) {
		switch name {
		case "model":
			p.Model = r.String(v, name)
		case "stream":
			p.Stream = r.Bool(v, name)
		case "stream_options":
			p.WantsUsage, _ = scan.Bool(protocol.Member(v, "include_usage"))
		case "messages":
			messages = v
		case "max_tokens":
			if p.MaxOutput == 0 {
				p.MaxOutput = r.Int(v, name)
			}
		case "max_completion_tokens":
			p.MaxOutput = r.Int(v, name)
		case "tools":
			r.Elements(v, name, r.tool)
		case "functions":
			r.Elements(v, name, r.function)
		case "tool_choice", "function_call":
			choice = v
		case "parallel_tool_calls":
			parallel := r.Bool(v, name)
			p.Parallel = &parallel
		case "response_format":
			r.output(v)
		case "verbosity":
			p.Output.Verbosity = r.String(v, name)
		case "modalities":
			p.Kinds = r.Strings(v, name)
		case "service_tier":
			if tier := r.String(v, name); tier != "auto" {
				p.Tier = tier
			}
		case "user", "safety_identifier":
			p.User = r.String(v, name)
		case "web_search_options":
			r.search(v)
		default:
			switch {
			case r.sampling(name, v), r.thinking(name, v):
			case hints[name]:
				p.Hint(name)
			default:
				p.Unknown(name, v)
			}
		}
	})
	if r.budget > 0 && p.Thinking.Mode != protocol.ThinkingOff {
		p.Thinking.Mode, p.Thinking.Budget = protocol.ThinkingOn, r.budget
	}
	if messages == nil && r.Err == nil {
		r.Fail("messages", "you must provide a messages parameter")
	}
	r.Elements(messages, "messages", r.message)
	if choice != nil {
		r.choice(choice)
	}
	return p, r.Err
}

// sampling reads a field that says how tokens are drawn, if it is one.
func (r *promptReader) sampling(name string, v []byte) bool {
	p := r.p
	switch name {
	case "temperature":
		p.Temperature = r.Float(v, name)
	case "top_p":
		p.TopP = r.Float(v, name)
	case "top_k":
		n := r.Int(v, name)
		p.TopK = &n
	case "seed":
		n := r.Int(v, name)
		p.Seed = &n
	case "frequency_penalty":
		p.Frequency = r.Float(v, name)
	case "presence_penalty":
		p.Presence = r.Float(v, name)
	case "stop":
		p.Stop = r.Strings(v, name)
	case "n":
		if r.Int(v, name) > 1 {
			p.Keep("n")
		}
	case "logprobs":
		if r.Bool(v, name) && p.Logprobs == 0 {
			p.Logprobs = 1
		}
	case "top_logprobs":
		p.Logprobs = int(r.Int(v, name)) + 1
	default:
		return false
	}
	return true
}

// thinking reads a field that says whether and how much to think, if it is one:
// vendors have words of their own for it.
func (r *promptReader) thinking(name string, v []byte) bool {
	switch name {
	case "reasoning_effort":
		r.effort(r.String(v, name))
	case "reasoning":
		r.reasoning(v)
	case "enable_thinking":
		r.think(r.Bool(v, name))
	case "thinking_budget": // Qwen
		r.budget = r.Int(v, name)
	case "chat_template_kwargs": // vLLM, SGLang
		r.template(v)
	case "thinking":
		r.think(!scan.StringIs(protocol.Member(v, "type"), "disabled"))
	default:
		return false
	}
	return true
}

func (r *promptReader) think(on bool) {
	if r.p.Thinking.Mode = protocol.ThinkingOff; on {
		r.p.Thinking.Mode = protocol.ThinkingOn
	}
}

func (r *promptReader) effort(effort string) {
	if effort == "none" {
		r.think(false)
		return
	}
	r.think(true)
	r.p.Thinking.Effort = effort
}

// template reads what servers of open models put into a prompt's template.
func (r *promptReader) template(v []byte) {
	r.Each(v, "chat_template_kwargs", func(name string, v []byte) {
		switch name {
		case "enable_thinking", "thinking":
			if on, ok := scan.Bool(v); ok {
				r.think(on)
			}
		default:
			r.p.Hint("chat_template_kwargs." + name)
		}
	})
}

// reasoning is OpenRouter's.
func (r *promptReader) reasoning(v []byte) {
	r.Each(v, "reasoning", func(name string, v []byte) {
		switch name {
		case "effort":
			r.effort(r.String(v, "reasoning.effort"))
		case "max_tokens":
			r.think(true)
			r.p.Thinking.Budget = r.Int(v, "reasoning.max_tokens")
		case "exclude":
			if r.Bool(v, "reasoning.exclude") {
				r.p.Thinking.Show = "none"
			}
		case "enabled":
			r.think(r.Bool(v, "reasoning.enabled"))
		default:
			r.p.Hint("reasoning." + name)
		}
	})
}

func (r *promptReader) output(v []byte) {
	out := &r.p.Output
	switch kind := protocol.Kind(v); kind {
	case "text", "":
	case "json_object":
		out.JSON = true
	case "json_schema":
		out.JSON = true
		r.Each(protocol.Member(v, "json_schema"), "response_format.json_schema", func(name string, v []byte) {
			switch name {
			case "name":
				out.Name = r.String(v, name)
			case "description":
				out.About = r.String(v, name)
			case "schema":
				out.Schema = v
			case "strict":
				strict := r.Bool(v, name)
				out.Strict = &strict
			default:
				r.p.Keep("response_format.json_schema." + name)
			}
		})
	default:
		r.p.Keep("response_format.type " + kind)
	}
}
