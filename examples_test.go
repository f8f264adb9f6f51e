package ccload

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// TestExamples: every example, and every Caddyfile in the README, adapts and
// provisions. Nothing is opened by that.
func TestExamples(t *testing.T) {
	for _, name := range []string{
		"ANTHROPIC_KEY", "ANTHROPIC_KEY_1", "ANTHROPIC_KEY_2", "OPENAI_KEY", "GEMINI_KEY", "OPENROUTER_KEY", "RELAY_KEY",
		"LAPTOP_TOKEN", "TEAM_TOKEN", "CCLOAD_PASS", "CCLOAD_ENCRYPTION_KEY",
	} {
		t.Setenv(name, "value-of-"+strings.ToLower(name))
	}
	t.Setenv("CCLOAD_MYSQL_DSN", "user:password@tcp(127.0.0.1:9)/ccload")
	examples := readmeCaddyfiles(t)
	files, err := filepath.Glob("examples/*/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		examples[file] = text
	}
	if len(files) < 5 || len(examples) < 6 {
		t.Fatalf("only %d examples", len(examples))
	}
	for name, text := range examples {
		t.Run(name, func(t *testing.T) {
			config := text
			if filepath.Ext(name) != ".json" {
				if formatted := caddyfile.Format(text); string(formatted) != string(text) {
					t.Errorf("not formatted as caddy fmt does:\n%s", formatted)
				}
				var err error
				var warnings []caddyconfig.Warning
				config, warnings, err = caddyconfig.GetAdapter("caddyfile").Adapt(text, map[string]any{"filename": name})
				if err != nil {
					t.Fatal(err)
				}
				if len(warnings) > 0 {
					t.Errorf("warnings: %v", warnings)
				}
			}
			var c caddy.Config
			if err := json.Unmarshal(config, &c); err != nil {
				t.Fatal(err)
			}
			if err := caddy.Validate(&c); err != nil {
				t.Fatal(err)
			}
		})
	}
	if _, err := os.Stat("ccload.db"); err == nil {
		t.Error("validating an example opened its store")
	}
}

// readmeCaddyfiles returns the README's Caddyfiles by their place.
func readmeCaddyfiles(t *testing.T) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string][]byte)
	for i, m := range regexp.MustCompile("(?s)```caddyfile\n(.*?)```").FindAllSubmatch(text, -1) {
		found["README "+string(rune('1'+i))] = m[1]
	}
	return found
}

// TestReadmeNamesTheTestCommand: what CI runs is what the README says.
func TestReadmeNamesTheTestCommand(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	ci, err := os.ReadFile(".ci/run")
	if err != nil {
		t.Fatal(err)
	}
	const command = "sh scripts/test.sh"
	if !strings.Contains(string(readme), command) || !strings.Contains(string(ci), command) {
		t.Errorf("README and .ci/run must both name %q", command)
	}
}

// TestMistakesNameFileLineAndRemedy goes through the whole of Caddy.
func TestMistakesNameFileLineAndRemedy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ config, want string }{
		{"{\n\tccload {\n\t\tchanel x {\n\t\t}\n\t}\n}\n", `did you mean "channel"?, at Caddyfile:3`},
		{"{\n\tccload {\n\t\tchannel x antropic key\n\t}\n}\n", `did you mean "anthropic"?`},
		{"{\n\tccload {\n\t\tdaily_budget 5\n\t}\n}\n", "at Caddyfile:3"},
		{":80 {\n\tccload {\n\t\tlb_policy wieghted\n\t}\n}\n", "weighted"},
		{":80 {\n\tccload {\n\t\tidle_timeout soon\n\t}\n}\n", "at Caddyfile:3"},
		{":80 {\n\tccload {\n\t\tmax_attempts 0\n\t}\n}\n", "1 to 100"},
	} {
		_, err := provisionContext(test.config)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\ngives %v, want %q in it", test.config, err, test.want)
		}
	}
}
