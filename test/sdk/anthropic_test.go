package sdk

import (
	"errors"
	"net/http"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
)

func anthropicClient(r *route) anthropic.Client {
	return anthropic.NewClient(option.WithBaseURL(base), option.WithAPIKey(token),
		option.WithHTTPClient(&http.Client{Transport: r}), option.WithMaxRetries(0))
}

func anthropicParams() anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model: model, MaxTokens: 100,
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("Say hello"))},
	}
}

func TestAnthropicPlain(t *testing.T) {
	var r route
	client := anthropicClient(&r)
	msg, err := client.Messages.New(t.Context(), anthropicParams())
	if err != nil {
		t.Fatal(err)
	}
	notEmpty(t, "text", msg.Content[0].Text)
	positive(t, "output tokens", msg.Usage.OutputTokens)
	r.check(t)
}

func TestAnthropicStream(t *testing.T) {
	var r route
	client := anthropicClient(&r)
	stream := client.Messages.NewStreaming(t.Context(), anthropicParams())
	var msg anthropic.Message
	events := 0
	for stream.Next() {
		events++
		if err := msg.Accumulate(stream.Current()); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if events < 5 {
		t.Errorf("only %d events", events)
	}
	notEmpty(t, "text", msg.Content[0].Text)
	if msg.StopReason != anthropic.StopReasonEndTurn {
		t.Errorf("stop reason %q", msg.StopReason)
	}
	r.check(t)
}

func TestAnthropicTools(t *testing.T) {
	client := anthropicClient(new(route))
	params := anthropicParams()
	params.Tools = []anthropic.ToolUnionParam{{OfTool: &anthropic.ToolParam{
		Name: "get_weather", Description: anthropic.String("Weather of a city"),
		InputSchema: anthropic.ToolInputSchemaParam{Properties: map[string]any{"city": map[string]any{"type": "string"}}},
	}}}
	msg, err := client.Messages.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	if msg.StopReason != anthropic.StopReasonToolUse {
		t.Fatalf("stop reason %q, want tool_use", msg.StopReason)
	}
	params.Messages = append(params.Messages, msg.ToParam())
	var results []anthropic.ContentBlockParamUnion
	for _, block := range msg.Content {
		if use, ok := block.AsAny().(anthropic.ToolUseBlock); ok {
			results = append(results, anthropic.NewToolResultBlock(use.ID, "sunny", false))
		}
	}
	if len(results) == 0 {
		t.Fatal("no tool call")
	}
	params.Messages = append(params.Messages, anthropic.NewUserMessage(results...))
	if msg, err = client.Messages.New(t.Context(), params); err != nil {
		t.Fatal(err)
	}
	notEmpty(t, "text after the tool result", msg.Content[0].Text)
}

func TestAnthropicCountTokensAndModels(t *testing.T) {
	client := anthropicClient(new(route))
	params := anthropicParams()
	count, err := client.Messages.CountTokens(t.Context(), anthropic.MessageCountTokensParams{Model: params.Model, Messages: params.Messages})
	if err != nil {
		t.Fatal(err)
	}
	positive(t, "input tokens", count.InputTokens)

	page, err := client.Models.List(t.Context(), anthropic.ModelListParams{})
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
	if m, err := client.Models.Get(t.Context(), model, anthropic.ModelGetParams{}); err != nil || m.ID != model {
		t.Errorf("getting the model: %v, %v", m, err)
	}
}

func TestAnthropicErrors(t *testing.T) {
	client := anthropicClient(new(route))
	params := anthropicParams()
	params.Model = "no-such-model"
	_, err := client.Messages.New(t.Context(), params)
	var failed *anthropic.Error
	if !errors.As(err, &failed) || failed.StatusCode != http.StatusNotFound {
		t.Fatalf("got %v, want a 404 of the SDK's own error type", err)
	}
}
