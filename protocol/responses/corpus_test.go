package responses_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/responses"
)

// unlike are recordings whose verdict is another than OK, and rightly so.
var unlike = map[string]ai.Kind{
	"openai_responses-6634e0245e11": ai.SoftError, // response.failed: insufficient_quota
	"openai_responses-1ea41d39c1bf": ai.BadAnswer, // a chat completion under a wrong label
}

var paths = map[string]string{
	"responses": "/v1/responses", "compact": "/v1/responses/compact", "input_tokens": "/v1/responses/input_tokens",
	"responses_get": "/v1/responses/resp_1",
}

func TestCorpus(t *testing.T) {
	f := responses.Format{}
	var streams, bodies, failures, requests int
	for _, rec := range corpus.Load(t, "openai_responses") {
		path, known := paths[rec.Endpoint]
		if !known {
			continue
		}
		ep := corpus.Endpoint(f, path)
		body := []byte(rec.Response.Body)
		if rec.Request.Body != "" && rec.Endpoint == "responses" {
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
			continue
		}
		var v protocol.Verdict
		if rec.Stream {
			streams++
			whole, err := corpus.Replay(f, ep, body, false, len(body))
			if err != nil {
				t.Errorf("%s: %v", rec.ID, err)
			}
			pieces, _ := corpus.Replay(f, ep, body, false, 7)
			if pieces.Verdict != whole.Verdict || pieces.Events != whole.Events {
				t.Errorf("%s: in pieces of 7 bytes %+v, whole %+v", rec.ID, pieces, whole)
			}
			if unlike[rec.ID] == ai.OK && !whole.Ended {
				t.Errorf("%s (%s): ended %v", rec.ID, rec.Vendor, whole.Ended)
			}
			v = whole.Verdict
		} else {
			bodies++
			v = f.JudgeBody(ep, body)
		}
		if v.Kind != unlike[rec.ID] {
			t.Errorf("%s (%s %s, stream %v): %v, %+v\n%.300s", rec.ID, rec.Vendor, rec.Endpoint, rec.Stream, v.Kind, v.Failure, body)
		}
		if rec.Endpoint == "responses" {
			checkUsage(t, &rec, v)
		}
	}
	t.Logf("%d streams, %d bodies, %d errors, %d requests", streams, bodies, failures, requests)
}

// checkUsage compares with the recorded usage object, read by other means.
func checkUsage(t *testing.T, rec *corpus.Record, v protocol.Verdict) {
	t.Helper()
	var u struct {
		Input  int64 `json:"input_tokens"`
		Output int64 `json:"output_tokens"`
		In     struct {
			Cached int64 `json:"cached_tokens"`
		} `json:"input_tokens_details"`
		Out struct {
			Reasoning int64 `json:"reasoning_tokens"`
		} `json:"output_tokens_details"`
	}
	if len(rec.Usage) == 0 || string(rec.Usage) == "null" || json.Unmarshal(rec.Usage, &u) != nil || u.Input == 0 {
		return
	}
	got := v.Usage
	if got.Input != u.Input || got.Output != u.Output || got.CachedInput != u.In.Cached || got.Reasoning != u.Out.Reasoning {
		t.Errorf("%s (%s): usage %+v, want %+v", rec.ID, rec.Vendor, got, u)
	}
	if v.ResponseID == "" {
		t.Errorf("%s: no response id", rec.ID)
	}
}

func checkRequest(t *testing.T, rec *corpus.Record, ep *protocol.Endpoint) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://gateway"+ep.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(rec.Request.Body)
	var want struct {
		Model    string `json:"model"`
		Stream   bool   `json:"stream"`
		Previous string `json:"previous_response_id"`
	}
	if json.Unmarshal(body, &want) != nil || want.Model == "" {
		return
	}
	req, err := responses.Format{}.ReadRequest(ep, r, body)
	if err != nil {
		t.Errorf("%s: %v", rec.ID, err)
		return
	}
	if req.Model != want.Model || req.Stream != want.Stream || req.Continues != want.Previous || req.Conversation == 0 {
		t.Errorf("%s: %+v, want %+v", rec.ID, req, want)
	}
}
