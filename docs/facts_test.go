package docs_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/ccload/ccload"
)

// TestCaddyfiles adapts and validates every Caddyfile of the pages.
func TestCaddyfiles(t *testing.T) {
	for _, name := range []string{
		"ANTHROPIC_KEY", "ANTHROPIC_KEY_1", "ANTHROPIC_KEY_2", "ANTHROPIC_API_KEY", "OPENAI_KEY", "OPENAI_API_KEY", "GEMINI_KEY", "DEEPSEEK_KEY", "OPENROUTER_KEY", "RELAY_KEY",
		"LAPTOP_TOKEN", "TEAM_TOKEN", "CCLOAD_PASS", "CCLOAD_ENCRYPTION_KEY", "CCLOAD_TOKEN",
	} {
		t.Setenv(name, "value-of-"+strings.ToLower(name))
	}
	t.Setenv("CCLOAD_MYSQL_DSN", "user:password@tcp(127.0.0.1:9)/ccload")
	seen := 0
	for _, page := range pages(t) {
		for _, b := range blocksOf(t, page) {
			if b.lang != "caddyfile" {
				continue
			}
			seen++
			text := b.text
			if b.is("options") {
				text = "{\n\tccload {\n\t\t" + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n\t\t") + "\n\t}\n}\n"
				text = strings.ReplaceAll(text, "\n\t\t\n", "\n\n")
			}
			if formatted := caddyfile.Format([]byte(text)); string(formatted) != text {
				t.Errorf("%s:%d: not formatted as caddy fmt does:\n%s", page, b.line, formatted)
			}
			config, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
			if err != nil {
				t.Errorf("%s:%d: %v", page, b.line, err)
				continue
			}
			if len(warnings) > 0 {
				t.Errorf("%s:%d: %v", page, b.line, warnings)
			}
			var c caddy.Config
			if err := json.Unmarshal(config, &c); err != nil {
				t.Fatal(err)
			}
			if err := caddy.Validate(&c); err != nil {
				t.Errorf("%s:%d: %v", page, b.line, err)
			}
		}
	}
	if seen < 12 {
		t.Errorf("only %d Caddyfiles", seen)
	}
}

// TestJSON: settings of clients that are JSON are JSON.
func TestJSON(t *testing.T) {
	for _, page := range pages(t) {
		for _, b := range blocksOf(t, page) {
			if b.lang == "json" && !json.Valid([]byte(b.text)) {
				t.Errorf("%s:%d: not JSON", page, b.line)
			}
		}
	}
}

// TestEveryBlockIsHeld: a block that nothing looks at may say anything.
func TestEveryBlockIsHeld(t *testing.T) {
	held := map[string]bool{"sh": true, "text": true, "caddyfile": true, "json": true, "toml": true, "yaml": true}
	// These pages tell what is, and have no task with commands.
	tell := []string{"architecture.md", "performance.md", "reference.md"}
	notRun := 0
	for _, page := range pages(t) {
		if slices.Contains(tell, page) {
			continue
		}
		open := false
		for i, line := range strings.Split(read(t, page), "\n") {
			if !strings.HasPrefix(line, "```") {
				continue
			}
			if open = !open; open && line == "```" {
				t.Errorf("%s:%d: a block without a language", page, i+1)
			}
		}
		for _, b := range blocksOf(t, page) {
			if !held[b.lang] {
				t.Errorf("%s:%d: a block of %q", page, b.line, b.lang)
			}
			if b.lang == "sh" && b.is("not-run") {
				notRun++
			}
		}
	}
	if notRun > 14 {
		t.Errorf("%d blocks of commands are not run: that is not few", notRun)
	}
}

var links = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)\s]*)?\)`)

// TestLinksLead: what the pages link within the project is there.
func TestLinksLead(t *testing.T) {
	for _, page := range append(pages(t), "../CONTRIBUTING.md") {
		for _, m := range links.FindAllStringSubmatch(read(t, page), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s links %s, which is not there", page, m[1])
			}
		}
	}
}

// TestReadmeIsShort: whoever meets the project reads one page, and finds the
// others from there.
func TestReadmeIsShort(t *testing.T) {
	text := read(t, "../README.md")
	if n := strings.Count(text, "\n"); n >= 150 {
		t.Errorf("it has %d lines", n)
	}
	for _, page := range pages(t)[1:] {
		if !strings.Contains(text, "docs/"+page) {
			t.Errorf("it does not link docs/%s", page)
		}
	}
	_, err := os.Stat("dashboard-light.png")
	if shown := strings.Contains(regexp.MustCompile(`(?s)<!--.*?-->`).ReplaceAllString(text, ""), "<picture>"); shown != (err == nil) {
		t.Errorf("it shows the dashboard: %v, and the pictures are there: %v", shown, err == nil)
	}
	for _, command := range []string{"go run ./cmd/caddy run --config examples/quickstart/Caddyfile", "sh scripts/test.sh"} {
		if !strings.Contains(text, command) {
			t.Errorf("it does not say %s", command)
		}
	}
}

// sources is all Go code of the project but its tests.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

var code = regexp.MustCompile("`([^`]+)`")

// TestSymptomsAreOfThisCode: what troubleshooting quotes of answers and of the
// log is what the code says.
func TestSymptomsAreOfThisCode(t *testing.T) {
	source := strings.ReplaceAll(sources(t), `\"`, `"`)
	rows := 0
	for line := range strings.Lines(read(t, "troubleshoot.md")) {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || strings.Contains(cells[1], "---") || strings.TrimSpace(cells[1]) == "symptom" {
			continue
		}
		rows++
		for _, m := range code.FindAllStringSubmatch(cells[1], -1) {
			for part := range strings.SplitSeq(m[1], "…") {
				if part = strings.TrimSpace(part); part != "" && !strings.Contains(source, part) {
					t.Errorf("no code says %q", part)
				}
			}
		}
		for i, name := range []string{"symptom", "cause", "remedy"} {
			if strings.TrimSpace(cells[i+1]) == "" {
				t.Errorf("a row without a %s: %s", name, line)
			}
		}
	}
	if rows < 25 {
		t.Errorf("only %d symptoms", rows)
	}
}

var metric = regexp.MustCompile(`\bccload_[a-z_]+`)

// TestMetricsExist: a metric, a placeholder or an event that a page names is in
// the code.
func TestMetricsExist(t *testing.T) {
	source := sources(t)
	for _, page := range pages(t) {
		for _, name := range metric.FindAllString(read(t, page), -1) {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				name = strings.TrimSuffix(name, suffix)
			}
			if !strings.Contains(source, strings.TrimSuffix(name, "_")) {
				t.Errorf("%s names %s, which no code has", page, name)
			}
		}
	}
	text := read(t, "metrics-and-logs.md")
	for _, m := range regexp.MustCompile(`Name: "(ccload_[a-z_]+)"`).FindAllStringSubmatch(source, -1) {
		if !strings.Contains(text, m[1]) {
			t.Errorf("metrics-and-logs.md does not name %s", m[1])
		}
	}
}
