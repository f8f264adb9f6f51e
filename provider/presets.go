package provider

import "github.com/ccload/ccload/ai"

// presets is the table of vendors: the large ones first, then hosts of many
// vendors' models, then servers of one's own. Addresses are written as the
// vendor writes them.
//
// Vendors of their own models have patterns for their families, so that a call
// for another vendor's model does not try them in vain. Hosts that name models
// vendor/model have */*.
var presets = []Preset{
	{
		Name: "anthropic", Title: "Anthropic",
		Keys:      []string{"sk-ant-*"},
		Endpoints: []Endpoint{{ai.Anthropic, "https://api.anthropic.com", AuthXAPIKey}},
		Models:    []string{"claude-*"},
		Docs:      "https://platform.claude.com/docs/en/api",
	},
	{
		Name: "openai", Title: "OpenAI",
		Keys: []string{"sk-proj-*", "sk-svcacct-*", "sk-admin-*", "sk-*T3BlbkFJ*"}, // old ones have no kind, and that in their middle
		Endpoints: []Endpoint{
			{ai.Responses, "https://api.openai.com/v1", AuthBearer},
			{ai.OpenAI, "https://api.openai.com/v1", AuthBearer},
		},
		Models: []string{
			"gpt-*", "chatgpt-*", "o1*", "o3*", "o4*", "codex-*", "computer-use*", "ft:*", "davinci-*", "babbage-*",
			"text-embedding-3*", "text-embedding-ada*", "omni-moderation*", "text-moderation*",
			"dall-e*", "whisper*", "tts-*", "sora*",
		},
		Docs: "https://developers.openai.com/api/reference/overview",
	},
	{
		Name: "gemini", Title: "Google Gemini",
		Keys: []string{"AIza*"},
		Endpoints: []Endpoint{
			{ai.Gemini, "https://generativelanguage.googleapis.com", AuthGoogle},
			{ai.OpenAI, "https://generativelanguage.googleapis.com/v1beta/openai", AuthBearer},
		},
		Models: []string{
			"gemini-*", "gemma-*", "learnlm-*", "nano-banana*", "text-embedding-0*", "embedding-0*",
			"imagen*", "veo*", "lyria*", "aqa",
		},
		Docs: "https://ai.google.dev/gemini-api/docs/openai",
	},
	{
		Name: "azure", Title: "Azure OpenAI",
		Endpoints: []Endpoint{
			{ai.Responses, "https://<resource>.openai.azure.com/openai/v1", AuthAPIKey},
			{ai.OpenAI, "https://<resource>.openai.azure.com/openai/v1", AuthAPIKey},
		},
		Models:   []string{"*"}, // deployments have names of the customer's choice
		Docs:     "https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle",
		NeedsURL: true,
	},
	{
		Name: "xai", Title: "xAI",
		Keys: []string{"xai-*"},
		Endpoints: []Endpoint{
			{ai.Responses, "https://api.x.ai/v1", AuthBearer},
			{ai.OpenAI, "https://api.x.ai/v1", AuthBearer},
		},
		Models: []string{"grok-*"},
		Docs:   "https://docs.x.ai/docs/api-reference",
	},
	{
		Name: "mistral", Title: "Mistral AI",
		Endpoints: []Endpoint{{ai.OpenAI, "https://api.mistral.ai/v1", AuthBearer}},
		Models: []string{
			"mistral-*", "ministral-*", "magistral-*", "codestral-*", "devstral-*", "pixtral-*", "voxtral-*",
			"open-mistral-*", "open-mixtral-*", "open-codestral-*",
		},
		Docs:       "https://docs.mistral.ai/resources/migration-guides",
		TellsUsage: true,
	},
	{
		Name: "deepseek", Title: "DeepSeek",
		Endpoints: []Endpoint{
			{ai.OpenAI, "https://api.deepseek.com", AuthBearer},
			{ai.Anthropic, "https://api.deepseek.com/anthropic", AuthXAPIKey},
		},
		Models: []string{"deepseek-*"}, // it answers claude-* too, with models of its own
		Docs:   "https://api-docs.deepseek.com/guides/anthropic_api",
	},
	{
		Name: "moonshot", Title: "Moonshot AI (Kimi)",
		Endpoints: []Endpoint{
			{ai.OpenAI, "https://api.moonshot.ai/v1", AuthBearer},
			{ai.Responses, "https://api.moonshot.ai/v1", AuthBearer},
			{ai.Anthropic, "https://api.moonshot.ai/anthropic", AuthBearer},
		},
		Models: []string{"kimi-*", "moonshot-*"},
		Docs:   "https://platform.kimi.ai/docs/api/overview",
	},
	{
		Name: "moonshot-cn", Title: "Moonshot AI (Kimi), China",
		Endpoints: []Endpoint{
			{ai.OpenAI, "https://api.moonshot.cn/v1", AuthBearer},
			{ai.Anthropic, "https://api.moonshot.cn/anthropic", AuthBearer},
		},
		Models: []string{"kimi-*", "moonshot-*"},
		Docs:   "https://platform.moonshot.cn/docs",
	},
	{
		Name: "zai", Title: "Z.ai (GLM)",
		Endpoints: []Endpoint{
			{ai.OpenAI, "https://api.z.ai/api/paas/v4", AuthBearer},
			{ai.Anthropic, "https://api.z.ai/api/anthropic", AuthBearer},
		},
		Models: []string{"glm-*", "cogview-*", "cogvideo*"},
		Docs:   "https://docs.z.ai/guides/develop/openai/python",
	},
	{
		Name: "zai-coding", Title: "Z.ai GLM Coding Plan", // a plan's key works at these addresses only
		Endpoints: []Endpoint{
			{ai.OpenAI, "https://api.z.ai/api/coding/paas/v4", AuthBearer},
			{ai.Responses, "https://api.z.ai/api/v1", AuthBearer},
			{ai.Anthropic, "https://api.z.ai/api/anthropic", AuthBearer},
		},
		Models: []string{"glm-*"},
		Docs:   "https://docs.z.ai/devpack/overview",
	},
	{
		Name: "zhipu", Title: "Zhipu BigModel (GLM), China",
		Endpoints: []Endpoint{
			{ai.OpenAI, "https://open.bigmodel.cn/api/paas/v4", AuthBearer},
			{ai.Anthropic, "https://open.bigmodel.cn/api/anthropic", AuthXAPIKey},
		},
		Models: []string{"glm-*", "cogview-*", "cogvideo*", "charglm-*", "codegeex-*"},
		Docs:   "https://docs.bigmodel.cn/cn/guide/develop/claude/introduction",
	},
	{
		Name: "qwen", Title: "Alibaba Cloud Model Studio (Qwen)",
		Endpoints: []Endpoint{
			{ai.OpenAI, "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", AuthBearer},
			{ai.Responses, "https://dashscope-intl.aliyuncs.com/api/v2/apps/protocols/compatible-mode/v1", AuthBearer},
			{ai.Anthropic, "https://dashscope-intl.aliyuncs.com/apps/anthropic", AuthXAPIKey},
		},
		Models: qwenModels,
		Docs:   "https://www.alibabacloud.com/help/en/model-studio/compatibility-with-openai-responses-api",
	},
	{
		Name: "qwen-cn", Title: "Alibaba Cloud Model Studio (Qwen), China",
		Endpoints: []Endpoint{
			{ai.OpenAI, "https://dashscope.aliyuncs.com/compatible-mode/v1", AuthBearer},
			{ai.Anthropic, "https://dashscope.aliyuncs.com/apps/anthropic", AuthXAPIKey},
		},
		Models: qwenModels,
		Docs:   "https://help.aliyun.com/zh/model-studio/anthropic-api-messages",
	},
	{
		Name: "minimax", Title: "MiniMax",
		Endpoints: []Endpoint{
			{ai.Anthropic, "https://api.minimax.io/anthropic", AuthBearer}, // keeps thinking apart from text
			{ai.Responses, "https://api.minimax.io/v1", AuthBearer},
			{ai.OpenAI, "https://api.minimax.io/v1", AuthBearer},
		},
		Models: []string{"MiniMax-*", "abab*"},
		Docs:   "https://platform.minimax.io/docs/api-reference/text-anthropic-api",
	},
	{
		Name: "minimax-cn", Title: "MiniMax, China",
		Endpoints: []Endpoint{
			{ai.Anthropic, "https://api.minimaxi.com/anthropic", AuthBearer},
			{ai.OpenAI, "https://api.minimaxi.com/v1", AuthBearer},
		},
		Models: []string{"MiniMax-*", "abab*"},
		Docs:   "https://platform.minimaxi.com/docs/api-reference/text-anthropic-api",
	},
	{
		Name: "volcengine", Title: "Volcengine Ark (Doubao)",
		Endpoints: []Endpoint{{ai.OpenAI, "https://ark.cn-beijing.volces.com/api/v3", AuthBearer}},
		Models:    []string{"doubao-*", "ep-*"}, // ep-… are endpoints of the customer's
		Docs:      "https://www.volcengine.com/docs/82379",
	},
	{
		Name: "openrouter", Title: "OpenRouter",
		Keys: []string{"sk-or-*"},
		Endpoints: []Endpoint{
			{ai.OpenAI, "https://openrouter.ai/api/v1", AuthBearer},
			{ai.Anthropic, "https://openrouter.ai/api", AuthBearer},
			{ai.Responses, "https://openrouter.ai/api/v1", AuthBearer},
		},
		Models: []string{"*/*"},
		Docs:   "https://openrouter.ai/docs/quickstart",
	},
	{
		Name: "vercel", Title: "Vercel AI Gateway",
		Endpoints: []Endpoint{
			{ai.OpenAI, "https://ai-gateway.vercel.sh/v1", AuthBearer},
			{ai.Anthropic, "https://ai-gateway.vercel.sh", AuthBearer},
			{ai.Responses, "https://ai-gateway.vercel.sh/v1", AuthBearer},
		},
		Models: []string{"*/*"},
		Docs:   "https://vercel.com/docs/ai-gateway/sdks-and-apis",
	},
	{
		Name: "groq", Title: "Groq",
		Keys: []string{"gsk_*"},
		Endpoints: []Endpoint{
			{ai.OpenAI, "https://api.groq.com/openai/v1", AuthBearer},
			{ai.Responses, "https://api.groq.com/openai/v1", AuthBearer},
		},
		Models: []string{"*/*", "llama*", "gemma*", "whisper-*", "distil-whisper-*"},
		Docs:   "https://console.groq.com/docs/openai",
	},
	{
		Name: "together", Title: "Together AI",
		Endpoints: []Endpoint{{ai.OpenAI, "https://api.together.ai/v1", AuthBearer}},
		Models:    []string{"*/*"},
		Docs:      "https://docs.together.ai/docs/openai-api-compatibility",
	},
	{
		Name: "fireworks", Title: "Fireworks AI",
		Keys: []string{"fw_*"},
		Endpoints: []Endpoint{
			{ai.OpenAI, "https://api.fireworks.ai/inference/v1", AuthBearer},
			{ai.Responses, "https://api.fireworks.ai/inference/v1", AuthBearer},
			{ai.Anthropic, "https://api.fireworks.ai/inference", AuthBearer},
		},
		Models: []string{"accounts/*"},
		Docs:   "https://docs.fireworks.ai/guides/response-api",
	},
	{
		Name: "cerebras", Title: "Cerebras",
		Keys:      []string{"csk-*"},
		Endpoints: []Endpoint{{ai.OpenAI, "https://api.cerebras.ai/v1", AuthBearer}},
		Models:    []string{"gpt-oss-*", "llama*", "qwen-*", "zai-*"},
		Docs:      "https://inference-docs.cerebras.ai/resources/openai",
	},
	{
		Name: "perplexity", Title: "Perplexity",
		Keys: []string{"pplx-*"},
		Endpoints: []Endpoint{
			{ai.Responses, "https://api.perplexity.ai/v1", AuthBearer},
			{ai.OpenAI, "https://api.perplexity.ai/*", AuthBearer}, // chat has no version in its path
		},
		Models: []string{"sonar*", "*/*"},
		Docs:   "https://docs.perplexity.ai/docs/grounded-llm/openai-compatibility",
	},
	{
		Name: "nvidia", Title: "NVIDIA NIM",
		Keys:      []string{"nvapi-*"},
		Endpoints: []Endpoint{{ai.OpenAI, "https://integrate.api.nvidia.com/v1", AuthBearer}},
		Models:    []string{"*/*"},
		Docs:      "https://build.nvidia.com/",
	},
	{
		Name: "github", Title: "GitHub Models",
		Endpoints: []Endpoint{{ai.OpenAI, "https://models.github.ai/inference/*", AuthBearer}},
		Models:    []string{"*/*"},
		Docs:      "https://docs.github.com/en/rest/models/inference",
	},
	{
		Name: "siliconflow", Title: "SiliconFlow",
		Endpoints: []Endpoint{
			{ai.OpenAI, "https://api.siliconflow.com/v1", AuthBearer},
			{ai.Anthropic, "https://api.siliconflow.com", AuthBearer},
		},
		Models: []string{"*/*"},
		Docs:   "https://docs.siliconflow.com/en/api-reference/chat-completions/chat-completions",
	},
	{
		Name: "siliconflow-cn", Title: "SiliconFlow, China",
		Endpoints: []Endpoint{
			{ai.OpenAI, "https://api.siliconflow.cn/v1", AuthBearer},
			{ai.Anthropic, "https://api.siliconflow.cn", AuthBearer},
		},
		Models: []string{"*/*"},
		Docs:   "https://docs.siliconflow.cn/cn/api-reference/chat-completions/chat-completions",
	},
	{
		Name: "ollama", Title: "Ollama",
		Endpoints: []Endpoint{
			{ai.OpenAI, "http://localhost:11434/v1", AuthBearer},
			{ai.Anthropic, "http://localhost:11434", AuthBearer},
			{ai.Responses, "http://localhost:11434/v1", AuthBearer},
		},
		Models:  []string{"*"},
		Docs:    "https://docs.ollama.com/api/openai-compatibility",
		Keyless: true,
	},
	{
		Name: "ollama-cloud", Title: "Ollama cloud",
		Endpoints: []Endpoint{
			{ai.OpenAI, "https://ollama.com/v1", AuthBearer},
			{ai.Anthropic, "https://ollama.com", AuthBearer},
			{ai.Responses, "https://ollama.com/v1", AuthBearer},
		},
		Models: []string{"*"},
		Docs:   "https://docs.ollama.com/api/openai-compatibility",
	},
	{
		Name: "vllm", Title: "vLLM",
		Endpoints: []Endpoint{
			{ai.OpenAI, "http://localhost:8000/v1", AuthBearer},
			{ai.Responses, "http://localhost:8000/v1", AuthBearer},
			{ai.Anthropic, "http://localhost:8000", AuthBearer},
		},
		Models:  []string{"*"},
		Docs:    "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
		Keyless: true,
	},
	{
		Name: "lmstudio", Title: "LM Studio",
		Endpoints: []Endpoint{
			{ai.OpenAI, "http://localhost:1234/v1", AuthBearer},
			{ai.Responses, "http://localhost:1234/v1", AuthBearer},
			{ai.Anthropic, "http://localhost:1234", AuthBearer},
		},
		Models:  []string{"*"},
		Docs:    "https://lmstudio.ai/docs/developer/openai-compat",
		Keyless: true,
	},
	{
		// Served inside the gateway's own process; the name is one that no name
		// server knows.
		Name: "demo", Title: "Demo",
		Endpoints: []Endpoint{
			{ai.Anthropic, "http://demo.invalid", AuthXAPIKey},
			{ai.OpenAI, "http://demo.invalid", AuthBearer},
			{ai.Responses, "http://demo.invalid", AuthBearer},
			{ai.Gemini, "http://demo.invalid", AuthGoogle},
		},
		Models:  []string{"demo-*"},
		Docs:    "https://github.com/ccload/ccload#readme",
		Keyless: true,
	},
}

// qwenModels are served in every region.
var qwenModels = []string{"qwen*", "qwq-*", "qvq-*", "tongyi-*", "wan*", "text-embedding-v*", "multimodal-embedding-*"}
