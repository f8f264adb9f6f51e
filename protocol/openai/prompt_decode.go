package openai

import (
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

var _ protocol.Codec = Format{}

// promptReader reads one request.
type promptReader struct {
	protocol.Reader
	p *protocol.Prompt
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
	budget := int64(0)
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
		case "reasoning_effort":
			r.effort(r.String(v, name))
		case "reasoning":
			r.reasoning(v)
		case "enable_thinking":
			r.think(r.Bool(v, name))
		case "thinking_budget": // Qwen
			budget = r.Int(v, name)
		case "chat_template_kwargs": // vLLM, SGLang
			r.template(v)
		case "thinking":
			r.think(!scan.StringIs(protocol.Member(v, "type"), "disabled"))
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
			if hints[name] {
				p.Hint(name)
			} else {
				p.Unknown(name, v)
			}
		}
	})
	if budget > 0 && p.Thinking.Mode != protocol.ThinkingOff {
		p.Thinking.Mode, p.Thinking.Budget = protocol.ThinkingOn, budget
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

// roles are the roles of messages.
var roles = map[string]protocol.Role{
	"user": protocol.User, "assistant": protocol.Assistant, "system": protocol.System, "developer": protocol.Developer,
	"tool": protocol.User, "function": protocol.User,
}

// fields of a message that are objects or lists of their own.
type message struct {
	role                                  string
	content, calls, details, call, refuse []byte
	reasoning, toolID, name, cache        string
}

func (r *promptReader) message(path string, v []byte) {
	var m message
	r.Each(v, path, func(name string, v []byte) {
		switch name {
		case "role":
			m.role = r.String(v, path+".role")
		case "content":
			m.content = v
		case "name":
			m.name = r.String(v, path+".name")
		case "tool_calls":
			m.calls = v
		case "function_call":
			m.call = v
		case "tool_call_id":
			m.toolID = r.String(v, path+"."+name)
		case "refusal":
			m.refuse = v
		case "reasoning_content", "reasoning":
			if s, ok := scan.String(v); ok {
				m.reasoning = s
			}
		case "reasoning_details":
			m.details = v
		case "cache_control": // of the whole message
			m.cache = lifetime(v)
		case "annotations", "prefix", "reasoning_signature", "provider_specific_fields", "index", "citations":
			r.p.Hint("messages." + name)
		case "audio":
			r.p.Keep(path + ".audio")
		default:
			r.p.Hint("messages." + name)
		}
	})
	role, known := roles[m.role]
	switch {
	case r.Err != nil:
	case !known:
		r.Fail(path+".role", path+".role must be system, developer, user, assistant or tool")
	case m.role == "tool" || m.role == "function":
		r.result(path, &m)
	default:
		turn := protocol.Turn{Role: role, Name: m.name}
		if role == protocol.Assistant {
			turn.Parts = r.thoughts(&m)
		}
		turn.Parts = append(turn.Parts, r.content(m.content, path+".content")...)
		if s, ok := scan.String(m.refuse); ok && s != "" {
			turn.Parts = append(turn.Parts, protocol.Part{Kind: protocol.Refusal, Text: s})
		}
		turn.Parts = append(turn.Parts, r.calls(path, &m, turn.Parts)...)
		mark(turn.Parts, m.cache)
		r.p.Turns = append(r.p.Turns, turn)
	}
}

func (r *promptReader) result(path string, m *message) {
	id, _ := splitID(m.toolID)
	result := &protocol.ToolResult{ID: id, Name: m.name, Parts: r.content(m.content, path+".content")}
	if result.ID == "" && m.role == "tool" {
		r.Fail(path+".tool_call_id", path+".tool_call_id is missing")
	}
	part := protocol.Part{Kind: protocol.Result, Back: result, Cache: m.cache}
	if n := len(r.p.Turns); n > 0 && r.p.Turns[n-1].Role == protocol.User && isResults(&r.p.Turns[n-1]) {
		r.p.Turns[n-1].Parts = append(r.p.Turns[n-1].Parts, part)
		return
	}
	r.p.Turns = append(r.p.Turns, protocol.Turn{Role: protocol.User, Parts: []protocol.Part{part}})
}

func isResults(t *protocol.Turn) bool {
	for i := range t.Parts {
		if t.Parts[i].Kind != protocol.Result {
			return false
		}
	}
	return len(t.Parts) > 0
}

// thoughts are what an assistant's message says of its reasoning. What was
// sealed for a client of this format goes before the visible text of it.
func (r *promptReader) thoughts(m *message) []protocol.Part {
	var parts []protocol.Part
	if protocol.Sealed(m.details) {
		_ = protocol.EachElement(m.details, "", func(_ int, v []byte) error {
			if seal, ok := scan.String(protocol.Member(v, "data")); ok {
				part := protocol.Part{Kind: protocol.Thought}
				part.Unseal(seal, ai.OpenAI)
				parts = append(parts, part)
			}
			return nil
		})
		return parts
	}
	part := protocol.Part{Kind: protocol.Thought, Text: m.reasoning, Origin: ai.OpenAI, Signature: string(m.details)}
	if part.Text != "" || part.Signature != "" {
		parts = append(parts, part)
	}
	return parts
}

// calls are an assistant's calls. The ids may carry what must go before them.
func (r *promptReader) calls(path string, m *message, before []protocol.Part) []protocol.Part {
	var parts []protocol.Part
	if m.call != nil {
		part := r.callOf(m.call, path+".function_call", "arguments")
		part.Call.ID = "call_" + part.Call.Name
		parts = append(parts, part)
	}
	known := false
	for i := range before {
		known = known || before[i].Kind == protocol.Thought
	}
	if m.calls == nil {
		return parts
	}
	r.Elements(m.calls, path+".tool_calls", func(path string, v []byte) {
		kind, argument := "function", "arguments"
		if protocol.Kind(v) == "custom" {
			kind, argument = "custom", "input"
		}
		part := r.callOf(protocol.Member(v, kind), path+"."+kind, argument)
		part.Call.Custom = kind == "custom"
		id, _ := scan.String(protocol.Member(v, "id"))
		var seals []protocol.Part
		part.Call.ID, seals = splitID(id)
		for _, s := range seals {
			switch {
			case s.Text == "" && s.Origin == ai.Gemini:
				part.Signature, part.Origin = s.Signature, s.Origin
			case !known:
				parts = append(parts, s)
			}
		}
		if extra := protocol.Member(protocol.Member(protocol.Member(v, "extra_content"), "google"), "thought_signature"); extra != nil && part.Signature == "" {
			part.Signature, _ = scan.String(extra)
			part.Origin = ai.Gemini
		}
		parts = append(parts, part)
	})
	return parts
}

func (r *promptReader) callOf(v []byte, path, argument string) protocol.Part {
	call := new(protocol.ToolCall)
	if v == nil {
		r.Fail(path, path+" is missing")
		return protocol.Part{Kind: protocol.Call, Call: call}
	}
	call.Name, _ = scan.String(protocol.Member(v, "name"))
	raw := protocol.Member(v, argument)
	if text, ok := scan.String(raw); ok {
		call.Arguments = text
	} else {
		call.Arguments = string(raw) // some vendors write the object itself
	}
	return protocol.Part{Kind: protocol.Call, Call: call}
}

// idSeal stands between the id of a call and what must come back with it.
const idSeal = "."

// splitID takes apart an id as clients of this format were given it.
func splitID(id string) (plain string, seals []protocol.Part) {
	if !protocol.Sealed([]byte(id)) {
		return id, nil
	}
	list := strings.Split(id, idSeal)
	for _, seal := range list[1:] {
		part := protocol.Part{Kind: protocol.Thought}
		part.Unseal(seal, ai.OpenAI)
		seals = append(seals, part)
	}
	return list[0], seals
}
