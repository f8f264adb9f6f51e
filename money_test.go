package ccload

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/pricing"
)

const (
	poorToken = "poor-token-0123456789"
	richToken = "token tests " + testToken + "\n"
)

// as makes a request another token's.
func as(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// upstream is a server that answers as a test wants it to.
func upstream(t *testing.T, serve func(w http.ResponseWriter, body []byte)) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		serve(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func channelURL(name, url string, lines ...string) string {
	return fmt.Sprintf("channel %s {\nurl %s\nprotocol anthropic openai responses gemini\n%s\n}\n", name, url, strings.Join(lines, "\n"))
}

// claude answers as Claude Opus 4.6 does, which takes $5 and $25 a million.
func claude(input, output int) string {
	return fmt.Sprintf(`{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-4-6","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":%d,"output_tokens":%d}}`, input, output)
}

func answers(text string) func(w http.ResponseWriter, body []byte) {
	return func(w http.ResponseWriter, _ []byte) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, text)
	}
}

// TestCostOfACall: every attempt that used something is paid, at its channel's
// part of the price, and everybody sees the same sum.
func TestCostOfACall(t *testing.T) {
	t.Parallel()
	bad := upstream(t, answers(`{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-4-6","content":[],"stop_reason":"end_turn","usage":{"input_tokens":1000,"output_tokens":0}}`))
	good := upstream(t, answers(claude(1000, 100)))
	g := newGateway(t, channelURL("bad", bad, "priority 5", "models claude-*")+channelURL("good", good, "cost_multiplier 0.3", "models claude-*", "model best claude-opus-4-6"), "")
	a := g.askModel(ai.Anthropic, "best", false).want(t, http.StatusOK)
	rec := g.record(a)
	if rec.Channel != "good" || rec.Cost.List != 7_500_000 || rec.Cost.Amount != 2_250_000 || rec.Cost.Unpriced ||
		!strings.HasPrefix(rec.Cost.Price, "anthropic/claude-opus-4-6@") {
		t.Errorf("%+v", rec.Cost)
	}
	a = g.askModel(ai.Anthropic, "claude-opus-4-6", false).want(t, http.StatusOK)
	rec = g.record(a)
	var sum ai.Money
	for i := range rec.Attempts {
		sum += rec.Attempts[i].Cost.Amount
	}
	if len(rec.Attempts) != 2 || rec.Attempts[0].Cost.Amount != 5_000_000 || sum != rec.Cost.Amount || rec.Cost.Amount != 5_000_000+2_250_000 {
		t.Errorf("%d attempts, %+v", len(rec.Attempts), rec.Cost)
	}
	for _, b := range g.app.control.Budgets(time.Now()) {
		want := map[string]ai.Money{"tests": 9_500_000, "bad": 5_000_000, "good": 4_500_000}[b.Name]
		if b.Total.Spent != want || b.Day.Spent != want || b.Month.Spent != want || b.Reserved != 0 {
			t.Errorf("%s %s: %+v, want %s", b.Kind, b.Name, b, want)
		}
	}
	if rec.Usage.Input != 2000 || rec.Usage.Output != 100 || rec.Attempts[1].Usage.Input != 1000 {
		t.Errorf("all attempts used %+v, the last %+v", rec.Usage, rec.Attempts[1].Usage)
	}
	// Statistics book each attempt where it was charged, and agree by whatever
	// they are told apart.
	for _, by := range []string{"channel", "key", "model", "token", "protocol", "outcome"} {
		sums, err := g.app.control.Statistics(t.Context(), admin.StatisticsQuestion{Since: time.Now().Add(-time.Hour), Until: time.Now().Add(time.Hour), By: []string{by}})
		if err != nil {
			t.Fatal(err)
		}
		var total admin.StatisticsRow
		for _, r := range sums.Rows {
			total.Calls += r.Calls
			total.Attempts += r.Attempts
			total.Cost += r.Cost
			total.Input += r.Input
			total.Output += r.Output
			if want := map[string]ai.Money{"bad": 5_000_000, "good": 4_500_000}[r.Values[by]]; by == "channel" && r.Cost != want {
				t.Errorf("channel %s cost %s, want %s", r.Values[by], r.Cost, want)
			}
		}
		if total.Calls != 2 || total.Attempts != 3 || total.Cost != 9_500_000 || total.Input != 3000 || total.Output != 200 {
			t.Errorf("by %s: %+v", by, total)
		}
	}
	// What nobody knows the price of costs null, not nothing.
	unknown := upstream(t, answers(strings.ReplaceAll(claude(10, 10), "claude-opus-4-6", "house-model")))
	g = newGateway(t, channelURL("own", unknown), "")
	rec = g.record(g.askModel(ai.Anthropic, "house-model", false).want(t, http.StatusOK))
	if !rec.Cost.Unpriced || rec.Cost.Amount != 0 {
		t.Errorf("%+v", rec.Cost)
	}
}

