package protocol

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// PageQuery is which part of a list of models a client asks for.
type PageQuery struct {
	Limit         int    // at most so many, 0 for all
	After, Before string // those behind, or right before, the model of this id
}

// QueryNumber reads a positive whole number of a query, which may not be said.
// It is 0 then, and for anything else: a list without a limit is still the list.
func QueryNumber(r *http.Request, names ...string) int {
	n, err := strconv.Atoi(QueryText(r, names...))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// QueryText reads a text of a query by the first of its names that is said.
func QueryText(r *http.Request, names ...string) string {
	if r == nil || r.URL == nil || r.URL.RawQuery == "" {
		return ""
	}
	query := r.URL.Query()
	for _, name := range names {
		if v := query.Get(name); v != "" {
			return v
		}
	}
	return ""
}

// Page is a part of models, which are sorted by their ids. more says that there
// are others in the direction that was asked for. A cursor need not be there any
// more: it tells a place.
func Page(models []Model, q PageQuery) (page []Model, more bool) {
	place := func(id string) (at int, found bool) {
		return slices.BinarySearchFunc(models, id, func(m Model, id string) int { return strings.Compare(m.ID, id) })
	}
	from, to := 0, len(models)
	if q.After != "" {
		at, found := place(q.After)
		if from = at; found {
			from++
		}
	}
	if q.Before != "" {
		at, _ := place(q.Before)
		to = max(from, at)
	}
	limit := q.Limit
	if limit == 0 {
		limit = len(models)
	}
	switch {
	case to-from <= limit:
	case q.Before != "" && q.After == "":
		from, more = to-limit, true
	default:
		to, more = from+limit, true
	}
	return models[from:to], more
}
