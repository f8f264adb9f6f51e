package tokens

// chat walks a Chat Completions request, and a legacy completion or an
// embedding as far as they have one text.
func (w *walk) chat(key string, v []byte) {
	switch key {
	case "messages":
		w.conversation(v, w.chatMessage)
	case "tools", "functions":
		w.whole(v, asTools, w.openaiTools)
	case "tool_choice", "function_call":
		w.openaiChoice(v)
	case "response_format":
		w.schema(member(v, "json_schema", "schema"))
		w.f[fSchema] += w.text(member(v, "json_schema", "name"))
	case "thinking", "reasoning":
		if isObject(v) && word(member(v, "type")) != "disabled" {
			w.f[fThinkingOn] = 1
		}
	case "prompt", "input", "query":
		w.unsure = true
		w.strings(v, fText, 0)
	}
}

func (w *walk) openaiTools(v []byte) {
	w.tools.add(v)
	list(v, w.openaiTool)
}

func (w *walk) chatMessage(message []byte) {
	if !isObject(message) {
		return
	}
	w.endTurn()
	w.f[fMessages]++
	into := fText
	role := word(w.fieldsOf(message).role)
	switch role {
	case "system", "developer":
		w.f[fSystems]++
		into = fSystem
		if w.family.apart {
			w.f[fMessages]--
		}
	case "user":
		// Models that take their reasoning back forget it when the user speaks:
		// their templates leave out that of earlier turns.
		w.start |= forgetsThoughts
	case "assistant":
		w.f[fAssistant]++
	case "tool", "function":
		w.f[fToolResults]++
		into = fToolResult
	}
	w.each(message, func(key string, v []byte) {
		switch key {
		case "content":
			if into == fSystem {
				w.system.add(v)
			}
			list(v, func(part []byte) { w.openaiPart(part, into) })
		case "name":
			if isString(v) && role != "tool" && role != "function" {
				w.f[fNames]++
				w.f[into] += w.text(v)
			}
		case "refusal":
			w.f[into] += w.text(v)
		case "reasoning_content", "reasoning":
			w.f[fThinking] += w.text(v)
		case "tool_calls":
			list(v, func(call []byte) { w.call(member(call, "function")) })
		case "function_call":
			w.call(v)
		case "audio":
			w.hidden()
		}
	})
}

// call counts a tool call: an object with name and arguments, these as a text
// of JSON or as JSON.
func (w *walk) call(v []byte) {
	if !isObject(v) {
		return
	}
	p := w.fieldsOf(v)
	arguments := p.arguments
	n := w.text(p.name)
	if isString(arguments) {
		n += w.text(arguments)
	} else {
		n += w.json(arguments)
	}
	w.toolUse(n)
}

// openaiPart counts one part of a message's content, in either format.
func (w *walk) openaiPart(part []byte, into int) {
	if isString(part) {
		w.f[into] += w.text(part)
		return
	}
	if !isObject(part) {
		return
	}
	p := w.fieldsOf(part)
	switch word(p.kind) {
	case "text", "input_text", "output_text", "summary_text", "reasoning_text":
		w.f[into] += w.text(p.text)
	case "refusal":
		w.f[into] += w.text(member(part, "refusal"))
	case "image_url", "input_image":
		w.image(part)
	case "input_audio":
		w.audio(part)
	case "file", "input_file", "document", "document_url":
		w.document(part)
	default:
		w.hidden()
		w.strings(part, into, 1)
	}
}

// openaiTool counts a tool definition of either format.
func (w *walk) openaiTool(tool []byte) {
	if !isObject(tool) {
		return
	}
	w.f[fHasTools] = 1
	kind := word(member(tool, "type"))
	if fn := member(tool, "function"); isObject(fn) {
		tool = fn
	} else if kind != "" && kind != "function" {
		w.unsure = true
		w.unbounded = w.unbounded || kind != "custom"
		if kind == "custom" {
			w.f[fTools]++
			w.strings(tool, fToolDefs, 0)
		} else {
			w.fixed += hostedTool // web search, file search and the like
		}
		return
	}
	if w.family.renders {
		w.f[fTools]++
		w.f[fToolDefs] += w.cached(tool, asTool)
		return
	}
	w.tool(member(tool, "name"), member(tool, "description"), member(tool, "parameters"))
}

// openaiChoice counts a tool choice: the name of a tool that has to be called is
// told to the model, while "required" is no more than a rule of decoding where
// tools are shown as types.
func (w *walk) openaiChoice(v []byte) {
	name := member(v, "function", "name")
	if name == nil {
		name = member(v, "name")
	}
	switch {
	case isString(name):
		w.f[fForced] = 1
		if w.family.renders {
			w.f[fText] += w.text(name)
		}
	case isObject(v), word(v) == "required" && !w.family.renders:
		w.f[fForced] = 1
	}
}

// hostedTool is the hidden prompt of a tool that the provider runs itself, in
// tokens: about the median of recorded replies.
const hostedTool = 300

// responses walks a Responses request.
func (w *walk) responses(key string, v []byte) {
	switch key {
	case "instructions":
		if isString(v) && len(v) > len(`""`) {
			w.whole(v, asSystem, w.instructions)
		}
	case "input":
		w.conversation(v, w.item)
	case "tools":
		w.whole(v, asTools, w.openaiTools)
	case "tool_choice":
		w.openaiChoice(v)
	case "text":
		w.schema(member(v, "format", "schema"))
		w.f[fSchema] += w.text(member(v, "format", "name"))
	case "previous_response_id", "conversation", "prompt":
		if !isNull(v) {
			w.hidden() // what is stored upstream is not known here
		}
	}
}

func (w *walk) instructions(v []byte) {
	w.system.add(v)
	w.f[fSystems]++
	w.f[fMessages]++
	w.f[fSystem] += w.text(v)
}

func isNull(v []byte) bool { return len(v) == 0 || string(v) == "null" }

// item counts one element of a Responses input.
func (w *walk) item(v []byte) {
	if isString(v) { // the whole input
		w.f[fMessages]++
		w.f[fText] += w.text(v)
		return
	}
	if !isObject(v) {
		return
	}
	p := w.fieldsOf(v)
	switch word(p.kind) {
	case "", "message":
		w.chatMessage(v)
	case "function_call", "custom_tool_call", "mcp_call":
		w.start |= continuesTurn // further ones are of the same turn, and no message
		w.f[fMessages]++
		w.f[fAssistant]++
		w.toolUse(w.text(p.name) + w.text(p.arguments) + w.text(p.input))
	case "function_call_output", "custom_tool_call_output":
		w.endTurn()
		w.f[fMessages]++
		w.f[fToolResults]++
		output := member(v, "output")
		if isArray(output) {
			list(output, func(part []byte) { w.openaiPart(part, fToolResult) })
		} else {
			w.f[fToolResult] += w.text(output)
		}
	case "reasoning":
		// What it says is encrypted or stored; the summary was written for people.
		w.f[fThinkings]++
		w.unsure = true
	case "item_reference":
		w.hidden()
	default:
		w.f[fMessages]++
		w.hidden()
		w.strings(v, fText, 1)
	}
}
