package tokens

var plainWeights = [features]float64{fText: 1, fSystem: 1, fThinking: 1, fToolUse: 1, fToolResult: 1, fToolDefs: 1, fSchema: 1, fMessages: 4, fRequest: 3, fNames: 1}

var (
	claude    = family{name: "claude", weights: plainWeights, output: 1, media: claudeMedia}
	claude5   = family{name: "claude-5", weights: plainWeights, output: 1, media: claudeMedia, sharp: true}
	gpt4o     = family{name: "gpt-4o", weights: plainWeights, output: 1, exact: true, renders: true, media: openaiMedia}
	gpt4omini = gpt4o
	gpt41mini = gpt4o
	gpt41nano = gpt4o
	gpt5      = family{name: "gpt-5", weights: plainWeights, output: 1, exact: true, renders: true, media: openaiMedia}
	gpt5mini  = gpt5
	gpt5nano  = gpt5
	o3        = gpt5
	o4mini    = gpt5
	gpt4      = family{name: "gpt-4", weights: plainWeights, output: 1, exact: true, renders: true, cl100k: true, media: openaiMedia}
	gptOSS    = family{name: "gpt-oss", weights: plainWeights, output: 1, renders: true, media: openaiMedia}
	gemini2   = family{name: "gemini-2.0", weights: plainWeights, output: 1, media: geminiMedia}
	gemini25  = family{name: "gemini-2.5", weights: plainWeights, output: 1, media: geminiMedia}
	gemini3   = family{name: "gemini-3", weights: plainWeights, output: 1, media: gemini3Media}
	gemma     = family{name: "gemma", weights: plainWeights, output: 1, media: geminiMedia}
	deepseek  = family{name: "deepseek", weights: plainWeights, output: 1, media: openaiMedia}
	qwen      = family{name: "qwen", weights: plainWeights, output: 1, media: openaiMedia}
	glm       = family{name: "glm", weights: plainWeights, output: 1, media: openaiMedia}
	kimi      = family{name: "kimi", weights: plainWeights, output: 1, media: openaiMedia}
	mistral   = family{name: "mistral", weights: plainWeights, output: 1, media: openaiMedia}
	grok      = family{name: "grok", weights: plainWeights, output: 1, media: openaiMedia}
	llama     = family{name: "llama", weights: plainWeights, output: 1, media: openaiMedia}
	minimax   = family{name: "minimax", weights: plainWeights, output: 1, media: openaiMedia}
	cohere    = family{name: "cohere", weights: plainWeights, output: 1, media: openaiMedia}
	sonar     = family{name: "sonar", weights: plainWeights, output: 1, media: openaiMedia}
	nova      = family{name: "nova", weights: plainWeights, output: 1, media: openaiMedia}
	other     = family{name: "other", weights: plainWeights, output: 1, media: openaiMedia}
)