// TestTokenBudget: a budget that is used up is answered 429 in each protocol,
// which says which and until when; the gateway's state survives a restart.
func TestTokenBudget(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "ccload.db")
	var asked atomic.Int64
	good := upstream(t, func(w http.ResponseWriter, body []byte) {
		asked.Add(1)
		answers(claude(100_000, 20_000))(w, body) // a dollar
	})
	options := channelURL("good", good) + richToken + "token poor " + poorToken + " {\nbudget 1/day 50/month\n}\n"
	g := newGatewayAt(t, db, options, "")
	g.askModel(ai.Anthropic, "claude-opus-4-6", false, as(poorToken)).want(t, http.StatusOK)
	check := func(g *testGateway) {
		t.Helper()
		for _, p := range ai.Protocols {
			a := g.askModel(p, "claude-opus-4-6", false, as(poorToken)).want(t, http.StatusTooManyRequests)
			text := errorShape(t, p, a.Body)
			tomorrow := time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
			if !strings.Contains(text, "daily budget of $1 (spent: $1)") || !strings.Contains(text, tomorrow+"T00:00:00Z") || a.Header.Get("Retry-After") == "" {
				t.Errorf("%s: %s (Retry-After %q)", p, text, a.Header.Get("Retry-After"))
			}
		}
		g.askModel(ai.Anthropic, "claude-opus-4-6", false).want(t, http.StatusOK) // another token
	}
	check(g)
	if asked.Load() != 2 {
		t.Errorf("upstream was asked %d times", asked.Load())
	}
	g.close()
	check(newGatewayAt(t, db, options, ""))
}

// TestBudgetUnderLoad: of a thousand calls at once on a dollar only as many are
// let through as it takes to spend it, by what is set aside for each.
func TestBudgetUnderLoad(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var asked atomic.Int64
	good := upstream(t, func(w http.ResponseWriter, body []byte) {
		asked.Add(1)
		<-release
		answers(claude(10, 1000))(w, body)
	})
	g := newGateway(t, channelURL("good", good)+"token poor "+poorToken+" {\nbudget 1/total\n}\n", "")
	const body = `{"model":"claude-opus-4-6","max_tokens":1000,"messages":[{"role":"user","content":"hi"}]}`
	var ok, refused atomic.Int64
	var wait sync.WaitGroup
	slots := make(chan struct{}, 200)
	for range 1000 {
		wait.Go(func() {
			slots <- struct{}{}
			switch a := g.post("/v1/messages", body, as(poorToken)); a.Status {
			case http.StatusOK:
				ok.Add(1)
			case http.StatusTooManyRequests:
				refused.Add(1)
			default:
				t.Errorf("status %d: %v", a.Status, a.Err)
			}
			<-slots
		})
	}
	time.AfterFunc(2*time.Second, func() { close(release) })
	wait.Wait()
	for _, b := range g.app.control.Budgets(time.Now()) {
		if b.Name != "poor" {
			continue
		}
		usd := b.Total.Spent.USD()
		// One reservation is 2.5 cents: a thousand tokens of output, and a few of input.
		if usd < 0.97 || usd > 1.026 || b.Reserved != 0 {
			t.Errorf("%d answered, %d refused, spent %s, reserved %s", ok.Load(), refused.Load(), b.Total.Spent, b.Reserved)
		}
	}
	if ok.Load()+refused.Load() != 1000 || ok.Load() != asked.Load() {
		t.Errorf("%d answered and %d refused of 1000, upstream answered %d", ok.Load(), refused.Load(), asked.Load())
	}
}

