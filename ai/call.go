package ai

import "time"

// Call is one client request, as far as routing must know it. It is written
// once, when the request has been read, and only read after that.
type Call struct {
	ID        string    // request id, given back to the client
	Protocol  Protocol  // wire format of the client
	Operation Operation // what it asks for
	Path      string    // the client's path, without query
	Model     string    // the model as the client named it; empty where the endpoint takes none
	Stream    bool      // the client asked for a stream
	Token     string    // name of the client token
	Received  time.Time // when the request had arrived at the handler
	BodySize  int       // bytes of the request body
	MaxOutput int64     // output limit the client set in tokens, 0 if none

	// Conversation is a hash of tools, system prompt and first user turn, or
	// of the session the client names. Equal values share a prompt cache
	// upstream. 0: nothing to hold together.
	Conversation uint64

	// Continues is the id of the stored response this call builds on or asks
	// for; it must go to the key that made that response. Empty: none.
	Continues string
}

// Target is one concrete thing to try.
type Target struct {
	Channel string `json:"channel"`       // channel name
	URL     string `json:"url"`           // base URL as configured
	Key     string `json:"key,omitempty"` // fingerprint of the upstream key, never the key; empty for a channel without keys
	Model   string `json:"model"`         // upstream's name of the model
}
