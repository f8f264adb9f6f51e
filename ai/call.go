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

// Usage is what the provider says it billed for, in tokens unless said
// otherwise. Input includes every input token, cached ones too, whatever the
// wire format counts; see the protocol packages for the conversions.
type Usage struct {
	Input        int64  `json:"input"`                    // all input, cached and cache-writing included
	CachedInput  int64  `json:"cached_input,omitempty"`   // part of Input read from a prompt cache
	CacheWrite   int64  `json:"cache_write,omitempty"`    // part of Input written to a prompt cache, any lifetime
	CacheWrite1h int64  `json:"cache_write_1h,omitempty"` // part of CacheWrite with a lifetime of one hour
	Output       int64  `json:"output"`                   // all output, reasoning included
	Reasoning    int64  `json:"reasoning,omitempty"`      // part of Output spent on reasoning
	AudioInput   int64  `json:"audio_input,omitempty"`    // part of Input that was audio
	ImageInput   int64  `json:"image_input,omitempty"`    // part of Input that was images or documents
	AudioOutput  int64  `json:"audio_output,omitempty"`   // part of Output that is audio
	ImageOutput  int64  `json:"image_output,omitempty"`   // part of Output that is images
	ServiceTier  string `json:"service_tier,omitempty"`   // tier the provider says it used
	Reported     bool   `json:"reported"`                 // the provider sent usage at all
}
