package access_test

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ccload/ccload/access"
)

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"gpt-5", "gpt-5", true},
		{"gpt-5", "gpt-5-mini", false},
		{"gpt-5", "GPT-5", false},
		{"", "", true},
		{"", "x", false},
		{"*", "", true},
		{"*", "anything", true},
		{"**", "anything", true},
		{"claude-*", "claude-", true},
		{"claude-*", "claude-opus-4", true},
		{"claude-*", "anthropic.claude-opus-4", false},
		{"*-mini", "gpt-5-mini", true},
		{"*-mini", "gpt-5-mini-2", false},
		{"*claude*", "us.anthropic.claude-3", true},
		{"gpt-*-mini", "gpt-5-mini", true},
		{"gpt-*-mini", "gpt-mini", false},
		{"gpt-*-mini", "gpt--mini", true},
		{"a*a", "a", false},
		{"a*b*c", "axxbyybzzc", true},
		{"a*bc*c", "abcbc", true},
		{"a*bc*bc", "abc", false},
		{"models/*/x", "models/a/b/x", true},
		{"*.*", "o3", false},
		{"?pt", "gpt", false},
		{"[a-z]*", "abc", false},
	}
	for _, tt := range tests {
		if got := access.Match(tt.pattern, tt.name); got != tt.want {
			t.Errorf("Match(%q, %q) = %v", tt.pattern, tt.name, got)
		}
		set := access.CompilePatterns([]string{"unrelated", tt.pattern})
		if got := set.Match(tt.name); got != tt.want {
			t.Errorf("Patterns{%q}.Match(%q) = %v", tt.pattern, tt.name, got)
		}
	}
}

func TestMatchIsTheRegularExpression(t *testing.T) {
	letters := rapid.StringOfN(rapid.SampledFrom([]rune("ab*")), 0, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		pattern := letters.Draw(t, "pattern")
		name := strings.ReplaceAll(letters.Draw(t, "name"), "*", "a")
		re := regexp.MustCompile("^" + strings.ReplaceAll(pattern, "*", ".*") + "$")
		want := re.MatchString(name)
		set := access.CompilePatterns([]string{pattern})
		if access.Match(pattern, name) != want || set.Match(name) != want {
			t.Fatalf("pattern %q, name %q: want %v", pattern, name, want)
		}
	})
}

func TestPatternsEmptyAndAll(t *testing.T) {
	var zero access.Patterns
	if none := access.CompilePatterns(nil); none.Match("x") || zero.Match("") {
		t.Error("an empty set matches")
	}
	if !access.All.Match("x") || !access.All.Match("") {
		t.Error("All does not match everything")
	}
	if access.IsPattern("gpt-5") || !access.IsPattern("gpt-*") {
		t.Error("IsPattern is wrong")
	}
}

func BenchmarkPatterns(b *testing.B) {
	set := access.CompilePatterns([]string{"gpt-5", "gpt-5-mini", "o3", "claude-*", "*-preview", "gemini-*-pro"})
	b.ReportAllocs()
	for b.Loop() {
		if !set.Match("gemini-3-pro") || set.Match("grok-4") {
			b.Fatal("wrong")
		}
	}
}
