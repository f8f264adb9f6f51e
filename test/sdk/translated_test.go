package sdk

import (
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/responses"
	"google.golang.org/genai"
)

// Channels that speak one protocol each. They think before they call a tool,
// and take the tool's result only with what signed the thinking: it must have
// come back through the SDK.
var foreign = map[string]string{
	"to-anthropic": "anthropic", "to-openai": "openai", "to-responses": "responses", "to-gemini": "gemini",
}

// each runs a test for every upstream, but that of the SDK's own protocol.
func each(t *testing.T, own string, fn func(t *testing.T, model string, r *route)) {
	t.Helper()
	for model, protocol := range foreign {
		if protocol == own {
			continue
		}
		t.Run("from "+protocol, func(t *testing.T) {
			var r route
			fn(t, model, &r)
			if r.channel != protocol+"-only" {
				t.Errorf("served by channel %q", r.channel)
			}
		})
	}
}

const weather = "get_weather"

func TestAnthropicTranslated(t *testing.T) {
	each(t, "anthropic", func(t *testing.T, model string, r *route) {
		client := anthropicClient(r)
		params := anthropicParams()
		params.Model = anthropic.Model(model)
		params.MaxTokens = 9000
		params.Thinking = anthropic.ThinkingConfigParamOfEnabled(2000)
		params.Tools = []anthropic.ToolUnionParam{{OfTool: &anthropic.ToolParam{
			Name: weather, InputSchema: anthropic.ToolInputSchemaParam{Properties: map[string]any{"city": map[string]any{"type": "string"}}},
		}}}
		turn := func(streamed bool) *anthropic.Message {
			t.Helper()
			if !streamed {
				msg, err := client.Messages.New(t.Context(), params)
				if err != nil {
					t.Fatal(err)
				}
				return msg
			}
			stream := client.Messages.NewStreaming(t.Context(), params)
			var msg anthropic.Message
			for stream.Next() {
				if err := msg.Accumulate(stream.Current()); err != nil {
					t.Fatal(err)
				}
			}
			if err := stream.Err(); err != nil {
				t.Fatal(err)
			}
			return &msg
		}
		for _, streamed := range []bool{false, true} {
			params.Messages = anthropicParams().Messages
			msg := turn(streamed)
			if msg.StopReason != anthropic.StopReasonToolUse {
				t.Fatalf("stop reason %q", msg.StopReason)
			}
			params.Messages = append(params.Messages, msg.ToParam())
			var results []anthropic.ContentBlockParamUnion
			thought := false
			for _, block := range msg.Content {
				switch b := block.AsAny().(type) {
				case anthropic.ToolUseBlock:
					results = append(results, anthropic.NewToolResultBlock(b.ID, "sunny", false))
				case anthropic.ThinkingBlock:
					thought = true
					notEmpty(t, "thinking", b.Thinking)
				}
			}
			if !thought && model != "to-gemini" { // whose fake signs its calls instead
				t.Error("no thinking")
			}
			params.Messages = append(params.Messages, anthropic.NewUserMessage(results...))
			msg = turn(streamed)
			notEmpty(t, "text", msg.Content[len(msg.Content)-1].Text)
			positive(t, "input tokens", msg.Usage.InputTokens+msg.Usage.CacheReadInputTokens)
			positive(t, "output tokens", msg.Usage.OutputTokens)
		}
	})
}

func TestChatTranslated(t *testing.T) {
	each(t, "openai", func(t *testing.T, model string, r *route) {
		client := openaiClient(r)
		params := chatParams()
		params.Model = model
		params.ReasoningEffort = "medium"
		params.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
			Name: weather, Parameters: openai.FunctionParameters{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}},
		})}
		turn := func(streamed bool) *openai.ChatCompletion {
			t.Helper()
			if !streamed {
				chat, err := client.Chat.Completions.New(t.Context(), params)
				if err != nil {
					t.Fatal(err)
				}
				return chat
			}
			params.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}
			stream := client.Chat.Completions.NewStreaming(t.Context(), params)
			var acc openai.ChatCompletionAccumulator
			for stream.Next() {
				if !acc.AddChunk(stream.Current()) {
					t.Fatal("the SDK cannot add a chunk")
				}
			}
			if err := stream.Err(); err != nil {
				t.Fatal(err)
			}
			return &acc.ChatCompletion
		}
		for _, streamed := range []bool{false, true} {
			params.Messages = chatParams().Messages
			params.StreamOptions = openai.ChatCompletionStreamOptionsParam{}
			chat := turn(streamed)
			if len(chat.Choices) == 0 || len(chat.Choices[0].Message.ToolCalls) == 0 || chat.Choices[0].FinishReason != "tool_calls" {
				t.Fatalf("no call in %+v", chat)
			}
			// What a plain client keeps: no reasoning, but ids as they came.
			params.Messages = append(params.Messages, chat.Choices[0].Message.ToParam())
			for _, call := range chat.Choices[0].Message.ToolCalls {
				params.Messages = append(params.Messages, openai.ToolMessage("sunny", call.ID))
			}
			chat = turn(streamed)
			notEmpty(t, "text", chat.Choices[0].Message.Content)
			positive(t, "total tokens", chat.Usage.TotalTokens)
		}
	})
}

