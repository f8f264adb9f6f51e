package anthropic_test

import (
	"testing"

	"github.com/ccload/ccload/internal/codectest"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
)

func TestCodecOnCorpus(t *testing.T) {
	generate, _ := endpoints()
	codectest.Corpus(t, codectest.Options{
		Codec: anthropic.Format{}, Dir: "anthropic", EndMarkers: []string{"event: message_stop\n"},
		Inbound: func(rec *corpus.Record) *protocol.Inbound {
			if rec.Endpoint != "messages" {
				return nil
			}
			return &protocol.Inbound{Endpoint: generate, Stream: rec.Stream, Body: []byte(rec.Request.Body)}
		},
		Skip: map[string]string{
			"anthropic-eedb9399579e": "an answer of the skills API",
			"anthropic-5346e740fc13": "begins with the model's turn, before which one of the user's is put",
			"anthropic-62843a02410b": "has a text of a space, which is not written again",
		},
	})
}
