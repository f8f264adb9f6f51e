package transfer

import (
	"net/url"
	"strings"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/provider"
)

// vendor is what another system's word for a service means here.
type vendor struct {
	// preset is our provider; "" if there is none.
	preset string
	// protocols are what an address other than the preset's speaks.
	protocols []string
	// url is the address of a service without a preset.
	url string
}

var (
	speaksOpenAI    = []string{"openai"}
	speaksAnthropic = []string{"anthropic"}
	speaksGemini    = []string{"gemini"}
	speaksResponses = []string{"responses"}
)

// vendors are the words that LiteLLM (docs.litellm.ai/docs/providers) and
// Portkey (portkey.ai/docs/integrations/llms) use for services. What is not in
// the table has no counterpart, or none that is known.
var vendors = map[string]vendor{
	"openai":                 {"openai", speaksOpenAI, ""},
	"text-completion-openai": {"openai", speaksOpenAI, ""},
	"custom_openai":          {"", speaksOpenAI, ""},
	"openai_like":            {"", speaksOpenAI, ""},
	"litellm_proxy":          {"", speaksOpenAI, ""},
	"anthropic":              {"anthropic", speaksAnthropic, ""},
	"gemini":                 {"gemini", speaksGemini, ""},
	"google":                 {"gemini", speaksGemini, ""},
	"azure":                  {"azure", speaksOpenAI, ""},
	"azure-openai":           {"azure", speaksOpenAI, ""},
	"xai":                    {"xai", speaksOpenAI, ""},
	"x-ai":                   {"xai", speaksOpenAI, ""},
	"mistral":                {"mistral", speaksOpenAI, ""},
	"mistral-ai":             {"mistral", speaksOpenAI, ""},
	"codestral":              {"", speaksOpenAI, "https://codestral.mistral.ai/v1"},
	"deepseek":               {"deepseek", speaksOpenAI, ""},
	"moonshot":               {"moonshot", speaksOpenAI, ""},
	"zai":                    {"zai", speaksOpenAI, ""},
	"z-ai":                   {"zai", speaksOpenAI, ""},
	"zhipu":                  {"zhipu", speaksOpenAI, ""},
	"dashscope":              {"qwen", speaksOpenAI, ""},
	"minimax":                {"minimax", speaksOpenAI, ""},
	"volcengine":             {"volcengine", speaksOpenAI, ""},
	"openrouter":             {"openrouter", speaksOpenAI, ""},
	"groq":                   {"groq", speaksOpenAI, ""},
	"together_ai":            {"together", speaksOpenAI, ""},
	"together-ai":            {"together", speaksOpenAI, ""},
	"fireworks_ai":           {"fireworks", speaksOpenAI, ""},
	"fireworks-ai":           {"fireworks", speaksOpenAI, ""},
	"cerebras":               {"cerebras", speaksOpenAI, ""},
	"perplexity":             {"perplexity", speaksOpenAI, ""},
	"perplexity-ai":          {"perplexity", speaksOpenAI, ""},
	"nvidia_nim":             {"nvidia", speaksOpenAI, ""},
	"github":                 {"github", speaksOpenAI, ""},
	"siliconflow":            {"siliconflow", speaksOpenAI, ""},
	"ollama":                 {"ollama", speaksOpenAI, ""},
	"ollama_chat":            {"ollama", speaksOpenAI, ""},
	"hosted_vllm":            {"vllm", speaksOpenAI, ""},
	"vllm":                   {"vllm", speaksOpenAI, ""},
	"lm_studio":              {"lmstudio", speaksOpenAI, ""},
	"deepinfra":              {"", speaksOpenAI, "https://api.deepinfra.com/v1/openai/*"},
	"sambanova":              {"", speaksOpenAI, "https://api.sambanova.ai/v1"},
	"novita":                 {"", speaksOpenAI, "https://api.novita.ai/v3/openai/*"},
	"nebius":                 {"", speaksOpenAI, "https://api.studio.nebius.ai/v1"},
	"hyperbolic":             {"", speaksOpenAI, "https://api.hyperbolic.xyz/v1"},
}