// TestChannelBudget: a channel whose budget is used up is left out, and the
// record says why.
func TestChannelBudget(t *testing.T) {
	t.Parallel()
	dear := upstream(t, answers(claude(100_000, 20_000)))
	spare := upstream(t, answers(claude(10, 10)))
	g := newGateway(t, channelURL("dear", dear, "priority 5", "daily_budget 1")+channelURL("spare", spare), "")
	g.askModel(ai.Anthropic, "claude-opus-4-6", false).want(t, http.StatusOK)
	rec := g.record(g.askModel(ai.Anthropic, "claude-opus-4-6", false).want(t, http.StatusOK))
	if rec.Channel != "spare" || rec.Candidates[0].Reason != ai.OverBudget || rec.Candidates[0].Until.IsZero() {
		t.Errorf("%s served: %+v", rec.Channel, rec.Candidates)
	}
	g = newGateway(t, channelURL("dear", dear, "daily_budget 1"), "")
	g.askModel(ai.Anthropic, "claude-opus-4-6", false).want(t, http.StatusOK)
	a := g.askModel(ai.Anthropic, "claude-opus-4-6", false).want(t, http.StatusTooManyRequests)
	if !strings.Contains(a.Body, "spent") || a.Header.Get("Retry-After") == "" {
		t.Errorf("%s", a.Body)
	}
}

// TestTokensPerMinute: a token's and a channel's.
func TestTokensPerMinute(t *testing.T) {
	t.Parallel()
	many := upstream(t, answers(claude(900, 100)))
	g := newGateway(t, channelURL("only", many)+"token poor "+poorToken+" {\ntpm 1000\n}\n", "")
	g.askModel(ai.Anthropic, "claude-opus-4-6", false, as(poorToken)).want(t, http.StatusOK)
	a := g.askModel(ai.Anthropic, "claude-opus-4-6", false, as(poorToken)).want(t, http.StatusTooManyRequests)
	if !strings.Contains(a.Body, "1000 tokens per minute") {
		t.Errorf("%s", a.Body)
	}
	g = newGateway(t, channelURL("first", many, "priority 5", "tpm 1000")+channelURL("second", many), "")
	g.askModel(ai.Anthropic, "claude-opus-4-6", false).want(t, http.StatusOK)
	rec := g.record(g.askModel(ai.Anthropic, "claude-opus-4-6", false).want(t, http.StatusOK))
	if rec.Channel != "second" || rec.Candidates[0].Reason != ai.OverTokens {
		t.Errorf("%s served: %+v", rec.Channel, rec.Candidates)
	}
}

// TestUsageIsAskedFor: a stream whose client did not ask for usage is counted
// all the same, and the client gets what it would have got without.
func TestUsageIsAskedFor(t *testing.T) {
	t.Parallel()
	s := fake(t)
	g := newGateway(t, channelAt("only", s, "key mk-ok"), "")
	plain := newGateway(t, channelAt("only", s, "key mk-ok", "no_include_usage"), "")
	a := g.ask(ai.OpenAI, true).want(t, http.StatusOK)
	if !bytes.Contains(s.Last().Body, []byte(`"stream_options":{"include_usage":true}`)) {
		t.Errorf("upstream was not asked: %s", s.Last().Body)
	}
	if rec := g.record(a); !rec.Usage.Reported || rec.Usage.Estimated || rec.Usage.Output == 0 {
		t.Errorf("%+v", rec.Usage)
	}
	b := plain.ask(ai.OpenAI, true).want(t, http.StatusOK)
	if strings.Contains(a.Body, `"usage":{`) || strings.Count(a.Body, "data:") != strings.Count(b.Body, "data:") || !strings.HasSuffix(a.Body, "data: [DONE]\n\n") {
		t.Errorf("the client got what it did not ask for:\n%s", clipped(a.Body))
	}
	if rec := plain.record(b); !rec.Usage.Estimated || rec.Usage.Output == 0 || rec.Usage.Input == 0 {
		t.Errorf("nothing was counted where nothing was told: %+v", rec.Usage)
	}
	c := g.post("/v1/chat/completions", `{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}`).want(t, http.StatusOK)
	if !strings.Contains(c.Body, `"usage":{`) {
		t.Error("a client that asked for usage did not get it")
	}
}

