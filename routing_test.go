package ccload

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
)

// healthRefAny matches everything that cools down.
var healthRefAny = health.Ref{}

// TestWeightedShares: equal channels get equal shares, exactly.
func TestWeightedShares(t *testing.T) {
	t.Parallel()
	s := fake(t)
	g := newGateway(t, channelAt("a", s, "key mk-ok-ua")+channelAt("b", s, "key mk-ok-ub")+
		channelAt("c", s, "key mk-ok-uc", "weight 2"), "lb_policy weighted")
	const calls = 80
	for range calls {
		g.ask(ai.OpenAI, false).want(t, http.StatusOK)
	}
	counts := s.Counts()
	for key, want := range map[string]int{"mk-ok-ua": 20, "mk-ok-ub": 20, "mk-ok-uc": 40} {
		if counts[key] != want {
			t.Errorf("%s served %d of %d, want %d", key, counts[key], calls, want)
		}
	}
}

// TestFailuresSpread: when the first channel fails, the calls that fail over
// do not all land on the same second one.
func TestFailuresSpread(t *testing.T) {
	t.Parallel()
	bad, s := fake(t), fake(t)
	options := channelAt("bad", bad, "key mk-500", "priority 10")
	for i := range 4 {
		options += channelAt(fmt.Sprintf("b%d", i), s, fmt.Sprintf("key mk-ok-u%d", i))
	}
	g := newGateway(t, options, "lb_policy priority {\nthen weighted\n}")
	for range 40 {
		g.app.control.DropCooldowns(healthRefAny)
		g.ask(ai.OpenAI, false).want(t, http.StatusOK)
	}
	for i := range 4 {
		if n := s.Counts()[fmt.Sprintf("mk-ok-u%d", i)]; n != 10 {
			t.Errorf("channel b%d served %d of 40, want 10", i, n)
		}
	}
}

// TestConversationKeepsItsKey: the default policy keeps a conversation on the
// key that holds its prompt cache, and different ones spread.
func TestConversationKeepsItsKey(t *testing.T) {
	t.Parallel()
	s := fake(t)
	g := newGateway(t, channelAt("a", s, "key mk-ok-u1 mk-ok-u2 mk-ok-u3")+channelAt("b", s, "key mk-ok-u4 mk-ok-u5 mk-ok-u6"), "")
	used := make(map[string]bool)
	system := strings.Repeat("Providers cache only prompts of some length. ", 300)
	for conversation := range 24 {
		keys := make(map[string]bool)
		for turn := range 4 {
			body := fmt.Sprintf(`{"model":"m","max_tokens":9,"system":%q,"messages":[{"role":"user","content":"talk %d"}%s]}`, system, conversation,
				strings.Repeat(`,{"role":"assistant","content":"ok"},{"role":"user","content":"more"}`, turn))
			g.post("/v1/messages", body).want(t, http.StatusOK)
			keys[s.Last().Key] = true
			used[s.Last().Key] = true
		}
		if len(keys) != 1 {
			t.Errorf("conversation %d used %d keys", conversation, len(keys))
		}
	}
	if len(used) < 4 {
		t.Errorf("24 conversations used only %d of 6 keys", len(used))
	}
}

func TestForeignPolicies(t *testing.T) {
	t.Parallel()
	s := fake(t)
	options := channelAt("a", s, "key mk-ok-ua") + channelAt("b", s, "key mk-ok-ub")
	for _, policy := range []string{"first", "random", "round_robin", "ip_hash", "header X-Team", "priority {\nthen round_robin\n}", "latency", "affinity"} {
		g := newGateway(t, options, "lb_policy "+policy)
		for range 4 {
			g.ask(ai.OpenAI, false).want(t, http.StatusOK)
		}
	}
	for _, policy := range []string{"least_conn", "random_choose 2", "weighted_round_robin 1 2"} {
		_, err := provisionContext("http://127.0.0.1:9 {\nccload {\nlb_policy " + policy + "\n}\n}\n")
		if err == nil || !strings.Contains(err.Error(), "ccload_") {
			t.Errorf("%s: %v, want an error that names ours", policy, err)
		}
	}
}

