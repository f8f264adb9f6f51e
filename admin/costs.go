package admin

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ccload/ccload/ai"
)

// Costs is what calls cost, as a table of one or two dimensions. Sums are made
// of whole nano-dollars: rows, columns and cells add up to the last digit.
type Costs struct {
	Since time.Time `json:"since"`             // begin of the range
	Until time.Time `json:"until"`             // end of the range
	Rows  string    `json:"rows"`              // dimension
	Other string    `json:"columns,omitempty"` // dimension of the columns

	Columns []CostColumn `json:"column_list"` // the costliest first; days in their order
	Lines   []CostLine   `json:"row_list"`    // the costliest first; days in their order
	Total   CostSum      `json:"total"`       // the sum of the range

	// What is not listed, because it was asked for fewer rows or columns.
	RestRows    int         `json:"rest_rows"`             // how many
	RestLine    *CostLine   `json:"rest_row,omitempty"`    // their sum
	RestColumns int         `json:"rest_columns"`          // how many
	RestColumn  *CostColumn `json:"rest_column,omitempty"` // their sum

	Unpriced []UnpricedModel `json:"unpriced"` // the most calls first

	Step   time.Duration `json:"step_ns,omitempty"` // width of a step of the series; 0: there is none
	Stacks []string      `json:"stacks"`            // names of what is stacked in each step, the costliest first: of the rows, or of the columns where rows are days
	Series []CostStep    `json:"series"`            // steps that had calls, the oldest first
}

// CostSum is what some calls came to.
type CostSum struct {
	Calls    int64    `json:"calls"`         // that have ended
	Cost     ai.Money `json:"cost_usd"`      // with multipliers of channels
	List     ai.Money `json:"list_cost_usd"` // by list prices
	Tokens   int64    `json:"tokens"`        // of prompts and answers
	Unpriced int64    `json:"unpriced"`      // calls of which a part has no price
	// Share is its part of the cost of the range, 0 to 1; absent where nothing
	// was spent, and of cells.
	Share *float64 `json:"share,omitempty"`
}

// CostColumn is one column and its sum.
type CostColumn struct {
	Name string  `json:"name"` // a value of the dimension, 2026-01-31 of days; empty: none, such as no channel
	Sum  CostSum `json:"sum"`  // of all rows
}

// CostLine is one row.
type CostLine struct {
	Name  string     `json:"name"`  // a value of the dimension; empty: none, such as no channel
	Sum   CostSum    `json:"sum"`   // of all columns
	Cells []*CostSum `json:"cells"` // one for each column, then one for the rest of them if there is one; null: no calls
}

// UnpricedModel is a model whose calls are not in the sums, or not wholly.
type UnpricedModel struct {
	Model string `json:"model"` // its name in the statistics
	Calls int64  `json:"calls"` // of which a part has no price
}

// CostStep is what was spent in a step.
type CostStep struct {
	Start time.Time  `json:"start"`     // of the step
	Costs []ai.Money `json:"costs_usd"` // one for each stack
	Rest  ai.Money   `json:"rest_usd"`  // of what is in no stack
}

// Bounds of tables.
const (
	maxCostRows    = 1000
	maxCostColumns = 100
	maxStacks      = 6
	dayDimension   = "day"
	dayStep        = 24 * time.Hour
)

func (s *CostSum) add(r *StatisticsRow) {
	s.Calls += r.Calls
	s.Cost += r.Cost
	s.List += r.ListCost
	s.Tokens += r.Input + r.Output
	s.Unpriced += r.Unpriced
}

func (s *CostSum) merge(other *CostSum) {
	s.Calls += other.Calls
	s.Cost += other.Cost
	s.List += other.List
	s.Tokens += other.Tokens
	s.Unpriced += other.Unpriced
}

// count reads how many rows or columns are wanted.
func count(query url.Values, name string, most int) (int, error) {
	text := query.Get(name)
	if text == "" {
		return most, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, invalid(name, "%s %q: must be 1 to %d", name, ai.Shorten(text, maxTold), most)
	}
	return n, nil
}

// zone is the time zone that the days of budgets begin in.
func (q *request) zone() *time.Location {
	for _, b := range q.op.Budgets(serverTime()) {
		if !b.Day.Resets.IsZero() {
			return b.Day.Resets.Location()
		}
	}
	return time.UTC // there is nothing that could have cost anything
}

