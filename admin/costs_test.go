package admin

import (
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the test of changing clocks needs no zones of the machine

	"github.com/ccload/ccload/ai"
)

// sale is one call that statistics are made of.
type sale struct {
	at     time.Time
	values map[string]string
	row    StatisticsRow
}

// sold makes statistics as the store does: by steps that begin at the zone's
// midnight.
func sold(sales []sale, zone *time.Location) func(StatisticsQuestion) *Statistics {
	return func(q StatisticsQuestion) *Statistics {
		sums := make(map[string]*StatisticsRow)
		order := []string{}
		for _, one := range sales {
			if one.at.Before(q.Since) || !one.at.Before(q.Until) || slices.ContainsFunc(slices.Collect(maps.Keys(q.Where)), func(d string) bool { return one.values[d] != q.Where[d] }) {
				continue
			}
			row := StatisticsRow{Values: make(map[string]string)}
			if q.Step > 0 {
				y, m, d := q.Since.In(zone).Date()
				origin := time.Date(y, m, d, 0, 0, 0, 0, zone)
				row.Start = origin.Add(one.at.Sub(origin) / q.Step * q.Step)
			}
			for _, d := range q.By {
				row.Values[d] = one.values[d]
			}
			key := fmt.Sprint(row.Start.Unix(), row.Values)
			if sums[key] == nil {
				sums[key] = &row
				order = append(order, key)
			}
			s := sums[key]
			s.Calls++
			s.Cost += one.row.Cost
			s.ListCost += one.row.ListCost
			s.Input += one.row.Input
			s.Output += one.row.Output
			s.Unpriced += one.row.Unpriced
			s.FailedOver += one.row.FailedOver
		}
		out := &Statistics{}
		for _, key := range order {
			out.Rows = append(out.Rows, *sums[key])
		}
		return out
	}
}

// market is a shop whose statistics are made of single sales.
type market struct {
	*shop
	sold func(StatisticsQuestion) *Statistics
	ask  func(role, path string) (int, string)
}

func (m *market) Statistics(_ context.Context, q StatisticsQuestion) (*Statistics, error) {
	return m.sold(q), nil
}

// berlin changes its clocks on 25 October 2026.
func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func newMarket(t *testing.T) *market {
	t.Helper()
	zone := berlin(t)
	random := rand.New(rand.NewPCG(1, 2))
	since := time.Date(2026, 10, 20, 0, 0, 0, 0, zone)
	var sales []sale
	for i := range 3000 {
		one := sale{at: since.Add(time.Duration(random.IntN(10*24*60)) * time.Minute), values: map[string]string{
			"channel": fmt.Sprintf("c%d", random.IntN(8)), "model": fmt.Sprintf("m%d", random.IntN(30)), "token": []string{"laptop", "ci"}[i%2],
			"protocol": "openai", "outcome": []string{"ok", "rate_limited", "invalid_request"}[random.IntN(3)], "key": "k",
		}}
		one.row = StatisticsRow{Cost: ai.Money(random.Int64N(1e10)), ListCost: ai.Money(random.Int64N(1e10)), Input: 3, Output: 2}
		if one.values["model"] == "m3" {
			one.row.Cost, one.row.ListCost, one.row.Unpriced = 0, 0, 1
		}
		if one.values["outcome"] == "ok" && i%7 == 0 {
			one.row.FailedOver = 1
		}
		sales = append(sales, one)
	}
	m := &market{sold: sold(sales, zone)}
	m.shop, m.ask = newShop(t, m)
	m.budgets = []Budget{
		{Kind: "token", Name: "laptop", Day: Spent{Resets: time.Now().In(zone).AddDate(0, 0, 1)}},
		{Kind: "channel", Name: "c1", Day: Spent{Resets: time.Now().In(zone).AddDate(0, 0, 1)}},
	}
	return m
}

const october = "since=2026-10-19T22:00:00Z&until=2026-10-29T23:00:00Z"