// TestAliasesAndFuzzyNames: one name, several models, in order.
func TestAliasesAndFuzzyNames(t *testing.T) {
	t.Parallel()
	first, second := fake(t), fake(t)
	g := newGateway(t, channelAt("one", first, "key mk-500", "models model-one-20260101 model-one-20250101")+
		channelAt("two", second, "key mk-ok", "models model-two")+"alias fast model-one-20260101 model-two\n", "fuzzy_models")
	rec := g.record(g.askModel(ai.OpenAI, "fast", false).want(t, http.StatusOK))
	if rec.Channel != "two" || rec.UpstreamModel != "model-two" || rec.Model != "fast" {
		t.Errorf("served by %s as %s", rec.Channel, rec.UpstreamModel)
	}
	g.app.control.DropCooldowns(healthRefAny)
	g.askModel(ai.OpenAI, "Model-ONE", false)
	if got := first.Last().Model; got != "model-one-20260101" {
		t.Errorf("fuzzy name went to %q, want the newest", got)
	}
}

// TestHoursLimitsAndReasons: a channel outside its hours or over its limits is
// passed over, and the record says why.
func TestHoursLimitsAndReasons(t *testing.T) {
	t.Parallel()
	s := fake(t)
	now := time.Now().UTC()
	closed := fmt.Sprintf("hours %s-%s UTC", now.Add(time.Hour).Format("15:04"), now.Add(2*time.Hour).Format("15:04"))
	g := newGateway(t, channelAt("closed", s, "key mk-ok-u1", "priority 9", closed)+
		channelAt("limited", s, "key mk-ok-u2", "priority 8", "rpm 2")+
		channelAt("off", s, "key mk-ok-u3", "priority 7", "disabled")+
		channelAt("other", s, "key mk-ok-u4", "priority 6", "models else")+
		channelAt("forbidden", s, "key mk-ok-u5", "priority 5")+
		channelAt("open", s, "key mk-ok-u6")+
		"token tests "+testToken+" {\nexcept_channels forbidden\n}\n", "")
	var rec *ai.Record
	for range 3 {
		rec = g.record(g.ask(ai.OpenAI, false).want(t, http.StatusOK))
	}
	if rec.Channel != "open" {
		t.Errorf("the third call was served by %q", rec.Channel)
	}
	reasons := make(map[string]ai.Reason)
	for _, c := range rec.Candidates {
		reasons[c.Channel] = c.Reason
	}
	want := map[string]ai.Reason{
		"closed": ai.OutsideHours, "limited": ai.OverRate, "off": ai.Disabled, "forbidden": ai.NotAllowed, "open": ai.Eligible,
	}
	if fmt.Sprint(reasons) != fmt.Sprint(want) {
		t.Errorf("reasons %v, want %v", reasons, want)
	}
	e, err := g.app.control.Explain(admin.Question{Model: "m", Protocol: ai.OpenAI, Token: "tests"})
	if err != nil || e.Next == nil || e.Next.Channel == "" || !slices.Contains(e.NotServing, "other") {
		t.Errorf("explain: %+v, %v", e, err)
	}
}

