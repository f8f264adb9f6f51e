package protocol

import (
	"encoding/json"
	"slices"

	"github.com/ccload/ccload/ai"
)

// This file is the request half of the neutral message: what a client of one
// wire format asks, said so that any other can ask it. A format decodes its own
// requests into a Prompt and encodes Prompts into its own requests; nothing
// else knows two formats.
//
// Every field names where it stands in the four formats: A is Anthropic
// Messages, C OpenAI Chat Completions, R OpenAI Responses, G Gemini.

// Prompt is a request to generate, free of any wire format.
type Prompt struct {
	Model  string // A, C, R model; G in the path
	Stream bool   // A, C, R stream; G another path

	// WantsUsage says that the client reads usage in a stream. C
	// stream_options.include_usage; A, R, G always.
	WantsUsage bool

	// Turns are the conversation, oldest first. A system, messages; C messages;
	// R instructions, input; G systemInstruction, contents.
	Turns []Turn

	Tools    []Tool     // A, C, R tools; C functions; G tools[].functionDeclarations, googleSearch
	Choice   ToolChoice // A, C, R tool_choice; C function_call; G toolConfig.functionCallingConfig
	Parallel *bool      // C, R parallel_tool_calls; A not tool_choice.disable_parallel_tool_use; G cannot say it

	MaxOutput   int64    // in tokens, 0 if not said. A max_tokens; C max_completion_tokens, max_tokens; R max_output_tokens; G maxOutputTokens
	Temperature *float64 // A (0 to 1), C, R, G (0 to 2) temperature
	TopP        *float64 // A, C, R top_p; G topP
	TopK        *int64   // A top_k; G topK; C some vendors; R cannot say it
	Seed        *int64   // C seed; G seed
	Frequency   *float64 // C frequency_penalty; G frequencyPenalty
	Presence    *float64 // C presence_penalty; G presencePenalty
	Stop        []string // A stop_sequences; C stop (at most 4); G stopSequences (at most 5); R cannot say it

	// Logprobs is how many alternatives of each token are told, plus one; 0 if
	// none are wanted at all. C logprobs, top_logprobs; R top_logprobs, include;
	// G responseLogprobs, logprobs; A cannot say it.
	Logprobs int

	Output   Output   // C response_format; R text.format; G responseMimeType, responseJsonSchema; A output_config.format
	Thinking Thinking // A thinking, output_config.effort; C reasoning_effort; R reasoning; G thinkingConfig

	// Kinds are what the answer may be made of beside text: "image", "audio". C
	// modalities; G responseModalities; R and A cannot say it.
	Kinds []string

	// Tier is the service tier asked for: "", "default", "flex", "priority",
	// "batch". A service_tier; C, R service_tier; G cannot say it.
	Tier string
	User string // who the end user is, opaquely. A metadata.user_id; C, R safety_identifier, user
	// Pseudonym stands for User where a target takes no such User: an HMAC with
	// the gateway's key; "" if there is none. See UserFor.
	Pseudonym string

	// Previous is the id of the response that the client continues, which its
	// answer repeats. R previous_response_id, which is written out in Turns.
	Previous string
	// Made is given the answer as the client gets it, once it is whole, and does
	// not keep the slice. nil if nobody keeps it. Only R has answers that a later
	// request may refer to.
	Made func(response []byte)

	// Hints are fields of the request that the neutral form drops, because they
	// change nothing of what the answer means: cache keys, storage, tracing.
	Hints []string
	// Native are fields that mean something which only the request's own format
	// can say: a target of another format is not eligible.
	Native []string
}

// Hint notes a field that is dropped and changes nothing of what is meant.
func (p *Prompt) Hint(field string) { p.Hints = addOnce(p.Hints, field) }

// Keep notes a field that only the request's own format can say.
func (p *Prompt) Keep(field string) { p.Native = addOnce(p.Native, field) }

