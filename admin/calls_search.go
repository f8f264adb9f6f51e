package admin

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
)

// Classes of calls, as OverviewStep counts them.
const (
	classOK         = "ok"
	classFailedOver = "failed_over"
	classCaller     = "caller"
	classFailed     = "failed"
)

var classes = []string{classOK, classFailedOver, classCaller, classFailed}

// classOf says as what a call is counted.
func classOf(kind ai.Kind, failedOver bool) string {
	switch {
	case kind == ai.OK && failedOver:
		return classFailedOver
	case kind == ai.OK:
		return classOK
	case kind == ai.ClientGone || kind == ai.Ended || kind.CallersFault():
		return classCaller
	}
	return classFailed
}

// maxSearched is how many calls one question looks at.
const maxSearched = 5000

// callSearch is the part of a question for calls that the store cannot answer:
// it is looked for in the calls that the other part finds.
type callSearch struct {
	class    string
	protocol ai.Protocol
	longer   time.Duration
	text     string // lower case
}

// readCallSearch reads it, and narrows f where that helps.
func readCallSearch(query url.Values, f *CallFilter) (s callSearch, err error) {
	s = callSearch{class: query.Get("class"), protocol: ai.Protocol(query.Get("protocol")), text: strings.ToLower(query.Get("text"))}
	if s.class != "" && !slices.Contains(classes, s.class) {
		return s, invalid("class", "class %q is not known; there are %s", ai.Shorten(s.class, maxTold), strings.Join(classes, ", "))
	}
	if s.protocol != "" && !slices.Contains(ai.Protocols, s.protocol) {
		return s, invalid("protocol", "protocol %q is not known; there are %v", ai.Shorten(string(s.protocol), maxTold), ai.Protocols)
	}
	if text := query.Get("longer"); text != "" {
		if s.longer, err = time.ParseDuration(text); err != nil || s.longer <= 0 {
			return s, invalid("longer", "longer %q: must be a duration above 0, such as 500ms or 10s", ai.Shorten(text, maxTold))
		}
	}
	if f.Outcome == "" && (s.class == classOK || s.class == classFailedOver) {
		f.Outcome = ai.OK.String()
	}
	return s, nil
}

// finds reports whether a call, as it is shown to the one who asks, is meant.
func (s *callSearch) finds(r, shown *ai.Record) bool {
	return (s.class == "" || classOf(r.Outcome, len(r.Attempts) > 1) == s.class) &&
		(s.protocol == "" || r.Protocol == s.protocol) && r.Duration >= s.longer && (s.text == "" || s.reads(shown))
}

// reads reports whether a call has the text in what is written of it.
func (s *callSearch) reads(r *ai.Record) bool {
	has := func(t string) bool { return strings.Contains(strings.ToLower(t), s.text) }
	if has(r.ID) || has(r.Message) || has(r.Model) || has(r.UserAgent) || has(r.ResponseID) {
		return true
	}
	return slices.ContainsFunc(r.Attempts, func(a ai.Attempt) bool {
		return has(a.Outcome.Message) || has(a.Outcome.Code) || has(a.ServerID)
	})
}

// findCalls answers a question for calls. A page that is not full and has a
// next one says how far back it has looked.
func (q *request) findCalls(f CallFilter, s callSearch) (page CallPage, err error) {
	page.Calls = []*ai.Record{}
	wanted := f.Limit
	if s != (callSearch{}) {
		f.Limit = maxPage
	}
	for looked := 0; ; {
		list, err := q.op.Calls(q.r.Context(), f)
		if err != nil {
			return page, err
		}
		for i, r := range list {
			shown := q.visible(r)
			if !s.finds(r, shown) {
				continue
			}
			page.Calls = append(page.Calls, shown)
			if len(page.Calls) < wanted {
				continue
			}
			if i < len(list)-1 || len(list) == f.Limit {
				page.Next = r.ID
			}
			return page, nil
		}
		if len(list) < f.Limit {
			return page, nil
		}
		last := list[len(list)-1]
		f.Before = last.ID
		if looked += len(list); looked >= maxSearched {
			page.Next, page.Searched = last.ID, last.Time
			return page, nil
		}
	}
}
