package tokens

import (
	"strings"

	"github.com/ccload/ccload/protocol/scan"
)

// anthropic walks a Messages request.
func (w *walk) anthropic(key string, v []byte) {
	switch key {
	case "system":
		w.whole(v, asSystem, w.anthropicSystem)
	case "messages":
		w.conversation(v, w.anthropicMessage)
	case "tools":
		w.whole(v, asTools, w.anthropicTools)
	case "tool_choice":
		switch kind := word(member(v, "type")); kind {
		case "any", "tool":
			w.f[fForced] = 1
		}
	case "output_format":
		w.schema(member(v, "schema"))
	case "output_config":
		w.schema(member(v, "format", "schema"))
	case "thinking":
		if kind := word(member(v, "type")); kind == "enabled" {
			w.f[fThinkingOn] = 1
		}
	case "mcp_servers":
		w.hidden()
	}
}

func (w *walk) anthropicSystem(v []byte) {
	w.system.add(v)
	list(v, func(block []byte) {
		w.f[fSystems]++
		w.f[fSystem] += w.plain(block)
	})
}

func (w *walk) anthropicTools(v []byte) {
	w.tools.add(v)
	list(v, w.anthropicTool)
}

// plain counts a string, or the text of a block that has one.
func (w *walk) plain(v []byte) int64 {
	if isString(v) {
		return w.text(v)
	}
	return w.text(member(v, "text"))
}

func (w *walk) schema(v []byte) {
	if len(v) == 0 {
		return
	}
	w.f[fHasSchema] = 1
	if w.family.renders {
		w.f[fSchema] += w.cached(v, asSchema)
	} else {
		w.f[fSchema] += w.json(v)
	}
}

func (w *walk) anthropicMessage(message []byte) {
	if !isObject(message) {
		return
	}
	w.endTurn()
	w.f[fMessages]++
	into := fText
	p := w.fieldsOf(message)
	switch word(p.role) {
	case "assistant":
		w.f[fAssistant]++
	case "system":
		into = fSystem
	}
	list(p.content, func(block []byte) { w.anthropicBlock(block, into, 0) })
}

// anthropicBlock counts one block; into is the feature its text belongs to.
func (w *walk) anthropicBlock(block []byte, into, depth int) {
	if isString(block) {
		w.f[into] += w.text(block)
		return
	}
	if !isObject(block) || depth > 4 {
		return
	}
	p := w.fieldsOf(block)
	switch word(p.kind) {
	case "text":
		w.f[into] += w.text(p.text)
	case "thinking":
		w.f[fThinkings]++
		w.f[fThinking] += w.text(p.thinking)
	case "redacted_thinking":
		// Encrypted, in base64: about as many tokens as a third of its bytes.
		w.f[fThinkings]++
		w.f[fThinking] += int64(len(p.data)) / 6
		w.unsure = true
	case "tool_use", "server_tool_use", "mcp_tool_use":
		w.toolUse(w.text(p.name) + w.json(p.input))
	case "tool_result", "mcp_tool_result":
		w.f[fToolResults]++
		list(p.content, func(part []byte) { w.anthropicBlock(part, fToolResult, depth+1) })
	case "image":
		w.image(p.source)
	case "document":
		w.f[into] += w.text(p.title) + w.text(member(block, "context"))
		source := p.source
		switch word(member(source, "type")) {
		case "text":
			w.f[into] += w.text(member(source, "data"))
		case "content":
			list(member(source, "content"), func(part []byte) { w.anthropicBlock(part, into, depth+1) })
		default:
			w.document(source)
		}
	case "search_result":
		w.f[into] += w.text(p.title) + w.text(p.source)
		list(p.content, func(part []byte) { w.anthropicBlock(part, into, depth+1) })
	default:
		w.hidden()
		w.strings(block, into, depth)
	}
}

// encrypted are members that hold no text a model reads as such.
var encrypted = map[string]bool{
	"encrypted_content": true, "encrypted_index": true, "signature": true, "thoughtSignature": true,
	"id": true, "tool_use_id": true, "type": true, "cache_control": true, "data": true,
}

// strings counts every text below a value of unknown kind.
func (w *walk) strings(v []byte, into, depth int) {
	switch {
	case depth > 8:
	case isString(v):
		w.f[into] += w.text(v)
	case isArray(v):
		list(v, func(e []byte) { w.strings(e, into, depth+1) })
	case isObject(v):
		scan.FindMember(v, func(key []byte, start, end int) bool {
			if !encrypted[string(key)] {
				w.strings(v[start:end], into, depth+1)
			}
			return false
		})
	}
}

// serverTools are the hidden prompts of tools that Anthropic defines, in
// tokens, by the beginning of their type. The first three are those of the
// documentation's pages on each tool ("additional input tokens"); the others
// are medians of recorded replies.
var serverTools = []struct {
	prefix string
	tokens int64
}{
	{"bash_", 245},
	{"text_editor_", 700},
	{"computer_", 735},
	{"web_search_", 1900},
	{"web_fetch_", 2100},
	{"code_execution_", 2100},
	{"memory_", 900},
	{"tool_search_tool_", 700},
}

func (w *walk) anthropicTool(tool []byte) {
	if !isObject(tool) {
		return
	}
	w.f[fHasTools] = 1
	if kind := word(member(tool, "type")); kind != "" && kind != "custom" {
		w.hidden()
		for _, s := range serverTools {
			if strings.HasPrefix(kind, s.prefix) {
				w.fixed += s.tokens
				return
			}
		}
	}
	w.tool(member(tool, "name"), member(tool, "description"), member(tool, "input_schema"))
}

// tool counts a tool by its three parts.
func (w *walk) tool(name, description, schema []byte) {
	w.f[fHasTools] = 1
	w.f[fTools]++
	if w.family.bare {
		if hasMembers(member(schema, "properties")) {
			w.f[fToolParams]++
		}
		w.f[fToolDefs] += w.text(name) + w.text(description) + w.bare(schema, 0)
		return
	}
	w.f[fToolDefs] += w.text(name) + w.text(description) + w.json(schema)
}

// bare counts the texts of a schema: names, descriptions and values, without
// the JSON around them. By recorded counts that is what Gemini is shown, with a
// frame for each tool and parameter.
func (w *walk) bare(schema []byte, depth int) (tokens int64) {
	if depth > maxSchemaDepth {
		return 0
	}
	if isArray(schema) {
		list(schema, func(v []byte) { tokens += w.bare(v, depth+1) })
		return tokens
	}
	w.each(schema, func(key string, v []byte) {
		switch key {
		case "description", "title", "default", "const", "pattern":
			if isString(v) {
				tokens += w.text(v)
			}
		case "enum":
			list(v, func(v []byte) { tokens += w.plain(v) })
		case "properties", "$defs", "definitions":
			scan.FindMember(v, func(name []byte, start, end int) bool {
				if key == "properties" {
					w.f[fToolProps]++
				}
				n, _ := w.enc.long(name)
				tokens += int64(n) + w.bare(v[start:end], depth+1)
				return false
			})
		case "items", "anyOf", "oneOf", "allOf":
			tokens += w.bare(v, depth+1)
		}
	})
	return tokens
}
