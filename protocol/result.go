package protocol

import (
	"slices"
	"strings"
)

// failedSilently is what a tool said that failed without a word.
const failedSilently = "Error: the tool failed and did not say why."

// SaidAsText are the parts of a result for a format that has no place for the
// fact that the tool failed: its text says so, unless it does already.
func (r *ToolResult) SaidAsText() []Part {
	if !r.Error {
		return r.Parts
	}
	for i := range r.Parts {
		text := strings.TrimSpace(r.Parts[i].Text)
		if r.Parts[i].Kind != Text || text == "" {
			continue
		}
		if len(text) >= len("error") && strings.EqualFold(text[:len("error")], "error") {
			return r.Parts
		}
		parts := slices.Clone(r.Parts)
		parts[i].Text = "Error: " + parts[i].Text
		return parts
	}
	return append([]Part{{Kind: Text, Text: failedSilently}}, r.Parts...)
}
