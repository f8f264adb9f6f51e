package protocol

import (
	"strings"

	"github.com/ccload/ccload/ai"
)

// clientFields say in which field of a client's request stands what an
// InexpressibleError names. The first row whose words it holds counts.
var clientFields = []struct {
	words                                string
	anthropic, openai, responses, gemini string
}{
	{"stop sequence", "stop_sequences", "stop", "stop", "generationConfig.stopSequences"},
	{"logprobs", "logprobs", "logprobs", "top_logprobs", "generationConfig.responseLogprobs"},
	{"JSON output", "output_config.format", "response_format", "text.format", "generationConfig.responseMimeType"},
	{"schema of the answer", "output_config.format", "response_format", "text.format", "generationConfig.responseJsonSchema"},
	{"schema of the tool", "tools.input_schema", "tools.function.parameters", "tools.parameters", "tools.functionDeclarations.parametersJsonSchema"},
	{"tool_choice", "tool_choice", "tool_choice", "tool_choice", "toolConfig.functionCallingConfig"},
	{"modalities", "modalities", "modalities", "modalities", "generationConfig.responseModalities"},
	{"answers of the kind", "modalities", "modalities", "modalities", "generationConfig.responseModalities"},
	{"tool result", "messages", "messages", "input", "contents"},
	{"web search", "tools", "tools", "tools", "tools"},
	{"tool ", "tools", "tools", "tools", "tools"},
	{"tools ", "tools", "tools", "tools", "tools"},
	{"custom tool", "tools", "tools", "tools", "tools"},
	{"system turn", "system", "messages", "instructions", "systemInstruction"},
	{"", "messages", "messages", "input", "contents"},
}

// ClientField is the field of a client's own format in which stands what cannot
// be said in another.
func ClientField(client ai.Protocol, what string) string {
	for _, row := range clientFields {
		if !strings.Contains(what, row.words) {
			continue
		}
		switch client {
		case ai.Anthropic:
			return row.anthropic
		case ai.Responses:
			return row.responses
		case ai.Gemini:
			return row.gemini
		default:
			return row.openai
		}
	}
	return ""
}