func TestResponsesTranslated(t *testing.T) {
	each(t, "responses", func(t *testing.T, model string, r *route) {
		client := openaiClient(r)
		start := func() responses.ResponseNewParams {
			return responses.ResponseNewParams{
				Model: model, Store: openai.Bool(false), Reasoning: openai.ReasoningParam{Effort: "medium", Summary: "auto"},
				Include: []responses.ResponseIncludable{responses.ResponseIncludableReasoningEncryptedContent},
				Input: responses.ResponseNewParamsInputUnion{OfInputItemList: responses.ResponseInputParam{
					responses.ResponseInputItemParamOfMessage("Weather in Rome?", "user"),
				}},
				Tools: []responses.ToolUnionParam{responses.ToolParamOfFunction(weather,
					map[string]any{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}}, false)},
			}
		}
		turn := func(params responses.ResponseNewParams, streamed bool) *responses.Response {
			t.Helper()
			if !streamed {
				resp, err := client.Responses.New(t.Context(), params)
				if err != nil {
					t.Fatal(err)
				}
				return resp
			}
			stream := client.Responses.NewStreaming(t.Context(), params)
			var last *responses.Response
			for stream.Next() {
				if e, ok := stream.Current().AsAny().(responses.ResponseCompletedEvent); ok {
					last = &e.Response
				}
			}
			if err := stream.Err(); err != nil || last == nil {
				t.Fatalf("completed %v, %v", last != nil, err)
			}
			return last
		}
		for _, streamed := range []bool{false, true} {
			params := start()
			resp := turn(params, streamed)
			input := params.Input.OfInputItemList
			called := false
			for _, item := range resp.Output {
				switch i := item.AsAny().(type) {
				case responses.ResponseReasoningItem:
					p := i.ToParam()
					input = append(input, responses.ResponseInputItemUnionParam{OfReasoning: &p})
				case responses.ResponseFunctionToolCall:
					p := i.ToParam()
					called = true
					input = append(input, responses.ResponseInputItemUnionParam{OfFunctionCall: &p},
						responses.ResponseInputItemUnionParam{OfFunctionCallOutput: &responses.ResponseInputItemFunctionCallOutputParam{
							CallID: openai.String(i.CallID),
							Output: responses.ResponseInputItemFunctionCallOutputOutputUnionParam{OfString: openai.String("sunny")},
						}})
				}
			}
			if !called {
				t.Fatalf("no call in %s", resp.RawJSON())
			}
			params.Input.OfInputItemList = input
			resp = turn(params, streamed)
			notEmpty(t, "text", resp.OutputText())
			positive(t, "total tokens", resp.Usage.TotalTokens)
		}
	})
}

