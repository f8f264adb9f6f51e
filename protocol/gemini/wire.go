package gemini

import "encoding/json"

// What is written, in requests and answers.

type outContent struct {
	Role  string    `json:"role,omitempty"`
	Parts []outPart `json:"parts"`
}

type outPart struct {
	Text             *string      `json:"text,omitempty"`
	Thought          bool         `json:"thought,omitempty"`
	InlineData       *outBlob     `json:"inlineData,omitempty"`
	FileData         *outFile     `json:"fileData,omitempty"`
	FunctionCall     *outCall     `json:"functionCall,omitempty"`
	FunctionResponse *outResponse `json:"functionResponse,omitempty"`
	ThoughtSignature string       `json:"thoughtSignature,omitempty"`
}

type outBlob struct {
	MimeType string `json:"mimeType"`
	Data     string `json:"data"`
}

type outFile struct {
	MimeType string `json:"mimeType,omitempty"`
	FileURI  string `json:"fileUri"`
}

type outCall struct {
	ID   string          `json:"id,omitempty"`
	Name string          `json:"name"`
	Args json.RawMessage `json:"args"`
}

type outResponse struct {
	ID       string          `json:"id,omitempty"`
	Name     string          `json:"name"`
	Response json.RawMessage `json:"response"`
	Parts    []outPart       `json:"parts,omitempty"`
}

type outRequest struct {
	SystemInstruction *outContent    `json:"systemInstruction,omitempty"`
	Contents          []outContent   `json:"contents"`
	Tools             []outTool      `json:"tools,omitempty"`
	ToolConfig        *outToolConfig `json:"toolConfig,omitempty"`
	GenerationConfig  *outConfig     `json:"generationConfig,omitempty"`
	ServiceTier       string         `json:"serviceTier,omitempty"`
}

type outTool struct {
	FunctionDeclarations []outFunction `json:"functionDeclarations,omitempty"`
	GoogleSearch         *struct{}     `json:"googleSearch,omitempty"`
}

type outFunction struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"parametersJsonSchema,omitempty"`
}

type outToolConfig struct {
	Calling    *outCalling `json:"functionCallingConfig,omitempty"`
	ServerSide bool        `json:"includeServerSideToolInvocations,omitempty"`
}

type outCalling struct {
	Mode    string   `json:"mode"`
	Allowed []string `json:"allowedFunctionNames,omitempty"`
}

type outConfig struct {
	MaxOutputTokens  int64           `json:"maxOutputTokens,omitempty"`
	Temperature      *float64        `json:"temperature,omitempty"`
	TopP             *float64        `json:"topP,omitempty"`
	TopK             *int64          `json:"topK,omitempty"`
	Seed             *int64          `json:"seed,omitempty"`
	PresencePenalty  *float64        `json:"presencePenalty,omitempty"`
	FrequencyPenalty *float64        `json:"frequencyPenalty,omitempty"`
	StopSequences    []string        `json:"stopSequences,omitempty"`
	ResponseMimeType string          `json:"responseMimeType,omitempty"`
	ResponseSchema   json.RawMessage `json:"responseJsonSchema,omitempty"`
	Modalities       []string        `json:"responseModalities,omitempty"`
	ResponseLogprobs bool            `json:"responseLogprobs,omitempty"`
	Logprobs         int             `json:"logprobs,omitempty"`
	Thinking         *outThinking    `json:"thinkingConfig,omitempty"`
}

type outThinking struct {
	IncludeThoughts bool   `json:"includeThoughts,omitempty"`
	Budget          *int64 `json:"thinkingBudget,omitempty"`
	Level           string `json:"thinkingLevel,omitempty"`
}

type outReply struct {
	Candidates    []outCandidate `json:"candidates"`
	UsageMetadata *outUsage      `json:"usageMetadata,omitempty"`
	ModelVersion  string         `json:"modelVersion,omitempty"`
	CreateTime    string         `json:"createTime,omitempty"`
	ResponseID    string         `json:"responseId,omitempty"`
}

type outCandidate struct {
	Content      *outContent   `json:"content,omitempty"`
	FinishReason string        `json:"finishReason,omitempty"`
	Index        int           `json:"index"`
	Average      *float64      `json:"avgLogprobs,omitempty"`
	Logprobs     *outLogprobs  `json:"logprobsResult,omitempty"`
	Grounding    *outGrounding `json:"groundingMetadata,omitempty"`
}

type outLogprobs struct {
	Top    []outAlternatives `json:"topCandidates,omitempty"`
	Chosen []outToken        `json:"chosenCandidates"`
}

type outAlternatives struct {
	Candidates []outToken `json:"candidates"`
}

type outToken struct {
	Token       string  `json:"token"`
	Probability float64 `json:"logProbability"`
}

type outGrounding struct {
	Queries  []string     `json:"webSearchQueries,omitempty"`
	Chunks   []outChunk   `json:"groundingChunks,omitempty"`
	Supports []outSupport `json:"groundingSupports,omitempty"`
}

type outChunk struct {
	Web *outSource `json:"web,omitempty"`
	// Of what has no address.
	Retrieved *outSource `json:"retrievedContext,omitempty"`
}

type outSource struct {
	URI   string `json:"uri,omitempty"`
	Title string `json:"title,omitempty"`
	Text  string `json:"text,omitempty"`
}

type outSupport struct {
	Segment outSegment `json:"segment"`
	Chunks  []int      `json:"groundingChunkIndices"`
}

type outSegment struct {
	Part  int    `json:"partIndex,omitempty"`
	Start int    `json:"startIndex,omitempty"`
	End   int    `json:"endIndex,omitempty"`
	Text  string `json:"text,omitempty"`
}

type outUsage struct {
	Prompt     int64         `json:"promptTokenCount"`
	Cached     int64         `json:"cachedContentTokenCount,omitempty"`
	Candidates int64         `json:"candidatesTokenCount"`
	Thoughts   int64         `json:"thoughtsTokenCount,omitempty"`
	Total      int64         `json:"totalTokenCount"`
	InParts    []outModality `json:"promptTokensDetails,omitempty"`
	CacheParts []outModality `json:"cacheTokensDetails,omitempty"`
	OutParts   []outModality `json:"candidatesTokensDetails,omitempty"`
	Tier       string        `json:"serviceTier,omitempty"`
}

type outModality struct {
	Modality string `json:"modality"`
	Count    int64  `json:"tokenCount"`
}
