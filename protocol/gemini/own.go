package gemini

import (
	"net/http"
	"strconv"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// This file holds what the gateway asks and answers by itself.

var (
	_ protocol.Tester        = Format{}
	_ protocol.ModelLister   = Format{}
	_ protocol.TokenCounter  = Format{}
	_ protocol.ModelRewriter = Format{}
	_ protocol.StreamKeeper  = Format{}
)

// testBody is a short request. The model stands in the path.
type testBody struct {
	Contents   []testContent `json:"contents"`
	Generation struct {
		MaxTokens int64 `json:"maxOutputTokens"`
	} `json:"generationConfig"`
}

type testContent struct {
	Role  string     `json:"role"`
	Parts []testPart `json:"parts"`
}

type testPart struct {
	Text string `json:"text"`
}

// minOutput is as few tokens as a test asks for: models that think need some
// before they say anything.
const minOutput = 16

// TestRequest asks for an answer of at least minOutput tokens.
func (Format) TestRequest(_, prompt string, maxOutput int64, stream bool) *protocol.Outbound {
	body := testBody{Contents: []testContent{{Role: "user", Parts: []testPart{{prompt}}}}}
	body.Generation.MaxTokens = max(maxOutput, minOutput)
	out := &protocol.Outbound{Body: protocol.JSON(body)}
	if stream {
		out.Query = "alt=sse"
	}
	return out
}

// ModelsRequest asks for the largest page there is.
func (Format) ModelsRequest() (path, query string, header http.Header) {
	return "/v1beta/models", "pageSize=" + strconv.Itoa(maxModels), make(http.Header)
}

// CountedRequest is what is to be counted: countTokens takes a whole request, or
// the contents alone.
func (Format) CountedRequest(body []byte) []byte {
	if from, to, ok := scan.Get(body, "generateContentRequest"); ok {
		return body[from:to]
	}
	return body
}

// CountAnswer is the answer of countTokens.
func (Format) CountAnswer(n int64) []byte {
	s := strconv.FormatInt(n, 10)
	return []byte(`{"totalTokens":` + s + `,"promptTokensDetails":[{"modality":"TEXT","tokenCount":` + s + `}]}`)
}

// RewriteModel replaces the model that an embedding request repeats in its body:
// at the top, or in each request of a batch.
func (Format) RewriteModel(ep *protocol.Endpoint, body []byte, model string) []byte {
	if ep.Operation != ai.Embed {
		return body
	}
	rename := func(v []byte) []byte {
		if start, end, ok := scan.Get(v, "model"); ok {
			return scan.Splice(v, start, end, scan.Quote("models/"+model))
		}
		return v
	}
	body = rename(body)
	from, to, ok := scan.Get(body, "requests")
	if !ok {
		return body
	}
	list := body[from:to]
	batch := []byte{'['}
	if scan.Elements(list, func(start, end int) bool {
		if len(batch) > 1 {
			batch = append(batch, ',')
		}
		batch = append(batch, rename(list[start:end])...)
		return true
	}) != nil {
		return body
	}
	return scan.Splice(body, from, to, append(batch, ']'))
}

// SignOfLife is an empty line: Google's library for Go takes any line for an error
// that is not data. White space may stand before the JSON array, too.
func (Format) SignOfLife() []byte { return signOfLife }

var signOfLife = []byte("\r\n\r\n")