// TestTablesAddUp: for any two dimensions and any bounds, rows, columns, cells
// and the rest come to the same total, to the last digit.
func TestTablesAddUp(t *testing.T) {
	m := newMarket(t)
	all := append([]string{dayDimension}, dimensions...)
	want := m.sold(StatisticsQuestion{Until: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}).Rows[0]
	for _, rows := range all {
		for _, columns := range all {
			for _, limits := range []string{"", "&most_rows=3", "&most_columns=4", "&most_rows=2&most_columns=1&step=24h"} {
				if rows == columns {
					continue
				}
				path := "costs?" + october + "&rows=" + rows + "&columns=" + columns + limits
				status, text := m.ask(RoleOperator, path)
				c := dataOf[Costs](t, status, text)
				lines := c.Lines
				if c.RestLine != nil {
					lines = append(slices.Clip(lines), *c.RestLine)
				}
				heads := c.Columns
				if c.RestColumn != nil {
					heads = append(slices.Clip(heads), *c.RestColumn)
				}
				var byRow, byColumn, byCell CostSum
				for i := range heads {
					byColumn.merge(&heads[i].Sum)
				}
				for i := range lines {
					byRow.merge(&lines[i].Sum)
					var row CostSum
					if len(lines[i].Cells) != len(heads) {
						t.Fatalf("%s: %d cells below %d columns", path, len(lines[i].Cells), len(heads))
					}
					for _, cell := range lines[i].Cells {
						if cell != nil {
							row.merge(cell)
						}
					}
					sum := lines[i].Sum
					if want := ratio(int64(sum.Cost), int64(c.Total.Cost)); want == nil || sum.Share == nil || *sum.Share != *want {
						t.Fatalf("%s: row %s: its share is %v", path, lines[i].Name, sum.Share)
					}
					sum.Share = nil
					if row != sum {
						t.Fatalf("%s: row %s: cells come to %+v, the sum is %+v", path, lines[i].Name, row, lines[i].Sum)
					}
					byCell.merge(&row)
				}
				if byRow != c.Total || byColumn != c.Total || byCell != c.Total {
					t.Errorf("%s: rows %+v, columns %+v, cells %+v, total %+v", path, byRow, byColumn, byCell, c.Total)
				}
				if c.Total.Cost != want.Cost || c.Total.List != want.ListCost || c.Total.Calls != want.Calls || c.Total.Tokens != 5*want.Calls {
					t.Errorf("%s: total %+v, want %+v", path, c.Total, want)
				}
				var stacked ai.Money
				for _, step := range c.Series {
					stacked += step.Rest
					for _, cost := range step.Costs {
						stacked += cost
					}
				}
				if c.Step > 0 && stacked != c.Total.Cost {
					t.Errorf("%s: the series comes to %s, the total is %s", path, stacked, c.Total.Cost)
				}
			}
		}
	}
}

// TestDaysAreThoseOfBudgets: also where the clocks were changed.
func TestDaysAreThoseOfBudgets(t *testing.T) {
	m := newMarket(t)
	status, text := m.ask(RoleOperator, "costs?"+october+"&rows=day&columns=token")
	c := dataOf[Costs](t, status, text)
	for i := range c.Lines {
		if want := time.Date(2026, 10, 20+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly); c.Lines[i].Name != want {
			t.Errorf("day %d is %s, want %s", i, c.Lines[i].Name, want)
		}
	}
	if len(c.Lines) != 10 {
		t.Errorf("%d days", len(c.Lines))
	}
}

func TestUnpricedModelsAreNamed(t *testing.T) {
	m := newMarket(t)
	status, text := m.ask(RoleOperator, "costs?"+october)
	c := dataOf[Costs](t, status, text)
	if len(c.Unpriced) != 1 || c.Unpriced[0].Model != "m3" || c.Unpriced[0].Calls != c.Total.Unpriced || c.Total.Unpriced == 0 {
		t.Errorf("unpriced %+v of %d", c.Unpriced, c.Total.Unpriced)
	}
}

// TestTheFileIsTheTable: each cell of the file is that of the table.
func TestTheFileIsTheTable(t *testing.T) {
	m := newMarket(t)
	for show, value := range cellValues {
		if show == "" {
			continue
		}
		query := "?" + october + "&rows=channel&columns=model&most_columns=5"
		status, text := m.ask(RoleOperator, "costs"+query)
		c := dataOf[Costs](t, status, text)
		_, text = m.ask(RoleOperator, "costs.csv"+query+"&show="+show)
		lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(lines) != len(c.Lines)+2 {
			t.Fatalf("%d lines, %v", len(lines), err)
		}
		for i := range c.Lines {
			want := []string{c.Lines[i].Name}
			for _, cell := range c.Lines[i].Cells {
				want = append(want, value(cell))
			}
			if want = append(want, sumFields(&c.Lines[i].Sum)...); !slices.Equal(lines[i+1], want) {
				t.Errorf("%s: %v, want %v", show, lines[i+1], want)
			}
		}
		if last := lines[len(lines)-1]; last[0] != "sum" || !slices.Equal(last[len(last)-5:], sumFields(&c.Total)) {
			t.Errorf("%s: the sum is %v", show, last)
		}
	}
}

