package main

import (
	"path/filepath"
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
// opened; what it does is imported by one statement.
func TestPartsTakeWhatThereIs(t *testing.T) {
	files := make(map[string][]byte)
	entry := "import {h} from 'preact'; import {t} from './i18n/text'; import {h as g} from 'preact'; export default [h, t, g]"
	if err := part(files, folder(t), "good", entry, "channels", []string{"h", "t", "other"}); err != nil {
		t.Error(err)
	}
	if text := string(files["good.js"]); strings.Count(text, "import") != 1 || strings.Contains(text, "other") {
		t.Errorf("imports more than once, or more than it needs: %s", text)
	}
	err := part(files, folder(t), "bad", entry, "channels", []string{"h"})
	if err == nil || !strings.Contains(err.Error(), "does not export") {
		t.Errorf("a page may import what nobody exports: %v", err)
	}
}
