package selection

import (
	"os"
	"regexp"
	"testing"
)

// The dashboard translates reasons: it has a pattern for each of them.
func TestDashboardKnowsEveryReason(t *testing.T) {
	source, err := os.ReadFile("../admin/ui/src/pages/requests/why.ts")
	if err != nil {
		t.Fatal(err)
	}
	var patterns []*regexp.Regexp
	for _, m := range regexp.MustCompile(`(?m)^\t\[/(\^.+\$)/, "`).FindAllStringSubmatch(string(source), -1) {
		patterns = append(patterns, regexp.MustCompile(m[1]))
	}
	texts := []string{(&reason{tiered: true, tier: -7}).render()}
	texts = append(texts, displacedTexts[displacedBusy:]...)
	for m := methodOnly; m <= methodUnasked; m++ {
		texts = append(texts, (&reason{method: m, a: 2, b: 3, name: "first"}).render())
	}
	texts = append(texts, (&reason{method: methodCached}).render())
	for _, text := range texts {
		if text == "" || !anyMatches(patterns, text) {
			t.Errorf("no pattern of the dashboard matches %q", text)
		}
	}
}

func anyMatches(patterns []*regexp.Regexp, text string) bool {
	for _, p := range patterns {
		if p.MatchString(text) {
			return true
		}
	}
	return false
}
