package admin

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ccload/ccload/ai"
)

// cellValues are what the cells of a file may show.
var cellValues = map[string]func(s *CostSum) string{
	"":          func(s *CostSum) string { return s.Cost.String() },
	"cost":      func(s *CostSum) string { return s.Cost.String() },
	"list_cost": func(s *CostSum) string { return s.List.String() },
	"calls":     func(s *CostSum) string { return strconv.FormatInt(s.Calls, 10) },
	"tokens":    func(s *CostSum) string { return strconv.FormatInt(s.Tokens, 10) },
}

// restName stands for what is not listed.
const restName = "(rest)"

// exportCosts writes a table of costs as a file: every digit, and the sums.
func exportCosts(q *request) (any, error) {
	show, ok := cellValues[q.r.URL.Query().Get("show")]
	if !ok {
		return nil, invalid("show", "show %q: must be cost, list_cost, calls or tokens", ai.Shorten(q.r.URL.Query().Get("show"), maxTold))
	}
	table, err := costs(q)
	if err != nil {
		return nil, err
	}
	head, sums := []string{table.Rows}, []string{"sum"}
	columns := table.Columns
	if table.RestColumn != nil {
		columns = append(slices.Clip(columns), CostColumn{restName, table.RestColumn.Sum})
	}
	for i := range columns {
		head = append(head, csvText(columns[i].Name))
		sums = append(sums, show(&columns[i].Sum))
	}
	w := q.startCSV("costs-" + strings.Trim(table.Rows+"-"+table.Other, "-"))
	_ = w.Write(append(head, "cost_usd", "list_cost_usd", "calls", "tokens", "unpriced")) // the client is gone if it fails
	lines := table.Lines
	if table.RestLine != nil {
		lines = append(slices.Clip(lines), CostLine{Name: restName, Sum: table.RestLine.Sum, Cells: table.RestLine.Cells})
	}
	for i := range lines {
		line := []string{csvText(lines[i].Name)}
		for _, cell := range lines[i].Cells {
			if cell == nil {
				line = append(line, "")
				continue
			}
			line = append(line, show(cell))
		}
		_ = w.Write(append(line, sumFields(&lines[i].Sum)...))
	}
	_ = w.Write(append(sums, sumFields(&table.Total)...))
	w.Flush()
	return nil, nil
}

func sumFields(s *CostSum) []string {
	return []string{s.Cost.String(), s.List.String(), strconv.FormatInt(s.Calls, 10), strconv.FormatInt(s.Tokens, 10), strconv.FormatInt(s.Unpriced, 10)}
}
