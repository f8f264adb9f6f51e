package tokens

import (
	"strings"

	"github.com/ccload/ccload/protocol/scan"
)

// gemini walks a generateContent request; Google reads its names in camel case
// and in snake case. A countTokens request may hold one inside.
func (w *walk) gemini(key string, v []byte) {
	switch key {
	case "generateContentRequest", "generate_content_request": // never one in another
		w.each(v, func(key string, v []byte) {
			if !strings.HasPrefix(key, "generateContent") && !strings.HasPrefix(key, "generate_content") {
				w.gemini(key, v)
			}
		})
	case "systemInstruction", "system_instruction":
		w.whole(v, asSystem, w.geminiSystem)
	case "contents":
		w.conversation(v, w.geminiContent)
	case "tools":
		w.whole(v, asTools, func(v []byte) {
			w.tools.add(v)
			list(v, w.geminiTools)
		})
	case "toolConfig", "tool_config":
		mode := member(v, "functionCallingConfig", "mode")
		if mode == nil {
			mode = member(v, "function_calling_config", "mode")
		}
		if word(mode) == "ANY" {
			w.f[fForced] = 1
		}
	case "generationConfig", "generation_config":
		w.each(v, func(key string, v []byte) {
			switch key {
			case "responseSchema", "response_schema", "responseJsonSchema", "response_json_schema":
				w.schema(v)
			}
		})
	case "cachedContent", "cached_content":
		w.hidden() // what is stored upstream is not known here
	}
}

func (w *walk) geminiSystem(v []byte) {
	w.system.add(v)
	w.f[fSystems]++
	if isString(v) {
		w.f[fSystem] += w.text(v)
		return
	}
	list(member(v, "parts"), func(part []byte) { w.geminiPart(part, fSystem) })
}

func (w *walk) geminiContent(content []byte) {
	if isString(content) {
		w.f[fMessages]++
		w.f[fText] += w.text(content)
		return
	}
	w.endTurn()
	w.f[fMessages]++
	p := w.fieldsOf(content)
	if word(p.role) == "model" {
		w.f[fAssistant]++
	}
	list(p.parts, func(part []byte) { w.geminiPart(part, fText) })
}

func (w *walk) geminiTools(tool []byte) {
	w.each(tool, func(key string, v []byte) {
		switch key {
		case "functionDeclarations", "function_declarations":
			list(v, func(f []byte) {
				if !isObject(f) {
					return
				}
				schema := member(f, "parameters")
				if schema == nil {
					schema = member(f, "parametersJsonSchema")
				}
				if schema == nil {
					schema = member(f, "parameters_json_schema")
				}
				w.tool(member(f, "name"), member(f, "description"), schema)
			})
		default:
			w.hidden() // search, code execution: prompts of Google's own
		}
	})
}

// loose counts the names and values of JSON without what stands around them: as
// Gemini is shown arguments and results.
func (w *walk) loose(v []byte, depth int) (tokens int64) {
	switch {
	case depth > maxSchemaDepth:
		return w.json(v)
	case isString(v):
		return w.text(v)
	case isArray(v):
		list(v, func(e []byte) { tokens += w.loose(e, depth+1) })
	case isObject(v):
		scan.FindMember(v, func(key []byte, start, end int) bool {
			n, _ := w.enc.long(key)
			tokens += int64(n) + w.loose(v[start:end], depth+1)
			return false
		})
	default:
		return int64(len(v)) // a digit is a token
	}
	return tokens
}

// signature counts a signature, which brings back the thinking it was made from.
// By recorded counts the Gemini API bills that from generation 3 on, and before
// that only in streams; Vertex AI does not.
func (w *walk) signature(length int) {
	w.unsure = true
	s := w.family.signatures
	if w.sent.Vertex || s.streams && !w.sent.Stream || length <= s.free {
		return
	}
	w.fixed += int64(float64(length-s.free)*s.each + 0.5)
}

func (w *walk) geminiPart(part []byte, into int) {
	if isString(part) {
		w.f[into] += w.text(part)
		return
	}
	thought := string(member(part, "thought")) == "true"
	w.each(part, func(key string, v []byte) {
		switch key {
		case "text":
			if thought {
				w.f[fThinkings]++
				w.f[fThinking] += w.text(v)
			} else {
				w.f[into] += w.text(v)
			}
		case "thoughtSignature", "thought_signature":
			w.signature(len(v) - len(`""`))
		case "functionCall", "function_call":
			w.toolUse(w.text(member(v, "name")) + w.loose(member(v, "args"), 0))
		case "functionResponse", "function_response":
			w.f[fToolResults]++
			w.f[fToolResult] += w.text(member(v, "name")) + w.loose(member(v, "response"), 0)
		case "inlineData", "inline_data", "fileData", "file_data":
			w.blob(v)
		case "executableCode", "executable_code", "codeExecutionResult", "code_execution_result":
			w.unsure = true
			w.strings(v, into, 1)
		}
	})
}
