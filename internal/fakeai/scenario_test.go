package fakeai

import (
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		text string
		want Behaviour
	}{
		{"", Behaviour{}},
		{"ok", Behaviour{}},
		{"mk-429-ra5", Behaviour{Fault: Error, Problem: RateLimit, Status: 429, RetryAfter: 5 * time.Second}},
		{"503-rd2-f3", Behaviour{Fault: Error, Problem: Overloaded, Status: 503, RetryAfter: 2 * time.Second, RetryDate: true, First: 3}},
		{"1308-ra3600", Behaviour{Fault: Error, Problem: Quota1308, RetryAfter: time.Hour}},
		{"err200", Behaviour{Fault: Soft}},
		{"err200-rate", Behaviour{Fault: Soft, Problem: RateLimit}},
		{"rate-err200huge", Behaviour{Fault: Soft, Problem: RateLimit, ErrorSize: maxSoftError}},
		{"502-html", Behaviour{Fault: HTML, Problem: ServerError, Status: 502}},
		{"rst", Behaviour{Fault: CutByReset}},
		{"rem0-res30", Behaviour{Remaining: 1, ResetIn: 30 * time.Second}},
		{"n200-g20-e60-t0.5-l10-s700", Behaviour{
			Events: 200, Gap: 20 * time.Millisecond, EventSize: 60, FirstByte: 500 * time.Microsecond,
			FirstContent: 10 * time.Millisecond, Size: 700,
		}},
		{"ssemid-gzip-think-calls2-comments-crlf-noevent-big-p50", Behaviour{
			Fault: EventMid, Encoding: "gzip", Think: true, Calls: 2, Comments: true, CRLF: true, NoEvent: true, Big: true, Percent: 50,
		}},
		{"wrongtype-uanything-u1", Behaviour{ContentType: "application/octet-stream"}},
	}
	for _, tt := range tests {
		got, err := Parse(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s:\n%s", tt.text, diff)
		}
	}
	for _, text := range []string{"nonsense", "200", "999", "g", "g1x", "z5", "429--ra5", "rax"} {
		if b, err := Parse(text); err == nil {
			t.Errorf("%q is taken for %+v", text, b)
		}
	}
}

// The package documentation is where people look words up.
func TestDocNamesEveryWord(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "fakeai.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	known := regexp.MustCompile(`[a-z0-9]+(NN)?`).FindAllString(f.Doc.Text(), -1)
	var all []string
	for w := range words {
		all = append(all, w)
	}
	for w := range faultWords {
		all = append(all, w)
	}
	for w := range numberWords {
		all = append(all, w+"NN")
	}
	for p := range problems {
		if p[0] != '(' {
			all = append(all, string(p))
		}
	}
	for _, w := range all {
		if w != "ok" && !slices.Contains(known, w) {
			t.Errorf("%q is not in the package documentation", w)
		}
	}
}

func TestEveryProblemIsTold(t *testing.T) {
	for status := 400; status < 600; status++ {
		if _, ok := problems[problemOf(status)]; !ok {
			t.Errorf("%d has no problem", status)
		}
	}
}
