package gateway

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/routing"
)

// bounds is a gateway with one token, for calls that are admitted and no more.
type bounds struct {
	site  *Site
	token *access.Token
}

func newBounds(t *testing.T, rates access.Rates, budget access.Budget) *bounds {
	t.Helper()
	counts := &access.Counts{Windows: access.NewRateWindows(), Spending: access.NewSpending(), Calendar: access.NewCalendar(time.UTC)}
	tokens, err := access.New([]access.Spec{{Name: "a", Secret: "secret-0123456789", Rates: rates, Budget: budget}}, counts)
	if err != nil {
		t.Fatal(err)
	}
	st := NewState(zap.NewNop)
	o := Options{State: st, Observer: deaf{}}
	return &bounds{site: &Site{gateway: New(o)}, token: tokens.ByName("a")}
}

// deaf is an observer of refusals that does not care.
type deaf struct{ Observer }

func (deaf) LimitReached(string, string, access.Limit, time.Time) {}

// priced is a model with a price: $5 for a million tokens of input.
const priced = "claude-opus-4-6"

// call is a call with a text of so many bytes, which is seven times fewer tokens.
func (b *bounds) call(size int) *Call {
	gone, leave := context.WithCancel(context.Background())
	leave() // nobody who would wait for room
	r := httptest.NewRequestWithContext(gone, http.MethodPost, "/v1/messages", http.NoBody)
	c := &Call{w: httptest.NewRecorder(), r: r, site: b.site, token: b.token, body: newBody(size)}
	c.forecast.call = c
	c.Protocol, c.Operation, c.Model, c.MaxOutput, c.Received = ai.Anthropic, ai.Generate, priced, 1, time.Now()
	c.body.bytes = append(c.body.bytes, `{"messages":[{"role":"user","content":"`+strings.Repeat("tokens ", size/7)+`"}]}`...)
	ch := &routing.Channel{Conf: &config.Channel{}}
	c.route = &routing.Route{Steps: []routing.Step{{Candidates: []routing.Candidate{{Channel: ch, Model: priced}}}}}
	return c
}

// reserved is what is set aside now.
func (b *bounds) reserved() ai.Money { return b.token.Limiter().Spent(time.Now()).Reserved }

// finishCall is what Settle does with an admission.
func finishCall(c *Call) {
	c.admission.bound.drop()
	c.body.release()
	c.admission.granted.Settle(access.Use{})
}

// A call whose bound fits easily is not counted before it is admitted; within
// 100 ms it is, unless it has ended.
func TestBoundIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))) // prices have dates
		b := newBounds(t, access.Rates{TPM: 10_000_000}, access.Budget{Total: 100 * ai.Dollar})
		ctx, stop := context.WithCancel(t.Context())
		go b.site.gateway.State.Recounts.Run(ctx)
		synctest.Wait()
		long, short := b.call(6000), b.call(6000)
		for _, c := range []*Call{long, short} {
			if err := c.Admit(); err != nil {
				t.Fatal(err)
			}
			if c.forecast.counted() {
				t.Fatal("counted before it was admitted")
			}
		}
		if n := b.token.Limiter().Bounds(); n != 2 {
			t.Errorf("%d bounds", n)
		}
		finishCall(short)
		bound := b.reserved()
		time.Sleep(recountAfter + recountTick)
		synctest.Wait()
		want := long.forecast.expected().Money
		if got := b.reserved(); got != want || bound <= 3*got {
			t.Errorf("reserved %v by the bound, then %v; want %v", bound, got, want)
		}
		if n := b.token.Limiter().Bounds(); n != 0 || short.forecast.counted() {
			t.Errorf("%d bounds; what has ended was counted: %v", n, short.forecast.counted())
		}
		finishCall(long)
		if got, size := b.reserved(), b.site.gateway.State.Recounts.size.Load(); got != 0 || size != 0 {
			t.Errorf("reserved %v in the end, %d bytes held", got, size)
		}
		stop()
		synctest.Wait()
		if c := b.call(6000); c.Admit() != nil || !c.forecast.counted() {
			t.Error("admitted by a bound that nobody replaces")
		}
	})
}

// No bound refuses anybody: as many calls are admitted as by counting.
func TestBoundsRefuseNobody(t *testing.T) {
	for _, limits := range []struct {
		name   string
		rates  access.Rates
		budget access.Budget
	}{
		{"budget", access.Rates{}, access.Budget{Day: ai.Dollar}},
		{"tokens per minute", access.Rates{TPM: 1_000_000}, access.Budget{}},
	} {
		admitted := func(t *testing.T, bound bool) (calls int, byBound int64) {
			b := newBounds(t, limits.rates, limits.budget)
			b.site.gateway.State.Recounts.running = bound // and nobody replaces any by the way
			for {
				c := b.call(6000)
				if c.Admit() != nil {
					return calls, byBound
				}
				calls++
				byBound = max(byBound, b.token.Limiter().Bounds())
			}
		}
		t.Run(limits.name, func(t *testing.T) {
			counting, none := admitted(t, false)
			bounded, some := admitted(t, true)
			if bounded != counting || none != 0 || some < 3 {
				t.Errorf("%d calls by counting, %d with bounds, of which there were up to %d", counting, bounded, some)
			}
		})
	}
}

// TestRecountsAreBounded: where too much waits, calls are counted at once.
func TestRecountsAreBounded(t *testing.T) {
	b := newBounds(t, access.Rates{}, access.Budget{Total: 1e6 * ai.Dollar})
	q := b.site.gateway.State.Recounts
	q.running = true
	first := b.call(6000)
	if first.Admit() != nil || first.forecast.counted() {
		t.Fatal("not admitted by a bound")
	}
	q.size.Store(recountsMostSize)
	if c := b.call(6000); c.Admit() != nil || !c.forecast.counted() {
		t.Error("waits with too many bytes")
	}
	q.size.Store(0)
	q.queue = append(q.queue, make([]*boundCall, recountsMost)...)
	if c := b.call(6000); c.Admit() != nil || !c.forecast.counted() {
		t.Error("waits behind too many")
	}
}
