package pricing

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
)

const aList = `{
	"anthropic": {"id": "anthropic", "models": {
		"claude-opus-4-6": {"id": "claude-opus-4-6", "cost": {"input": %s, "output": 25, "cache_read": 0.5, "cache_write": 6.25}},
		"claude-sonnet-4-5": {"cost": {"input": 4, "output": 15}},
		"claude-brand-new": {"cost": {"input": 1, "output": 2}},
		"claude-absurd": {"cost": {"input": -1, "output": 2}},
		"claude-free": {}, "claude-opus-4-8": {"cost": {"input": 0, "output": 0}}
	}},
	"somebody-else": {"models": {"claude-opus-4-6": {"cost": {"input": 99, "output": 99}}}}
}`

func TestListChangesOnlyWhatDiffers(t *testing.T) {
	base := Default()
	var l List
	day := at("2026-11-21")
	added, err := l.Update(base, fmt.Appendf(nil, aList, "5"), day)
	if err == nil || !strings.Contains(err.Error(), "anthropic/claude-absurd -1") {
		t.Errorf("an absurd price is not named: %v", err)
	}
	if added != 2 || len(l.Rows) != 2 { // Sonnet 4.5 and the new one
		t.Fatalf("%d rows: %+v", added, l.Rows)
	}
	if again, _ := l.Update(base, fmt.Appendf(nil, aList, "5"), day); again != 0 {
		t.Errorf("the same list added %d rows", again)
	}
	if later, _ := l.Update(base, fmt.Appendf(nil, aList, "6"), at("2026-11-25")); later != 1 {
		t.Errorf("a changed price added %d rows", later)
	}
	c := base.WithSynced(l.Rows)
	for _, row := range []struct {
		model, day, tier string
		prompt           int64
		want             ai.Money // for a thousand tokens of input
	}{
		{"claude-opus-4-6", "2026-11-24", "", 1000, 5_000_000},
		{"claude-opus-4-6", "2026-11-25", "", 1000, 6_000_000},
		{"claude-opus-4-6", "2026-11-25", "batch", 1000, 2_500_000}, // a tier the list does not know
		{"claude-sonnet-4-5", "2026-11-20", "", 1000, 3_000_000},
		{"claude-sonnet-4-5", "2026-11-21", "", 1000, 4_000_000},
		{"claude-brand-new", "2026-11-21", "", 1000, 1_000_000},
		{"claude-brand-new-20261121", "2026-11-21", "", 1000, 1_000_000},
	} {
		u := ai.Usage{Input: row.prompt, ServiceTier: row.tier}
		if got := c.Price("anthropic", row.model, at(row.day), &u, nil); got.Amount != row.want {
			t.Errorf("%+v: %+v", row, got)
		}
	}
	for _, bad := range []string{"", "[]", "<html>", `{"anthropic": 5}`} {
		before := len(l.Rows)
		if n, err := l.Update(base, []byte(bad), day); n != 0 || err == nil || len(l.Rows) != before {
			t.Errorf("%q: %d rows, %v", bad, n, err)
		}
	}
}

func TestFetch(t *testing.T) {
	mode := "ok"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch mode {
		case "ok":
			if r.Header.Get("If-None-Match") == `"1"` {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			w.Header().Set("ETag", `"1"`)
			fmt.Fprint(w, "{}")
		case "large":
			chunk := make([]byte, 1<<20)
			for range 20 {
				w.Write(chunk)
			}
		case "broken":
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "{")
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer s.Close()
	body, etag, err := Fetch(t.Context(), s.Client(), s.URL, "")
	if string(body) != "{}" || etag != `"1"` || err != nil {
		t.Fatalf("%q, %q, %v", body, etag, err)
	}
	if body, etag, err = Fetch(t.Context(), s.Client(), s.URL, etag); body != nil || etag != `"1"` || err != nil {
		t.Errorf("unchanged: %q, %q, %v", body, etag, err)
	}
	for m, want := range map[string]string{"large": "larger than 16 MiB", "broken": "unexpected EOF", "error": "500"} {
		mode = m
		if body, _, err := Fetch(t.Context(), s.Client(), s.URL, ""); body != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %d bytes, %v", m, len(body), err)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Fetch(over, s.Client(), s.URL, ""); err == nil {
		t.Error("fetched although it is over")
	}
}
