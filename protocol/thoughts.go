package protocol

import "strings"

// thoughtModels are models, by the beginnings of their names without vendor,
// that want to see again what they thought: they refuse a history of calls
// without the thoughts that led to them, or think worse after it. missing is
// what they take where nobody knows the thought, as in turns of another model.
// strict says that the request is refused without, and that thinking can be
// switched off, which is the way out where nothing can stand for a thought.
//
// DeepSeek: https://api-docs.deepseek.com/guides/thinking_mode. Kimi:
// https://platform.kimi.ai/docs/guide/use-thinking-models; from K2.5 on an empty
// thought counts as missing, a space does not. MiniMax:
// https://platform.minimax.io/docs/guides/text-m2-function-call. GLM:
// https://docs.z.ai/guides/capabilities/thinking-mode. MiMo:
// https://platform.xiaomimimo.com/docs.
var thoughtModels = []struct {
	prefix, missing string
	strict          bool
}{
	{"deepseek-v4", "", true},
	{"deepseek-v3.2", "", true},
	{"deepseek-reasoner", "", false},
	{"kimi-k2-thinking", "", false},
	{"kimi-k2.5", " ", true},
	{"kimi-k2.6", " ", true},
	{"kimi-k2.", " ", false},
	{"kimi-k3", " ", false},
	{"kimi-for-coding", " ", false},
	{"minimax-m", "", false},
	{"glm-4.7", "", false},
	{"glm-5", "", false},
	{"mimo-v", "", false},
}

// WantsThoughts reports whether a model wants to see again what it thought in
// earlier turns, though its thoughts have no signature. missing stands for a
// thought that nobody knows.
func WantsThoughts(model string) (missing string, wants bool) {
	name := BareModel(model)
	for _, m := range thoughtModels {
		if strings.HasPrefix(name, m.prefix) {
			return m.missing, true
		}
	}
	return "", false
}

// RefusesWithoutThoughts reports whether a model that thinks refuses a history
// of calls without thoughts, and can do without thinking.
func RefusesWithoutThoughts(model string) bool {
	name := BareModel(model)
	for _, m := range thoughtModels {
		if strings.HasPrefix(name, m.prefix) {
			return m.strict
		}
	}
	return false
}

// ComesBack reports whether a thought must come back in the next turn: it was
// signed, or its maker wants it all the same.
func (p *Part) ComesBack() bool { return p.Kind == Thought && (p.Signature != "" || p.Wanted) }
