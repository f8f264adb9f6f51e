package tokens

// keys are the member names that mean something in some protocol. Looking one
// up turns its bytes into a string without allocating it.
var keys = func() map[string]string {
	m := make(map[string]string)
	for _, k := range []string{
		"system", "messages", "tools", "tool_choice", "output_format", "output_config", "thinking", "mcp_servers",
		"functions", "function_call", "response_format", "prompt", "input", "query", "content", "name", "refusal",
		"reasoning_content", "reasoning", "tool_calls", "audio", "instructions", "text", "previous_response_id",
		"conversation", "generateContentRequest", "generate_content_request", "systemInstruction",
		"system_instruction", "contents", "toolConfig", "tool_config", "generationConfig", "generation_config",
		"cachedContent", "cached_content", "responseSchema", "response_schema", "responseJsonSchema",
		"response_json_schema", "functionDeclarations", "function_declarations", "functionCall", "functionResponse",
		"function_response", "inlineData", "inline_data", "fileData", "file_data", "executableCode",
		"executable_code", "description", "title", "default", "const", "pattern", "enum", "properties", "$defs", "definitions",
		"items", "anyOf", "oneOf", "allOf", "type", "role", "parts", "source", "data", "arguments",
		"codeExecutionResult", "code_execution_result", "thoughtSignature", "thought_signature",
	} {
		m[k] = k
	}
	return m
}()

// known is key as a string, "" if no protocol gives it a meaning.
func known(key []byte) string { return keys[string(key)] }