// TestEveryStreamIsAskedForUsage: no stream goes without the question to see
// whether usage comes by itself, because that one would be billed by estimate;
// the client gets none of what it did not ask for.
func TestEveryStreamIsAskedForUsage(t *testing.T) {
	t.Parallel()
	for _, tells := range []bool{true, false} { // unasked
		var asked atomic.Int64
		const rest = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
		const usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3}}\n\n"
		const done = "data: [DONE]\n\n"
		url := upstream(t, func(w http.ResponseWriter, body []byte) {
			w.Header().Set("Content-Type", "text/event-stream")
			ask := bytes.Contains(body, []byte("include_usage"))
			if ask {
				asked.Add(1)
			}
			io.WriteString(w, rest)
			if ask || tells {
				io.WriteString(w, usage)
			}
			io.WriteString(w, done)
		})
		g := newGateway(t, channelURL("relay", url), "")
		for i := range 40 {
			a := g.ask(ai.OpenAI, true).want(t, http.StatusOK)
			if a.Body != rest+done {
				t.Fatalf("call %d, tells %v: the client got\n%s", i, tells, a.Body)
			}
			if u := g.record(a).Usage; u.Estimated || u.Input != 9 || u.Output != 3 {
				t.Fatalf("call %d, tells %v: %+v", i, tells, u)
			}
		}
		if asked.Load() != 40 {
			t.Errorf("tells %v: asked %d times of 40", tells, asked.Load())
		}
	}
}

// TestUpstreamThatTakesNoQuestion: some servers refuse a field they do not
// know. They are asked once, and the client notices nothing.
func TestUpstreamThatTakesNoQuestion(t *testing.T) {
	t.Parallel()
	var asked, served atomic.Int64
	url := upstream(t, func(w http.ResponseWriter, body []byte) {
		if bytes.Contains(body, []byte("stream_options")) {
			asked.Add(1)
			w.WriteHeader(http.StatusUnprocessableEntity)
			io.WriteString(w, `{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}`)
			return
		}
		served.Add(1)
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello there\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	})
	g := newGateway(t, channelURL("old", url), "")
	for range 3 {
		rec := g.record(g.ask(ai.OpenAI, true).want(t, http.StatusOK))
		if !rec.Usage.Estimated || rec.Usage.Output < 2 {
			t.Errorf("%+v", rec.Usage)
		}
	}
	if asked.Load() != 1 || served.Load() != 3 || len(g.cooling()) != 0 {
		t.Errorf("asked %d times, served %d, cooling %v", asked.Load(), served.Load(), g.cooling())
	}
	// A process that starts later knows it from the store.
	if err := g.app.state.storage.KeepLearned(t.Context()); err != nil {
		t.Fatal(err)
	}
	saved, err := g.app.state.store.LoadMemory(t.Context(), "usage")
	if err != nil {
		t.Fatal(err)
	}
	var later gateway.UsageSupport
	if err := later.Load(saved); err != nil {
		t.Fatal(err)
	}
	if again, _, err := later.Save(time.Now()); again != nil || err != nil {
		t.Errorf("what was loaded is saved again: %s, %v", again, err)
	}
}

