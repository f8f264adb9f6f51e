// Command fromfacts writes the built-in catalogue of prices from a table of
// facts that were collected from the vendors' own pages:
//
//	go run ./pricing/internal/fromfacts facts.csv > pricing/catalogue.csv
package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ccload/ccload/pricing"
)

// whens are the hours of the facts in the catalogue's words. What is a size of
// the prompt there has a column of its own here.
var whens = map[string]string{
	"off-peak": "not mon-fri 01:00-04:00 06:00-10:00",
	"peak: Mon-Fri 01:00-04:00 and 06:00-10:00 UTC, not Chinese public holidays": "mon-fri 01:00-04:00 06:00-10:00",
}

// lookahead is what Go's regular expressions do not know; the row of the
// longer name goes first anyway.
var lookahead = regexp.MustCompile(`\(\?![^)]*\)|\(\?i\)`)

func main() {
	if len(os.Args) != 2 {
		fail("usage: fromfacts facts.csv")
	}
	file, err := os.Open(os.Args[1]) //nolint:gosec // the person who runs it names the file
	if err != nil {
		fail(err)
	}
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		fail(err)
	}
	out := csv.NewWriter(os.Stdout)
	write := func(line []string) {
		if err := out.Write(line); err != nil {
			fail(err)
		}
	}
	write(pricing.Columns())
	var rows []pricing.Row
	for _, record := range records[1:] {
		fact := make(map[string]string)
		for i, name := range records[0] {
			fact[name] = record[i]
		}
		if strings.HasPrefix(fact["model"], "(") {
			continue // tools that are billed with their models
		}
		rows = append(rows, row(fact))
	}
	for _, r := range rows {
		write(r.Record())
		if half, ok := longBatch(r, rows); ok {
			write(half.Record())
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		fail(err)
	}
}

func row(fact map[string]string) pricing.Row {
	r := pricing.Row{
		Provider: fact["provider"], Model: fact["model"], Match: strings.TrimPrefix(lookahead.ReplaceAllString(fact["match"], ""), "^"),
		From: fact["effective_from"], Until: until(fact["effective_to"]), When: whens[fact["when"]],
		Input: fact["input"], CachedInput: fact["cached_input"],
		CacheWrite: first(fact["cache_write_5m"], fact["cache_write_30m"]), CacheWriteLong: first(fact["cache_write_1h"], fact["cache_write_12h"]),
		Output: fact["output"], AudioInput: fact["audio_in"], CachedAudio: fact["audio_cached_in"], AudioOutput: fact["audio_out"],
		ImageInput: fact["image_in"], CachedImage: fact["image_cached_in"], ImageOutput: fact["image_out"],
		SearchPer1k: fact["web_search_per_1k"], Source: fact["source"],
		Note: strings.Trim(strings.Join([]string{fact["flag"], fee(fact["other_fee"])}, "; "), "; "),
	}
	if r.Provider == "groq" { // names with the vendor of the model before a slash
		r.Match = r.Match[strings.LastIndexByte(r.Match, '/')+1:]
	}
	r.AudioHour = perUnit(fact["other_fee"], "per audio hour")
	r.Image = perUnit(fact["other_fee"], "per image")
	r.Tier, _, _ = strings.Cut(fact["service_tier"], " ")
	if r.Tier == "standard" {
		r.Tier = ""
	}
	if fact["context_tier"] != "base" {
		r.Above = fact["tier_boundary"] + fact["tier_threshold"]
	}
	if strings.Contains(fact["other_fee"], "x1.1") {
		r.RegionFactor = "1.1"
	}
	return r
}

// longBatch is the batch price of a long prompt where the vendor only says that
// its discounts and surcharges stack.
func longBatch(long pricing.Row, rows []pricing.Row) (half pricing.Row, ok bool) {
	if long.Provider != "anthropic" || long.Above == "" || long.Tier != "" {
		return half, false
	}
	for _, r := range rows {
		if r.Model == long.Model && r.Tier == "batch" && r.Above == long.Above && r.From == long.From {
			return half, false // it says it
		}
	}
	half = long
	half.Tier, half.Note = "batch", "half of the price of a long context: discounts stack"
	for _, price := range []*string{&half.Input, &half.CachedInput, &half.CacheWrite, &half.CacheWriteLong, &half.Output} {
		usd, err := strconv.ParseFloat(*price, 64)
		if err != nil {
			fail(err)
		}
		*price = strconv.FormatFloat(usd/2, 'f', -1, 64)
	}
	return half, true
}

// until turns the last day into the first on which the price does not hold.
func until(last string) string {
	day, err := time.Parse(time.DateOnly, last)
	if err != nil {
		return last // a moment, or none
	}
	return day.AddDate(0, 0, 1).Format(time.DateOnly)
}

// perUnit is the price that a fee begins with, if it is for a unit.
func perUnit(fee, unit string) string {
	price, rest, _ := strings.Cut(fee, " ")
	if !strings.HasPrefix(rest, unit) {
		return ""
	}
	return price
}

// fee keeps what no column says.
func fee(text string) string {
	if strings.Contains(text, "x1.1") || perUnit(text, "per audio hour")+perUnit(text, "per image") != "" {
		return ""
	}
	return text
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func fail(what any) {
	fmt.Fprintln(os.Stderr, what)
	os.Exit(1)
}
