package responses_test

import (
	"testing"

	"github.com/ccload/ccload/internal/codectest"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/responses"
)

func TestCodecOnCorpus(t *testing.T) {
	f := responses.Format{}
	codectest.Corpus(t, codectest.Options{
		Codec: f, Dir: "openai_responses", EndMarkers: []string{"event: response.completed\n", "event: response.incomplete\n"},
		Inbound: func(rec *corpus.Record) *protocol.Inbound {
			if rec.Endpoint != "responses" {
				return nil
			}
			return &protocol.Inbound{Endpoint: codectest.Endpoint(f, rec.Stream), Model: "m", Stream: rec.Stream, Body: []byte(rec.Request.Body)}
		},
	})
}