// TestVolumeIsTheClassesOfCalls: what is counted comes to what there is.
func TestVolumeIsTheClassesOfCalls(t *testing.T) {
	m := newMarket(t)
	get := func(more string) CallVolume {
		status, text := m.ask(RoleOperator, "calls/volume?"+october+"&step=24h"+more)
		return dataOf[CallVolume](t, status, text)
	}
	all := get("").Total
	if all.OK == 0 || all.FailedOver == 0 || all.Caller == 0 || all.Failed == 0 || all.OK+all.FailedOver+all.Caller+all.Failed != 3000 {
		t.Errorf("all %+v", all)
	}
	for class, want := range map[string]CallClasses{classOK: {OK: all.OK}, classFailedOver: {FailedOver: all.FailedOver}, classCaller: {Caller: all.Caller}, classFailed: {Failed: all.Failed}} {
		v := get("&class=" + class)
		if v.Total != want {
			t.Errorf("%s: %+v, want %+v", class, v.Total, want)
		}
		var steps CallClasses
		for _, s := range v.Series {
			steps.OK, steps.FailedOver, steps.Caller, steps.Failed = steps.OK+s.OK, steps.FailedOver+s.FailedOver, steps.Caller+s.Caller, steps.Failed+s.Failed
		}
		if steps != want {
			t.Errorf("%s: steps come to %+v", class, steps)
		}
	}
}

// TestHoldersSeeTheirOwnCosts: of every route of costs.
func TestHoldersSeeTheirOwnCosts(t *testing.T) {
	m := newMarket(t)
	for path, want := range map[string]int{
		"costs?" + october: 200, "costs?rows=channel": 400, "costs?columns=token": 400, "costs?columns=key": 400, "costs?channel=c1": 400, "costs?token=ci": 400,
		"costs.csv?rows=channel": 400, "calls/volume?step=1h&channel=c1": 400, "calls/volume?step=1h&token=ci": 400,
		"burndown?name=laptop": 200, "burndown?name=ci": 403, "burndown?kind=channel&name=c1": 403, "calls/req_1/price": 403,
	} {
		if status, text := m.ask(RoleHolder, path); status != want {
			t.Errorf("%s: status %d, want %d: %s", path, status, want, text)
		}
	}
	status, text := m.ask(RoleHolder, "costs?"+october)
	if c := dataOf[Costs](t, status, text); c.Total.Calls != 1500 {
		t.Errorf("%d calls", c.Total.Calls)
	}
}

func TestCostQuestionsAreChecked(t *testing.T) {
	m := newMarket(t)
	for _, query := range []string{"rows=colour", "rows=model&columns=model", "columns=channel", "most_rows=0", "most_columns=101", "step=1s", "show=all&rows=x"} {
		if status, text := m.ask(RoleOperator, "costs?"+query); status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", query, status, text)
		}
	}
	for path, want := range map[string]int{"costs.csv?show=all": 400, "burndown?name=nobody": 404, "burndown?name=laptop&period=year": 400, "burndown?kind=key&name=k": 400} {
		if status, text := m.ask(RoleOperator, path); status != want {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
}

// TestBurndownNeverFalls: the curve ends now, at what calls came to.
func TestBurndownNeverFalls(t *testing.T) {
	zone := berlin(t)
	until := time.Date(2026, 11, 1, 0, 0, 0, 0, zone)
	b := Burndown{Since: time.Date(2026, 10, 1, 0, 0, 0, 0, zone), Until: until, Step: 6 * time.Hour, Spent: 20 * ai.Dollar}
	now := b.Since.Add(10 * 24 * time.Hour)
	sums := &Statistics{}
	for i := range 39 {
		sums.Rows = append(sums.Rows, StatisticsRow{Start: b.Since.Add(time.Duration(38-i) * 6 * time.Hour), Cost: ai.Dollar / 2})
	}
	b.add(sums, now)
	last := b.Steps[len(b.Steps)-1]
	if !last.End.Equal(now) || last.Spent != 39*ai.Dollar/2 || b.Steps[0].Spent != 0 {
		t.Errorf("from %+v to %+v", b.Steps[0], last)
	}
	for i := 1; i < len(b.Steps); i++ {
		if b.Steps[i].Spent < b.Steps[i-1].Spent || !b.Steps[i].End.After(b.Steps[i-1].End) {
			t.Errorf("step %d: %+v after %+v", i, b.Steps[i], b.Steps[i-1])
		}
	}
	if want := 62 * ai.Dollar; b.Pace < want || b.Pace > want+ai.Dollar {
		t.Errorf("at that pace it comes to %s", b.Pace)
	}
}
