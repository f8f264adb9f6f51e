package sdk

import (
	"errors"
	"net/http"
	"testing"

	"google.golang.org/genai"
)

func geminiClient(t *testing.T, r *route) *genai.Client {
	t.Helper()
	client, err := genai.NewClient(t.Context(), &genai.ClientConfig{
		APIKey: token, Backend: genai.BackendGeminiAPI,
		HTTPClient: &http.Client{Transport: r}, HTTPOptions: genai.HTTPOptions{BaseURL: base},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestGeminiPlain(t *testing.T) {
	var r route
	client := geminiClient(t, &r)
	resp, err := client.Models.GenerateContent(t.Context(), model, genai.Text("Say hello"), nil)
	if err != nil {
		t.Fatal(err)
	}
	notEmpty(t, "text", resp.Text())
	positive(t, "total tokens", int64(resp.UsageMetadata.TotalTokenCount))
	r.check(t)
}

func TestGeminiStream(t *testing.T) {
	var r route
	client := geminiClient(t, &r)
	text, chunks := "", 0
	for resp, err := range client.Models.GenerateContentStream(t.Context(), model, genai.Text("Say hello"), nil) {
		if err != nil {
			t.Fatal(err)
		}
		chunks++
		text += resp.Text()
	}
	notEmpty(t, "text", text)
	if chunks < 2 {
		t.Errorf("only %d chunks", chunks)
	}
	r.check(t)
}

func TestGeminiTools(t *testing.T) {
	client := geminiClient(t, new(route))
	conf := &genai.GenerateContentConfig{Tools: []*genai.Tool{{FunctionDeclarations: []*genai.FunctionDeclaration{{
		Name:       "get_weather",
		Parameters: &genai.Schema{Type: genai.TypeObject, Properties: map[string]*genai.Schema{"city": {Type: genai.TypeString}}},
	}}}}}
	history := genai.Text("Weather in Rome?")
	resp, err := client.Models.GenerateContent(t.Context(), model, history, conf)
	if err != nil {
		t.Fatal(err)
	}
	calls := resp.FunctionCalls()
	if len(calls) == 0 {
		t.Fatal("no function call")
	}
	history = append(history, resp.Candidates[0].Content,
		genai.NewContentFromFunctionResponse(calls[0].Name, map[string]any{"weather": "sunny"}, genai.RoleUser))
	if resp, err = client.Models.GenerateContent(t.Context(), model, history, conf); err != nil {
		t.Fatal(err)
	}
	notEmpty(t, "text after the tool result", resp.Text())
}

func TestGeminiCountTokensAndModels(t *testing.T) {
	client := geminiClient(t, new(route))
	count, err := client.Models.CountTokens(t.Context(), model, genai.Text("Say hello"), nil)
	if err != nil {
		t.Fatal(err)
	}
	positive(t, "total tokens", int64(count.TotalTokens))
	found := false
	for m, err := range client.Models.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		found = found || m.Name == "models/"+model
	}
	if !found {
		t.Errorf("%s is not listed", model)
	}
}

func TestGeminiErrors(t *testing.T) {
	client := geminiClient(t, new(route))
	_, err := client.Models.GenerateContent(t.Context(), "no-such-model", genai.Text("hi"), nil)
	var failed genai.APIError
	if !errors.As(err, &failed) || failed.Code != http.StatusNotFound {
		t.Fatalf("got %v, want a 404 of the SDK's own error type", err)
	}
}
