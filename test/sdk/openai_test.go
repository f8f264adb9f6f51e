package sdk

import (
	"errors"
	"net/http"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
)

func openaiClient(r *route) openai.Client {
	return openai.NewClient(option.WithBaseURL(base+"/v1"), option.WithAPIKey(token),
		option.WithHTTPClient(&http.Client{Transport: r}), option.WithMaxRetries(0))
}

func chatParams() openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model:    model,
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Say hello")},
	}
}

func TestOpenAIPlain(t *testing.T) {
	var r route
	client := openaiClient(&r)
	chat, err := client.Chat.Completions.New(t.Context(), chatParams())
	if err != nil {
		t.Fatal(err)
	}
	notEmpty(t, "text", chat.Choices[0].Message.Content)
	positive(t, "completion tokens", chat.Usage.CompletionTokens)
	r.check(t)
}

func TestOpenAIStream(t *testing.T) {
	var r route
	client := openaiClient(&r)
	params := chatParams()
	params.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}
	stream := client.Chat.Completions.NewStreaming(t.Context(), params)
	var acc openai.ChatCompletionAccumulator
	chunks := 0
	for stream.Next() {
		chunks++
		if !acc.AddChunk(stream.Current()) {
			t.Fatal("the SDK cannot add a chunk")
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if chunks < 3 {
		t.Errorf("only %d chunks", chunks)
	}
	notEmpty(t, "text", acc.Choices[0].Message.Content)
	positive(t, "total tokens", acc.Usage.TotalTokens)
	r.check(t)
}

func TestOpenAITools(t *testing.T) {
	client := openaiClient(new(route))
	params := chatParams()
	params.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
		Name:       "get_weather",
		Parameters: openai.FunctionParameters{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}},
	})}
	chat, err := client.Chat.Completions.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	calls := chat.Choices[0].Message.ToolCalls
	if len(calls) == 0 {
		t.Fatal("no tool call")
	}
	params.Messages = append(params.Messages, chat.Choices[0].Message.ToParam())
	for _, call := range calls {
		params.Messages = append(params.Messages, openai.ToolMessage("sunny", call.ID))
	}
	if chat, err = client.Chat.Completions.New(t.Context(), params); err != nil {
		t.Fatal(err)
	}
	notEmpty(t, "text after the tool result", chat.Choices[0].Message.Content)
}

func TestOpenAIModelsAndEmbeddings(t *testing.T) {
	client := openaiClient(new(route))
	page, err := client.Models.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, m := range page.Data {
		found = found || m.ID == model
	}
	if !found {
		t.Errorf("%s is not among %v", model, page.Data)
	}
	embedding, err := client.Embeddings.New(t.Context(), openai.EmbeddingNewParams{
		Model: model, Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("hello")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(embedding.Data) != 1 || len(embedding.Data[0].Embedding) == 0 {
		t.Errorf("no vector in %+v", embedding)
	}
}

func TestOpenAIErrors(t *testing.T) {
	client := openaiClient(new(route))
	params := chatParams()
	params.Model = "no-such-model"
	_, err := client.Chat.Completions.New(t.Context(), params)
	var failed *openai.Error
	if !errors.As(err, &failed) || failed.StatusCode != http.StatusNotFound || failed.Message == "" {
		t.Fatalf("got %v, want a 404 of the SDK's own error type", err)
	}
}

func TestResponses(t *testing.T) {
	var r route
	client := openaiClient(&r)
	params := responses.ResponseNewParams{
		Model: model, Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Say hello")},
	}
	resp, err := client.Responses.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	notEmpty(t, "text", resp.OutputText())
	r.check(t)

	stored, err := client.Responses.Get(t.Context(), resp.ID, responses.ResponseGetParams{})
	if err != nil {
		t.Fatalf("reading the stored response back: %v", err)
	}
	if stored.ID != resp.ID {
		t.Errorf("got response %q, want %q", stored.ID, resp.ID)
	}
	if err := client.Responses.Delete(t.Context(), resp.ID); err != nil {
		t.Errorf("deleting it: %v", err)
	}
}

func TestResponsesStream(t *testing.T) {
	client := openaiClient(new(route))
	stream := client.Responses.NewStreaming(t.Context(), responses.ResponseNewParams{
		Model: model, Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Say hello")},
	})
	text, completed := "", false
	for stream.Next() {
		switch event := stream.Current().AsAny().(type) {
		case responses.ResponseTextDeltaEvent:
			text += event.Delta
		case responses.ResponseCompletedEvent:
			completed = true
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	notEmpty(t, "text", text)
	if !completed {
		t.Error("no response.completed")
	}
}
