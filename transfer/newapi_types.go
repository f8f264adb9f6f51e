package transfer

// Types of channels, by number: new-api's constant/channel.go and one-api's
// relay/channeltype/define.go with url.go beside it, in their repositories. The
// numbers agree up to 25 and differ from there on.

// channelType is what a number means here.
type channelType struct {
	name   string
	vendor vendor
	// below is appended to an address that the file gives: the system appends
	// it itself for channels of the type.
	below string
	// why says why a type has no counterpart.
	why string
}

const (
	whyPictures  = "it makes pictures, films or music by a format of its own"
	whyOwnFormat = "it speaks a format of its own, which is not offered"
	whyGone      = "its service has ended"
)

// sharedTypes are those that both systems number alike.
var sharedTypes = map[int]channelType{
	1:  {"OpenAI", vendor{"openai", speaksOpenAI, ""}, "", ""},
	3:  {"Azure", vendor{"azure", speaksOpenAI, ""}, "/openai/v1", ""},
	5:  {"OpenAI-SB", vendor{"", speaksOpenAI, "https://api.openai-sb.com"}, "", ""},
	6:  {"OpenAIMax", vendor{"", speaksOpenAI, "https://api.openaimax.com"}, "", ""},
	7:  {"OhMyGPT", vendor{"", speaksOpenAI, "https://api.ohmygpt.com"}, "", ""},
	8:  {"Custom", vendor{"", speaksOpenAI, ""}, "", ""},
	9:  {"AILS", vendor{"", speaksOpenAI, "https://api.caipacity.com"}, "", ""},
	10: {"AIProxy", vendor{"", speaksOpenAI, "https://api.aiproxy.io"}, "", ""},
	11: {"PaLM", vendor{}, "", whyGone},
	12: {"API2GPT", vendor{"", speaksOpenAI, "https://api.api2gpt.com"}, "", ""},
	13: {"AIGC2D", vendor{"", speaksOpenAI, "https://api.aigc2d.com"}, "", ""},
	14: {"Anthropic", vendor{"anthropic", speaksAnthropic, ""}, "", ""},
	15: {"Baidu", vendor{}, "", whyOwnFormat},
	16: {"Zhipu", vendor{}, "", whyOwnFormat},
	17: {"Ali", vendor{"qwen-cn", speaksOpenAI, ""}, "/compatible-mode/v1", ""},
	18: {"Xunfei", vendor{}, "", whyOwnFormat},
	19: {"360", vendor{"", speaksOpenAI, "https://api.360.cn"}, "", ""},
	20: {"OpenRouter", vendor{"openrouter", speaksOpenAI, ""}, "", ""},
	21: {"AIProxy Library", vendor{}, "", whyOwnFormat},
	22: {"FastGPT", vendor{"", speaksOpenAI, "https://fastgpt.run/api/openapi"}, "", ""},
	23: {"Tencent", vendor{}, "", whyOwnFormat},
	24: {"Gemini", vendor{"gemini", speaksGemini, ""}, "", ""},
	25: {"Moonshot", vendor{"moonshot-cn", speaksOpenAI, ""}, "", ""},
}

var newAPITypes = map[int]channelType{
	2:  {"Midjourney", vendor{}, "", whyPictures},
	4:  {"Ollama", vendor{"ollama", speaksOpenAI, ""}, "", ""},
	26: {"Zhipu V4", vendor{"zhipu", speaksOpenAI, ""}, "/api/paas/v4", ""},
	27: {"Perplexity", vendor{"perplexity", speaksOpenAI, ""}, "/*", ""},
	31: {"LingYiWanWu", vendor{"", speaksOpenAI, "https://api.lingyiwanwu.com"}, "", ""},
	33: {"AWS", vendor{}, "", "Amazon Bedrock is not offered yet"},
	34: {"Cohere", vendor{}, "", whyOwnFormat},
	35: {"MiniMax", vendor{"minimax-cn", speaksOpenAI, ""}, "", ""},
	36: {"Suno", vendor{}, "", whyPictures},
	37: {"Dify", vendor{}, "", whyOwnFormat},
	38: {"Jina", vendor{"", speaksOpenAI, "https://api.jina.ai"}, "", ""},
	39: {"Cloudflare", vendor{}, "", whyOwnFormat},
	40: {"SiliconFlow", vendor{"siliconflow-cn", speaksOpenAI, ""}, "", ""},
	41: {"Vertex AI", vendor{}, "", "Google Vertex AI is not offered yet"},
	42: {"Mistral", vendor{"mistral", speaksOpenAI, ""}, "", ""},
	43: {"DeepSeek", vendor{"deepseek", speaksOpenAI, ""}, "", ""},
	44: {"MokaAI", vendor{}, "", whyOwnFormat},
	45: {"VolcEngine", vendor{"volcengine", speaksOpenAI, ""}, "/api/v3", ""},
	46: {"Baidu V2", vendor{"", speaksOpenAI, "https://qianfan.baidubce.com/v2"}, "/v2", ""},
	47: {"Xinference", vendor{"", speaksOpenAI, ""}, "", ""},
	48: {"xAI", vendor{"xai", speaksOpenAI, ""}, "", ""},
	49: {"Coze", vendor{}, "", whyOwnFormat},
	50: {"Kling", vendor{}, "", whyPictures},
	51: {"Jimeng", vendor{}, "", whyPictures},
	52: {"Vidu", vendor{}, "", whyPictures},
	53: {"Submodel", vendor{"", speaksOpenAI, "https://llm.submodel.ai"}, "", ""},
	54: {"Doubao Video", vendor{}, "", whyPictures},
	55: {"Sora", vendor{}, "", whyPictures},
	56: {"Replicate", vendor{}, "", whyOwnFormat},
	57: {"Codex", vendor{}, "", "it signs in with a subscription (OAuth), which has no counterpart: use a channel with a key"},
}

