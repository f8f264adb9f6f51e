package protocol

import (
	"net/http"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// OpenAIQuery are the parameters that every endpoint of OpenAI's forwards.
// Azure wants the version of its API there.
var OpenAIQuery = []string{"api-version"}

// This file is what OpenAI's two wire formats share.

// OpenAIError writes an error as OpenAI's API does:
// {"error":{"message","type","param","code"}}.
func OpenAIError(e *Error) []byte {
	var body struct {
		Error struct {
			Message string  `json:"message"`
			Type    string  `json:"type"`
			Param   *string `json:"param"`
			Code    string  `json:"code"`
		} `json:"error"`
		RequestID string `json:"request_id,omitempty"`
	}
	body.Error.Message, body.Error.Code = e.Message, e.Code
	body.Error.Type = ErrorType(ai.OpenAI, e.Status)
	if e.Param != "" {
		body.Error.Param = &e.Param
	}
	body.RequestID = e.RequestID
	return JSON(body)
}

// openAIModel is one model of a list.
type openAIModel struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

func newOpenAIModel(m Model) openAIModel {
	return openAIModel{ID: m.ID, Object: "model", Created: m.Created, OwnedBy: m.OwnedBy}
}

// OpenAIModels writes a model list as OpenAI's API does.
func OpenAIModels(models []Model) []byte {
	list := struct {
		Object string        `json:"object"`
		Data   []openAIModel `json:"data"`
	}{Object: "list", Data: make([]openAIModel, 0, len(models))}
	for _, m := range models {
		list.Data = append(list.Data, newOpenAIModel(m))
	}
	return JSON(list)
}

// OpenAIModel writes one model as OpenAI's API does.
func OpenAIModel(m Model) []byte { return JSON(newOpenAIModel(m)) }

// ForwardOpenAIHeader reports whether a client's header may go to an upstream
// that speaks one of OpenAI's formats. Organization and project belong to an
// account that is not the channel's.
func ForwardOpenAIHeader(name string) bool {
	switch name {
	case "Openai-Organization", "Openai-Project":
		return false
	case "Originator", "Session-Id", "Session_id", "Thread-Id", "Conversation_id", "Version":
		return true
	}
	return ForwardHeader(name) || HeaderFamily(name, "Openai-", "X-Openai-", "X-Codex-")
}

// CodexLite is the header by which Codex says that its request is in the form
// that some models of OpenAI's want: other models know nothing of it.
const CodexLite = "X-Openai-Internal-Codex-Responses-Lite"

// SameFamily reports whether two models are of one family: their names are the
// same up to the first number, as those of gpt-5.5 and gpt-5-codex are.
func SameFamily(a, b string) bool { return a == b || family(a) == family(b) }

func family(model string) string {
	name := BareModel(model)
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

// OpenAIConversation is the session a client names in its headers, by a
// conversation that is stored upstream, or by prompt_cache_key, else a hash of
// what the prompt cache is keyed by: tools, instructions and everything up to
// the first user turn.
func OpenAIConversation(header http.Header, body []byte, f *Fields) uint64 {
	if named := Session(header); named != 0 {
		return named
	}
	if id := conversationID(f.ConversationID.In(body)); id != "" {
		return Named(id)
	}
	if key := f.PromptCacheKey.Text(body); key != "" {
		return Named(key)
	}
	opening := f.Messages.In(body)
	if opening == nil {
		opening = f.Input.In(body)
	}
	if opening == nil {
		return 0
	}
	var h Hash
	h.Add(f.Tools.In(body))
	h.Add(f.Functions.In(body))
	h.AddContent(f.Instructions.In(body))
	if len(opening) > 0 && opening[0] == '[' {
		h.AddOpening(opening)
	} else {
		h.AddContent(opening)
	}
	return h.Sum()
}

// conversationID reads Responses' conversation: an id, or an object with one.
func conversationID(value []byte) string {
	if from, to, ok := scan.Get(value, "id"); ok {
		value = value[from:to]
	}
	id, _ := scan.String(value)
	return id
}

// Said reports whether a JSON value holds anything: it is not null, false, zero
// or empty.
func Said(value []byte) bool {
	switch string(value) {
	case "", "null", `""`, "[]", "{}", "false", "0":
		return false
	}
	return true
}

// Speaks reports whether there is any text in a JSON value, at whatever depth;
// what only names a type does not count. Some vendors send every member of a
// message each time, filled with empty strings and zeros.
func Speaks(value []byte) bool { return speaks(value, 0) }

func speaks(value []byte, depth int) bool {
	const deep = 5
	switch {
	case !Said(value):
		return false
	case depth == deep:
		return true
	}
	found := false
	switch value[0] {
	case '"':
		found = true
	case '[':
		_, _, found = scan.FindElement(value, func(start, end int) bool { return speaks(value[start:end], depth+1) })
	case '{':
		_, _, found = scan.FindMember(value, func(key []byte, start, end int) bool {
			return string(key) != "type" && speaks(value[start:end], depth+1)
		})
	}
	return found
}