// TestExplainSaysWhatACallWouldMeet: what a client would be told, explain and
// the list of channels tell as well.
func TestExplainSaysWhatACallWouldMeet(t *testing.T) {
	t.Parallel()
	s := fake(t)
	g := newGateway(t, channelAt("once", s, "key mk-ok-u1", "priority 2", "rpm 1")+
		channelAt("few", s, "key mk-ok-u2", "tpm 5")+
		"token tests "+testToken+"\ntoken narrow narrow-token-0123456789 {\nmodels known\n}\n"+
		"token once once-token-0123456789 {\nrpm 1\n}\n"+
		"token old old-token-0123456789 {\nexpires 2020-01-01\n}\n", "max_wait off")
	for token, want := range map[string]string{
		"narrow": "model_not_permitted", "old": "token_expired", "tests": "", "once": "",
	} {
		e, err := g.app.control.Explain(admin.Question{Model: "m", Protocol: ai.OpenAI, Token: token})
		if err != nil || !strings.Contains(e.Problem, want) || (e.Next == nil) != (want != "") {
			t.Errorf("%s: problem %q, next %v, %v", token, e.Problem, e.Next, err)
		}
	}
	g.ask(ai.OpenAI, false, as("once-token-0123456789")).want(t, http.StatusOK)
	g.ask(ai.OpenAI, false).want(t, http.StatusOK)
	e, err := g.app.control.Explain(admin.Question{Model: "m", Protocol: ai.OpenAI, Token: "tests"})
	if err != nil || e.Next != nil || e.Problem == "" || e.Candidates[0].Reason != ai.OverRate || e.Candidates[1].Reason != ai.OverTokens {
		t.Errorf("both channels are used up; explain: %+v, %v", e, err)
	}
	e, err = g.app.control.Explain(admin.Question{Model: "m", Protocol: ai.OpenAI, Token: "once"})
	if err != nil || !strings.Contains(e.Problem, "used up") {
		t.Errorf("the token is used up; explain: %+v, %v", e, err)
	}
	for _, ch := range g.app.control.Channels(time.Now()) {
		if ch.State == ai.Eligible || ch.Until.IsZero() {
			t.Errorf("channel %s is %s until %s", ch.Name, ch.State, ch.Until)
		}
	}
	a := g.ask(ai.OpenAI, false).want(t, http.StatusTooManyRequests)
	if after := a.Header.Get("Retry-After"); len(after) < 2 {
		t.Errorf("Retry-After %q, want about a minute", after)
	}
}

// TestModelListOfAToken: a name in the token's list is listed if a channel
// serves it, and nothing without a name is.
func TestModelListOfAToken(t *testing.T) {
	t.Parallel()
	list := upstream(t, answers(`{"data":[{"id":"claude-listed"},{"id":""},{"type":"model"}]}`))
	g := newGateway(t, channelURL("all", list, "models claude-*", "model short claude-long")+
		"token tests "+testToken+"\ntoken narrow narrow-token-0123456789 {\nmodels claude-named gpt-unserved\n}\n", "")
	for token, want := range map[string]string{
		testToken: "claude-listed short", "narrow-token-0123456789": "claude-named",
	} {
		var got struct{ Data []struct{ ID string } }
		a := g.do(http.MethodGet, "/v1/models", "", as(token)).want(t, http.StatusOK)
		if err := json.Unmarshal([]byte(a.Body), &got); err != nil {
			t.Fatal(err)
		}
		names := make([]string, 0, len(got.Data))
		for _, m := range got.Data {
			names = append(names, m.ID)
		}
		if s := strings.Join(names, " "); s != want {
			t.Errorf("%s lists %q, want %q", token, s, want)
		}
	}
}

// TestModelListDates: a model was made when its upstream says, or else on the
// date in its name; nobody guesses.
func TestModelListDates(t *testing.T) {
	t.Parallel()
	list := upstream(t, answers(`{"data":[{"id":"claude-a","created_at":"2025-09-29T00:00:00Z"},{"id":"claude-b","created":1759104000},{"id":"claude-c-20250929","created":0},{"id":"claude-d","created_at":"1970-01-01T00:00:00Z"},{"id":"claude-e","created":"soon"}]}`))
	g := newGateway(t, channelURL("all", list, "models claude-* gpt-5-2025-09-29"), "")
	var got struct {
		Data []struct {
			ID      string
			Created int64
		}
	}
	a := g.do(http.MethodGet, "/v1/models", "").want(t, http.StatusOK)
	if err := json.Unmarshal([]byte(a.Body), &got); err != nil {
		t.Fatal(err)
	}
	for _, m := range got.Data {
		want := int64(1759104000)
		if m.ID == "claude-d" || m.ID == "claude-e" {
			want = 0
		}
		if m.Created != want {
			t.Errorf("%s was made at %d, want %d", m.ID, m.Created, want)
		}
	}
	if len(got.Data) != 6 {
		t.Errorf("%d models are listed: %s", len(got.Data), a.Body)
	}
}

