package pricing

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Row is what one model costs, as it is written in a file. Prices are US
// dollars per million tokens with up to six decimals; an empty one is not
// known, or does not exist.
type Row struct {
	Provider string `json:"provider"` // vendor, or * for any
	Model    string `json:"model"`    // the name the price is known by
	Match    string `json:"match"`    // regular expression of the names it is for, from their beginning; default: the model's name
	From     string `json:"from"`     // first day (YYYY-MM-DD) or moment (RFC 3339) in UTC; empty: ever since
	Until    string `json:"until"`    // first day or moment at which it does not hold any more; empty: still
	When     string `json:"when"`     // hours in UTC, as in mon-fri 01:00-04:00; empty: always
	Tier     string `json:"tier"`     // service tier: standard (default), batch, flex, priority, fast
	Above    string `json:"above"`    // for prompts of more tokens, as in >200000 or >=272000; empty: of any size

	Input          string `json:"input"`            // US dollars for a million tokens; default: unknown
	CachedInput    string `json:"cached_input"`     // default: as input
	CacheWrite     string `json:"cache_write"`      // for the shorter lifetime; default: as input
	CacheWriteLong string `json:"cache_write_long"` // for the longer one; default: as cache_write
	Output         string `json:"output"`           // US dollars for a million tokens; default: unknown
	AudioInput     string `json:"audio_input"`      // default: as input
	CachedAudio    string `json:"cached_audio"`     // default: as cached_input
	AudioOutput    string `json:"audio_output"`     // default: as output
	ImageInput     string `json:"image_input"`      // images and documents; default: as input
	CachedImage    string `json:"cached_image"`     // default: as cached_input
	ImageOutput    string `json:"image_output"`     // default: as output
	SearchPer1k    string `json:"search_per_1k"`    // US dollars for a thousand web searches: 10, or by what a search takes in, low:5 medium:8 high:12
	RegionFactor   string `json:"region_factor"`    // on token prices, if the answer or the channel says that it was bound to a region
	Characters     string `json:"characters"`       // US dollars for a million characters that are spoken
	AudioHour      string `json:"audio_hour"`       // US dollars for an hour of a recording
	Image          string `json:"image"`            // US dollars for an image: 0.02, or by size and quality, the usual one first: 1024x1024:0.04 1024x1024/hd:0.08

	Source string `json:"source"` // where the price was read
	Note   string `json:"note"`   // doubts
}

// maxRows bounds a file.
const maxRows = 100_000

// entry is a row, ready to be used.
type entry struct {
	id          string
	provider    string
	model       string
	name        string // the model's, normalized
	pattern     pattern
	from, until int64 // Unix seconds; until is exclusive
	when        *window
	tier        string
	above       int64 // tokens of the prompt must be at least this
	rates       [rateCount]rate
	region      int64 // millionths
	tokens      bool  // some of the rates are known
	search      choices
	image       choices
	characters  rate // per million
	audioHour   rate
}

// pieces reports whether anything but tokens has a price.
func (e *entry) pieces() bool { return e.characters.known || e.audioHour.known || len(e.image) > 0 }

// rate is a price that may be unknown.
type rate struct {
	Rate
	known bool
}

// What is priced.
const (
	input = iota
	cachedInput
	cacheWrite
	cacheWriteLong
	output
	audioInput
	cachedAudio
	audioOutput
	imageInput
	cachedImage
	imageOutput
	rateCount
)

// instead is the price that is taken where one is not known: the nearest one
// of text, as vendors do who do not list it.
var instead = [rateCount]int{
	input: input, cachedInput: input, cacheWrite: input, cacheWriteLong: cacheWrite, output: output,
	audioInput: input, cachedAudio: cachedInput, audioOutput: output, imageInput: input, cachedImage: cachedInput, imageOutput: output,
}

// compile checks a row.
func (r *Row) compile(shared patterns) (*entry, error) {
	e := &entry{provider: strings.ToLower(r.Provider), model: strings.ToLower(r.Model), tier: strings.ToLower(r.Tier), region: million}
	var bad []error
	check := func(err error) {
		if err != nil {
			bad = append(bad, err)
		}
	}
	if r.Model == "" {
		check(errors.New("model is missing"))
	}
	if e.provider == "" {
		e.provider = "*"
	}
	if e.tier == "" {
		e.tier = standard
	}
	e.name, _ = normalize(r.Model)
	match := r.Match
	if match == "" {
		match = quoteName(e.name)
	}
	var err error
	if e.pattern, err = shared.compile(match); err != nil {
		check(fmt.Errorf("match %q is no regular expression: %w", match, err))
	}
	e.from, err = parseMoment("from", r.From, -1<<62)
	check(err)
	e.until, err = parseMoment("until", r.Until, 1<<62)
	check(err)
	if e.from >= e.until {
		check(fmt.Errorf("until %s is not after from %s", r.Until, r.From))
	}
	e.when, err = parseWindow(r.When)
	check(err)
	e.above, err = parseAbove(r.Above)
	check(err)
	for i, text := range [rateCount]string{
		r.Input, r.CachedInput, r.CacheWrite, r.CacheWriteLong, r.Output, r.AudioInput, r.CachedAudio, r.AudioOutput,
		r.ImageInput, r.CachedImage, r.ImageOutput,
	} {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		e.rates[i], err = parseKnown(rateNames[i], text)
		check(err)
		e.tokens = true
	}
	e.characters, err = parseKnown("characters", r.Characters)
	check(err)
	e.audioHour, err = parseKnown("audio_hour", r.AudioHour)
	check(err)
	if e.image, err = parseChoices(r.Image); err != nil {
		check(fmt.Errorf("image: %w", err))
	}
	if e.search, err = parseChoices(r.SearchPer1k); err != nil {
		check(fmt.Errorf("search_per_1k: %w", err))
	}
	if r.RegionFactor != "" {
		f, err := parseRate(r.RegionFactor)
		e.region = int64(f)
		check(err)
	}
	e.id = r.id()
	return e, errors.Join(bad...)
}

