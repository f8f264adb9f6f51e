package admin

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/pricing"
)

// shop is an app with calls, statistics and budgets made up for a test.
type shop struct {
	guarded
	calls   []*ai.Record // the newest first
	budgets []Budget
}

func (s *shop) Calls(_ context.Context, f CallFilter) ([]*ai.Record, error) {
	list := []*ai.Record{}
	after := f.Before == ""
	for _, r := range s.calls {
		if after && (f.Token == "" || r.Token == f.Token) && (f.Outcome == "" || r.Outcome.String() == f.Outcome) && len(list) < f.Limit {
			list = append(list, r)
		}
		after = after || r.ID == f.Before
	}
	return list, nil
}

func (s *shop) Call(_ context.Context, id string) (*ai.Record, error) {
	for _, r := range s.calls {
		if r.ID == id {
			return r, nil
		}
	}
	return nil, ErrNotFound
}

func (s *shop) Budgets(time.Time) []Budget { return s.budgets }

// newShop returns what asks a shop, as the operator or as the holder of laptop.
// op is what is asked, if it is not the shop alone.
func newShop(t *testing.T, op Operator) (*shop, func(role, path string) (int, string)) {
	t.Helper()
	h, g := newGuarded(t)
	s := &shop{guarded: *g}
	if h.op = op; op == nil {
		h.op = s
	}
	return s, func(role, path string) (int, string) {
		t.Helper()
		session := StoredSession{Role: role}
		if role == RoleHolder {
			session.Name, session.Password = "laptop", s.secret
		} else {
			session.Password = s.password.ID()
		}
		value, _, err := s.desk.Sessions.Login(t.Context(), session)
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequest(http.MethodGet, "/ccload/api/"+path, http.NoBody)
		req.AddCookie(&http.Cookie{Name: CookieName, Value: value})
		w := httptest.NewRecorder()
		if err := h.ServeHTTP(w, req, nil); err != nil {
			t.Fatal(err)
		}
		return w.Code, w.Body.String()
	}
}

// dataOf is the data of a good answer.
func dataOf[T any](t *testing.T, status int, text string) (data T) {
	t.Helper()
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, text)
	}
	var said struct{ Data T }
	if err := json.Unmarshal([]byte(text), &said); err != nil {
		t.Fatal(err)
	}
	return said.Data
}

func attempt(channel string, kind ai.Kind, message string) ai.Attempt {
	return ai.Attempt{Target: ai.Target{Channel: channel}, Outcome: ai.Outcome{Kind: kind, Message: message}}
}

// someCalls are calls of every class.
func someCalls() []*ai.Record {
	second := time.Second
	return []*ai.Record{
		{ID: "req_9", Token: "laptop", Model: "m", Protocol: ai.Anthropic, Outcome: ai.OK, Duration: 9 * second, Attempts: []ai.Attempt{attempt("a", ai.RateLimited, "slow down"), attempt("b", ai.OK, "")}},
		{ID: "req_8", Token: "ci", Model: "m", Protocol: ai.OpenAI, Outcome: ai.OK, Duration: 2 * second, Attempts: []ai.Attempt{attempt("a", ai.OK, "")}},
		{ID: "req_7", Token: "laptop", Model: "=cmd()", Protocol: ai.Anthropic, Outcome: ai.InvalidRequest, Message: "no channel serves it"},
		{ID: "req_6", Token: "laptop", Model: "m", Protocol: ai.Anthropic, Outcome: ai.Overloaded, Duration: second, Channel: "a", Message: "secret account 7", Attempts: []ai.Attempt{attempt("a", ai.Overloaded, "Account 7 is OVERLOADED")}},
		{ID: "req_5", Token: "ci", Model: "m", Protocol: ai.Gemini, Outcome: ai.ClientGone, Duration: second, Attempts: []ai.Attempt{attempt("a", ai.ClientGone, "")}},
	}
}

func ids(page CallPage) string {
	list := make([]string, len(page.Calls))
	for i, r := range page.Calls {
		list[i] = strings.TrimPrefix(r.ID, "req_")
	}
	return strings.Join(list, "")
}

func TestCallsAreSearched(t *testing.T) {
	s, ask := newShop(t, nil)
	s.calls = someCalls()
	for _, c := range []struct{ role, query, want string }{
		{RoleOperator, "", "98765"},
		{RoleOperator, "class=ok", "8"},
		{RoleOperator, "class=failed_over", "9"},
		{RoleOperator, "class=caller", "75"},
		{RoleOperator, "class=failed", "6"},
		{RoleOperator, "protocol=openai", "8"},
		{RoleOperator, "longer=2s", "98"},
		{RoleOperator, "text=overloaded", "6"},
		{RoleOperator, "text=SLOW", "9"},
		{RoleOperator, "text=req_7", "7"},
		{RoleOperator, "text=nothing+like+it", ""},
		{RoleOperator, "class=failed&longer=5s", ""},
		{RoleHolder, "", "976"},
		{RoleHolder, "class=failed", "6"},
		{RoleHolder, "text=slow", ""}, // it was said by an account
		{RoleHolder, "text=account", ""},
		{RoleHolder, "text=serves", "7"},
	} {
		status, text := ask(c.role, "calls?"+c.query)
		if got := ids(dataOf[CallPage](t, status, text)); got != c.want {
			t.Errorf("%s, %s: calls %s, want %s", c.role, c.query, got, c.want)
		}
	}
	for _, query := range []string{"class=good", "protocol=telnet", "longer=-1s", "longer=1"} {
		if status, text := ask(RoleOperator, "calls?"+query); status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", query, status, text)
		}
	}
}