func addOnce(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// Role is who speaks in a turn.
type Role uint8

// Roles.
const (
	User      Role = iota // A, C, R, G user; the results of tools are the user's too
	Assistant             // A, C, R assistant; G model
	System                // A system; C, R system; R instructions; G systemInstruction
	Developer             // C, R developer: a system turn of whom built the application
)

// Turn is one message.
type Turn struct {
	Role  Role
	Name  string // of the speaker, C only
	Parts []Part
}

// PartKind is what a part is.
type PartKind uint8

// Kinds of parts.
const (
	Text     PartKind = iota // A text; C text, refusal aside; R input_text, output_text; G text
	Image                    // A image; C image_url; R input_image; G inlineData, fileData by type
	Document                 // A document; C file; R input_file; G inlineData, fileData by type
	Audio                    // C input_audio; G inlineData; A and R cannot say it
	Video                    // G inlineData, fileData
	Call                     // A tool_use; C tool_calls[]; R function_call, custom_tool_call; G functionCall
	Result                   // A tool_result; C role tool; R function_call_output, custom_tool_call_output; G functionResponse
	Thought                  // A thinking, redacted_thinking; C reasoning_content; R reasoning; G thought
	Refusal                  // C, R refusal; elsewhere it is text
	Search                   // a web search that the provider ran: A server_tool_use and its result; R web_search_call; G groundingMetadata
)

// Part is one piece of a turn or an answer.
type Part struct {
	Kind PartKind

	// Text of a Text, Refusal or Thought; the query of a Search.
	Text  string
	Media *Media      // of an Image, Document, Audio or Video
	Call  *ToolCall   // of a Call
	Back  *ToolResult // of a Result

	// Signature is what the maker of a Thought, or of a Call or Text next to
	// one, needs to see again in the next turn: A thinking.signature, or
	// redacted_thinking.data; R reasoning.encrypted_content; G thoughtSignature.
	// C has none. It means something to Origin only.
	Signature string
	Origin    ai.Protocol
	// Redacted says that a Thought has no text that anybody may read.
	Redacted bool
	// Wanted says that the maker of a Thought wants to see it again though it
	// has no signature: see WantsThoughts.
	Wanted bool
	// ID is the item's own id where the format gives one and wants it back: R
	// reasoning.id, message.id, web_search_call.id.
	ID string

	// Cache marks the end of a prefix that is worth keeping, with its lifetime:
	// "5m" or "1h". A cache_control; C of some vendors the same; R and G cache
	// by themselves.
	Cache string

	Citations []Citation // of a Text; of a Search what was found
	Logprobs  []Logprob  // of a Text
}

// Media is a picture, document, recording or film.
type Media struct {
	Type   string // media type, such as image/png; may be empty with a URL
	Data   string // base64 (RFC 4648, section 4)
	URL    string // where it can be fetched, instead of Data
	FileID string // id of a file that was uploaded to the provider: nobody else has it
	Plain  string // a document's text, instead of Data
	Name   string // file name or title
	Detail string // C, R detail: low, high, auto; G mediaResolution
}

// ToolCall is a call of a tool that the client runs.
type ToolCall struct {
	ID        string // as the maker gave it; made up here where the format has none
	Name      string
	Arguments string // a JSON object as text; "" stands for {}
	Custom    bool   // Arguments are free text: R custom_tool_call, C custom
}

// ToolResult is what the client's tool said.
type ToolResult struct {
	ID    string // of the call
	Name  string // of the tool, where the format says it (G) or it was found by the id
	Parts []Part // Text, Image, Document, Audio
	Error bool   // A is_error; elsewhere it is in the text
}

// Citation is a source of a text.
type Citation struct {
	URL, Title string
	Quote      string // what the source says, A cited_text
	Start, End int    // where in the text, in characters; both 0 if nobody says it
}

// Logprob is a token and how likely it was.
type Logprob struct {
	Token   string    `json:"token"`
	Logprob float64   `json:"logprob"`
	Bytes   []int     `json:"bytes"`
	Top     []Logprob `json:"top_logprobs,omitempty"`
}

// ToolKind is who runs a tool.
type ToolKind uint8

// Kinds of tools.
const (
	Function  ToolKind = iota // the client, with arguments by a schema
	Custom                    // the client, with free text: R, C custom
	WebSearch                 // the provider: A web_search_*; R web_search; C web_search_options; G googleSearch
	// Hosted is what only the request's own provider runs, and Name says what as
	// the request does: R image_generation, code_interpreter; A web_fetch_*,
	// code_execution_*; G urlContext, codeExecution. An agent that has other
	// tools can do without.
	Hosted
)

// Tool is something the model may call.
type Tool struct {
	Kind        ToolKind
	Name        string // with its namespace before it, where it has one
	Namespace   string // R namespace: the client calls it by both
	Description string
	Schema      json.RawMessage // JSON schema of the arguments; nil for none. A input_schema; C, R parameters; G parametersJsonSchema, parameters
	Strict      *bool           // C, R, A strict
	Grammar     json.RawMessage // of a Custom tool: R, C format
	Cache       string          // as Part.Cache

	// Form is the type of a Function that the client knows without a schema, and
	// whose calls and results have a form of their own in its format: R
	// local_shell, shell, apply_patch, computer.
	Form string

	// Of a WebSearch.
	Domains, NotDomains []string // only these, or not these
	MaxSearches         int64    // A max_uses
	Location            *Location
}

// Location is about where the user is, for a search.
type Location struct{ City, Region, Country, Timezone string }

// ChoiceMode is whether the model must call a tool.
type ChoiceMode uint8

// Modes of a tool choice.
const (
	ChoiceUnset ChoiceMode = iota
	ChoiceAuto             // A, C, R auto; G AUTO
	ChoiceNone             // A, C, R none; G NONE
	ChoiceAny              // A any; C, R required; G ANY
	ChoiceTool             // the one called Names[0]
)

// ToolChoice is whether the model must call a tool, and which may be called.
type ToolChoice struct {
	Mode ChoiceMode
	// Names limit the tools to these. C, R allowed_tools; G
	// allowedFunctionNames; A can name one only.
	Names []string
}

// Output is the form of the answer's text.
type Output struct {
	JSON   bool            // the text is a JSON object
	Schema json.RawMessage // the schema it keeps to
	Name   string          // of the schema; C and R want one
	About  string          // description of the schema
	Strict *bool
	// Verbosity is "low", "medium" or "high". C, R verbosity.
	Verbosity string
}

// ThinkingMode is whether the model thinks before it answers.
type ThinkingMode uint8

// Modes of thinking.
const (
	ThinkingUnset ThinkingMode = iota // as the model does by itself
	ThinkingOff                       // A disabled; C, R effort none; G thinkingBudget 0
	ThinkingOn                        // A enabled, adaptive; C, R any other effort; G any other level or budget
)

// Thinking is how much the model thinks before it answers, and what of it is
// told. See Effort and Budget for how the one is said by the other.
type Thinking struct {
	Mode   ThinkingMode
	Budget int64  // tokens, 0 if not said. A budget_tokens; G thinkingBudget
	Effort string // minimal, low, medium, high, xhigh, max; "" if not said. A output_config.effort; C reasoning_effort; R reasoning.effort; G thinkingLevel
	// Show is what of it the client sees: "" as is usual, "none", "summary" or
	// "detailed". A thinking.display; R reasoning.summary; G includeThoughts.
	Show string
}
