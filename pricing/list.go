package pricing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of a list of prices.
const (
	maxList      = 16 << 20 // bytes
	fetchTimeout = 30 * time.Second
	rejectedMost = 10 // that are named
)

// List is what was learned from a list of prices that is fetched from time to
// time: rows that differ from what was known, each from the day it was seen.
// It is what is kept of the list, so that a later start has the last good one.
type List struct {
	ETag string `json:"etag,omitempty"`
	Rows []Row  `json:"rows"`
}

// Fetch asks for the list, unless it is still the one of the ETag: then body
// is nil. The error says what failed; nothing is kept of a bad answer.
func Fetch(ctx context.Context, client *http.Client, url, etag string) (body []byte, newTag string, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, "", fmt.Errorf("the list of prices: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, "", fmt.Errorf("the list of prices: %w", err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusNotModified:
		return nil, etag, nil
	case http.StatusOK:
	default:
		return nil, "", fmt.Errorf("the list of prices: the answer was %s", resp.Status)
	}
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxList+1))
	switch {
	case err != nil:
		return nil, "", fmt.Errorf("the list of prices: %w", err)
	case len(body) > maxList:
		return nil, "", fmt.Errorf("the list of prices is larger than %d MiB", maxList>>20)
	}
	return body, resp.Header.Get("ETag"), nil
}

// listed are the vendors' names in the list, and here. Prices of hosts of other
// vendors' models are theirs alone and not taken over.
var listed = map[string]string{
	"anthropic": "anthropic", "openai": "openai", "google": "google", "xai": "xai", "mistral": "mistral",
	"deepseek": "deepseek", "moonshotai": "moonshotai", "zai": "zai", "alibaba": "alibaba", "minimax": "minimax",
	"groq": "groq", "xiaomi": "xiaomi",
}

// listedModel is a model in the form of models.dev, as far as it has a price.
// Prices are US dollars per million tokens.
type listedModel struct {
	Cost *struct {
		Input       *float64 `json:"input"`
		Output      *float64 `json:"output"`
		CacheRead   *float64 `json:"cache_read"`
		CacheWrite  *float64 `json:"cache_write"`
		InputAudio  *float64 `json:"input_audio"`
		OutputAudio *float64 `json:"output_audio"`
	} `json:"cost"`
}

// Update takes in a list in the form of models.dev's api.json as of a day.
// Prices that differ from what base and l say of that day become rows from
// that day on; nothing that was known is changed or removed. The error says
// which prices were not believed, the others are taken in nevertheless; a list
// that cannot be read changes nothing.
func (l *List) Update(base *Catalogue, body []byte, now time.Time) (added int, err error) {
	var list map[string]struct {
		Models map[string]listedModel `json:"models"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return 0, fmt.Errorf("the list of prices is not of models.dev's form: %w", err)
	}
	var rejected []string
	known := base.WithSynced(l.Rows)
	rows := slices.Clone(l.Rows)
	day := now.UTC().Format(time.DateOnly)
	for name, vendor := range listed {
		for id, model := range list[name].Models {
			if model.Cost == nil || model.Cost.Input == nil {
				continue
			}
			row := Row{Provider: vendor, Model: id, From: day, Source: "synced list"}
			c := model.Cost
			if bad := row.set(map[*string]*float64{
				&row.Input: c.Input, &row.Output: c.Output, &row.CachedInput: c.CacheRead, &row.CacheWrite: c.CacheWrite,
				&row.AudioInput: c.InputAudio, &row.AudioOutput: c.OutputAudio,
			}); bad != "" {
				rejected = append(rejected, vendor+"/"+id+" "+bad)
				continue
			}
			e, err := row.compile(make(patterns))
			if err != nil || !known.differs(vendor, e, now) {
				continue
			}
			if e.rates[input].Rate == 0 && e.rates[output].Rate == 0 && !known.free(vendor, e, now) {
				rejected = append(rejected, vendor+"/"+id+" 0") // what lists write for what they do not know
				continue
			}
			rows = slices.DeleteFunc(rows, func(r Row) bool { // seen twice in a day: the later one
				return r.Provider == vendor && r.Model == id && r.From == day
			})
			rows = append(rows, row)
			added++
		}
	}
	if len(rows) > maxRows {
		return 0, fmt.Errorf("the list of prices has changed more than %d times", maxRows)
	}
	slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(a.id(), b.id()) })
	l.Rows = rows
	if len(rejected) > 0 {
		slices.Sort(rejected)
		more := ""
		if len(rejected) > rejectedMost {
			rejected, more = rejected[:rejectedMost], " and more"
		}
		return added, errors.New("prices that cannot be right: " + strings.Join(rejected, ", ") + more)
	}
	return added, nil
}

// set writes prices into a row; it returns what of them is absurd.
func (r *Row) set(prices map[*string]*float64) (bad string) {
	for to, price := range prices {
		if price == nil {
			continue
		}
		if !(*price >= 0 && *price <= maxRate) {
			return strconv.FormatFloat(*price, 'g', 6, 64)
		}
		*to = strconv.FormatFloat(math.Round(*price*million)/million, 'f', -1, 64)
	}
	return ""
}

// free reports whether a model is known to cost nothing.
func (c *Catalogue) free(provider string, e *entry, now time.Time) bool {
	have := pickFrom(c.find(provider, e.model).known, now, standard, 0)
	if have == nil {
		return false
	}
	r, _ := have.rate(input)
	return r == 0
}

// differs reports whether a new row says something else than what is in force.
func (c *Catalogue) differs(provider string, e *entry, now time.Time) bool {
	have := (&found{synced: c.find(provider, e.model).synced, known: c.find(provider, e.model).known}).pick(now, standard, 0)
	if have == nil {
		return true
	}
	for i := range e.rates {
		ours, known := have.rate(i)
		if e.rates[i].known && (!known || ours != e.rates[i].Rate) {
			return true
		}
	}
	return false
}
