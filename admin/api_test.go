package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/pricing"
)

// gateway is a source that remembers what it was asked.
type gateway struct {
	filter  CallFilter
	asked   Question
	cleared health.Ref
	priced  PriceQuestion
	since   time.Time
	prices  []pricing.Row
}

func (*gateway) Channels(time.Time) []Channel {
	return []Channel{{Name: "a b", Cooling: []health.Entry{{Ref: health.Ref{Scope: ai.ScopeGroup, Group: "g"}}}}, {Name: "c", Cooling: []health.Entry{{Ref: health.Ref{Scope: ai.ScopeGroup, Group: "g"}}}}}
}

func (g *gateway) Calls(_ context.Context, f CallFilter) ([]*ai.Record, error) {
	g.filter = f
	return nil, nil
}

func (*gateway) Call(_ context.Context, id string) (*ai.Record, error) {
	switch id {
	case "req_1":
		return &ai.Record{ID: id}, nil
	case "req_broken":
		return nil, errors.New("the disk is gone")
	}
	return nil, ErrNotFound
}

func (g *gateway) ExpectedShares([]Asked) map[string]float64 { return nil }

func (g *gateway) Explain(q Question) (*Explanation, error) {
	g.asked = q
	if q.Token == "nobody" {
		return nil, errors.New("there is no token \"nobody\"")
	}
	return &Explanation{Model: q.Model}, nil
}

func (g *gateway) DropCooldowns(which health.Ref) int {
	g.cleared = which
	return 2
}

func (*gateway) Budgets(time.Time) []Budget { return []Budget{{Kind: "token", Name: "laptop"}} }

func (g *gateway) Price(q PriceQuestion) Priced {
	g.priced = q
	return Priced{Cost: ai.Cost{Amount: 3 * ai.Dollar / 2}}
}

func (*gateway) OwnPrices(context.Context) ([]pricing.Row, error) { return []pricing.Row{}, nil }

func (g *gateway) SetOwnPrices(_ context.Context, rows []pricing.Row) error {
	g.prices = rows
	return nil
}

func (*gateway) Lessons() any { return []string{} }

func (g *gateway) Reprice(_ context.Context, since time.Time) (int, error) {
	g.since = since
	return 7, nil
}

func (*gateway) Status(context.Context) Status {
	return Status{Channels: 2, Store: StoreStatus{State: StoreOpen, StoredKnown: true}}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, target string
		status         int
		want           string // in the body or the error
	}{
		{"GET", "/ccload/status", 200, `"channels":2`},
		{"GET", "/ccload/channels", 200, `"name":"c"`},
		{"GET", "/ccload/channels/a%20b", 200, `"name":"a b"`},
		{"GET", "/ccload/channels/nobody", 404, `"nobody"`},
		{"GET", "/ccload/calls", 200, "[]"},
		{"GET", "/ccload/calls?limit=501", 400, "1 to 500"},
		{"GET", "/ccload/calls?limit=x", 400, "1 to 500"},
		{"GET", "/ccload/calls?since=yesterday", 400, "2026-01-31T08:00:00Z"},
		{"GET", "/ccload/calls?chanel=a", 400, "chanel"},
		{"GET", "/ccload/calls/req_1", 200, `"id":"req_1"`},
		{"GET", "/ccload/calls/req_2", 404, "no such call"},
		{"GET", "/ccload/calls/req_broken", 500, "disk"},
		{"GET", "/ccload/explain", 400, "model is missing"},
		{"GET", "/ccload/explain?model=m", 200, `"model":"m"`},
		{"GET", "/ccload/explain?model=m&token=nobody", 400, "no token"},
		{"GET", "/ccload/cooling", 200, `"group":"g"`},
		{"POST", "/ccload/cooling/clear?channel=c&scope=key", 200, `{"cleared":2}`},
		{"POST", "/ccload/cooling/clear?scope=everything", 400, "everything"},
		{"GET", "/ccload/cooling/clear", 405, "GET"},
		{"DELETE", "/ccload/channels", 405, "DELETE"},
		{"GET", "/ccload/budgets", 200, `"name":"laptop"`},
		{"GET", "/ccload/price", 400, "model is missing"},
		{"GET", "/ccload/price?model=m", 200, `"usd":1.5`},
		{"GET", "/ccload/price?model=m&input=-1", 400, `input "-1"`},
		{"GET", "/ccload/price?model=m&inputs=1", 400, "inputs"},
		{"GET", "/ccload/price?model=m&at=x", 400, "2026-01-31T08:00:00Z"},
		{"GET", "/ccload/counting", 200, "[]"},
		{"GET", "/ccload/prices", 200, "[]"},
		{"PUT", "/ccload/prices", 400, "names the columns"},
		{"POST", "/ccload/reprice?since=2026-01-31", 200, `{"changed":7}`},
		{"POST", "/ccload/reprice?since=x", 400, "2026-01-31"},
		{"GET", "/ccload/reprice", 405, "GET"},
		{"GET", "/ccload/", 404, "no /ccload/"},
		{"GET", "/ccload/calls/a/b", 404, "no /ccload/"},
	}
	for _, tt := range tests {
		g := new(gateway)
		w := httptest.NewRecorder()
		err := answer(g, w, httptest.NewRequest(tt.method, tt.target, http.NoBody))
		status, text := w.Code, w.Body.String()
		if failed, ok := errors.AsType[caddy.APIError](err); ok {
			status, text = failed.HTTPStatus, failed.Err.Error()
		} else if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %s: no JSON: %s", tt.method, tt.target, text)
		}
		if status != tt.status || !strings.Contains(text, tt.want) {
			t.Errorf("%s %s: %d %s, want %d with %q", tt.method, tt.target, status, text, tt.status, tt.want)
		}
	}
}

