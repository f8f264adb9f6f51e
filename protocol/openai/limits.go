package openai

import (
	"strings"

	"github.com/ccload/ccload/protocol"
)

// Limits of names. OpenAI's are those of its reference: names of tools and
// schemas are ^[a-zA-Z0-9_-]{1,64}$, which compatible vendors have taken over,
// and tool_calls[].id has 40 characters at most.
// https://platform.openai.com/docs/api-reference/chat/create
var (
	plainName = protocol.NameRule{Most: 64, Others: "_-"}
	// Moonshot wants a letter or _ first.
	// https://platform.moonshot.ai/docs/api/tool-use
	letterName = protocol.NameRule{Most: 64, Others: "_-", Letter: true}
	shortID    = protocol.NameRule{Most: 40, Others: printable}
	// Kimi's own ids hold the tool's name, "functions.read_file:0", and have no
	// known limit.
	anyID = protocol.NameRule{}
	// "Tool call id was … but must be a-z, A-Z, 0-9, with a length of 9"
	// https://github.com/langchain-ai/langchain/pull/24668
	mistralID = protocol.NameRule{Most: 9, Exact: true}
)

// maxUser is the longest user.
const maxUser = 64

// printable are the letters of ASCII that no rule is known against.
const printable = "_-.:/|+=~@#$%&*!?,;()[]{}<>^'` "

// idRules are the rules of ids by how a model's name begins; shortID is that of
// all others.
var idRules = []struct {
	prefix string
	rule   protocol.NameRule
}{
	{"kimi", anyID},
	{"moonshot", anyID},
	{"mistral", mistralID},
	{"ministral", mistralID},
	{"magistral", mistralID},
	{"mixtral", mistralID},
	{"codestral", mistralID},
	{"devstral", mistralID},
	{"pixtral", mistralID},
	{"open-mi", mistralID},
	{"voxtral", mistralID},
}

func limitsOf(model string) protocol.Limits {
	l := protocol.Limits{Tools: letterName, Calls: shortID, Schema: plainName}
	if traitsOf(model).own {
		l.Tools = plainName
	}
	name := protocol.BareModel(model)
	for _, row := range idRules {
		if strings.HasPrefix(name, row.prefix) {
			l.Calls = row.rule
			break
		}
	}
	return l
}

// unforced are models, by how their names begin, that refuse a tool choice that
// forces a call while they think, and think unless they are told not to:
// "tool_choice 'required' is incompatible with thinking enabled" (Moonshot),
// "deepseek-reasoner does not support this tool_choice", "tool_choice … does not
// support being set to required or object in thinking mode" (Alibaba).
// https://platform.moonshot.ai/docs/guide/use-kimi-k2-thinking-model
// https://api-docs.deepseek.com/guides/thinking_mode
// https://help.aliyun.com/zh/model-studio/deep-thinking
var unforced = []string{"kimi-k2.5", "kimi-k2.6", "deepseek-v", "deepseek-chat", "qwen3", "qwen-plus", "qwen-flash", "qwen-turbo"}

// thinksOrCalls reports whether a model is one of those.
func thinksOrCalls(model string) bool {
	name := protocol.BareModel(model)
	for _, prefix := range unforced {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
