package openai_test

import (
	"encoding/json"
	"math"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openai"
)

// unlike are recordings whose verdict is another than OK, and rightly so.
var unlike = map[string]ai.Kind{
	"openai_chat-61b8cd4e731b": ai.ContentFilter, // Azure let nothing through
	"openai_chat-539be79c6a9c": ai.SoftError,     // Azure's content filter with status 200
	"openai_chat-672a8130976a": ai.SoftError,     // Groq found a tool call invalid half-way
	"openai_chat-a8890cfb0498": ai.SoftError,     // OpenRouter passed an error on half-way
	"openai_chat-6f603f698973": ai.BadAnswer,     // an echo server, not a model
	"openai_chat-7ae3d1dda1a8": ai.BadAnswer,     // the same
}

// paths are the endpoints of the recordings.
var paths = map[string]string{
	"chat": "/v1/chat/completions", "completions": "/v1/completions", "embeddings": "/v1/embeddings",
	"moderations": "/v1/moderations", "rerank": "/v1/rerank", "images": "/v1/images/generations",
	"audio": "/v1/audio/transcriptions",
}

// recordings are those of the format, each once.
func recordings(t *testing.T) []corpus.Record {
	t.Helper()
	var records []corpus.Record
	seen := map[string]bool{}
	for _, rec := range append(corpus.Load(t, "openai_chat"), corpus.Load(t, "other")...) {
		if paths[rec.Endpoint] == "" || seen[rec.ID] {
			continue
		}
		if rec.Vendor == "writer" || rec.Vendor == "anthropic" {
			continue // of those vendors there are old formats of their own
		}
		seen[rec.ID] = true
		records = append(records, rec)
	}
	return records
}

func TestCorpus(t *testing.T) {
	f := openai.Format{}
	var streams, bodies, failures, requests, counted int
	for _, rec := range recordings(t) {
		ep := corpus.Endpoint(f, paths[rec.Endpoint])
		body := []byte(rec.Response.Body)
		if rec.Request.Body != "" && rec.Request.Body[0] == '{' {
			requests++
			checkRequest(t, &rec, ep)
		}
		if rec.Response.Status != http.StatusOK {
			failures++
			if fail, isError := protocol.ParseFailure(body); !isError || fail.Message == "" {
				t.Errorf("%s: ParseFailure = %+v, %v", rec.ID, fail, isError)
			}
			continue
		}
		if len(body) == 0 {
			continue // recorded without
		}
		var v protocol.Verdict
		if rec.Stream {
			streams++
			v = checkStream(t, &rec, ep)
		} else {
			bodies++
			v = f.JudgeBody(ep, body)
		}
		if v.Kind != unlike[rec.ID] {
			t.Errorf("%s (%s %s, stream %v): %v, %+v\n%.300s", rec.ID, rec.Vendor, rec.Endpoint, rec.Stream, v.Kind, v.Failure, body)
		}
		if checkUsage(t, &rec, v.Usage) {
			counted++
		}
	}
	t.Logf("%d streams, %d bodies, %d errors, %d requests, usage of %d", streams, bodies, failures, requests, counted)
}

// checkStream replays a stream whole and in small pieces.
func checkStream(t *testing.T, rec *corpus.Record, ep *protocol.Endpoint) protocol.Verdict {
	t.Helper()
	f, body := openai.Format{}, []byte(rec.Response.Body)
	whole, err := corpus.Replay(f, ep, body, false, len(body))
	if err != nil {
		t.Errorf("%s: %v", rec.ID, err)
	}
	pieces, _ := corpus.Replay(f, ep, body, false, 7)
	if diff := cmp.Diff(whole, pieces); diff != "" {
		t.Errorf("%s: in pieces of 7 bytes: %s", rec.ID, diff)
	}
	if unlike[rec.ID] == ai.OK && (!whole.Committed || !whole.Ended) {
		t.Errorf("%s (%s): committed %v, ended %v", rec.ID, rec.Vendor, whole.Committed, whole.Ended)
	}
	return whole.Verdict
}

// beside are the vendors that count reasoning beside the completion; "local"
// are recordings of xAI behind a proxy.
var beside = map[string]bool{"xai": true, "vercel-gateway": true, "local": true}

