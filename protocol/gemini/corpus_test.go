package gemini_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/gemini"
)

// unlike are recordings whose verdict is another than OK, and rightly so.
var unlike = map[string]ai.Kind{
	"gemini-2e55c674088c": ai.ContentFilter, // the prompt was blocked
	"gemini-dc720006aea8": ai.ContentFilter, // the answer was blocked whole
}

// endpoint finds the endpoint of a recorded path. Vertex puts projects and
// publishers before the same methods.
func endpoint(t *testing.T, rec *corpus.Record) (ep *protocol.Endpoint, path string) {
	t.Helper()
	path = rec.Request.URLPath
	if path == "" {
		path = "/v1beta/models/m:" + map[string]string{"generate": "generateContent", "stream_generate": "streamGenerateContent"}[rec.Endpoint] + "?alt=sse"
	}
	if _, after, ok := strings.Cut(path, "/models/"); ok {
		path = "/v1beta/models/" + after
	}
	if ep = corpus.Endpoint(gemini.Format{}, path); ep == nil {
		t.Fatalf("%s: no endpoint for %s", rec.ID, path)
	}
	return ep, path
}

func TestCorpus(t *testing.T) {
	f := gemini.Format{}
	var streams, arrays, bodies, failures, requests int
	for _, rec := range corpus.Load(t, "gemini") {
		ep, path := endpoint(t, &rec)
		body := []byte(rec.Response.Body)
		if rec.Request.Body != "" {
			requests++
			checkRequest(t, &rec, ep, path)
		}
		if rec.Response.Status != http.StatusOK {
			failures++
			fail, isError := protocol.ParseFailure(body)
			if !isError || fail.Type == "" || fail.Message == "" || fail.Status != rec.Response.Status {
				t.Errorf("%s: ParseFailure = %+v, %v", rec.ID, fail, isError)
			}
			continue
		}
		var v protocol.Verdict
		if rec.Stream {
			array := bytes.HasPrefix(body, []byte("["))
			if array {
				arrays++
				if v := f.JudgeBody(ep, body); v.Kind != ai.OK {
					t.Errorf("%s: as a body: %v", rec.ID, v.Kind)
				}
			} else {
				streams++
			}
			whole, err := corpus.Replay(f, ep, body, array, len(body))
			if err != nil {
				t.Errorf("%s: %v", rec.ID, err)
			}
			pieces, _ := corpus.Replay(f, ep, body, array, 7)
			if diff := cmp.Diff(whole, pieces); diff != "" {
				t.Errorf("%s: pieces of 7 bytes: %s", rec.ID, diff)
			}
			if !whole.Committed || !whole.Ended {
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
		if ep.Operation != ai.CountTokens {
			want := wantUsage(t, rec.Usage)
			want.WebSearches = v.Usage.WebSearches // not part of the usage object
			if diff := cmp.Diff(want, v.Usage); diff != "" {
				t.Errorf("%s: usage %s", rec.ID, diff)
			}
		}
		if v.Model == "" && ep.Operation == ai.Generate && strings.Contains(rec.Response.Body, "modelVersion") {
			t.Errorf("%s: no model", rec.ID)
		}
	}
	t.Logf("%d streams, %d array streams, %d bodies, %d errors, %d requests", streams, arrays, bodies, failures, requests)
}

// wantUsage converts a recorded usage object by other means than the package.
func wantUsage(t *testing.T, raw json.RawMessage) ai.Usage {
	t.Helper()

	type details []struct {
		Modality any   `json:"modality"`
		Count    int64 `json:"tokenCount"`
	}

	var u struct {
		PromptTokenCount        *int64  `json:"promptTokenCount"`
		ToolUsePromptTokenCount int64   `json:"toolUsePromptTokenCount"`
		CachedContentTokenCount int64   `json:"cachedContentTokenCount"`
		CandidatesTokenCount    int64   `json:"candidatesTokenCount"`
		ThoughtsTokenCount      int64   `json:"thoughtsTokenCount"`
		In                      details `json:"promptTokensDetails"`
		Tool                    details `json:"toolUsePromptTokensDetails"`
		Out                     details `json:"candidatesTokensDetails"`
		Cache                   details `json:"cacheTokensDetails"`
		Tier                    string  `json:"serviceTier"`
		Traffic                 any     `json:"trafficType"`
	}
	if len(raw) == 0 || string(raw) == "null" {
		return ai.Usage{}
	}
	if err := json.Unmarshal(raw, &u); err != nil {
		t.Fatal(err)
	}
	if u.PromptTokenCount == nil {
		return ai.Usage{}
	}
	want := ai.Usage{
		Input:       *u.PromptTokenCount + u.ToolUsePromptTokenCount,
		CachedInput: u.CachedContentTokenCount,
		Output:      u.CandidatesTokenCount + u.ThoughtsTokenCount,
		Reasoning:   u.ThoughtsTokenCount,
		ServiceTier: u.Tier,
		Reported:    true,
	}
	if u.Traffic == "PROVISIONED_THROUGHPUT" {
		want.ServiceTier = "provisioned_throughput"
	}
	for _, list := range []details{u.In, u.Tool} {
		for _, d := range list {
			switch d.Modality {
			case "AUDIO":
				want.AudioInput += d.Count
			case "IMAGE", "DOCUMENT", "VIDEO", 2.0:
				want.ImageInput += d.Count
			}
		}
	}
	for _, d := range u.Cache {
		switch d.Modality {
		case "AUDIO":
			want.CachedAudio += d.Count
		case "IMAGE", "DOCUMENT", "VIDEO":
			want.CachedImage += d.Count
		}
	}
	for _, d := range u.Out {
		switch d.Modality {
		case "AUDIO":
			want.AudioOutput += d.Count
		case "IMAGE":
			want.ImageOutput += d.Count
		}
	}
	return want
}

func checkRequest(t *testing.T, rec *corpus.Record, ep *protocol.Endpoint, path string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, nil)
	for name, value := range rec.Request.Headers {
		r.Header.Set(name, value)
	}
	req, err := gemini.Format{}.ReadRequest(ep, r, []byte(rec.Request.Body))
	if err != nil {
		t.Errorf("%s: %v", rec.ID, err)
		return
	}

	var want struct {
		Config struct {
			Max int64 `json:"maxOutputTokens"`
		} `json:"generationConfig"`
	}
	_ = json.Unmarshal([]byte(rec.Request.Body), &want)
	if req.Model == "" || req.Stream != (rec.Endpoint == "stream_generate") || req.MaxOutput != want.Config.Max || req.ModelEnd != 0 {
		t.Errorf("%s: %+v", rec.ID, req)
	}
	if rec.Stream && rec.Response.Status == http.StatusOK && req.Array != strings.HasPrefix(rec.Response.Body, "[") {
		t.Errorf("%s: array %v", rec.ID, req.Array)
	}
	if (req.Conversation != 0) != (ep.Operation == ai.Generate) {
		t.Errorf("%s: conversation %x", rec.ID, req.Conversation)
	}
}
