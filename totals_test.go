package ccload

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
)

// counted is what a way of counting says was used and spent.
type counted struct {
	input, cached, output int64
	cost                  ai.Money
}

func (c *counted) add(u *ai.Usage, cost ai.Money) {
	c.input += u.Input
	c.cached += u.CachedInput
	c.output += u.Output
	c.cost += cost
}

// metered reads what the metrics of the process say of money and tokens.
func metered(t *testing.T) (v [5]float64) {
	t.Helper()
	registry := prometheus.NewRegistry()
	if err := collectors.Register(registry); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{"ccload_cost_usd_total": 0, "input": 1, "cached_input": 2, "output": 3, "ccload_unpriced_requests_total": 4}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			if name == "ccload_tokens_total" {
				name = m.GetLabel()[0].GetValue()
			}
			if i, ok := at[name]; ok {
				v[i] = m.GetCounter().GetValue()
			}
		}
	}
	return v
}

// mixedUpstream answers Claude's format: whoever asks as the first channel gets a
// failure that is billed, and a long answer stays open after its beginning.
func mixedUpstream(t *testing.T) string {
	return upstream(t, func(w http.ResponseWriter, body []byte) {
		text := string(body)
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.Contains(text, "fails"):
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"type":"error","error":{"type":"overloaded_error","message":"busy"},"usage":{"input_tokens":40,"output_tokens":7}}`)
		case strings.Contains(text, "long"):
			w.Header().Set("Content-Type", "text/event-stream")
			whole := claudeEvents("claude-opus-4-6", strings.Repeat("many words ", 40), 30, 1)
			_, _ = io.WriteString(w, whole[:strings.Index(whole, "event: content_block_stop")])
			w.(http.Flusher).Flush()
			time.Sleep(time.Second) // the client has gone by then
		case !strings.Contains(text, "max_tokens"):
			_, _ = io.WriteString(w, `{"input_tokens":9999}`)
		default:
			_, _ = io.WriteString(w, `{"id":"m","type":"message","role":"assistant","model":"claude-opus-4-6","stop_reason":"end_turn","content":[{"type":"text","text":"hi"}],"usage":{"input_tokens":20,"cache_read_input_tokens":300,"cache_creation_input_tokens":50,"output_tokens":11}}`)
		}
	})
}

// TestEveryTotalIsTheSame: whatever calls ended like, rows, statistics by any
// dimension, budgets and metrics say the same of tokens and money. It is not
// parallel: metrics are of the process.
func TestEveryTotalIsTheSame(t *testing.T) {
	address := mixedUpstream(t)
	channels := channelURL("first", address, "priority 20", "models claude-opus-4-6", "body_set system fails") + channelURL("second", address, "cost_multiplier 0.5")
	g := newGateway(t, strings.ReplaceAll(channels, "protocol anthropic openai responses gemini", "protocol anthropic")+
		"token tests "+testToken+"\ntoken poor "+poorToken+" {\nbudget 50/total\n}\n", "")
	before := metered(t)

	body := func(model, said string, stream bool) string {
		return fmt.Sprintf(`{"model":%q,"max_tokens":500,"stream":%t,"messages":[{"role":"user","content":%q}]}`, model, stream, said)
	}
	for range 3 {
		g.post("/v1/messages", body("claude-opus-4-6", "hi", false), as(poorToken)).want(t, http.StatusOK) // after a failure that is billed
		g.app.control.DropCooldowns(healthRefAny)
		g.post("/v1/messages", body("claude-sonnet-4-6", "hi", false)).want(t, http.StatusOK)
		g.post("/v1/messages", body("nobody-knows-what-it-costs", "hi", false)).want(t, http.StatusOK)
		g.post("/v1/messages/count_tokens", `{"model":"claude-sonnet-4-6","messages":[{"role":"user","content":"hi"}]}`).want(t, http.StatusOK)
		g.post("/v1/chat/completions", body("claude-sonnet-4-6", "hi", false)).want(t, http.StatusOK) // translated
		g.post("/v1/messages", "{", as(poorToken)).want(t, http.StatusBadRequest)
		ctx, hangUp := context.WithCancel(t.Context())
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, g.URL+"/v1/messages", strings.NewReader(body("claude-sonnet-4-6", "long", true)))
		as(poorToken)(req)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadAtLeast(resp.Body, make([]byte, 400), 400)
		hangUp()
		resp.Body.Close()
	}
	g.app.idleWithin(10 * time.Second)

	list, err := g.app.control.Calls(t.Context(), admin.CallFilter{Limit: 500})
	if err != nil || len(list) != 21 {
		t.Fatalf("%d calls, %v", len(list), err)
	}
	var all counted
	unpriced, outcomes := 0, make(map[ai.Kind]int)
	by := map[string]map[string]*counted{"channel": {}, "key": {}, "model": {}, "token": {}, "protocol": {}, "outcome": {}}
	book := func(dimension, value string, u *ai.Usage, cost ai.Money) {
		if by[dimension][value] == nil {
			by[dimension][value] = new(counted)
		}
		by[dimension][value].add(u, cost)
	}
	for _, r := range list {
		outcomes[r.Outcome]++
		all.add(&r.Usage, r.Cost.Amount)
		if r.Cost.Unpriced {
			unpriced++
		}
		book("token", r.Token, &r.Usage, r.Cost.Amount)
		book("model", r.Model, &r.Usage, r.Cost.Amount)
		book("protocol", string(r.Protocol), &r.Usage, r.Cost.Amount)
		book("outcome", r.Outcome.String(), &r.Usage, r.Cost.Amount)
		for i := range r.Attempts {
			a := &r.Attempts[i]
			book("channel", a.Target.Channel, &a.Usage, a.Cost.Amount)
			book("key", a.Target.Key, &a.Usage, a.Cost.Amount)
		}
	}
	if by["channel"]["first"] == nil || by["channel"]["first"].input != 3*40 || by["channel"]["first"].output != 3*7 || outcomes[ai.ClientGone] != 3 || unpriced != 3 || all.cached == 0 {
		t.Errorf("the calls are not as mixed as they should be: %v, %d unpriced, first %+v, all %+v", outcomes, unpriced, by["channel"]["first"], all)
	}

	for dimension, values := range by {
		sums, err := g.app.control.Statistics(t.Context(), admin.StatisticsQuestion{Since: time.Now().Add(-time.Hour), Until: time.Now().Add(time.Hour), By: []string{dimension}})
		if err != nil {
			t.Fatal(err)
		}
		var total counted
		for _, row := range sums.Rows {
			got := counted{row.Input, row.CachedInput, row.Output, row.Cost}
			total.add(&ai.Usage{Input: got.input, CachedInput: got.cached, Output: got.output}, got.cost)
			want := values[row.Values[dimension]]
			if want == nil {
				want = new(counted)
			}
			if got != *want {
				t.Errorf("%s %q: statistics %+v, rows %+v", dimension, row.Values[dimension], got, *want)
			}
		}
		if total != all {
			t.Errorf("by %s: statistics add up to %+v, rows to %+v", dimension, total, all)
		}
	}

	stored, err := g.app.state.store.LoadSpent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	spent := make(map[string]ai.Money)
	for _, s := range stored {
		spent[s.Name] += s.Amount
	}
	for _, dimension := range []string{"token", "channel"} {
		for value, want := range by[dimension] {
			name := dimension + "/" + value
			if inMemory := g.app.state.routing.Spending.Of(name).State(0).Total; value != "" && (spent[name] != want.cost || inMemory != want.cost) {
				t.Errorf("%s: rows %s, store %s, memory %s", name, want.cost, spent[name], inMemory)
			}
		}
	}

	after := metered(t)
	for i, want := range []float64{all.cost.USD(), float64(all.input), float64(all.cached), float64(all.output), float64(unpriced)} {
		if got := after[i] - before[i]; math.Abs(got-want) > 1e-9 {
			t.Errorf("metric %d: %v, rows %v", i, got, want)
		}
	}
}

// TestRegionsAreReserved: what a budget sets aside holds what a region adds to the
// price, by the channel's own word.
func TestRegionsAreReserved(t *testing.T) {
	t.Parallel()
	reserved := func(lines ...string) (most ai.Money) {
		var g *testGateway
		address := upstream(t, func(w http.ResponseWriter, _ []byte) {
			for _, b := range g.app.control.Budgets(time.Now()) {
				if b.Name == "poor" {
					most = b.Reserved
				}
			}
			answers(claude(10, 10))(w, nil)
		})
		g = newGateway(t, channelURL("only", address, lines...)+"token poor "+poorToken+" {\nbudget 50/total\n}\n", "")
		g.post("/v1/messages", `{"model":"claude-opus-4-6","max_tokens":1000,"messages":[{"role":"user","content":"hi"}]}`, as(poorToken)).want(t, http.StatusOK)
		return most
	}
	plain, bound := reserved(), reserved("region us")
	if plain == 0 || float64(bound)/float64(plain) < 1.099 || float64(bound)/float64(plain) > 1.101 {
		t.Errorf("%s is set aside, in a region %s", plain, bound)
	}
}