// TestASearchGoesPageByPage: every call is found once, whatever the size of the
// page, and a search that finds nothing ends.
func TestASearchGoesPageByPage(t *testing.T) {
	s, ask := newShop(t, nil)
	const many, every = maxSearched + 2*maxPage + 7, 1000
	moment := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range many {
		r := &ai.Record{ID: fmt.Sprintf("req_%06d", many-i), Time: moment.Add(-time.Duration(i) * time.Second), Outcome: ai.OK}
		if i%every == every-1 {
			r.Outcome = ai.NetworkError
		}
		s.calls = append(s.calls, r)
	}
	for _, limit := range []int{1, 2, 3, 5, 50} {
		found, before, looks := 0, "", 0
		for {
			status, text := ask(RoleOperator, fmt.Sprintf("calls?class=failed&limit=%d&before=%s", limit, before))
			page := dataOf[CallPage](t, status, text)
			found += len(page.Calls)
			if looks++; page.Next == "" {
				break
			}
			if len(page.Calls) < limit && page.Searched.IsZero() {
				t.Fatalf("limit %d: a page of %d goes on, and does not say how far it has looked", limit, len(page.Calls))
			}
			before = page.Next
		}
		if found != many/every {
			t.Errorf("limit %d: %d found, want %d", limit, found, many/every)
		}
		if looks > many/every+2 {
			t.Errorf("limit %d: %d pages", limit, looks)
		}
	}
}

// TestCallsAsAFile: the file has what the list has, once each, and no formula.
func TestCallsAsAFile(t *testing.T) {
	s, ask := newShop(t, nil)
	for i := range 3 * maxPage {
		r := *someCalls()[i%5]
		r.ID = "req_" + strconv.Itoa(i)
		r.Cost = ai.Cost{Amount: ai.Money(i)}
		s.calls = append(s.calls, &r)
	}
	for role, want := range map[string]int{RoleOperator: 3 * maxPage, RoleHolder: 3 * maxPage * 3 / 5} {
		status, text := ask(role, "calls.csv")
		lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || status != http.StatusOK {
			t.Fatal(status, err)
		}
		if len(lines) != want+1 || !slices.Equal(lines[0], callColumns) {
			t.Errorf("%s: %d lines, want %d; head %v", role, len(lines), want+1, lines[0])
		}
		seen := make(map[string]bool)
		for _, line := range lines[1:] {
			if seen[line[0]] {
				t.Fatalf("%s twice", line[0])
			}
			seen[line[0]] = true
			n, _ := strconv.Atoi(strings.TrimPrefix(line[0], "req_"))
			if cost := line[slices.Index(callColumns, "cost_usd")]; cost != ai.Money(n).String() {
				t.Errorf("%s costs %s", line[0], cost)
			}
			for i, cell := range line {
				if cell != "" && strings.ContainsRune(spreadsheetFormula, rune(cell[0])) {
					t.Errorf("%s: %s is %q, a formula", line[0], callColumns[i], cell)
				}
			}
			if role == RoleHolder && strings.Contains(strings.Join(line, " "), "account") {
				t.Errorf("%v tells of an account", line)
			}
		}
	}
	if status, _ := ask(RoleHolder, "calls.csv?token=ci"); status != http.StatusForbidden {
		t.Errorf("another's calls: %d", status)
	}
}

func (s *shop) ChannelConfigs() []ChannelConfig {
	list := make([]ChannelConfig, 1)
	list[0].Name, list[0].Provider = "b", "the provider of b"
	return list
}

func (s *shop) Price(q PriceQuestion) Priced {
	if q.Provider != "the provider of b" || q.Model != "upstream" || q.At.Year() != 2026 {
		return Priced{}
	}
	return Priced{Cost: ai.Cost{List: 7, Price: "row"}, Lines: []pricing.Line{{What: "upstream input", Quantity: q.Usage.Input, Price: "1", Amount: 7}}}
}

// TestTheCostOfACallIsExplained: by the provider of each attempt that used
// something, at the moment of the call.
func TestTheCostOfACallIsExplained(t *testing.T) {
	s, ask := newShop(t, nil)
	s.calls = someCalls()
	r := s.calls[0]
	r.Time = time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	r.Attempts[1].Target.Model, r.Attempts[1].Usage.Input = "upstream", 7
	for _, c := range []struct {
		recorded ai.Cost
		changed  bool
	}{
		{ai.Cost{Amount: 3, List: 7, Price: "row"}, false},
		{ai.Cost{Amount: 7, List: 8, Price: "row"}, true},
		{ai.Cost{List: 7, Price: "another"}, true},
	} {
		r.Attempts[1].Cost = c.recorded
		status, text := ask(RoleOperator, "calls/req_9/price")
		list := dataOf[[]PricedAttempt](t, status, text)
		if len(list) != 1 || list[0].Attempt != 1 || list[0].List != 7 || len(list[0].Lines) != 1 || list[0].Changed != c.changed {
			t.Errorf("recorded %+v: %s", c.recorded, text)
		}
	}
	if status, _ := ask(RoleOperator, "calls/req_none/price"); status != http.StatusNotFound {
		t.Errorf("of no call: %d", status)
	}
}
