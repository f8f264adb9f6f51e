package responses_test

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	var streams, bodies, failures, requests, counted int
	seen := map[string]bool{}
	for _, rec := range corpus.Load(t, "openai_responses") {
		path, known := paths[rec.Endpoint]
		if !known || seen[rec.ID] {
			continue
		}
		seen[rec.ID] = true
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
			if diff := cmp.Diff(whole, pieces); diff != "" {
				t.Errorf("%s: in pieces of 7 bytes: %s", rec.ID, diff)
			}
			committed := whole.Committed || slices.Contains(whole.Steps, protocol.End)
			if unlike[rec.ID] == ai.OK && (!committed || !whole.Ended) {
				t.Errorf("%s (%s): committed %v, ended %v", rec.ID, rec.Vendor, committed, whole.Ended)
			}
			v = whole.Verdict
		} else {
			bodies++
			v = f.JudgeBody(ep, body)
		}
		if v.Kind != unlike[rec.ID] {
			t.Errorf("%s (%s %s, stream %v): %v, %+v\n%.300s", rec.ID, rec.Vendor, rec.Endpoint, rec.Stream, v.Kind, v.Failure, body)
		}
		if rec.Endpoint == "responses" && checkUsage(t, &rec, v) {
			counted++
		}
	}
	t.Logf("%d streams, %d bodies, %d errors, %d requests, usage of %d", streams, bodies, failures, requests, counted)
}

// checkUsage compares with the recorded usage object, read by other means. It
// reports whether there was one.
func checkUsage(t *testing.T, rec *corpus.Record, v protocol.Verdict) bool {
	t.Helper()
	var u struct {
		Input  int64 `json:"input_tokens"`
		Output int64 `json:"output_tokens"`
		In     struct {
			Cached int64 `json:"cached_tokens"`
			Write  int64 `json:"cache_write_tokens"`
		} `json:"input_tokens_details"`
		Out struct {
			Reasoning int64 `json:"reasoning_tokens"`
		} `json:"output_tokens_details"`
		Cost  *float64 `json:"cost"`
		Ticks *int64   `json:"cost_in_usd_ticks"`
	}
	if len(rec.Usage) == 0 || string(rec.Usage) == "null" || json.Unmarshal(rec.Usage, &u) != nil || u.Input == 0 {
		return false
	}
	want := ai.Usage{
		Input: u.Input, CachedInput: u.In.Cached, CacheWrite: u.In.Write, Output: u.Output, Reasoning: u.Out.Reasoning,
		ServiceTier: v.Usage.ServiceTier, Reported: true,
		// Of the tools' own usage, not part of the usage object.
		WebSearches: v.Usage.WebSearches, Beside: v.Usage.Beside,
	}
	switch {
	case u.Ticks != nil && *u.Ticks == 0: // says nothing
	case u.Ticks != nil:
		want.VendorCost, want.VendorCosted = ai.Money((*u.Ticks+5)/10), true
	case u.Cost != nil:
		want.VendorCost, want.VendorCosted = ai.Money(math.Round(*u.Cost*1e9)), true
	}
	if diff := cmp.Diff(want, v.Usage); diff != "" {
		t.Errorf("%s (%s): usage %s", rec.ID, rec.Vendor, diff)
	}
	if v.ResponseID == "" {
		t.Errorf("%s: no response id", rec.ID)
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
