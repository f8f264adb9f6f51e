package ccload

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
	"github.com/ccload/ccload/routing"
)

// isList reports whether the call asks which models there are.
func (c *call) isList() bool {
	return c.Operation == ai.ListModels || c.Operation == ai.GetModel
}

// listModels answers with the models this token may use, in the shape of the
// client's protocol: under /v1/models that is OpenAI's, or Anthropic's for a
// client that sends anthropic-version.
func (c *call) listModels() error {
	format := c.match.format
	if format.ID() == ai.OpenAI && c.r.Header.Get("Anthropic-Version") != "" {
		format = anthropic.Format{}
		c.match.format, c.Protocol = format, format.ID()
	}
	models := c.usableModels()
	var body []byte
	if c.Operation == ai.GetModel {
		i := slices.IndexFunc(models, func(m protocol.Model) bool { return m.ID == c.match.variable })
		if i < 0 {
			return c.refuse(&protocol.RequestError{
				Status: http.StatusNotFound, Code: "model_not_found", Param: "model",
				Message: "there is no model " + strconv.Quote(ai.Shorten(c.match.variable, 200)) + " for this token",
			})
		}
		body = format.WriteModel(c.r, models[i])
	} else {
		body = format.WriteModels(c.r, models)
	}
	header := c.w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(http.StatusOK)
	if c.r.Method != http.MethodHead {
		n, _ := c.w.Write(body) //nolint:gosec // JSON, and said to be
		c.record.AnswerBytes = int64(n)
	}
	c.end(ai.OK, http.StatusOK, "")
	return nil
}

// usableModels lists what the token may ask for: names written in the config,
// also those of the token itself that a channel serves, and what upstreams list
// of the patterns their channels serve.
func (c *call) usableModels() []protocol.Model {
	r := c.Table
	found := make(map[string]protocol.Model)
	add := func(id, owner string, created int64) {
		m, known := found[id]
		if !known && !c.token.MayUseModel(id) {
			return
		}
		if !known {
			m = protocol.Model{ID: id, OwnedBy: owner, Created: dateOfName(id)}
		}
		if created > 0 {
			m.Created = created
		}
		found[id] = m
	}
	var usable []*routing.Channel
	for _, ch := range r.Channels {
		if !ch.Conf.Disabled && !ch.Keyless && c.token.MayUseChannel(ch.Name) {
			usable = append(usable, ch)
		}
	}
	upstream := c.h.app.state.gateway.ModelLists.fetch(c.r.Context(), usable, c.transports)
	for i, ch := range usable {
		owner := ch.Conf.Provider
		if owner == "" {
			owner = "ccload"
		}
		for _, name := range ch.Patterns() {
			if !access.IsPattern(name) {
				add(name, owner, 0)
			}
		}
		for _, m := range upstream[i] {
			if ch.Served.Match(m.name) {
				add(m.name, owner, m.created)
			}
		}
	}
	for name := range c.token.Models() {
		if c.servedBy(usable, name) {
			add(name, "ccload", 0)
		}
	}
	for name, models := range r.Aliases {
		if !access.IsPattern(name) && slices.ContainsFunc(models, func(m string) bool { return c.servedBy(usable, m) }) {
			add(name, "ccload", 0)
		}
	}
	models := make([]protocol.Model, 0, len(found))
	for _, m := range found {
		models = append(models, m)
	}
	slices.SortFunc(models, func(a, b protocol.Model) int { return strings.Compare(a.ID, b.ID) })
	return models
}

// dateOfName is when a model was made by the date at the end of its name, in
// unix seconds; 0 if there is none.
func dateOfName(name string) int64 {
	date := routing.TrailingDate(name)
	if date == 0 {
		return 0
	}
	t, err := time.Parse("20060102", strconv.Itoa(date))
	if err != nil {
		return 0
	}
	return t.Unix()
}

func (c *call) servedBy(channels []*routing.Channel, model string) bool {
	return slices.ContainsFunc(channels, func(ch *routing.Channel) bool { return ch.Served.Match(model) })
}

// usableNames are the written-out names the token may use, for suggestions.
func (c *call) usableNames() []string {
	var names []string
	for _, name := range c.Names {
		if c.token.MayUseModel(name) {
			names = append(names, name)
		}
	}
	return names
}

// Bounds of asking upstreams for their model lists.
const (
	listTTL     = time.Hour
	listRetry   = time.Minute // after a failure
	listTimeout = 3 * time.Second
	listMaxBody = 4 << 20
)

