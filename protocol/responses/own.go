package responses

import (
	"net/http"
	"strconv"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openaikit"
)

// This file holds what the gateway asks and answers by itself.

var (
	_ protocol.Tester       = Format{}
	_ protocol.ModelLister  = Format{}
	_ protocol.TokenCounter = Format{}
	_ protocol.HeaderFitter = Format{}
	_ protocol.StreamKeeper = Format{}
)

// testBody is a short request, which the service is not to keep.
type testBody struct {
	Model     string `json:"model"`
	MaxTokens int64  `json:"max_output_tokens"`
	Stream    bool   `json:"stream,omitempty"`
	Store     bool   `json:"store"`
	Input     string `json:"input"`
}

// TestRequest asks for an answer of at least openaikit.MinOutput tokens.
func (Format) TestRequest(model, prompt string, maxOutput int64, stream bool) *protocol.Outbound {
	return &protocol.Outbound{Body: protocol.JSON(testBody{
		Model: model, MaxTokens: max(maxOutput, openaikit.MinOutput), Stream: stream, Input: prompt,
	})}
}

// ModelsRequest asks for the list, which has one page.
func (Format) ModelsRequest() (path, query string, header http.Header) {
	return openaikit.ModelsPath, "", make(http.Header)
}

// CountedRequest is all of the body.
func (Format) CountedRequest(body []byte) []byte { return body }

// CountAnswer is the answer of input_tokens.
func (Format) CountAnswer(n int64) []byte {
	return append(strconv.AppendInt([]byte(`{"object":"response.input_tokens","input_tokens":`), n, 10), '}')
}

// FitHeader removes openaikit.CodexLite where the model is of another family.
func (Format) FitHeader(h http.Header, asked, sent string) { openaikit.FitHeader(h, asked, sent) }

// SignOfLife is a comment.
func (Format) SignOfLife() []byte { return signOfLife }

var signOfLife = []byte(": keepalive\n\n")
