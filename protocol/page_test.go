package protocol_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
	"github.com/ccload/ccload/protocol/gemini"
)

func TestPage(t *testing.T) {
	t.Parallel()
	all := []protocol.Model{{ID: "b"}, {ID: "d"}, {ID: "f"}, {ID: "h"}}
	for _, row := range []struct {
		q    protocol.PageQuery
		want string
		more bool
	}{
		{protocol.PageQuery{}, "bdfh", false},
		{protocol.PageQuery{Limit: 4}, "bdfh", false},
		{protocol.PageQuery{Limit: 3}, "bdf", true},
		{protocol.PageQuery{Limit: 3, After: "d"}, "fh", false},
		{protocol.PageQuery{Limit: 1, After: "d"}, "f", true},
		{protocol.PageQuery{After: "e"}, "fh", false}, // it is gone
		{protocol.PageQuery{After: "h"}, "", false},
		{protocol.PageQuery{Limit: 1, Before: "f"}, "d", true},
		{protocol.PageQuery{Limit: 2, Before: "f"}, "bd", false},
		{protocol.PageQuery{Before: "a"}, "", false},
		{protocol.PageQuery{After: "b", Before: "h"}, "df", false},
		{protocol.PageQuery{After: "h", Before: "b"}, "", false},
	} {
		page, more := protocol.Page(all, row.q)
		var got strings.Builder
		for _, m := range page {
			got.WriteString(m.ID)
		}
		if got.String() != row.want || more != row.more {
			t.Errorf("%+v: %q, more %v", row.q, got.String(), more)
		}
	}
}

// TestModelPages: each protocol's own words for a page are understood, and what
// is no number is as if it were not said.
func TestModelPages(t *testing.T) {
	t.Parallel()
	all := []protocol.Model{{ID: "b"}, {ID: "d"}, {ID: "f"}}
	for _, row := range []struct {
		format protocol.Format
		query  string
		holds  []string
		not    string
	}{
		{anthropic.Format{}, "", []string{`"b"`, `"f"`, `"has_more":false`}, ""},
		{anthropic.Format{}, "limit=2", []string{`"has_more":true`, `"first_id":"b"`, `"last_id":"d"`}, `"f"`},
		{anthropic.Format{}, "limit=2&after_id=d", []string{`"has_more":false`, `"first_id":"f"`}, `"b"`},
		{anthropic.Format{}, "limit=1&before_id=f", []string{`"has_more":true`, `"first_id":"d"`}, `"b"`},
		{anthropic.Format{}, "limit=many", []string{`"b"`, `"f"`}, ""},
		{gemini.Format{}, "", []string{`"models/b"`, `"models/f"`}, "nextPageToken"},
		{gemini.Format{}, "pageSize=2", []string{`"nextPageToken":"d"`}, `models/f`},
		{gemini.Format{}, "pageSize=2&pageToken=d", []string{`models/f`}, "nextPageToken"},
		{gemini.Format{}, "page_size=1", []string{`"nextPageToken":"b"`}, `models/d`},
		{gemini.Format{}, "pageSize=-1", []string{`models/f`}, "nextPageToken"},
	} {
		body := string(row.format.WriteModels(httptest.NewRequest("GET", "/v1/models?"+row.query, nil), all))
		for _, part := range row.holds {
			if !strings.Contains(body, part) {
				t.Errorf("%T %s: %s has no %s", row.format, row.query, body, part)
			}
		}
		if row.not != "" && strings.Contains(body, row.not) {
			t.Errorf("%T %s: %s has %s", row.format, row.query, body, row.not)
		}
	}
}
