package anthropic_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
)

// unlike are recordings whose verdict is another than OK, and rightly so.
var unlike = map[string]ai.Kind{
	"anthropic-947f7bd7baaf": ai.ContentFilter, // refused without a word
	"anthropic-99a043de2b1d": ai.ContentFilter,
	"anthropic-307c040275c0": ai.ContentFilter, // the same as a stream
}

func endpoints() (generate, count *protocol.Endpoint) {
	eps := anthropic.Format{}.Endpoints()
	return &eps[0], &eps[1]
}

func TestCorpus(t *testing.T) {
	generate, count := endpoints()
	f := anthropic.Format{}
	var streams, bodies, failures, requests int
	for _, rec := range corpus.Load(t, "anthropic") {
		ep := generate
		switch rec.Endpoint {
		case "messages":
		case "count_tokens":
			ep = count
		default:
			continue // batches
		}
		body := []byte(rec.Response.Body)
		if rec.Request.Body != "" {
			requests++
			checkRequest(t, &rec, ep)
		}
		if rec.Response.Status != http.StatusOK {
			failures++
			fail, isError := protocol.ParseFailure(body)
			if !isError || fail.Type == "" || fail.Message == "" {
				t.Errorf("%s: ParseFailure = %+v, %v", rec.ID, fail, isError)
			}
			continue
		}
		if rec.ID == "anthropic-eedb9399579e" {
			continue // an answer of the skills API under a wrong label
		}
		var v protocol.Verdict
		if rec.Stream {
			streams++
			whole, err := corpus.Replay(f, ep, body, false, len(body))
			if err != nil {
				t.Errorf("%s: %v", rec.ID, err)
			}
			pieces, _ := corpus.Replay(f, ep, body, false, 7)
			if diff := cmp.Diff(whole, pieces); diff != "" {
				t.Errorf("%s: pieces of 7 bytes: %s", rec.ID, diff)
			}
			if !whole.Committed || !whole.Ended || whole.Steps[len(whole.Steps)-1] != protocol.End {
				t.Errorf("%s: committed %v, ended %v, %v", rec.ID, whole.Committed, whole.Ended, whole.Steps)
			}
			v = whole.Verdict
		} else {
			bodies++
			v = f.JudgeBody(ep, body)
		}
		if v.Kind != unlike[rec.ID] {
			t.Errorf("%s: %v, %+v", rec.ID, v.Kind, v.Failure)
		}
		if ep == generate {
			if diff := cmp.Diff(wantUsage(t, rec.Usage), v.Usage); diff != "" {
				t.Errorf("%s: usage %s", rec.ID, diff)
			}
			if v.Model == "" {
				t.Errorf("%s: no model", rec.ID)
			}
		}
	}
	t.Logf("%d streams, %d bodies, %d errors, %d requests", streams, bodies, failures, requests)
}

// wantUsage converts a recorded usage object by other means than the package.
func wantUsage(t *testing.T, raw json.RawMessage) ai.Usage {
	t.Helper()
	type numbers struct {
		Type   string `json:"type"`
		Model  string `json:"model"`
		Input  int64  `json:"input_tokens"`
		Read   int64  `json:"cache_read_input_tokens"`
		Write  int64  `json:"cache_creation_input_tokens"`
		Output int64  `json:"output_tokens"`
		Writes struct {
			Hour int64 `json:"ephemeral_1h_input_tokens"`
		} `json:"cache_creation"`
	}
	var u struct {
		numbers
		Details struct {
			Thinking int64 `json:"thinking_tokens"`
		} `json:"output_tokens_details"`
		Tier  string `json:"service_tier"`
		Geo   string `json:"inference_geo"`
		Tools struct {
			Searches int64 `json:"web_search_requests"`
		} `json:"server_tool_use"`
		Iterations []numbers `json:"iterations"`
	}
	if len(raw) == 0 || string(raw) == "null" {
		return ai.Usage{}
	}
	if err := json.Unmarshal(raw, &u); err != nil {
		t.Fatal(err)
	}
	all := []numbers{u.numbers}
	if len(u.Iterations) > 0 {
		all = u.Iterations
	}
	want := ai.Usage{Reasoning: u.Details.Thinking, ServiceTier: u.Tier, WebSearches: u.Tools.Searches, Reported: true}
	if u.Geo == "us" {
		want.Region = u.Geo
	}
	for _, n := range all {
		if n.Type == "advisor_message" {
			if len(want.Beside) == 0 {
				want.Beside = []ai.ModelUsage{{Model: n.Model, Usage: ai.Usage{Reported: true}}}
			}
			b := &want.Beside[0].Usage
			b.Input += n.Input + n.Read + n.Write
			b.CachedInput += n.Read
			b.CacheWrite += n.Write
			b.CacheWrite1h += n.Writes.Hour
			b.Output += n.Output
			continue
		}
		want.Input += n.Input + n.Read + n.Write
		want.CachedInput += n.Read
		want.CacheWrite += n.Write
		want.CacheWrite1h += n.Writes.Hour
		want.Output += n.Output
	}
	return want
}

func checkRequest(t *testing.T, rec *corpus.Record, ep *protocol.Endpoint) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://gateway"+ep.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range rec.Request.Headers {
		r.Header.Set(name, value)
	}
	req, err := anthropic.Format{}.ReadRequest(ep, r, []byte(rec.Request.Body))
	if err != nil {
		t.Errorf("%s: %v", rec.ID, err)
		return
	}
	var want struct {
		Model  string `json:"model"`
		Stream bool   `json:"stream"`
		Max    int64  `json:"max_tokens"`
	}
	if err := json.Unmarshal([]byte(rec.Request.Body), &want); err != nil {
		t.Fatal(err)
	}
	var span string
	_ = json.Unmarshal([]byte(rec.Request.Body[req.ModelStart:req.ModelEnd]), &span)
	if req.Model != want.Model || span != want.Model || req.Stream != want.Stream || req.MaxOutput != want.Max || req.Conversation == 0 {
		t.Errorf("%s: %+v, want %+v", rec.ID, req, want)
	}
}
