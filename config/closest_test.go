package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/config"
)

func TestClosest(t *testing.T) {
	models := []string{"claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5", "gpt-5", "gpt-5-mini", "gemini-2.5-pro"}
	options := []string{"weight", "priority", "protocol", "provider", "proxy", "key", "model", "models", "rpm"}
	for _, tt := range []struct {
		name  string
		known []string
		limit int
		want  []string
	}{
		{"wieght", options, 1, []string{"weight"}}, // neighbours swapped count once
		{"weights", options, 1, []string{"weight"}},
		{"protocols", options, 1, []string{"protocol"}},
		{"PRIORITY", options, 1, []string{"priority"}},
		{"keys", options, 1, []string{"key"}},
		{"encryption_key", options, 1, []string{"key"}},
		{"budget", options, 1, nil},
		{"", options, 3, nil},
		{"rpm", options, 0, nil},
		{"claude-sonet-4-6", models, 1, []string{"claude-sonnet-4-6"}},
		{"gpt5", models, 3, []string{"gpt-5"}},
		{"sonnet", models, 3, []string{"claude-sonnet-4-6"}},
		{"gpt-5-mini-2026-01-01", models, 2, []string{"gpt-5-mini", "gpt-5"}},
		{"GPT-5-Mini", models, 1, []string{"gpt-5-mini"}},
		{"llama", models, 3, nil},
		{strings.Repeat("gpt-5", 1000), models, 3, nil},
	} {
		if got := config.Closest(tt.name, tt.known, tt.limit); !slices.Equal(got, tt.want) {
			t.Errorf("Closest(%.30q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

// An unknown model is a stranger's text: comparing it must stay cheap.
func BenchmarkClosest(b *testing.B) {
	known := make([]string, 1000)
	for i := range known {
		known[i] = "vendor/model-" + strings.Repeat("x", i%40)
	}
	name := "vendor/model-" + strings.Repeat("y", 100)
	for b.Loop() {
		config.Closest(name, known, 3)
	}
}
