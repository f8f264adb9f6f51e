package openai

import (
	"strings"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/schema"
)

// traits are what a model takes, as far as requests must know
// (https://platform.openai.com/docs/guides/reasoning and the models' pages).
type traits struct {
	own       bool     // one of OpenAI's
	reasons   bool     // a reasoning model of OpenAI's: no sampling, no stop sequences
	efforts   []string // it knows, from the least to the most; nil: none
	off       string   // the effort that is no reasoning, "" if there is none
	offSwitch string   // the members of a request that switch thinking off, "" if there are none
	thinks    bool     // it cannot do without thinking, and takes no effort
	cacheMark bool     // cache_control is understood (OpenRouter, for Claude)
}

// schemas is what the model refuses of the schemas of tools.
// https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
func (t *traits) schemas() schema.Target {
	return schema.Target{Items: true, Properties: true, OneType: !t.own}
}

var (
	low3  = []string{"low", "medium", "high"}
	min4  = []string{"minimal", "low", "medium", "high"}
	high4 = []string{"low", "medium", "high", "xhigh"}
)

// Switches of compatible vendors, whose models think unless they are told not
// to: DeepSeek, Kimi, Z.ai, MiniMax, Volcengine and Xiaomi; and Alibaba, Tencent.
const (
	typeOff   = `"thinking":{"type":"disabled"}`
	enableOff = `"enable_thinking":false`
)

// models are traits by the beginning of a model's name without its vendor; the
// first that fits counts.
var models = []struct {
	prefix string
	traits traits
}{
	{"gpt-5-chat", traits{own: true}},
	{"gpt-5-pro", traits{own: true, reasons: true, efforts: []string{"high"}}},
	{"gpt-5-codex", traits{own: true, reasons: true, efforts: low3}},
	{"gpt-5.", traits{own: true, reasons: true, efforts: high4, off: "none"}},
	{"gpt-5", traits{own: true, reasons: true, efforts: min4, off: "minimal"}},
	{"gpt-oss", traits{efforts: low3}},
	{"gpt-", traits{own: true}},
	{"chatgpt-", traits{own: true}},
	{"o1-mini", traits{own: true, reasons: true}},
	{"o1", traits{own: true, reasons: true, efforts: low3}},
	{"o3", traits{own: true, reasons: true, efforts: low3}},
	{"o4", traits{own: true, reasons: true, efforts: low3}},
	{"codex", traits{own: true, reasons: true, efforts: low3}},
	{"gemini-2.5-pro", traits{efforts: low3}},
	{"gemini-2.5", traits{efforts: low3, off: "none"}},
	{"gemini-3", traits{efforts: low3}},
	{"grok-3-mini", traits{efforts: []string{"low", "high"}}},
	{"claude", traits{cacheMark: true, efforts: low3}},
	{"deepseek-r1", traits{thinks: true}},
	{"deepseek-reasoner", traits{thinks: true}},
	{"deepseek-", traits{offSwitch: typeOff}},
	{"kimi-k2.5", traits{offSwitch: typeOff}},
	{"kimi-k2.6", traits{offSwitch: typeOff}},
	{"kimi-k2-thinking", traits{thinks: true}},
	{"kimi-k2.", traits{thinks: true}},
	{"kimi-k3", traits{efforts: []string{"low", "high", "max"}}},
	{"glm-4.5", traits{offSwitch: typeOff}},
	{"glm-4.6", traits{offSwitch: typeOff}},
	{"glm-4.7", traits{offSwitch: typeOff}},
	{"glm-5", traits{offSwitch: typeOff}},
	{"minimax-m3.", traits{thinks: true}}, // "requires adaptive thinking"
	{"minimax-m3", traits{offSwitch: typeOff}},
	{"minimax-m", traits{thinks: true}},
	{"doubao-seed", traits{offSwitch: typeOff}},
	{"seed-", traits{offSwitch: typeOff}},
	{"mimo-v", traits{offSwitch: typeOff}},
	{"qwen3-coder", traits{}},
	{"qwen3", traits{offSwitch: enableOff}},
	{"qwen-plus", traits{offSwitch: enableOff}},
	{"qwen-flash", traits{offSwitch: enableOff}},
	{"qwen-turbo", traits{offSwitch: enableOff}},
	{"qwq", traits{thinks: true}},
	{"hunyuan-", traits{offSwitch: enableOff}},
}

func traitsOf(model string) traits {
	name := protocol.BareModel(model)
	if strings.HasPrefix(name, "qwen3") && (strings.Contains(name, "-thinking") || strings.Contains(name, "-instruct")) {
		return traits{thinks: strings.Contains(name, "-thinking")} // made for one of both
	}
	for _, m := range models {
		if strings.HasPrefix(name, m.prefix) {
			return m.traits
		}
	}
	return traits{}
}
