package admin

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
)

// maxLines is how many calls one file holds at most.
const maxLines = 100_000

// spreadsheetFormula are the signs by which a spreadsheet takes a cell for a
// formula. Names of models and messages are written by strangers.
const spreadsheetFormula = "=+-@\t\r"

// csvText is a text that stays a text in a spreadsheet.
func csvText(s string) string {
	if s != "" && strings.ContainsRune(spreadsheetFormula, rune(s[0])) {
		return "'" + s
	}
	return s
}

// startCSV says that what follows is a file.
func (q *request) startCSV(name string) *csv.Writer {
	q.answered = true
	header := q.w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8")
	header.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="ccload-%s-%s.csv"`, name, serverTime().Format("20060102-150405")))
	return csv.NewWriter(q.w)
}

var callColumns = []string{
	"id", "time", "duration_ms", "first_content_ms", "outcome", "status", "model", "token", "protocol", "operation", "stream", "channel",
	"upstream_model", "attempts", "route", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "cost_usd", "list_cost_usd", "unpriced", "message",
}

// exportCalls writes the calls that a list would show as a file, page by page.
func exportCalls(q *request) (any, error) {
	f, s, err := q.callQuestion()
	if err != nil {
		return nil, err
	}
	f.Limit = maxPage
	page, err := q.findCalls(f, s)
	if err != nil {
		return nil, err
	}
	w := q.startCSV("requests")
	_ = w.Write(callColumns) // the client is gone if it fails; what is written next finds out
	for lines := 0; ; {
		for _, r := range page.Calls {
			_ = w.Write(callLine(r))
		}
		w.Flush()
		lines += len(page.Calls)
		if page.Next == "" || lines >= maxLines || w.Error() != nil {
			return nil, nil //nolint:nilerr // if the client is gone, nobody is there to be told
		}
		f.Before = page.Next
		if page, err = q.findCalls(f, s); err != nil {
			panic(http.ErrAbortHandler) // a file that ends early must not look whole
		}
	}
}

func callLine(r *ai.Record) []string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	millis := func(d time.Duration) string {
		if d == 0 {
			return ""
		}
		return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', -1, 64)
	}
	steps := make([]string, len(r.Attempts))
	for i := range r.Attempts {
		steps[i] = r.Attempts[i].Target.Channel
		if kind := r.Attempts[i].Outcome.Kind; kind != ai.OK {
			steps[i] += " (" + kind.String() + ")"
		}
	}
	cost, list := r.Cost.Amount.String(), r.Cost.List.String()
	if !r.Cost.Known() {
		cost, list = "", "" // nobody knows
	}
	return []string{
		r.ID, r.Time.UTC().Format(time.RFC3339Nano), millis(r.Duration), millis(r.FirstContent), r.Outcome.String(), strconv.Itoa(r.Status),
		csvText(r.Model), csvText(r.Token), string(r.Protocol), string(r.Operation), strconv.FormatBool(r.Stream), csvText(r.Channel),
		csvText(r.UpstreamModel), strconv.Itoa(len(r.Attempts)), csvText(strings.Join(steps, " > ")),
		number(r.Usage.Input), number(r.Usage.CachedInput), number(r.Usage.CacheWrite), number(r.Usage.Output),
		cost, list, strconv.FormatBool(r.Cost.Unpriced), csvText(r.Message),
	}
}
