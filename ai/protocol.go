package ai

// Protocol names a wire format between a client and an AI service.
type Protocol string

// The four wire formats the gateway speaks.
const (
	Anthropic Protocol = "anthropic" // Anthropic Messages
	OpenAI    Protocol = "openai"    // OpenAI Chat Completions and its neighbours under /v1
	Responses Protocol = "responses" // OpenAI Responses
	Gemini    Protocol = "gemini"    // Google generateContent
)

// Protocols lists every wire format, in the order they are shown and tried.
var Protocols = []Protocol{Anthropic, OpenAI, Responses, Gemini}

// RelayProtocols lists every wire format in the order in which they are tried at
// an address that says nothing of its own: what most relays speak goes first.
var RelayProtocols = []Protocol{OpenAI, Anthropic, Responses, Gemini}

// Operation is what an endpoint does for its caller.
type Operation string

// Operations of the endpoints the gateway serves.
const (
	Generate       Operation = "generate"        // an answer of a model, streamed or not
	CountTokens    Operation = "count_tokens"    // how many tokens a request would use
	Complete       Operation = "complete"        // legacy text completion
	Embed          Operation = "embed"           // embeddings
	Image          Operation = "image"           // image generation and editing
	Audio          Operation = "audio"           // speech, transcription, translation
	Moderate       Operation = "moderate"        // moderation
	Rerank         Operation = "rerank"          // document ranking
	Compact        Operation = "compact"         // Responses context compaction
	StoredResponse Operation = "stored_response" // read, cancel or delete a response stored upstream
	ListModels     Operation = "list_models"     // the models this token may use
	GetModel       Operation = "get_model"       // one of them
)
