package openai_test

import (
	"testing"

	"github.com/ccload/ccload/internal/codectest"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openai"
)

func TestCodecOnCorpus(t *testing.T) {
	f := openai.Format{}
	codectest.Corpus(t, codectest.Options{
		Codec: f, Dir: "openai_chat", EndMarkers: []string{"data: [DONE]\n"},
		Inexpressible: []string{"web search", "documents by address", "video", "stop sequences on", "modalities", "audio of"},
		Inbound: func(rec *corpus.Record) *protocol.Inbound {
			if rec.Endpoint != "chat" || unlike[rec.ID] != 0 {
				return nil
			}
			return &protocol.Inbound{Endpoint: codectest.Endpoint(f, rec.Stream), Model: "m", Stream: rec.Stream, Body: []byte(rec.Request.Body)}
		},
	})
}
