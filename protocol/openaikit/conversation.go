package openaikit

import (
	"net/http"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// Conversation is the session a client names in its headers, by a
// conversation that is stored upstream, or by prompt_cache_key, else a hash of
// what the prompt cache is keyed by: tools, instructions and everything up to
// the first user turn.
func Conversation(header http.Header, body []byte, f *protocol.Fields) uint64 {
	if named := protocol.Session(header); named != 0 {
		return named
	}
	if id := conversationID(f.ConversationID.In(body)); id != "" {
		return protocol.Named(id)
	}
	if key := f.PromptCacheKey.Text(body); key != "" {
		return protocol.Named(key)
	}
	opening := f.Messages.In(body)
	if opening == nil {
		opening = f.Input.In(body)
	}
	if opening == nil {
		return 0
	}
	var h protocol.Hash
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