// TestUsageOfBrokenAnswers: an answer that breaks off, or whose client leaves,
// is paid as far as it went.
func TestUsageOfBrokenAnswers(t *testing.T) {
	t.Parallel()
	words := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 40) // about 400 tokens
	seen := make(chan struct{})
	url := upstream(t, func(w http.ResponseWriter, body []byte) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":1234,\"output_tokens\":1}}}\n\n")
		for word := range strings.SplitSeq(words, " ") {
			fmt.Fprintf(w, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"%s \"}}\n\n", word)
		}
		w.(http.Flusher).Flush()
		if bytes.Contains(body, []byte("stay")) {
			<-seen
		}
	})
	t.Cleanup(func() { close(seen) })
	g := newGateway(t, channelURL("only", url), "")
	check := func(rec *ai.Record, kind ai.Kind) {
		t.Helper()
		u := rec.Usage
		if rec.Outcome != kind || u.Input != 1234 || u.Output < 300 || u.Output > 500 || !u.Estimated || !u.Reported || rec.Cost.Amount == 0 {
			t.Errorf("%v: %+v, %+v", rec.Outcome, u, rec.Cost)
		}
	}
	a := g.askModel(ai.Anthropic, "claude-opus-4-6", true)
	check(g.record(a), ai.Truncated)

	req, _ := http.NewRequest(http.MethodPost, g.URL+"/v1/messages", strings.NewReader(`{"model":"claude-opus-4-6","stream":true,"max_tokens":5,"messages":[{"role":"user","content":"stay"}]}`))
	as(testToken)(req)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	for lines, left := bufio.NewScanner(resp.Body), len(strings.Split(words, " ")); left > 0 && lines.Scan(); {
		if strings.Contains(lines.Text(), "text_delta") {
			left--
		}
	}
	resp.Body.Close()
	check(g.recordOf(resp.Header.Get("X-Ccload-Request-Id")), ai.ClientGone)
}

// TestUselessUsage: numbers that cannot be are not what a call cost: it is
// counted here, and no budget is fooled or used up by them.
func TestUselessUsage(t *testing.T) {
	t.Parallel()
	for _, usage := range []string{
		`{}`, `{"input_tokens":0,"output_tokens":0}`, `{"input_tokens":-5,"output_tokens":1e30,"cache_read_input_tokens":"x"}`,
		`{"input_tokens":1000000000000,"output_tokens":1}`, `{"input_tokens":12,"output_tokens":-3}`, `{"input_tokens":12,"output_tokens":900000000000}`,
	} {
		url := upstream(t, answers(`{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-4-6","content":[{"type":"text","text":"hello there"}],"stop_reason":"end_turn","usage":`+usage+`}`))
		g := newGateway(t, channelURL("only", url), "")
		rec := g.record(g.askModel(ai.Anthropic, "claude-opus-4-6", false).want(t, http.StatusOK))
		u := rec.Usage
		if u.Input < 1 || u.Input > 100 || u.Output < 1 || u.Output > 100 || !u.Estimated || rec.Cost.Amount <= 0 || rec.Cost.Amount > ai.Dollar {
			t.Errorf("%s: %+v, %+v", usage, u, rec.Cost)
		}
	}
}

// TestUnpricedIsNull: a cost that nobody knows is not 0.
func TestUnpricedIsNull(t *testing.T) {
	t.Parallel()
	g := newGateway(t, channelURL("only", upstream(t, answers(claude(5, 7)))), "")
	rec := g.record(g.askModel(ai.Anthropic, "nobody-knows-its-price", false).want(t, http.StatusOK))
	text, err := json.Marshal(rec.Cost)
	if err != nil || !strings.Contains(string(text), `"usd":null,"list_usd":null`) || !strings.Contains(string(text), `"unpriced":true`) {
		t.Errorf("%s, %v", text, err)
	}
	var back ai.Cost
	if err := json.Unmarshal(text, &back); err != nil || back != rec.Cost {
		t.Errorf("it comes back as %+v, %v", back, err)
	}
}

