package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/routing"
)

// Bounds of asking upstreams for their model lists.
const (
	listTTL     = time.Hour
	listRetry   = time.Minute // after a failure
	listTimeout = 3 * time.Second
	listMaxBody = 4 << 20
)

// modelListCache remembers what upstreams say they serve. Only channels with
// patterns are asked, when a client wants a list, at most once an hour.
type modelListCache struct {
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

func newModelListCache() *modelListCache { return &modelListCache{lists: make(map[string]*modelList)} }

// fetch returns what each channel's upstream lists. Channels are asked side by
// side; one that does not answer in time has nothing to add.
func (l *modelListCache) fetch(ctx context.Context, channels []*routing.Channel, via transportSet) [][]listedModel {
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

func (l *modelListCache) of(ch *routing.Channel) *modelList {
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
	p := ch.URLs[0].Speaks[0]
	format := formatOf(p)
	lister, ok := format.(protocol.ModelLister)
	if !ok {
		return nil, fmt.Errorf("upstreams of the protocol %s list no models", p)
	}
	path, query, header := lister.ModelsRequest()
	t := &routing.Target{Candidate: routing.Candidate{Channel: ch}}
	target := finish(t, nil, format, header, path, query)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header = header
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
