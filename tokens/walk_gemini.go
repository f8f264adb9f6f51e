package tokens

import "strings"

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
		w.system.add(v)
		w.f[fSystems]++
		if isString(v) {
			w.f[fSystem] += w.text(v)
		} else {
			list(member(v, "parts"), func(part []byte) { w.geminiPart(part, fSystem) })
		}
	case "contents":
		list(v, func(content []byte) {
			if isString(content) {
				w.f[fMessages]++
				w.f[fText] += w.text(content)
				return
			}
			w.f[fMessages]++
			if word(member(content, "role")) == "model" {
				w.f[fAssistant]++
			}
			list(member(content, "parts"), func(part []byte) { w.geminiPart(part, fText) })
		})
	case "tools":
		w.tools.add(v)
		list(v, w.geminiTools)
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
		w.unsure = true // what is stored upstream is not known here
	}
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
			w.unsure = true // search, code execution: prompts of Google's own
		}
	})
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
			// It brings back the thinking it was made from; the Gemini API counts
			// that as input, about 0.2 tokens per character, and Vertex AI does not.
			w.f[fThinking] += int64(len(v)) / 5
			w.unsure = true
		case "functionCall", "function_call":
			w.f[fToolUses]++
			w.f[fToolUse] += w.text(member(v, "name")) + w.json(member(v, "args"))
		case "functionResponse", "function_response":
			w.f[fToolResults]++
			w.f[fToolResult] += w.text(member(v, "name")) + w.json(member(v, "response"))
		case "inlineData", "inline_data", "fileData", "file_data":
			w.blob(v)
		case "executableCode", "executable_code", "codeExecutionResult", "code_execution_result":
			w.unsure = true
			w.strings(v, into, 1)
		}
	})
}