// notOffered are services that have no counterpart here, and why.
var notOffered = map[string]string{
	"bedrock": "Amazon Bedrock is not offered yet", "bedrock_converse": "Amazon Bedrock is not offered yet", "sagemaker": "Amazon SageMaker is not offered",
	"vertex_ai": "Google Vertex AI is not offered yet", "vertex_ai_beta": "Google Vertex AI is not offered yet", "vertex-ai": "Google Vertex AI is not offered yet",
	"cohere": "Cohere's own format is not offered", "cohere_chat": "Cohere's own format is not offered", "watsonx": "IBM watsonx is not offered",
	"huggingface": "Hugging Face's own format is not offered", "replicate": "Replicate's own format is not offered",
	"databricks": "signing in to Databricks is not offered", "github_copilot": "signing in with a subscription (OAuth) is not offered",
	"chatgpt": "signing in with a subscription (OAuth) is not offered", "cloudflare": "Cloudflare Workers AI's own addresses are not offered",
}

// findVendor returns the row of a word. problem says why there is none.
func findVendor(word string) (v vendor, problem string) {
	word = strings.ToLower(word)
	if v, known := vendors[word]; known {
		return v, ""
	}
	if why, known := notOffered[word]; known {
		return vendor{}, why
	}
	if _, known := provider.Get(word); known && word != "demo" {
		return vendor{preset: word, protocols: speaksOpenAI}, ""
	}
	return vendor{}, "the provider " + shown(word) + " has no counterpart here; if it speaks the format of OpenAI, make a channel with its url"
}

// place sets where a channel's requests go: to the service itself, or to the
// address that the file gives. Its problem is one of the file.
func place(ch *Channel, v vendor, base string) (problem string) {
	if base == "" {
		base = v.url
	}
	if config.HasPlaceholder(base) && !strings.HasPrefix(base, "{env.") {
		return "the address " + errPlaceholder.Error()
	}
	preset, known := provider.Get(v.preset)
	switch {
	case base == "" && known && !preset.NeedsURL:
		ch.Provider = v.preset
		return ""
	case base == "":
		return "it needs an address, which the file does not give"
	case isPresetAddress(v, base):
		ch.Provider = v.preset
		return ""
	case known && (preset.NeedsURL || preset.Keyless):
		ch.Provider = v.preset // its way to send the key belongs to it
	default:
		ch.Protocols = v.protocols
	}
	ch.URLs = []config.URL{{URL: base}}
	return ""
}

// isAddressOf reports whether an address is one of the preset's own, however
// much of its path is written.
func isAddressOf(p provider.Preset, base string) bool {
	for _, e := range p.Endpoints {
		if bareAddress(e.URL) == bareAddress(base) {
			return true
		}
	}
	return false
}

func bareAddress(address string) string {
	address = strings.TrimSuffix(strings.TrimRight(strings.TrimSuffix(address, "/*"), "/"), "/v1")
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return strings.ToLower(u.Scheme+"://"+u.Host) + u.Path
}

// endpoints are the ends of addresses that name one endpoint, and what they say
// of the address before them.
var endpoints = []struct {
	end       string
	protocols []string
}{
	{"/chat/completions", speaksOpenAI},
	{"/completions", speaksOpenAI},
	{"/v1/messages", speaksAnthropic},
	{"/messages", speaksAnthropic},
	{"/responses", speaksResponses},
	{"/v1beta/models", speaksGemini},
}

// withoutEndpoint turns the address of an endpoint into the one before it. It
// returns no protocols for an address that names none.
func withoutEndpoint(address string) (base string, protocols []string) {
	address = strings.TrimRight(address, "/")
	for _, e := range endpoints {
		if base, ok := strings.CutSuffix(address, e.end); ok && strings.Contains(base, "://") {
			if e.end == "/messages" || e.end == "/completions" || e.end == "/chat/completions" || e.end == "/responses" {
				base = unversioned(base)
			}
			return base, e.protocols
		}
	}
	return address, nil
}

// unversioned marks a base whose endpoint follows without a version segment, so
// that none is put between them.
func unversioned(base string) string {
	u := config.URL{URL: base}
	if joined, err := u.Join("/v1/x"); err == nil && joined.String() == base+"/x" {
		return base
	}
	return base + "/*"
}

// isPresetAddress reports whether an address is the service's own, with or
// without the path that its formats are below.
func isPresetAddress(v vendor, base string) bool {
	preset, known := provider.Get(v.preset)
	if !known || preset.NeedsURL || preset.Keyless {
		return false
	}
	if isAddressOf(preset, base) {
		return true
	}
	u, err := url.Parse(base)
	if err != nil || strings.Trim(u.Path, "/") != "" {
		return false
	}
	for _, e := range preset.Endpoints {
		if own, err := url.Parse(e.URL); err == nil && strings.EqualFold(own.Host, u.Host) {
			return true
		}
	}
	return false
}
