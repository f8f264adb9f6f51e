package openaikit

import (
	"net/http"

	"github.com/ccload/ccload/protocol"
)

// Query are the parameters that every endpoint of OpenAI's forwards.
// Azure wants the version of its API there.
var Query = []string{"api-version"}

// ForwardHeader reports whether a client's header may go to an upstream
// that speaks one of OpenAI's formats. Organization and project belong to an
// account that is not the channel's.
func ForwardHeader(name string) bool {
	switch name {
	case "Openai-Organization", "Openai-Project":
		return false
	case "Originator", "Session-Id", "Session_id", "Thread-Id", "Conversation_id", "Version":
		return true
	}
	return protocol.ForwardHeader(name) || protocol.HeaderFamily(name, "Openai-", "X-Openai-", "X-Codex-")
}

// CodexLite is the header by which Codex says that its request is in the form
// that some models of OpenAI's want: other models know nothing of it.
const CodexLite = "X-Openai-Internal-Codex-Responses-Lite"

// FitHeader removes CodexLite where the model that is sent is of another family
// than the one asked for.
func FitHeader(h http.Header, asked, sent string) {
	if !SameFamily(asked, sent) {
		delete(h, CodexLite)
	}
}

// SameFamily reports whether two models are of one family: their names are the
// same up to the first number, as those of gpt-5.5 and gpt-5-codex are.
func SameFamily(a, b string) bool { return a == b || family(a) == family(b) }

func family(model string) string {
	name := protocol.BareModel(model)
	for i := range len(name) {
		if '0' > name[i] || name[i] > '9' {
			continue
		}
		end := i
		for end < len(name) && '0' <= name[end] && name[end] <= '9' {
			end++
		}
		return name[:end]
	}
	return name
}
