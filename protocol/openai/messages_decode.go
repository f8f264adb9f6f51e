package openai

import (
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

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
