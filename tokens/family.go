package tokens

import "strings"

// family is how the models of one kind count.
type family struct {
	name    string
	weights [features]float64 // tokens per unit of each feature
	output  float64           // tokens of output per token of the encoding
	ending  float64           // tokens of output that no text has: the marks around an answer
	cl100k  bool              // counts by cl100k_base, else by o200k_base
	exact   bool              // the encoding is the models' own
	renders bool              // shows tools as types, not as JSON
	vertex  *family           // on Vertex AI, as long as no tool was called, or calls say that it is always
	calls   bool              // of vertex: also where a tool was called
	bare    bool              // shows tools by their texts alone
	apart   bool              // the system prompt is not one of the messages
	media   mediaRules

	signatures           signatures
	sharp                bool    // Claude: takes larger pictures
	patch                float64 // OpenAI: pictures by patches, and the model's factor
	imageBase, imageTile int64   // OpenAI: pictures by tiles; 0 means 85 and 170
}

// signatures is how the thoughts behind signatures count.
type signatures struct {
	each    float64 // tokens per character
	free    int     // characters that do not count
	streams bool    // only in streams
}

func (f *family) encoding() *encoding {
	if f.cl100k {
		return cl100k()
	}
	return o200k()
}

// normal is a model's name without what hosts put around it: vendor, region,
// path, and the tag of a variant.
func normal(model string) string {
	model = strings.ToLower(strings.TrimSpace(model))
	if i := strings.LastIndexByte(model, '/'); i >= 0 {
		model = model[i+1:]
	}
	// Bedrock: us.anthropic.claude-…-v1:0
	for _, vendor := range []string{"anthropic.", "openai.", "meta.", "mistral.", "deepseek.", "qwen.", "cohere.", "amazon.", "zai.", "moonshot.", "google."} {
		if i := strings.Index(model, vendor); i >= 0 && i <= 8 && (i == 0 || model[i-1] == '.') {
			model = model[i+len(vendor):]
			break
		}
	}
	if i := strings.IndexByte(model, ':'); i > 0 && !strings.HasPrefix(model, "ft:") {
		model = model[:i]
	}
	model = strings.TrimPrefix(model, "ft:")
	if i := strings.IndexByte(model, '@'); i > 0 {
		model = model[:i]
	}
	return model
}

// familyOf finds the family of a normalised name; of an unknown one, other.
func familyOf(model string) *family {
	if i := strings.Index(model, "claude"); i >= 0 {
		switch major, minor := version(model[i:]); {
		case major > 4 || major == 4 && minor >= 7:
			return &claude5
		case major == 4 && minor >= 5:
			return &claude45
		case major == 4 || major == 3 && minor >= 7:
			return &claude37
		}
		return &claude3
	}
	for i := range names {
		n := &names[i]
		if strings.HasPrefix(model, n.start) || n.anywhere && strings.Contains(model, n.start) {
			return n.family
		}
	}
	return &other
}

// version reads the first two short numbers of a name: 4 and 5 of
// claude-sonnet-4-5-20250929. A date is not one.
func version(model string) (major, minor int) {
	found := 0
	for part := range strings.FieldsFuncSeq(model, func(r rune) bool { return r == '-' || r == '.' }) {
		part = strings.TrimPrefix(part, "v")
		if len(part) > 2 || strings.Trim(part, "0123456789") != "" {
			if found > 0 {
				break
			}
			continue
		}
		n := 0
		for _, c := range part {
			n = n*10 + int(c-'0')
		}
		if found++; found == 2 {
			return major, n
		}
		major = n
	}
	return major, 0
}

// names are how families' names begin, the first that fits.
var names = []struct {
	start    string
	anywhere bool
	family   *family
}{
	{"gpt-oss", true, &gptOSS},
	{"gpt-4.1-mini", false, &gpt41mini},
	{"gpt-4.1-nano", false, &gpt41nano},
	{"gpt-4o-mini", false, &gpt4omini},
	{"gpt-4o", false, &gpt4o},
	{"gpt-4.", false, &gpt4o},
	{"chatgpt", false, &gpt4o},
	{"o4-mini", false, &o4mini},
	{"o1", false, &o3},
	{"o3", false, &o3},
	{"o4", false, &o3},
	{"gpt-5-mini", false, &gpt5mini},
	{"gpt-5-nano", false, &gpt5nano},
	{"gpt-3.5", false, &gpt4},
	{"gpt-35", false, &gpt4},
	{"gpt-4", false, &gpt4},
	{"text-embedding", false, &gpt4},
	{"davinci", false, &gpt4},
	{"babbage", false, &gpt4},
	{"gpt-", false, &gpt5},
	{"codex", false, &gpt5},
	{"gemini-1", false, &gemini2},
	{"gemini-2.0", false, &gemini2},
	{"gemini-2", false, &gemini25},
	{"gemini", false, &gemini3},
	{"gemma", true, &gemma},
	{"deepseek", true, &deepseek},
	{"qwen", true, &qwen},
	{"qwq", true, &qwen},
	{"glm", true, &glm},
	{"kimi", true, &kimi},
	{"moonshot", true, &kimi},
	{"mistral", true, &mistral},
	{"mixtral", true, &mistral},
	{"magistral", true, &mistral},
	{"ministral", true, &mistral},
	{"codestral", true, &mistral},
	{"devstral", true, &mistral},
	{"pixtral", true, &mistral},
	{"non-reasoning", true, &grok3},
	{"grok-2", true, &grok3},
	{"grok-3", true, &grok3},
	{"grok-beta", true, &grok3},
	{"grok", true, &grok4},
	{"llama-4", true, &llama4},
	{"llama", true, &llama},
	{"minimax", true, &minimax},
	{"command", false, &cohere},
	{"sonar", false, &sonar},
	{"nova", false, &nova},
}