// costQuestion is what a table is made of.
type costQuestion struct {
	ask                 StatisticsQuestion // without a step
	rows, columns       string
	maxRows, maxColumns int
	step                time.Duration
}

func (q *request) costQuestion() (c costQuestion, err error) {
	query := q.r.URL.Query()
	if c.ask, err = q.span(); err != nil {
		return c, err
	}
	c.step, c.ask.Step = c.ask.Step, 0
	if err := q.narrow(&c.ask); err != nil {
		return c, err
	}
	c.rows, c.columns = query.Get("rows"), query.Get("columns")
	if c.rows == "" {
		c.rows = "channel"
		if q.token() != "" {
			c.rows = "model"
		}
	}
	for field, name := range map[string]string{"rows": c.rows, "columns": c.columns} {
		if name == "" || name == dayDimension {
			continue
		}
		if err := q.mayAsk(name, field); err != nil {
			return c, err
		}
	}
	if c.rows == c.columns {
		return c, invalid("columns", "columns: must be another dimension than the rows, which is %s", c.rows)
	}
	if c.maxRows, err = count(query, "most_rows", maxCostRows); err != nil {
		return c, err
	}
	c.maxColumns, err = count(query, "most_columns", maxCostColumns)
	return c, err
}

// costs answers a table of costs, and a series if it was asked for.
func costs(q *request) (*Costs, error) {
	c, err := q.costQuestion()
	if err != nil {
		return nil, err
	}
	table := c.ask
	for _, name := range []string{c.rows, c.columns} {
		switch name {
		case "":
		case dayDimension:
			table.Step = dayStep
		default:
			table.By = append(slices.Clip(table.By), name)
		}
	}
	unpriced, series := c.ask, c.ask
	unpriced.By = []string{"model"}
	questions := []StatisticsQuestion{table, unpriced}
	stacked := c.rows
	if stacked == dayDimension {
		stacked = c.columns
	}
	if c.step > 0 {
		series.Step = c.step
		if stacked != "" {
			series.By = []string{stacked}
		}
		questions = append(questions, series)
	}
	answers, err := askAll(q.r.Context(), q.op, questions...)
	if err != nil {
		return nil, err
	}
	out := &Costs{Since: c.ask.Since, Until: c.ask.Until, Rows: c.rows, Other: c.columns, Step: c.step, Stacks: []string{}, Series: []CostStep{}, Unpriced: unpricedOf(answers[1])}
	out.fill(&c, answers[0], q.zone())
	if c.step > 0 {
		out.stack(answers[2], stacked)
	}
	return out, nil
}

func unpricedOf(s *Statistics) []UnpricedModel {
	list := []UnpricedModel{}
	for i := range s.Rows {
		if n := s.Rows[i].Unpriced; n > 0 {
			list = append(list, UnpricedModel{s.Rows[i].Values["model"], n})
		}
	}
	slices.SortFunc(list, func(a, b UnpricedModel) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), strings.Compare(a.Model, b.Model))
	})
	return list
}

// valueOf is the value of a dimension in a row. A day is that of its noon,
// because a step of 24 hours begins an hour off where the clocks were changed.
func valueOf(dimension string, r *StatisticsRow, zone *time.Location) string {
	if dimension == dayDimension {
		return r.Start.Add(dayStep / 2).In(zone).Format(time.DateOnly)
	}
	return r.Values[dimension]
}

// ranked adds up by name, the costliest first, days in their order.
func ranked(dimension string, sums map[string]*CostSum) []CostColumn {
	list := make([]CostColumn, 0, len(sums))
	for name, sum := range sums {
		list = append(list, CostColumn{name, *sum})
	}
	slices.SortFunc(list, func(a, b CostColumn) int {
		byName := strings.Compare(a.Name, b.Name)
		if dimension == dayDimension {
			return byName
		}
		return cmp.Or(cmp.Compare(b.Sum.Cost, a.Sum.Cost), cmp.Compare(b.Sum.Calls, a.Sum.Calls), byName)
	})
	return list
}