// parseKnown reads a price that is not known if there is no text.
func parseKnown(field, text string) (rate, error) {
	if text = strings.TrimSpace(text); text == "" {
		return rate{}, nil
	}
	price, err := parseRate(text)
	if err != nil {
		return rate{}, fmt.Errorf("%s: %w", field, err)
	}
	return rate{price, true}, nil
}

// rateNames are the columns of the prices.
var rateNames = [rateCount]string{
	"input", "cached_input", "cache_write", "cache_write_long", "output", "audio_input", "cached_audio", "audio_output",
	"image_input", "cached_image", "image_output",
}

// id names a row for people and for the record of what it priced.
func (r *Row) id() string {
	words := []string{r.Provider + "/" + r.Model}
	if r.From != "" {
		words[0] += "@" + r.From
	}
	for _, word := range []string{r.Tier, r.Above, r.When} {
		if word != "" && word != standard {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// parseMoment reads a day or a moment in UTC.
func parseMoment(field, s string, none int64) (int64, error) {
	if s == "" {
		return none, nil
	}
	for _, layout := range [...]string{time.DateOnly, time.RFC3339, "2006-01-02T15:04Z"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Unix(), nil
		}
	}
	return 0, fmt.Errorf("%s %q must be a day such as 2026-11-09 or a moment such as 2026-11-09T16:00:00Z", field, s)
}

func parseAbove(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	text, more := strings.CutPrefix(s, ">")
	text, orEqual := strings.CutPrefix(text, "=")
	n, err := strconv.ParseInt(text, 10, 40)
	if !more || err != nil || n < 0 {
		return 0, fmt.Errorf("above %q must be a number of tokens, as in >200000 or >=272000", s)
	}
	if !orEqual {
		n++
	}
	return n, nil
}

// quoteName is a pattern of one name.
func quoteName(name string) string {
	return strings.NewReplacer(".", `\.`, "+", `\+`, "(", `\(`, ")", `\)`, "[", `\[`, "*", `.*`).Replace(name)
}

// mistakesShown is how many mistakes of a file are told.
const mistakesShown = 10

// ParseFile reads rows: a JSON array of objects, or CSV whose first line names
// the columns. The error tells each wrong row and what is wrong with it; then
// nothing is returned.
func ParseFile(name string, data []byte) ([]Row, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	rows, lines, err := readRows(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var bad []error
	shared := make(patterns)
	for i := range rows {
		if _, err := rows[i].compile(shared); err != nil && len(bad) <= mistakesShown {
			bad = append(bad, fmt.Errorf("%s: %s (%s): %w", name, lines(i), rows[i].Model, err))
		}
	}
	if len(bad) > mistakesShown {
		bad[mistakesShown] = fmt.Errorf("%s: and more", name)
	}
	if bad != nil {
		return nil, errors.Join(bad...)
	}
	return rows, nil
}

// readRows reads either form. line says where a row stands.
func readRows(data []byte) (rows []Row, line func(i int) string, err error) {
	if text := bytes.TrimSpace(data); len(text) > 0 && text[0] == '[' {
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&rows); err != nil {
			return nil, nil, fmt.Errorf("row %d: %w", len(rows), err)
		}
		return rows, func(i int) string { return "row " + strconv.Itoa(i+1) }, nil
	}
	if text := bytes.TrimSpace(data); len(text) > 0 && text[0] == '{' {
		return nil, nil, errors.New("JSON prices are a list of rows, [ { … } ], and not an object")
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comment = '#'
	head, err := r.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("there is no line that names the columns: %w", err)
	}
	fields := make([]func(*Row) *string, len(head))
	for i, column := range head {
		if fields[i] = columns[strings.TrimSpace(column)]; fields[i] == nil {
			return nil, nil, fmt.Errorf("line 1: there is no column %q; there are %s", column, strings.Join(Columns(), ", "))
		}
	}
	var at []int
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, func(i int) string { return "line " + strconv.Itoa(at[i]) }, nil
		}
		if err != nil {
			return nil, nil, err
		}
		if len(rows) == maxRows {
			return nil, nil, fmt.Errorf("there are more than %d rows", maxRows)
		}
		var row Row
		for i, value := range record {
			*fields[i](&row) = strings.TrimSpace(value)
		}
		n, _ := r.FieldPos(0)
		rows, at = append(rows, row), append(at, n)
	}
}