// TestCountingHere: counts are made here, for any model, in each protocol; the
// upstream is asked if the token may and the client wants it.
func TestCountingHere(t *testing.T) {
	t.Parallel()
	s := fake(t)
	g := newGateway(t, channelAt("only", s, "key mk-ok", "models m")+richToken+"token counter "+poorToken+" {\nupstream_counts\nmodels m fast claude-*\n}\nalias fast m\n", "")
	before := s.Total()
	for path, field := range map[string]string{
		"/v1/messages/count_tokens": "input_tokens", "/v1/responses/input_tokens": "input_tokens", "/v1beta/models/claude-none:countTokens": "totalTokens",
	} {
		a := g.post(path, `{"model":"claude-none","max_tokens":5,"messages":[{"role":"user","content":"hello world"}],"input":"hello world","contents":[{"role":"user","parts":[{"text":"hello world"}]}]}`).want(t, http.StatusOK)
		var got map[string]any
		if err := json.Unmarshal([]byte(a.Body), &got); err != nil {
			t.Fatal(err)
		}
		if n, _ := got[field].(float64); n < 2 || n > 30 {
			t.Errorf("%s: %s", path, a.Body)
		}
		if rec := g.record(a); rec.Outcome != ai.OK || rec.Operation != ai.CountTokens || len(rec.Attempts) != 0 {
			t.Errorf("%+v", rec)
		}
	}
	if s.Total() != before {
		t.Error("upstream was asked")
	}
	g.post("/v1beta/models/m:countTokens", `{"generateContentRequest":{"model":"models/m","contents":[{"role":"user","parts":[{"text":"`+strings.Repeat("word ", 500)+`"}]}]}}`).want(t, http.StatusOK)
	upstreamPlease := func(r *http.Request) { r.Header.Set("X-Ccload-Count", "upstream") }
	g.post("/v1/messages/count_tokens", `{"model":"m","messages":[{"role":"user","content":"hi"}]}`, upstreamPlease).want(t, http.StatusOK)
	if s.Total() != before {
		t.Error("a token that may not had tokens counted upstream")
	}
	g.post("/v1/messages/count_tokens", `{"model":"m","messages":[{"role":"user","content":"hi"}]}`, upstreamPlease, as(poorToken)).want(t, http.StatusOK)
	if s.Total() == before {
		t.Error("upstream was not asked although the token may and the client wants it")
	}
	g.post("/v1/messages/count_tokens", `{"model":"gpt-5","messages":[]}`, as(poorToken)).want(t, http.StatusForbidden)
	g.post("/v1/messages/count_tokens", `{"messages":[]}`).want(t, http.StatusBadRequest)
}

// TestPriceFiles: the operator's prices go first, a wrong file stops the config
// and says where it is wrong, and calls made before are priced anew.
func TestPriceFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, file := filepath.Join(dir, "ccload.db"), filepath.Join(dir, "prices.csv")
	good := upstream(t, answers(strings.ReplaceAll(claude(1_000_000, 0), "claude-opus-4-6", "house-model")))
	options := channelURL("own", good)
	g := newGatewayAt(t, db, options, "")
	a := g.askModel(ai.Anthropic, "house-model", false).want(t, http.StatusOK)
	if rec := g.record(a); !rec.Cost.Unpriced {
		t.Fatalf("%+v", rec.Cost)
	}
	g.close()

	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("model,input,output\nhouse-model,cheap,2\n")
	_, err := provisionContext(strings.Replace(g.config, "ccload {", "ccload {\nprices "+file, 1))
	if err == nil || !strings.Contains(err.Error(), `prices.csv: line 2 (house-model): input: "cheap" is no number`) {
		t.Errorf("a wrong file of prices: %v", err)
	}

	write("model,input,output\nhouse-model,2,4\n")
	g = newGatewayAt(t, db, "prices "+file+"\n"+options, "")
	b := g.askModel(ai.Anthropic, "house-model", false).want(t, http.StatusOK)
	if rec := g.record(b); rec.Cost.Amount != 2*ai.Dollar {
		t.Errorf("%+v", rec.Cost)
	}
	n, err := g.app.control.Reprice(t.Context(), time.Time{})
	if rec := g.record(a); n != 1 || err != nil || rec.Cost.Amount != 2*ai.Dollar || rec.Cost.Unpriced {
		t.Errorf("%d, %v: %+v", n, err, rec.Cost)
	}
	for _, budget := range g.app.control.Budgets(time.Now()) {
		if budget.Total.Spent != 4*ai.Dollar {
			t.Errorf("%+v", budget)
		}
	}
}