// checkUsage compares with the recorded usage object, read by other means. It
// reports whether there was one.
func checkUsage(t *testing.T, rec *corpus.Record, got ai.Usage) bool {
	t.Helper()
	var u struct {
		Prompt     *int64 `json:"prompt_tokens"`
		Completion int64  `json:"completion_tokens"`
		Total      int64  `json:"total_tokens"`
		Hit        int64  `json:"prompt_cache_hit_tokens"`
		Cached     int64  `json:"num_cached_tokens"`
		Cost       any    `json:"cost"`
		Ticks      *int64 `json:"cost_in_usd_ticks"`
		OwnKey     bool   `json:"is_byok"`
		Search     string `json:"search_context_size"` // of Perplexity's, one for each answer
		Costs      struct {
			Upstream float64 `json:"upstream_inference_cost"`
		} `json:"cost_details"`
		Tools struct {
			Searches int64 `json:"web_search_requests"`
		} `json:"server_tool_use_details"`
		In struct {
			Cached int64 `json:"cached_tokens"`
			Write  int64 `json:"cache_write_tokens"`
			Audio  int64 `json:"audio_tokens"`
		} `json:"prompt_tokens_details"`
		Out struct {
			Reasoning int64 `json:"reasoning_tokens"`
			Audio     int64 `json:"audio_tokens"`
		} `json:"completion_tokens_details"`
	}
	if len(rec.Usage) == 0 || string(rec.Usage) == "null" {
		return false
	}
	if err := json.Unmarshal(rec.Usage, &u); err != nil {
		t.Fatal(err)
	}
	if u.Prompt == nil {
		u.Prompt = &u.Total
	}
	if *u.Prompt == 0 && u.Completion == 0 { // only money or seconds
		return false
	}
	want := ai.Usage{
		Input: *u.Prompt, CachedInput: min(max(u.In.Cached, u.Hit, u.Cached), *u.Prompt), CacheWrite: u.In.Write, AudioInput: u.In.Audio,
		Output: u.Completion, Reasoning: u.Out.Reasoning, AudioOutput: u.Out.Audio,
		Reported: true,
	}
	if beside[rec.Vendor] {
		want.Output += want.Reasoning
	}
	want.Reasoning = min(want.Reasoning, want.Output) // one that broke off counts more thoughts than tokens
	want.WebSearches, want.SearchSize = u.Tools.Searches, u.Search
	if u.Search != "" {
		want.WebSearches = max(1, want.WebSearches)
	}
	want.Doubtful = got.Doubtful && (max(u.In.Cached, u.Hit, u.Cached) > *u.Prompt || u.Out.Reasoning > want.Output)
	usd := -1.0
	switch cost := u.Cost.(type) {
	case float64:
		usd = cost
	case map[string]any:
		usd, _ = cost["total_cost"].(float64)
	}
	if u.OwnKey {
		usd += u.Costs.Upstream
	}
	if u.Ticks != nil && *u.Ticks > 0 { // none say nothing
		usd = float64(*u.Ticks) / 1e10
	}
	if usd >= 0 {
		want.VendorCost, want.VendorCosted = ai.Money(math.Round(usd*1e9)), true
	}
	want.ServiceTier, want.ImageInput, want.ImageOutput = got.ServiceTier, got.ImageInput, got.ImageOutput
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (%s %s): usage %s", rec.ID, rec.Vendor, rec.Endpoint, diff)
	}
	return true
}

func checkRequest(t *testing.T, rec *corpus.Record, ep *protocol.Endpoint) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://gateway"+ep.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(rec.Request.Body)
	req, err := openai.Format{}.ReadRequest(ep, r, body)
	var want struct {
		Model  string `json:"model"`
		Stream bool   `json:"stream"`
	}
	if json.Unmarshal(body, &want) != nil {
		return
	}
	if want.Model == "" {
		return // Azure's older paths name it elsewhere
	}
	if err != nil {
		t.Errorf("%s: %v", rec.ID, err)
		return
	}
	if req.Model != want.Model || req.Stream != want.Stream || string(body[req.ModelStart]) != `"` {
		t.Errorf("%s: %+v, want %+v", rec.ID, req, want)
	}
}
