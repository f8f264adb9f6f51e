package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func folder(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// TestDistIsBuilt: what is committed is what the sources make.
func TestDistIsBuilt(t *testing.T) {
	if err := run("..", true, false); err != nil {
		t.Fatal(err)
	}
}

// TestBudgets: what a browser has to load, gzipped.
func TestBudgets(t *testing.T) {
	files, err := bundle(folder(t))
	if err != nil {
		t.Fatal(err)
	}
	all := 0
	for name, content := range files {
		size := gzipped(content)
		most := 0
		switch {
		case name == "index.html":
			most = 2 << 10
		case name == "app.js":
			most = 45 << 10
		case slices.Contains(languages, strings.TrimSuffix(name, ".js")):
			most = 12 << 10
		case name == "app.css":
			most = 15 << 10
		}
		if base, ok := strings.CutSuffix(name, ".js"); ok && !slices.Contains(languages, base) {
			all += size
		}
		if most > 0 && size > most {
			t.Errorf("%s weighs %d bytes gzipped, and may weigh %d", name, size, most)
		}
	}
	if all > 120<<10 {
		t.Errorf("all scripts weigh %d bytes gzipped, and may weigh %d", all, 120<<10)
	}
	if withChart := gzipped(files["app.js"]) + gzipped(files["uplot.js"]); withChart > 70<<10 {
		t.Errorf("the overview weighs %d bytes gzipped, and may weigh %d", withChart, 70<<10)
	}
}

// A page that bundles what another page holds would have a copy of its state.
func TestSharedPluginRefusesOtherPages(t *testing.T) {
	files := make(map[string][]byte)
	err := script(files, folder(t), "channels", "export * from './pages/overview'", sharedPlugin(filepath.Join(folder(t), "src"), "channels", nil))
	if err == nil || !strings.Contains(err.Error(), "a page takes what it shares from") {
		t.Errorf("a page may import another: %v", err)
	}
}

// What app.js does not export is missed when a page is built, not when it is
// opened; what it does is imported by one statement, by its short name.
func TestPartsTakeWhatThereIs(t *testing.T) {
	files := make(map[string][]byte)
	p := part{"good", "import {h} from 'preact'; import {t} from './i18n/text'; import {h as g} from 'preact'; export default [h, t, g]", "channels"}
	taken, err := p.takes(folder(t), []string{"h", "t", "other"})
	if err != nil || !slices.Equal(taken, []string{"h", "t"}) {
		t.Errorf("takes %v, %v", taken, err)
	}
	if err := p.build(files, folder(t), map[string]string{"h": "a", "t": "b", "other": "c"}); err != nil {
		t.Error(err)
	}
	if text := string(files["good.js"]); strings.Count(text, "import") != 1 || strings.Contains(text, "other") || !regexp.MustCompile(`import\{a as \w+,b as \w+\}`).MatchString(text) {
		t.Errorf("imports more than once, or more than it needs: %s", text)
	}
	p.name = "bad"
	if _, err := p.takes(folder(t), []string{"h"}); err == nil || !strings.Contains(err.Error(), "does not export") {
		t.Errorf("a page may import what nobody exports: %v", err)
	}
}

// No two exports of app.js have one name.
func TestShortNames(t *testing.T) {
	seen := make(map[string]bool)
	for i := range 2000 {
		name := shortName(i)
		if seen[name] || len(name) > 2 {
			t.Fatalf("the name %d is %q", i, name)
		}
		seen[name] = true
	}
}

// app.js exports what a part takes and nothing else.
func TestAppExportsWhatIsTaken(t *testing.T) {
	files, err := bundle(folder(t))
	if err != nil {
		t.Fatal(err)
	}
	taken := make(map[string]bool)
	for _, text := range files {
		for _, m := range importPattern.FindAllSubmatch(text, -1) {
			for one := range strings.SplitSeq(string(m[1]), ",") {
				wanted, _, _ := strings.Cut(strings.TrimSpace(one), " as ")
				taken[wanted] = true
			}
		}
	}
	exports := exportsOf(files["app.js"])
	for _, name := range exports {
		if !taken[name] {
			t.Errorf("app.js exports %s, which nobody takes", name)
		}
	}
	if len(exports) < len(taken) {
		t.Errorf("%d names are exported, %d taken", len(exports), len(taken))
	}
}
