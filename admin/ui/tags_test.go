package ui

import (
	"os/exec"
	"strings"
	"testing"
)

// The tag ccload_noui leaves the pages out of the binary: nothing is embedded
// with it. What is embedded without it is all that a build needs, so that no
// build needs node.
func TestTagLeavesThePagesOut(t *testing.T) {
	embedded := func(tags string) string {
		out, err := exec.Command("go", "list", "-tags", tags, "-f", "{{join .EmbedFiles \" \"}}", ".").Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	if got := embedded("ccload_noui"); got != "" {
		t.Errorf("with ccload_noui these are embedded: %s", got)
	}
	if got := embedded(""); !strings.Contains(got, "dist/app.js") {
		t.Errorf("these pages are embedded: %s", got)
	}
}
