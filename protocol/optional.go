package protocol

import "net/http"

// The interfaces below are what only some formats have, or what the gateway asks
// by itself. Whoever needs one asserts a Format to it. With them a format is one
// package, one constant of package ai and one line in gateway/routes.go.

// Tester is a Format in which the gateway itself can ask for a short answer: to
// check or test a channel.
type Tester interface {
	// TestRequest is a request to generate an answer to prompt. maxOutput is how
	// many tokens the answer may have; 0 is as few as the format's services
	// take. Its path is that of the format's endpoint for generation.
	TestRequest(model, prompt string, maxOutput int64, stream bool) *Outbound
}

// ModelLister is a Format whose upstreams say which models they serve.
type ModelLister interface {
	// ModelsRequest is the GET request for the first, largest page of that list.
	// The header is the caller's to change.
	ModelsRequest() (path, query string, header http.Header)
}

// TokenCounter is a Format with an endpoint that counts the tokens of a request
// (ai.CountTokens).
type TokenCounter interface {
	// CountedRequest is the request in body whose tokens are to be counted; a
	// part of body, or all of it.
	CountedRequest(body []byte) []byte
	// CountAnswer is the answer that there are n tokens.
	CountAnswer(n int64) []byte
}

// ModelRewriter is a Format whose bodies repeat a model that stands in the path.
type ModelRewriter interface {
	// RewriteModel returns a request's body with model in the place of the name
	// that it repeats; body itself where it repeats none.
	RewriteModel(ep *Endpoint, body []byte, model string) []byte
}

// HeaderFitter is a Format with headers that are meant for the model asked for.
type HeaderFitter interface {
	// FitHeader removes from a client's headers what the model that is sent does
	// not understand, though the model asked for did.
	FitHeader(h http.Header, asked, sent string)
}

// RelayKeySetter is a Format whose relays look for a key in several places.
type RelayKeySetter interface {
	// SetRelayKey puts an upstream key in each of them.
	SetRelayKey(h http.Header, key string)
}

// InputTeller is a Format whose streams tell the count of input tokens at their
// beginning, before most upstreams of other formats know it.
type InputTeller interface {
	TellsInputFirst() bool
}

// StreamKeeper is a Format whose clients can be told, in a stream that has not
// begun, that the connection lives.
type StreamKeeper interface {
	// SignOfLife is what the clients take for nothing. It is not to be changed.
	SignOfLife() []byte
}
