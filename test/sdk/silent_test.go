package sdk

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/responses"
	"google.golang.org/genai"
)

// thinksBadly is an upstream that is silent for a while and then fails.
func thinksBadly(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	time.Sleep(700 * time.Millisecond)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, `{"error":{"message":"no"}}`)
}

// TestSignsOfLifeInSDKs: what a client gets while its upstream thinks is nothing
// to its library, and how it ends is what it seems.
func TestSignsOfLifeInSDKs(t *testing.T) {
	for name, stream := range map[string]func(t *testing.T, model string) (string, error){
		"anthropic": func(t *testing.T, model string) (text string, err error) {
			client, params := anthropicClient(new(route)), anthropicParams()
			params.Model = anthropic.Model(model)
			s := client.Messages.NewStreaming(t.Context(), params)
			var msg anthropic.Message
			for s.Next() {
				if err := msg.Accumulate(s.Current()); err != nil {
					return "", err
				}
			}
			if len(msg.Content) > 0 {
				text = msg.Content[0].Text
			}
			return text, s.Err()
		},
		"openai": func(t *testing.T, model string) (text string, err error) {
			client, params := openaiClient(new(route)), chatParams()
			params.Model = model
			s := client.Chat.Completions.NewStreaming(t.Context(), params)
			var acc openai.ChatCompletionAccumulator
			for s.Next() {
				acc.AddChunk(s.Current())
			}
			if len(acc.Choices) > 0 {
				text = acc.Choices[0].Message.Content
			}
			return text, s.Err()
		},
		"responses": func(t *testing.T, model string) (text string, err error) {
			client := openaiClient(new(route))
			s := client.Responses.NewStreaming(t.Context(), responses.ResponseNewParams{
				Model: model, Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Say hello")},
			})
			for s.Next() {
				if event, ok := s.Current().AsAny().(responses.ResponseTextDeltaEvent); ok {
					text += event.Delta
				}
			}
			return text, s.Err()
		},
		"gemini": func(t *testing.T, model string) (text string, err error) {
			for resp, err := range geminiClient(t, new(route)).Models.GenerateContentStream(t.Context(), model, genai.Text("Say hello"), nil) {
				if err != nil {
					return text, err
				}
				text += resp.Text()
			}
			return text, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := stream(t, "thinks-well")
			if err != nil {
				t.Errorf("a good end: %v", err)
			}
			notEmpty(t, "text", text)
			if text, err = stream(t, "thinks-badly"); err == nil || text != "" {
				t.Errorf("a bad end: %q, %v", text, err)
			}
		})
	}
}