var oneAPITypes = map[int]channelType{
	2:  {"API2D", vendor{"", speaksOpenAI, "https://oa.api2d.net"}, "", ""},
	4:  {"CloseAI", vendor{"", speaksOpenAI, "https://api.closeai-proxy.xyz"}, "", ""},
	26: {"Baichuan", vendor{"", speaksOpenAI, "https://api.baichuan-ai.com"}, "", ""},
	27: {"MiniMax", vendor{"minimax-cn", speaksOpenAI, ""}, "", ""},
	28: {"Mistral", vendor{"mistral", speaksOpenAI, ""}, "", ""},
	29: {"Groq", vendor{"groq", speaksOpenAI, ""}, "", ""},
	30: {"Ollama", vendor{"ollama", speaksOpenAI, ""}, "", ""},
	31: {"LingYiWanWu", vendor{"", speaksOpenAI, "https://api.lingyiwanwu.com"}, "", ""},
	32: {"StepFun", vendor{"", speaksOpenAI, "https://api.stepfun.com"}, "", ""},
	33: {"AWS Claude", vendor{}, "", "Amazon Bedrock is not offered yet"},
	34: {"Coze", vendor{}, "", whyOwnFormat},
	35: {"Cohere", vendor{}, "", whyOwnFormat},
	36: {"DeepSeek", vendor{"deepseek", speaksOpenAI, ""}, "", ""},
	37: {"Cloudflare", vendor{}, "", whyOwnFormat},
	38: {"DeepL", vendor{}, "", whyOwnFormat},
	39: {"Together AI", vendor{"together", speaksOpenAI, ""}, "", ""},
	40: {"Doubao", vendor{"volcengine", speaksOpenAI, ""}, "/api/v3", ""},
	41: {"Novita", vendor{"", speaksOpenAI, "https://api.novita.ai/v3/openai/*"}, "/*", ""},
	42: {"Vertex AI", vendor{}, "", "Google Vertex AI is not offered yet"},
	43: {"Proxy", vendor{}, "", whyOwnFormat},
	44: {"SiliconFlow", vendor{"siliconflow-cn", speaksOpenAI, ""}, "", ""},
	45: {"xAI", vendor{"xai", speaksOpenAI, ""}, "", ""},
	46: {"Replicate", vendor{}, "", whyOwnFormat},
	47: {"Baidu V2", vendor{"", speaksOpenAI, "https://qianfan.baidubce.com/v2"}, "/v2", ""},
	48: {"Xunfei V2", vendor{"", speaksOpenAI, "https://spark-api-open.xf-yun.com"}, "", ""},
	49: {"Ali Bailian", vendor{"qwen-cn", speaksOpenAI, ""}, "/compatible-mode/v1", ""},
	50: {"OpenAI compatible", vendor{"", speaksOpenAI, ""}, "", ""},
	51: {"Gemini by OpenAI's format", vendor{"", speaksOpenAI, "https://generativelanguage.googleapis.com/v1beta/openai"}, "", ""},
}

// specialBases are words that new-api takes for an address (constant/channel.go,
// ChannelSpecialBases).
var specialBases = map[string]string{
	"glm-coding-plan":               "https://open.bigmodel.cn/api/coding/paas/v4",
	"glm-coding-plan-international": "https://api.z.ai/api/coding/paas/v4",
	"kimi-coding-plan":              "https://api.kimi.com/coding/v1",
	"doubao-coding-plan":            "https://ark.cn-beijing.volces.com/api/coding/v3",
}