func TestTokenLimits(t *testing.T) {
	t.Parallel()
	s := fake(t)
	g := newGateway(t, channelAt("only", s, "key mk-ok")+"token tests "+testToken+" {\nrpm 3\n}\ntoken old old-token-0123456789 {\nexpires 2020-01-01\n}\n", "")
	for range 3 {
		g.ask(ai.Anthropic, false).want(t, http.StatusOK)
	}
	a := g.ask(ai.Anthropic, false).want(t, http.StatusTooManyRequests)
	if a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	errorShape(t, ai.Anthropic, a.Body)
	a = g.ask(ai.Anthropic, false, func(r *http.Request) { r.Header.Set("Authorization", "Bearer old-token-0123456789") }).want(t, http.StatusUnauthorized)
	if m := errorShape(t, ai.Anthropic, a.Body); !strings.Contains(m, "expired") {
		t.Errorf("message %q", m)
	}
}

// TestOneBlip: a single channel that fails once is asked once more.
func TestOneBlip(t *testing.T) {
	t.Parallel()
	for _, scenario := range []string{"mk-500", "mk-drop", "mk-err200", "mk-empty"} {
		s := fake(t, scenario, "mk-ok")
		g := newGateway(t, channelAt("only", s, "key k-0123456789"), "")
		a := g.ask(ai.Anthropic, true)
		if scenario == "mk-err200" { // overloaded: not hammered
			a.want(t, http.StatusServiceUnavailable)
			continue
		}
		a.want(t, http.StatusOK)
	}
}

// TestShortWait: a limit that ends within the handler's patience is waited out.
func TestShortWait(t *testing.T) {
	t.Parallel()
	s := fake(t, "mk-429-ra1", "mk-ok")
	g := newGateway(t, channelAt("only", s, "key k-0123456789"), "max_wait 3s")
	start := time.Now()
	g.ask(ai.Anthropic, false).want(t, http.StatusOK)
	if d := time.Since(start); d < 900*time.Millisecond {
		t.Errorf("answered after %s, before the limit ended", d)
	}
}

// TestOutageAndRecovery: a lasting outage is probed by one call at a time, and
// the channel serves again soon after it ends.
func TestOutageAndRecovery(t *testing.T) {
	t.Parallel()
	s := fake(t)
	g := newGateway(t, channelAt("only", s, "key mk-ok"), "max_wait off\nmax_attempts 2")
	g.ask(ai.OpenAI, false).want(t, http.StatusOK)
	s.SetDown(true)
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if a := g.ask(ai.OpenAI, false); a.Status < 500 {
				t.Errorf("status %d in an outage", a.Status)
			}
		})
	}
	wait.Wait()
	s.SetDown(false)
	deadline := time.Now().Add(30 * time.Second)
	for g.ask(ai.OpenAI, false).Status != http.StatusOK {
		if time.Now().After(deadline) {
			t.Fatalf("not recovered 30 s after the outage: %v", g.cooling())
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// TestGroupSharesFate: a limit of the organisation cools down all its channels.
func TestGroupSharesFate(t *testing.T) {
	t.Parallel()
	limited, s := fake(t), fake(t)
	limited.SetPlan(nil)
	g := newGateway(t, channelAt("a", limited, "key mk-429", "group acme", "priority 2",
		`cooldown_rule 429 {`+"\nscope channel\nfor 1m\n}")+
		channelAt("b", s, "key mk-ok"), "")
	g.ask(ai.OpenAI, false).want(t, http.StatusOK)
	if got := g.cooling(); !slices.Contains(got, "channel a rate_limited") {
		t.Errorf("cools %v, want the channel by the rule", got)
	}
}
