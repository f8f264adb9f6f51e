package protocol_test

import (
	"testing"

	"github.com/ccload/ccload/protocol"
)

func TestSameModel(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		sent, answered string
		same           bool
	}{
		{"gpt-5", "gpt-5", true},
		{"gpt-5", "", true},
		{"gpt-5", "gpt-5-2025-08-07", true},
		{"gpt-4", "gpt-4-0613", true},
		{"openai/gpt-4o", "gpt-4o-2024-08-06", true},
		{"claude-sonnet-4-5", "claude-sonnet-4-5-20250929", true},
		{"anthropic/claude-sonnet-4.5", "claude-sonnet-4-5-20250929", true},
		{"claude-3-haiku@20240307", "claude-3-haiku-20240307", true},
		{"us.anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku-20240307", true},
		{"gemini-flash-latest", "gemini-3-flash", true},
		{"gemini-1.5-pro", "gemini-1.5-pro-002", true},
		{"models/gemini-3-pro-preview", "gemini-3-pro", true},
		{"meta-llama/Llama-3.3-70B-Instruct", "llama-3.3-70b", true},
		{"deepseek/deepseek-v4-flash:free", "deepseek-v4-flash", true},
		{"gpt-5", "gpt-5-mini", false},
		{"gpt-5", "gpt-4o", false},
		{"gpt-5.2", "gpt-5.1", false},
		{"claude-opus-4-6", "claude-sonnet-4-6", false},
		{"claude-sonnet-4-6", "claude-sonnet-4-5-20250929", false},
		{"claude-sonnet-4-6", "glm-5.2", false},
		{"qwen3-30b-a3b", "qwen3-235b-a22b", false},
	} {
		if got := protocol.SameModel(row.sent, row.answered); got != row.same {
			t.Errorf("sent %s, answered %s: %v", row.sent, row.answered, got)
		}
	}
}
