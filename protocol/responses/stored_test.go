package responses_test

import (
	"net/http"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol/responses"
)

// An earlier response is read once more: what became of it is not the fault of
// who tells it, and nobody is billed twice.
func TestStoredStream(t *testing.T) {
	const failed = `{"type":"response.failed","response":{"id":"resp_1","status":"failed","error":{"code":"server_error","message":"x"},"usage":{"input_tokens":3,"output_tokens":1}}}`
	ep := endpoint(ai.StoredResponse)
	got, err := corpus.Replay(responses.Format{}, ep, []byte(stream(created, failed)), false, 9)
	if err != nil || got.Kind != ai.OK || !got.Ended || !got.Usage.IsZero() || got.ResponseID != "resp_1" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, _ := corpus.Replay(responses.Format{}, ep, []byte(stream(created, `{"type":"error","message":"x"}`)), false, 9); got.Kind != ai.SoftError {
		t.Errorf("%+v", got)
	}
	if got, err := read(ep, "/v1/responses/", http.Header{}, ""); err == nil {
		t.Errorf("a path without an id: %+v", got)
	}
}

// Ends that are rare, and events that say nothing although they look as if.
func TestJudgeUnusualEnds(t *testing.T) {
	for _, row := range []struct {
		name, stream string
		kind         ai.Kind
	}{
		{"cancelled", stream(created, `{"type":"response.cancelled","response":{"status":"cancelled"}}`), ai.OK},
		{"in progress, then nothing", stream(created, `{"type":"response.completed","response":{"status":"completed","output":[]}}`), ai.Empty},
		{"a sealed thought", stream(created, `{"type":"response.output_item.added","item":{"type":"reasoning","summary":[],"encrypted_content":"gAAA"}}`), ai.Truncated},
		{"a thought to be", stream(created, `{"type":"response.output_item.added","item":{"type":"reasoning","summary":[]}}`), ai.Empty},
		{"an empty refusal", stream(created, `{"type":"response.refusal.delta","delta":""}`, `{"type":"response.refusal.done","refusal":""}`), ai.Empty},
		{"vendor's own", stream(`{"type":"codex.rate_limits","rate_limits":{"allowed":true}}`, `{"type":"codex.response.metadata","headers":{"a":"b"}}`), ai.Empty},
	} {
		got, err := corpus.Replay(responses.Format{}, endpoint(ai.Generate), []byte(row.stream), false, 13)
		if err != nil || got.Kind != row.kind {
			t.Errorf("%s: %v, %v", row.name, got.Kind, err)
		}
	}
}
