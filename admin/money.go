package admin

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ccload/ccload/pricing"
)

// price answers what a usage costs. Its numbers are tokens, or searches.
func price(s Source, r *http.Request, _ string) (any, error) {
	q := r.URL.Query()
	ask := PriceQuestion{Provider: q.Get("provider"), Model: q.Get("model")}
	numbers := map[string]*int64{
		"input": &ask.Usage.Input, "cached_input": &ask.Usage.CachedInput, "cache_write": &ask.Usage.CacheWrite,
		"cache_write_1h": &ask.Usage.CacheWrite1h, "output": &ask.Usage.Output, "audio_input": &ask.Usage.AudioInput,
		"image_input": &ask.Usage.ImageInput, "audio_output": &ask.Usage.AudioOutput, "image_output": &ask.Usage.ImageOutput,
		"web_searches": &ask.Usage.WebSearches, "cached_audio": &ask.Usage.CachedAudio, "cached_image": &ask.Usage.CachedImage,
	}
	names := []string{"provider", "model", "at", "tier", "region"}
	for name, to := range numbers {
		names = append(names, name)
		text := q.Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 41)
		if err != nil || n < 0 {
			return nil, badRequestError{fmt.Errorf("%s %q: must be a number of at least 0", name, text)}
		}
		*to = n
	}
	if err := known(q, names...); err != nil {
		return nil, err
	}
	if ask.Model == "" {
		return nil, badRequestError{errors.New("model is missing: ask /ccload/price?model=NAME")}
	}
	var err error
	if ask.At, err = moment(q, "at"); err != nil {
		return nil, err
	}
	if ask.Usage.IsZero() {
		ask.Usage.Input, ask.Usage.Output = 1_000_000, 1_000_000
	}
	ask.Usage.ServiceTier, ask.Usage.Region, ask.Usage.Reported = q.Get("tier"), q.Get("region"), true
	ask.Usage.Bound()
	return s.Price(ask), nil
}

// maxPrices bounds a body of prices.
const maxPrices = 16 << 20

// setPrices replaces the prices that are kept in the store. Wrong ones are
// named, and change nothing.
func setPrices(s Source, r *http.Request, _ string) (any, error) {
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxPrices))
	if err != nil {
		return nil, badRequestError{err}
	}
	if err := refuseDuplicates(text); err != nil { // of CSV there are none
		return nil, err
	}
	rows, err := pricing.ParseFile("prices", text)
	if err != nil {
		return nil, badRequestError{err}
	}
	return map[string]int{"rows": len(rows)}, s.SetOwnPrices(r.Context(), rows)
}

// reprice prices stored calls anew.
func reprice(s Source, r *http.Request, _ string) (any, error) {
	q := r.URL.Query()
	if err := known(q, "since"); err != nil {
		return nil, err
	}
	since, err := moment(q, "since")
	if err != nil {
		return nil, err
	}
	n, err := s.Reprice(r.Context(), since)
	if err != nil {
		return nil, err
	}
	return map[string]int{"changed": n}, nil
}

// moment reads a time or a day, zero if there is none.
func moment(q url.Values, name string) (time.Time, error) {
	text := q.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, badRequestError{fmt.Errorf("%s %q: must be a day such as 2026-01-31 or a time such as 2026-01-31T08:00:00Z", name, text)}
}
