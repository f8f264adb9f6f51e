package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

func TestReferenceIsCurrent(t *testing.T) {
	want, err := page("../../..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../../docs/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/reference.md is not what the source says: run go generate ./internal/fielddocs")
	}
}

// TestReferenceHasEveryWord asks the reader of Caddyfiles which words it knows:
// each stands in the syntax that the reference shows.
func TestReferenceHasEveryWord(t *testing.T) {
	for word, test := range map[string]struct{ file, config string }{
		"ccload":        {"caddyfile/caddyfile.go", "{\n\tccload {\n\t\tzzzzzzzzzz\n\t}\n}\n"},
		"channel":       {"caddyfile/channel.go", "{\n\tccload {\n\t\tchannel a {\n\t\t\tzzzzzzzzzz\n\t\t}\n\t}\n}\n"},
		"token":         {"caddyfile/token.go", "{\n\tccload {\n\t\ttoken a 0123456789abcdef {\n\t\t\tzzzzzzzzzz\n\t\t}\n\t}\n}\n"},
		"cooldown_rule": {"caddyfile/channel.go", "{\n\tccload {\n\t\tchannel a {\n\t\t\tcooldown_rule 429 {\n\t\t\t\tzzzzzzzzzz\n\t\t\t}\n\t\t}\n\t}\n}\n"},
		"health_check":  {"caddyfile/channel.go", "{\n\tccload {\n\t\tchannel a {\n\t\t\thealth_check {\n\t\t\t\tzzzzzzzzzz\n\t\t\t}\n\t\t}\n\t}\n}\n"},
		"retention":     {"caddyfile/app.go", "{\n\tccload {\n\t\tretention {\n\t\t\tzzzzzzzzzz\n\t\t}\n\t}\n}\n"},
		"capture":       {"caddyfile/app.go", "{\n\tccload {\n\t\tcapture {\n\t\t\tzzzzzzzzzz\n\t\t}\n\t}\n}\n"},
		"prices":        {"caddyfile/prices.go", "{\n\tccload {\n\t\tprices {\n\t\t\tzzzzzzzzzz\n\t\t}\n\t}\n}\n"},
		"directive":     {"caddyfile.go", ":80 {\n\tccload {\n\t\tzzzzzzzzzz\n\t}\n}\n"},
	} {
		t.Run(word, func(t *testing.T) {
			_, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(test.config), map[string]any{"filename": "Caddyfile"})
			if err == nil {
				t.Fatal("a word that does not exist is taken")
			}
			_, list, ok := strings.Cut(err.Error(), "which knows ")
			if !ok {
				t.Fatalf("it does not say which words it knows: %v", err)
			}
			list, _, _ = strings.Cut(list, ", at ")
			if word == "directive" {
				word = "ccload"
			}
			lines, err := syntax("../../..", test.file, word)
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for _, line := range lines {
				if m := regexp.MustCompile(`^ +([a-z_]+)`).FindStringSubmatch(line); m != nil {
					told = append(told, m[1])
				}
			}
			slices.Sort(told)
			if known := strings.Split(list, ", "); !slices.Equal(known, slices.Compact(told)) {
				t.Errorf("it knows %q, and the comment tells %q", known, told)
			}
		})
	}
}
