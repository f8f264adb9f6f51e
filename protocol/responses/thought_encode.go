package responses

import (
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// thought writes what OpenAI knows again; others' thoughts are no use to it.
func (w *promptWriter) thought(part *protocol.Part) {
	if part.Origin != ai.Responses || part.Signature == "" {
		w.hintIf(true, "thinking history")
		return
	}
	w.Open('{')
	w.Text("type", "reasoning")
	w.TextIf("id", part.ID)
	w.Key("summary")
	w.Open('[')
	if part.Text != "" {
		w.Open('{')
		w.Text("type", "summary_text")
		w.Text("text", part.Text)
		w.Close('}')
	}
	w.Close(']')
	w.Text("encrypted_content", part.Signature)
	w.Close('}')
}