// TestResponsesContinued: the documented way of going on with a conversation works
// on channels of other protocols.
func TestResponsesContinued(t *testing.T) {
	each(t, "responses", func(t *testing.T, model string, r *route) {
		client := openaiClient(r)
		params := responses.ResponseNewParams{
			Model: model, Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Weather in Rome?")},
			Tools: []responses.ToolUnionParam{{OfFunction: &responses.FunctionToolParam{
				Name: weather, Parameters: map[string]any{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}},
			}}},
		}
		turn := func() *responses.Response {
			t.Helper()
			resp, err := client.Responses.New(t.Context(), params)
			if err != nil {
				t.Fatal(err)
			}
			if resp.PreviousResponseID != params.PreviousResponseID.Value {
				t.Errorf("it continues %q, want %q", resp.PreviousResponseID, params.PreviousResponseID.Value)
			}
			params.PreviousResponseID = openai.String(resp.ID)
			return resp
		}
		var results []responses.ResponseInputItemUnionParam
		for _, item := range turn().Output {
			if call, ok := item.AsAny().(responses.ResponseFunctionToolCall); ok {
				results = append(results, responses.ResponseInputItemUnionParam{OfFunctionCallOutput: &responses.ResponseInputItemFunctionCallOutputParam{
					CallID: openai.String(call.CallID),
					Output: responses.ResponseInputItemFunctionCallOutputOutputUnionParam{OfString: openai.String("sunny")},
				}})
			}
		}
		if len(results) == 0 {
			t.Fatal("no call")
		}
		params.Input = responses.ResponseNewParamsInputUnion{OfInputItemList: results}
		second := turn()
		notEmpty(t, "text", second.OutputText())

		served := r.channel
		got, err := client.Responses.Get(t.Context(), second.ID, responses.ResponseGetParams{})
		if err != nil || got.OutputText() != second.OutputText() {
			t.Fatalf("%v, %v", got, err)
		}
		items, err := client.Responses.InputItems.List(t.Context(), second.ID, responses.InputItemListParams{})
		if err != nil || len(items.Data) != 1 || items.Data[0].Type != "function_call_output" {
			t.Fatalf("%v, %v", items, err)
		}
		if model != "to-openai" { // its thoughts end with the turn that they are of, and its fake wants them all
			params.Input = responses.ResponseNewParamsInputUnion{OfString: openai.String("Thank you.")}
			third := turn()
			if len(third.Output) == 0 {
				t.Error("the third turn says nothing")
			}
			if err := client.Responses.Delete(t.Context(), third.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := client.Responses.Get(t.Context(), third.ID, responses.ResponseGetParams{}); err == nil {
				t.Error("it is there after it was deleted")
			}
		}
		r.channel = served
	})
}

func TestGeminiTranslated(t *testing.T) {
	each(t, "gemini", func(t *testing.T, model string, r *route) {
		client := geminiClient(t, r)
		conf := &genai.GenerateContentConfig{
			ThinkingConfig: &genai.ThinkingConfig{IncludeThoughts: true},
			Tools: []*genai.Tool{{FunctionDeclarations: []*genai.FunctionDeclaration{{
				Name:       weather,
				Parameters: &genai.Schema{Type: genai.TypeObject, Properties: map[string]*genai.Schema{"city": {Type: genai.TypeString}}},
			}}}},
		}
		turn := func(history []*genai.Content, streamed bool) (*genai.Content, int32) {
			t.Helper()
			if !streamed {
				resp, err := client.Models.GenerateContent(t.Context(), model, history, conf)
				if err != nil {
					t.Fatal(err)
				}
				return resp.Candidates[0].Content, resp.UsageMetadata.TotalTokenCount
			}
			whole, total := &genai.Content{Role: genai.RoleModel}, int32(0)
			for resp, err := range client.Models.GenerateContentStream(t.Context(), model, history, conf) {
				if err != nil {
					t.Fatal(err)
				}
				if len(resp.Candidates) > 0 && resp.Candidates[0].Content != nil {
					whole.Parts = append(whole.Parts, resp.Candidates[0].Content.Parts...)
				}
				if resp.UsageMetadata != nil {
					total = resp.UsageMetadata.TotalTokenCount
				}
			}
			return whole, total
		}
		for _, streamed := range []bool{false, true} {
			history := genai.Text("Weather in Rome?")
			content, _ := turn(history, streamed)
			history = append(history, content)
			called := false
			for _, part := range content.Parts {
				if call := part.FunctionCall; call != nil {
					called = true
					answer := genai.NewPartFromFunctionResponse(call.Name, map[string]any{"weather": "sunny"})
					answer.FunctionResponse.ID = call.ID
					history = append(history, genai.NewContentFromParts([]*genai.Part{answer}, genai.RoleUser))
				}
			}
			if !called {
				t.Fatal("no call")
			}
			content, total := turn(history, streamed)
			text := ""
			for _, part := range content.Parts {
				if !part.Thought {
					text += part.Text
				}
			}
			notEmpty(t, "text", strings.TrimSpace(text))
			positive(t, "total tokens", int64(total))
		}
	})
}