// TestPricesInTheStore: they are in force at once, and after a restart.
func TestPricesInTheStore(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "ccload.db")
	options := channelURL("own", upstream(t, answers(strings.ReplaceAll(claude(1_000_000, 0), "claude-opus-4-6", "house-model"))))
	g := newGatewayAt(t, db, options, "")
	if err := g.app.control.SetOwnPrices(t.Context(), []pricing.Row{{Model: "house-model", Input: "3"}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if rec := g.record(g.askModel(ai.Anthropic, "house-model", false).want(t, http.StatusOK)); rec.Cost.Amount != 3*ai.Dollar {
			t.Errorf("%+v", rec.Cost)
		}
		g.close()
		g = newGatewayAt(t, db, options, "")
	}
	if rows, err := g.app.control.OwnPrices(t.Context()); len(rows) != 1 || err != nil {
		t.Errorf("%+v, %v", rows, err)
	}
}

// TestTotalsEqualRows: what was spent is what the rows add up to, in memory and
// in the store, whatever the calls were.
func TestTotalsEqualRows(t *testing.T) {
	t.Parallel()
	s := fake(t, "ok", "cut", "err200", "ok", "think", "429", "ok", "empty")
	g := newGateway(t, channelAt("a", s, "key mk-ok")+channelAt("b", s, "key mk-ok", "cost_multiplier 0.3"), "")
	var wait sync.WaitGroup
	for i := range 200 {
		wait.Go(func() { g.askModel(ai.Protocols[i%4], "claude-opus-4-6", i%3 == 0) })
		if i%20 == 0 {
			wait.Wait()
			g.app.control.DropCooldowns(healthRefAny)
		}
	}
	wait.Wait()
	g.app.idleWithin(5 * time.Second)
	list, err := g.app.control.Calls(t.Context(), admin.CallFilter{Limit: 500})
	if err != nil || len(list) != 200 {
		t.Fatalf("%d calls, %v", len(list), err)
	}
	sums := make(map[string]ai.Money)
	for _, r := range list {
		var sum ai.Money
		for i := range r.Attempts {
			sums["channel/"+r.Attempts[i].Target.Channel] += r.Attempts[i].Cost.Amount
			sum += r.Attempts[i].Cost.Amount
		}
		if sum != r.Cost.Amount {
			t.Errorf("%s costs %s, its attempts %s", r.ID, r.Cost.Amount, sum)
		}
		sums["token/"+r.Token] += r.Cost.Amount
	}
	stored, err := g.app.state.store.LoadSpent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	inStore := make(map[string]ai.Money)
	for _, s := range stored {
		inStore[s.Name] += s.Amount
	}
	for name, sum := range sums {
		inMemory := g.app.state.routing.Spending.Of(name).State(0).Total
		if sum == 0 && name == "token/tests" || inStore[name] != sum || inMemory != sum {
			t.Errorf("%s: the rows add up to %s, the store says %s, memory %s", name, sum, inStore[name], inMemory)
		}
	}
}

// TestPriceList: a list that is fetched changes prices from its day on, and is
// known after a restart although it cannot be fetched any more.
func TestPriceList(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "ccload.db")
	var down atomic.Bool
	var fetched atomic.Int64
	list := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetched.Add(1)
		if down.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		io.WriteString(w, `{"anthropic":{"models":{"claude-opus-4-6":{"cost":{"input":10,"output":25}}}}}`)
	}))
	defer list.Close()
	good := upstream(t, answers(claude(1_000_000, 0)))
	options := "prices {\nsync " + list.URL + "\n}\n" + channelURL("own", good)
	dear := func(g *testGateway) bool {
		return eventually(t, func() (bool, bool) {
			rec := g.record(g.askModel(ai.Anthropic, "claude-opus-4-6", false).want(t, http.StatusOK))
			return true, rec.Cost.Amount == 10*ai.Dollar
		})
	}
	g := newGatewayAt(t, db, options, "")
	dear(g)
	eventually(t, func() (error, bool) {
		_, err := g.app.state.store.LoadMemory(t.Context(), "prices")
		return err, err == nil
	})
	g.close()
	down.Store(true)
	dear(newGatewayAt(t, db, options, ""))
	// The price is that of the start, before the list was asked for again.
	if n := eventually(t, func() (int64, bool) { n := fetched.Load(); return n, n >= 2 }); n < 2 {
		t.Errorf("fetched %d times", n)
	}
}
