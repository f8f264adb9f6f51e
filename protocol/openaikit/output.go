package openaikit

import (
	"strings"

	"github.com/ccload/ccload/protocol"
)

// maxOutputs are the most tokens of an answer, by the beginning of a model's name;
// the first that fits counts. Asking for more is an error with these services.
// (https://platform.openai.com/docs/models, https://api-docs.deepseek.com/quick_start/pricing)
var maxOutputs = []struct {
	prefix string
	max    int64
}{
	{"gpt-5-chat", 16384},
	{"gpt-5-pro", 272000},
	{"gpt-5", 128000},
	{"gpt-4.1", 32768},
	{"gpt-4o", 16384},
	{"chatgpt-4o", 16384},
	{"gpt-4-turbo", 4096},
	{"gpt-4-", 8192},
	{"gpt-3.5", 4096},
	{"o1-mini", 65536},
	{"o1", 100000},
	{"o3", 100000},
	{"o4", 100000},
	{"codex", 100000},
	{"deepseek-chat", 8192},
	{"deepseek-reasoner", 65536},
}

// MinOutput is the fewest tokens that an answer may be limited to.
// https://platform.openai.com/docs/api-reference/responses/create
const MinOutput = 16

// MaxOutput is the most tokens that a model's answer may have, or want if that
// is less or nobody knows.
func MaxOutput(model string, want int64) int64 {
	name := protocol.BareModel(model)
	for _, o := range maxOutputs {
		if strings.HasPrefix(name, o.prefix) {
			return min(want, o.max)
		}
	}
	return want
}
