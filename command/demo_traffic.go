package command

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ccload/ccload/ai"
)

// demoModel is a model that the demo's clients ask for, and how: path and body
// have a place for the model, the prompt stands in the body.
type demoModel struct {
	name, path, body string
	protocol         ai.Protocol
	channels         []string // that serve it, the first of which is asked first
	weight           int      // how often it is asked for
}

const (
	messagesBody  = `{"model":%q,"max_tokens":400,"stream":%t,"messages":[{"role":"user","content":%q}]}`
	chatBody      = `{"model":%q,"stream":%t,"messages":[{"role":"user","content":%q}]}`
	responsesBody = `{"model":%q,"stream":%t,"input":%q}`
)

var demoModels = []demoModel{
	{"claude-sonnet-4-6", "/v1/messages", messagesBody, ai.Anthropic, []string{"claude-main", "claude-relay", "reserve"}, 8},
	{"claude-haiku-4-5", "/v1/messages", messagesBody, ai.Anthropic, []string{"claude-relay", "claude-main", "reserve"}, 4},
	{"gpt-5-mini", "/v1/chat/completions", chatBody, ai.OpenAI, []string{"gpt-main", "reserve"}, 4},
	{"gpt-5", "/v1/responses", responsesBody, ai.Responses, []string{"gpt-main", "reserve"}, 3},
	{"gemini-2.5-flash", "/v1/chat/completions", chatBody, ai.OpenAI, []string{"gemini-main", "reserve"}, 2},
}

// demoTokens are those who call, the most frequent first.
var demoTokens = []string{"laptop", "laptop", "laptop", "team", "team", "ci"}

// pickModel picks one by weight.
func pickModel(rng *rand.Rand) *demoModel {
	all := 0
	for i := range demoModels {
		all += demoModels[i].weight
	}
	n := rng.IntN(all)
	for i := range demoModels {
		if n -= demoModels[i].weight; n < 0 {
			return &demoModels[i]
		}
	}
	return &demoModels[0]
}

const (
	// demoCallers is how many of the demo's clients call at a time, at most.
	demoCallers = 4
	// demoPause is how long a client of the demo pauses on average.
	demoPause = 3 * time.Second
)

// makeTraffic makes calls of all kinds until the context ends.
func makeTraffic(ctx context.Context, port int) {
	address := "http://127.0.0.1:" + strconv.Itoa(port)
	secrets := make(map[string]string)
	for _, name := range demoTokens {
		if secret, err := demoToken(name); err == nil {
			secrets[name] = secret
		}
	}
	client := &http.Client{Transport: &http.Transport{Proxy: nil}, Timeout: time.Minute}
	defer client.CloseIdleConnections()
	var callers sync.WaitGroup
	defer callers.Wait()
	for n := range demoCallers {
		callers.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(n))) //nolint:gosec // it decides what the demo asks
			for {
				pause := time.NewTimer(time.Duration(rng.ExpFloat64() * float64(demoPause)))
				select {
				case <-ctx.Done():
					pause.Stop()
					return
				case <-pause.C:
				}
				m := pickModel(rng)
				name := m.name
				if rng.IntN(80) == 0 {
					name = "claude-misspelt"
				}
				prompt := strings.Repeat("Explain what this function does and how it fails. ", 1+rng.IntN(120))
				body := fmt.Sprintf(m.body, name, rng.IntN(10) < 8, prompt)
				token := secrets[demoTokens[rng.IntN(len(demoTokens))]]
				call(ctx, client, address+m.path, token, body)
			}
		})
	}
}

// call makes one call and reads its answer. What became of it is seen on the
// dashboard.
func call(ctx context.Context, client *http.Client, address, token, body string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "ccload-demo")
	resp, err := client.Do(req)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // a stream that is cut is what the demo shows
}
