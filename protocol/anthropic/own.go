package anthropic

import (
	"net/http"
	"strconv"

	"github.com/ccload/ccload/protocol"
)

// This file holds what the gateway asks and answers by itself.

var (
	_ protocol.Tester         = Format{}
	_ protocol.ModelLister    = Format{}
	_ protocol.TokenCounter   = Format{}
	_ protocol.RelayKeySetter = Format{}
	_ protocol.InputTeller    = Format{}
	_ protocol.StreamKeeper   = Format{}
)

// testBody is a short request; its fields stand in the documentation's order.
type testBody struct {
	Model     string        `json:"model"`
	MaxTokens int64         `json:"max_tokens"`
	Stream    bool          `json:"stream,omitempty"`
	Messages  []testMessage `json:"messages"`
}

type testMessage struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// TestRequest asks for an answer of at least one token.
func (Format) TestRequest(model, prompt string, maxOutput int64, stream bool) *protocol.Outbound {
	return &protocol.Outbound{Header: versionHeader(), Body: protocol.JSON(testBody{
		Model: model, MaxTokens: max(maxOutput, 1), Stream: stream, Messages: []testMessage{{"user", prompt}},
	})}
}

// ModelsRequest asks for the largest page there is.
func (Format) ModelsRequest() (path, query string, header http.Header) {
	return "/v1/models", "limit=" + strconv.Itoa(maxModels), versionHeader()
}

func versionHeader() http.Header { return http.Header{"Anthropic-Version": {"2023-06-01"}} }

// CountedRequest is all of the body.
func (Format) CountedRequest(body []byte) []byte { return body }

// CountAnswer is the answer of count_tokens.
func (Format) CountAnswer(n int64) []byte {
	return append(strconv.AppendInt([]byte(`{"input_tokens":`), n, 10), '}')
}

// SetRelayKey sets x-api-key and Authorization: relays look at either.
func (f Format) SetRelayKey(h http.Header, key string) {
	f.SetKey(h, key)
	h["Authorization"] = []string{"Bearer " + key}
}

// TellsInputFirst is true: message_start holds the usage of the input.
func (Format) TellsInputFirst() bool { return true }

// SignOfLife is the ping that the service itself sends.
func (Format) SignOfLife() []byte { return signOfLife }

var signOfLife = []byte("event: ping\ndata: {\"type\": \"ping\"}\n\n")
