package ccload

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

// TestBudgetHoldsLongAnswers: what forty short answers teach about a model does
// not let a thousand long ones at once spend more than a tenth above a budget,
// however dear the model, whether the client says max_tokens or not, and
// streamed or not; and nobody is refused for good while there is money left.
func TestBudgetHoldsLongAnswers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		model     string
		output    int // tokens of a long answer
		perToken  ai.Money
		maxTokens int
		stream    bool
	}{
		{"claude-opus-4-6", 430, 25_000, 0, false},
		{"claude-opus-4-6", 430, 25_000, 0, true},
		{"claude-opus-4-6", 430, 25_000, 32_000, false},
		{"claude-opus-4-6", 3_000, 25_000, 32_000, true},
		{"claude-sonnet-4-6", 8_000, 15_000, 0, false},
		{"claude-haiku-4-5", 8_000, 5_000, 0, true},
		{"claude-haiku-4-5", 8_000, 5_000, 32_000, false},
	} {
		t.Run(fmt.Sprintf("%s %d max %d stream %v", row.model, row.output, row.maxTokens, row.stream), func(t *testing.T) {
			t.Parallel()
			var long atomic.Bool
			good := upstream(t, func(w http.ResponseWriter, _ []byte) {
				output := 10
				if long.Load() {
					output = row.output
				}
				if !row.stream {
					answers(claude(10, output))(w, nil)
					return
				}
				w.Header().Set("Content-Type", "text/event-stream")
				_, _ = io.WriteString(w, claudeEvents(row.model, "hi", 10, output))
			})
			g := newGateway(t, channelURL("good", good)+"token poor "+poorToken+" {\nbudget 1/total\n}\n", "")
			body := fmt.Sprintf(`{"model":%q,"stream":%v,"messages":[{"role":"user","content":"hi"}]}`, row.model, row.stream)
			if row.maxTokens > 0 {
				body = strings.Replace(body, "{", fmt.Sprintf(`{"max_tokens":%d,`, row.maxTokens), 1)
			}
			for range 40 {
				if a := g.post("/v1/messages", body, as(poorToken)); a.Status != http.StatusOK {
					t.Fatalf("a short answer: %d %s", a.Status, a.Body)
				}
			}
			long.Store(true)
			var served atomic.Int64
			var wait sync.WaitGroup
			for range 100 {
				wait.Go(func() {
					for range 10 {
						switch a := g.post("/v1/messages", body, as(poorToken)); a.Status {
						case http.StatusOK:
							served.Add(1)
						case http.StatusTooManyRequests:
							if a.Header.Get("Retry-After") == "" && strings.Contains(a.Body, "in a moment") {
								t.Errorf("refused without Retry-After: %s", a.Body)
							}
						default:
							t.Errorf("status %d: %s", a.Status, a.Body)
						}
					}
				})
			}
			wait.Wait()
			for _, b := range g.app.control.Budgets(time.Now()) {
				if b.Name != "poor" {
					continue
				}
				cost := (ai.Money(row.output)*row.perToken + 10*row.perToken/5).USD()
				spent := b.Total.Spent.USD()
				if spent > 1.1 || spent < min(0.89, 1-cost) || b.Reserved != 0 {
					t.Errorf("%d long answers of $%.4f: spent %s, reserved %s", served.Load(), cost, b.Total.Spent, b.Reserved)
				}
			}
		})
	}
}

// TestUpstreamThatIgnoresMaxTokens: while there is money, a token with a budget
// is served each of a thousand calls, a hundred at a time, although every answer
// is longer than what was set aside for it.
func TestUpstreamThatIgnoresMaxTokens(t *testing.T) {
	t.Parallel()
	good := upstream(t, answers(claude(10, 600)))
	g := newGateway(t, channelURL("good", good)+"token poor "+poorToken+" {\nbudget 30/total\n}\n", "")
	var wait sync.WaitGroup
	for range 100 {
		wait.Go(func() {
			for range 10 {
				a := g.post("/v1/messages", `{"model":"claude-opus-4-6","max_tokens":16,"messages":[{"role":"user","content":"hi"}]}`, as(poorToken))
				if a.Status != http.StatusOK {
					t.Errorf("status %d: %s", a.Status, a.Body)
				}
			}
		})
	}
	wait.Wait()
	for _, b := range g.app.control.Budgets(time.Now()) {
		if want := 1000 * (600*ai.Money(25_000) + 10*5_000); b.Name == "poor" && (b.Total.Spent != want || b.Reserved != 0) {
			t.Errorf("spent %s, want %s; reserved %s", b.Total.Spent, want, b.Reserved)
		}
	}
}

// claudeEvents is a stream of Claude's that says a text.
func claudeEvents(model, text string, input, output int) string {
	return fmt.Sprintf("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":%q,\"content\":[],\"usage\":{\"input_tokens\":%d,\"output_tokens\":1}}}\n\n"+
		"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"+
		"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":%q}}\n\n"+
		"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"+
		"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":%d}}\n\n"+
		"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", model, input, text, output)
}