// modelLists remembers what upstreams say they serve. Only channels with
// patterns are asked, when a client wants a list, at most once an hour.
type modelLists struct {
	mu    sync.Mutex
	lists map[string]*modelList
}

// modelList is one channel's answer.
type modelList struct {
	mu    sync.Mutex
	names []listedModel
	until time.Time
}

// listedModel is a model that an upstream lists.
type listedModel struct {
	name    string
	created int64 // unix seconds, 0 if it does not say
}

func newModelLists() *modelLists { return &modelLists{lists: make(map[string]*modelList)} }

// fetch returns what each channel's upstream lists. Channels are asked side by
// side; one that does not answer in time has nothing to add.
func (l *modelLists) fetch(ctx context.Context, channels []*routing.Channel, via transportSet) [][]listedModel {
	names := make([][]listedModel, len(channels))
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	var wait sync.WaitGroup
	for i, ch := range channels {
		if !slices.ContainsFunc(ch.Patterns(), access.IsPattern) {
			continue
		}
		list := l.of(ch)
		wait.Go(func() { names[i] = list.get(ctx, ch, via[ch][0]) })
	}
	wait.Wait()
	return names
}

func (l *modelLists) of(ch *routing.Channel) *modelList {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := ch.Name + " " + ch.URLs[0].Address
	list := l.lists[key]
	if list == nil {
		list = new(modelList)
		l.lists[key] = list
	}
	return list
}

func (l *modelList) get(ctx context.Context, ch *routing.Channel, via http.RoundTripper) []listedModel {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Now().Before(l.until) || ctx.Err() != nil {
		return l.names
	}
	names, err := askForModels(ctx, ch, via)
	if err != nil {
		l.until = time.Now().Add(listRetry)
		return l.names
	}
	l.names, l.until = names, time.Now().Add(listTTL)
	return names
}

// askForModels gets a channel's model list in the first protocol it speaks.
func askForModels(ctx context.Context, ch *routing.Channel, via http.RoundTripper) ([]listedModel, error) {
	u := &ch.URLs[0]
	p := u.Speaks[0]
	path := "/v1/models"
	if p == ai.Gemini {
		path = "/v1beta/models"
	}
	target := u.Bases[p].Join(path)
	target.RawQuery = map[ai.Protocol]string{ai.Gemini: "pageSize=1000", ai.Anthropic: "limit=1000"}[p]
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, err
	}
	t := target0(ch)
	setCredential(t, req.Header, formatOf(p), ch.Keys[0].Secret)
	if p == ai.Anthropic {
		req.Header.Set("Anthropic-Version", "2023-06-01")
	}
	resp, err := via.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s is answered with status %d", target.Path, resp.StatusCode)
	}
	return readModelList(io.LimitReader(resp.Body, listMaxBody))
}

// target0 is a channel's first address and key.
func target0(ch *routing.Channel) *routing.Target {
	return &routing.Target{Candidate: routing.Candidate{Channel: ch}}
}

// readModelList reads a list in OpenAI's, Anthropic's or Google's shape.
func readModelList(r io.Reader) ([]listedModel, error) {
	var list struct {
		Data []struct {
			ID        string          `json:"id"`
			Created   json.RawMessage `json:"created"`    // OpenAI: unix seconds
			CreatedAt json.RawMessage `json:"created_at"` // Anthropic: a time as in RFC 3339
		} `json:"data"`
		Models []struct {
			Name string `json:"name"`
		} `json:"models"`
	}
	if err := json.NewDecoder(r).Decode(&list); err != nil {
		return nil, err
	}
	var names []listedModel
	for _, m := range list.Data {
		names = append(names, listedModel{m.ID, max(readDate(m.Created), readDate(m.CreatedAt))})
	}
	for _, m := range list.Models {
		names = append(names, listedModel{name: strings.TrimPrefix(m.Name, "models/")}) // Google's resource prefix
	}
	return slices.DeleteFunc(names, func(m listedModel) bool { return m.name == "" }), nil
}

// readDate reads unix seconds, or a time as in RFC 3339; 0 if it is neither.
// Times before the first model are how some say that they do not know.
func readDate(v json.RawMessage) int64 {
	const first = 1_400_000_000 // in 2014
	var seconds float64
	var text time.Time
	switch {
	case json.Unmarshal(v, &seconds) == nil && seconds > first && seconds < 1<<40:
		return int64(seconds)
	case json.Unmarshal(v, &text) == nil && text.Unix() > first:
		return text.Unix()
	}
	return 0
}