func TestQuestionsAreReadWhole(t *testing.T) {
	t.Parallel()
	g := new(gateway)
	ask := func(method, target string) {
		if err := answer(g, httptest.NewRecorder(), httptest.NewRequest(method, target, http.NoBody)); err != nil {
			t.Fatal(err)
		}
	}
	ask("GET", "/ccload/calls?token=t&channel=c&model=m&outcome=ok&before=req_9&limit=7&since=2026-01-31T08:00:00Z")
	want := CallFilter{Token: "t", Channel: "c", Model: "m", Outcome: "ok", Before: "req_9", Limit: 7, Since: time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)}
	if g.filter != want {
		t.Errorf("filter %+v", g.filter)
	}
	ask("GET", "/ccload/explain?model=m&protocol=gemini&token=t&conversation=x")
	if g.asked != (Question{Model: "m", Protocol: ai.Gemini, Token: "t", Conversation: "x"}) {
		t.Errorf("question %+v", g.asked)
	}
	ask("GET", "/ccload/price?model=m&provider=p&at=2026-01-31&tier=flex&input=10&cached_input=4&output=3&web_searches=2")
	asked := g.priced
	if u := asked.Usage; asked.Model != "m" || asked.Provider != "p" || asked.At.Day() != 31 || u.Input != 10 || u.CachedInput != 4 ||
		u.Output != 3 || u.WebSearches != 2 || u.ServiceTier != "flex" {
		t.Errorf("price %+v", asked)
	}
	put := httptest.NewRequest(http.MethodPut, "/ccload/prices", strings.NewReader("model,input\nmine,1.5\n"))
	if err := answer(g, httptest.NewRecorder(), put); err != nil || len(g.prices) != 1 || g.prices[0].Model != "mine" {
		t.Errorf("prices %+v, %v", g.prices, err)
	}
	ask("POST", "/ccload/reprice?since=2026-01-31T08:00:00Z")
	if !g.since.Equal(time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("since %v", g.since)
	}
	ask("POST", "/ccload/cooling/clear?channel=c&scope=key_model&key=k&model=m")
	if g.cleared != (health.Ref{Scope: ai.ScopeKeyModel, Channel: "c", Key: "k", Model: "m"}) {
		t.Errorf("cleared %+v", g.cleared)
	}
}

// TestAGroupsRestIsListedOnce: it shows on each of its channels.
func TestAGroupsRestIsListedOnce(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	if err := answer(new(gateway), w, httptest.NewRequest(http.MethodGet, "/ccload/cooling", http.NoBody)); err != nil {
		t.Fatal(err)
	}
	var list []health.Entry
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || len(list) != 1 {
		t.Errorf("%d entries, %v", len(list), err)
	}
}