// into adds a row to the sum of a name.
func into(sums map[string]*CostSum, name string, r *StatisticsRow) {
	sum := sums[name]
	if sum == nil {
		sum = new(CostSum)
		sums[name] = sum
	}
	sum.add(r)
}

// fill makes the table.
func (t *Costs) fill(c *costQuestion, s *Statistics, zone *time.Location) {
	rows, columns := make(map[string]*CostSum), make(map[string]*CostSum)
	for i := range s.Rows {
		r := &s.Rows[i]
		t.Total.add(r)
		into(rows, valueOf(c.rows, r, zone), r)
		if c.columns != "" {
			into(columns, valueOf(c.columns, r, zone), r)
		}
	}
	lines := ranked(c.rows, rows)
	t.Columns = ranked(c.columns, columns)
	width := len(t.Columns)
	if width > c.maxColumns {
		t.RestColumns = width - c.maxColumns
		t.RestColumn = &CostColumn{Sum: summed(t.Columns[c.maxColumns:])}
		t.Columns = t.Columns[:c.maxColumns]
		width = c.maxColumns + 1
	}
	place := func(list []CostColumn, most int) map[string]int {
		places := make(map[string]int, len(list))
		for i := range list {
			places[list[i].Name] = min(i, most)
		}
		return places
	}
	if len(lines) > c.maxRows {
		t.RestRows = len(lines) - c.maxRows
		t.RestLine = &CostLine{Sum: summed(lines[c.maxRows:]), Cells: make([]*CostSum, width)}
	}
	t.Lines = make([]CostLine, min(len(lines), c.maxRows))
	for i := range t.Lines {
		t.Lines[i] = CostLine{Name: lines[i].Name, Sum: lines[i].Sum, Cells: make([]*CostSum, width)}
	}
	t.share()
	if c.columns == "" {
		return
	}
	rowAt, columnAt := place(lines, c.maxRows), place(t.Columns, c.maxColumns)
	for i := range s.Rows {
		r := &s.Rows[i]
		line := t.RestLine
		if at := rowAt[valueOf(c.rows, r, zone)]; at < len(t.Lines) {
			line = &t.Lines[at]
		}
		at, listed := columnAt[valueOf(c.columns, r, zone)]
		if !listed {
			at = c.maxColumns
		}
		if line.Cells[at] == nil {
			line.Cells[at] = new(CostSum)
		}
		line.Cells[at].add(r)
	}
}

// share works out which part of the cost rows and columns are.
func (t *Costs) share() {
	of := func(sum *CostSum) { sum.Share = ratio(int64(sum.Cost), int64(t.Total.Cost)) }
	for i := range t.Lines {
		of(&t.Lines[i].Sum)
	}
	for i := range t.Columns {
		of(&t.Columns[i].Sum)
	}
	if t.RestLine != nil {
		of(&t.RestLine.Sum)
	}
	if t.RestColumn != nil {
		of(&t.RestColumn.Sum)
	}
}

// summed adds up.
func summed(list []CostColumn) (sum CostSum) {
	for i := range list {
		sum.merge(&list[i].Sum)
	}
	return sum
}

// stack makes the series: the costliest values of a dimension, and the rest.
func (t *Costs) stack(s *Statistics, dimension string) {
	sums := make(map[string]*CostSum)
	for i := range s.Rows {
		into(sums, s.Rows[i].Values[dimension], &s.Rows[i])
	}
	for _, one := range ranked(dimension, sums) {
		if len(t.Stacks) < maxStacks && one.Sum.Cost > 0 {
			t.Stacks = append(t.Stacks, one.Name)
		}
	}
	for i := range s.Rows {
		r := &s.Rows[i]
		at := slices.IndexFunc(t.Series, func(c CostStep) bool { return c.Start.Equal(r.Start) })
		if at < 0 {
			at = len(t.Series)
			t.Series = append(t.Series, CostStep{Start: r.Start, Costs: make([]ai.Money, len(t.Stacks))})
		}
		if i := slices.Index(t.Stacks, r.Values[dimension]); i >= 0 {
			t.Series[at].Costs[i] += r.Cost
		} else {
			t.Series[at].Rest += r.Cost
		}
	}
	slices.SortFunc(t.Series, func(a, b CostStep) int { return a.Start.Compare(b.Start) })
}
