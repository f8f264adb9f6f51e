package tokens

// The families. output and ending are fitted to what providers reported for
// recorded plain-text answers; those without recordings have their neighbours'. How pictures are counted (imageBase, imageTile,
// patch) is from OpenAI's documentation, "Images and vision".
var (
	claude3  = family{name: "claude-3", weights: fitted["claude-3"], output: 1.14, ending: 2.5, apart: true, media: claudeMedia}
	claude37 = family{name: "claude-3.7", weights: fitted["claude-3.7"], output: 1.14, ending: 2.5, apart: true, media: claudeMedia}
	claude45 = family{name: "claude-4.5", weights: fitted["claude-4.5"], output: 1.12, ending: 3, apart: true, media: claudeMedia}
	claude5  = family{name: "claude-5", weights: fitted["claude-5"], output: 1.42, ending: 4.5, apart: true, media: claudeMedia, sharp: true}
	gpt4o    = family{name: "gpt-4o", weights: fitted["gpt-4o"], output: 1, exact: true, renders: true, media: openaiMedia}
	gpt5     = family{name: "gpt-5", weights: fitted["gpt-5"], output: 1, ending: 4, exact: true, renders: true, media: openaiMedia, imageBase: 70, imageTile: 140}
	oSeries  = family{name: "o-series", weights: fitted["o-series"], output: 1, exact: true, renders: true, media: openaiMedia}
	gpt4     = family{name: "gpt-4", weights: fitted["gpt-4"], output: 1, exact: true, renders: true, cl100k: true, media: openaiMedia}
	gptOSS   = family{name: "gpt-oss", weights: fitted["gpt-oss"], output: 1, renders: true, media: openaiMedia}
	gemini2  = family{name: "gemini-2.0", bare: true, weights: fitted["gemini-2.0"], output: 1.06, ending: 0.5, apart: true, media: geminiMedia}
	gemini25 = family{name: "gemini-2.5", bare: true, weights: fitted["gemini-2.5"], output: 1.06, apart: true, media: gemini25Media, signatures: signatures{0.16, 60, true}, vertex: &gemini25vertex}
	gemini3  = family{name: "gemini-3", bare: true, weights: fitted["gemini-3"], output: 1.1, apart: true, media: gemini3Media, signatures: signatures{0.21, 160, false}, vertex: &gemini3vertex}

	gemini25vertex = family{name: "gemini-2.5-vertex", bare: true, weights: fitted["gemini-2.5-vertex"], output: 1.04, apart: true, media: gemini25Media}
	gemini3vertex  = family{name: "gemini-3-vertex", bare: true, calls: true, weights: fitted["gemini-3-vertex"], output: 1.1, apart: true, media: gemini3Media}
	gemma          = family{name: "gemma", weights: plainWeights, output: 1.05, apart: true, media: geminiMedia}
	deepseek       = family{name: "deepseek", weights: fitted["deepseek"], output: 1.03, media: openaiMedia}
	qwen           = family{name: "qwen", weights: fitted["qwen"], output: 1.04, media: openaiMedia}
	glm            = family{name: "glm", weights: fitted["glm"], output: 1.04, media: openaiMedia}
	kimi           = family{name: "kimi", weights: fitted["kimi"], output: 1.04, media: openaiMedia}
	mistral        = family{name: "mistral", weights: fitted["mistral"], output: 1.04, ending: 1, media: openaiMedia}
	grok3          = family{name: "grok-3", weights: fitted["grok-3"], output: 1, media: openaiMedia}
	grok4          = family{name: "grok-4", weights: fitted["grok-4"], output: 1, media: openaiMedia}
	llama4         = family{name: "llama-4", weights: fitted["llama-4"], output: 1.01, media: openaiMedia}
	llama          = family{name: "llama", weights: fitted["llama"], output: 1.04, ending: 1, media: openaiMedia}
	minimax        = family{name: "minimax", weights: plainWeights, output: 1.04, media: openaiMedia}
	cohere         = family{name: "cohere", weights: plainWeights, output: 1.04, media: openaiMedia}
	sonar          = family{name: "sonar", weights: fitted["sonar"], output: 1, media: openaiMedia}
	nova           = family{name: "nova", weights: plainWeights, output: 1.1, media: openaiMedia}
	other          = family{name: "other", weights: plainWeights, output: 1.03, media: openaiMedia}
)

// These differ from their family in how they count pictures alone.
var (
	gpt4omini = tiled(gpt4o, 2833, 5667)
	gpt41mini = patched(gpt4o, 1.62)
	gpt41nano = patched(gpt4o, 2.46)
	gpt5mini  = patched(gpt5, 1.62)
	gpt5nano  = patched(gpt5, 2.46)
	o4mini    = patched(oSeries, 1.72)
	o3        = tiled(oSeries, 75, 150)
)

func tiled(f family, base, tile int64) family {
	f.imageBase, f.imageTile = base, tile
	return f
}

func patched(f family, factor float64) family {
	f.patch = factor
	return f
}
