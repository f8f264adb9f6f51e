package sdk

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
	"google.golang.org/genai"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/codectest"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
	anthropicformat "github.com/ccload/ccload/protocol/anthropic"
	geminiformat "github.com/ccload/ccload/protocol/gemini"
	openaiformat "github.com/ccload/ccload/protocol/openai"
	responsesformat "github.com/ccload/ccload/protocol/responses"
)

var codecs = map[ai.Protocol]protocol.Codec{
	ai.Anthropic: anthropicformat.Format{}, ai.OpenAI: openaiformat.Format{}, ai.Responses: responsesformat.Format{}, ai.Gemini: geminiformat.Format{},
}

// TestRecordedAnswersInSDKs: recorded answers of each protocol, written for the
// clients of each other, are read by those clients' official SDKs, whole and
// streamed, with the same text and calls.
func TestRecordedAnswersInSDKs(t *testing.T) {
	var body []byte // what the server answers
	stream := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if stream {
			w.Header().Set("Content-Type", "text/event-stream")
		}
		_, _ = w.Write(body)
	}))
	defer server.Close()
	clients := map[ai.Protocol]func(context.Context, bool) (string, error){
		ai.Anthropic: anthropicReader(server.URL), ai.OpenAI: chatReader(server.URL),
		ai.Responses: responsesReader(server.URL), ai.Gemini: geminiReader(t, server.URL),
	}
	dirs := map[ai.Protocol]string{ai.Anthropic: "anthropic", ai.OpenAI: "openai_chat", ai.Responses: "openai_responses", ai.Gemini: "gemini"}
	read := 0
	for from, codec := range codecs {
		for _, rec := range corpus.LoadFrom(t, "../../protocol/"+string(from), dirs[from]) {
			reply := recorded(t, codec, &rec)
			if reply == nil {
				continue
			}
			want := essence(reply)
			for to, client := range clients {
				if to == from {
					continue
				}
				prompt := &protocol.Prompt{Model: "m", WantsUsage: true}
				for _, stream = range []bool{false, true} {
					if body = codecs[to].EncodeReply(reply, prompt); stream {
						body = codectest.Encode(codecs[to], reply, prompt, false)
					}
					got, err := client(t.Context(), stream)
					if err != nil || got != want {
						t.Errorf("%s for %s, stream %v: %v\ngot  %.400s\nwant %.400s", rec.ID, to, stream, err, got, want)
					}
					read++
				}
			}
		}
	}
	t.Logf("%d answers were read", read)
}

// recorded is a recorded answer; nil if it is none, or has pictures, which are
// not told by SDKs alike.
func recorded(t *testing.T, codec protocol.Codec, rec *corpus.Record) *protocol.Reply {
	t.Helper()
	text := []byte(rec.Response.Body)
	switch rec.Endpoint {
	case "messages", "chat", "responses", "generate", "stream_generate":
	default:
		return nil
	}
	if rec.Response.Status != http.StatusOK || len(text) == 0 {
		return nil
	}
	var reply *protocol.Reply
	var verdict protocol.Verdict
	if rec.Stream {
		var whole *protocol.Collector
		whole, verdict = codectest.Decode(t, rec.ID, codec, text, strings.HasPrefix(strings.TrimSpace(rec.Response.Body), "["), len(text))
		if !whole.Stopped {
			return nil
		}
		reply = &whole.Reply
	} else {
		verdict = codec.JudgeBody(codectest.Endpoint(codec, false), text)
		var err error
		if reply, err = codec.DecodeReply(text); err != nil {
			return nil
		}
	}
	if verdict.Kind != ai.OK || len(reply.Parts) == 0 {
		return nil
	}
	for i := range reply.Parts {
		if reply.Parts[i].Media != nil || reply.Parts[i].Call != nil && !strings.HasPrefix(strings.TrimSpace(reply.Parts[i].Call.Arguments+"{"), "{") {
			return nil
		}
	}
	reply.Usage = verdict.Usage
	return reply
}

// essence is what every SDK tells of an answer: its text and the names of its
// calls.
func essence(r *protocol.Reply) string {
	var text strings.Builder
	var calls []string
	for i := range r.Parts {
		switch part := &r.Parts[i]; part.Kind {
		case protocol.Text, protocol.Refusal:
			text.WriteString(part.Text)
		case protocol.Call:
			calls = append(calls, part.Call.Name)
		default:
		}
	}
	return text.String() + fmt.Sprint(calls)
}

func anthropicReader(url string) func(context.Context, bool) (string, error) {
	client := anthropic.NewClient(anthropicoption.WithBaseURL(url), anthropicoption.WithAPIKey("k"), anthropicoption.WithMaxRetries(0))
	return func(ctx context.Context, stream bool) (string, error) {
		msg := new(anthropic.Message)
		if stream {
			s := client.Messages.NewStreaming(ctx, anthropicParams())
			for s.Next() {
				if err := msg.Accumulate(s.Current()); err != nil {
					return "", err
				}
			}
			if err := s.Err(); err != nil {
				return "", err
			}
		} else {
			var err error
			if msg, err = client.Messages.New(ctx, anthropicParams()); err != nil {
				return "", err
			}
		}
		text, calls := "", []string(nil)
		for _, block := range msg.Content {
			switch b := block.AsAny().(type) {
			case anthropic.TextBlock:
				text += b.Text
			case anthropic.ToolUseBlock:
				calls = append(calls, b.Name)
			}
		}
		return text + fmt.Sprint(calls), nil
	}
}

func chatReader(url string) func(context.Context, bool) (string, error) {
	client := openai.NewClient(option.WithBaseURL(url), option.WithAPIKey("k"), option.WithMaxRetries(0))
	return func(ctx context.Context, stream bool) (string, error) {
		var chat openai.ChatCompletion
		if stream {
			s := client.Chat.Completions.NewStreaming(ctx, chatParams())
			var acc openai.ChatCompletionAccumulator
			for s.Next() {
				if !acc.AddChunk(s.Current()) {
					return "", fmt.Errorf("the SDK cannot add a chunk")
				}
			}
			if err := s.Err(); err != nil {
				return "", err
			}
			chat = acc.ChatCompletion
		} else {
			c, err := client.Chat.Completions.New(ctx, chatParams())
			if err != nil {
				return "", err
			}
			chat = *c
		}
		var calls []string
		for _, call := range chat.Choices[0].Message.ToolCalls {
			name := call.Function.Name
			if name == "" {
				name = call.Custom.Name
			}
			calls = append(calls, name)
		}
		return chat.Choices[0].Message.Content + chat.Choices[0].Message.Refusal + fmt.Sprint(calls), nil
	}
}

func responsesReader(url string) func(context.Context, bool) (string, error) {
	client := openai.NewClient(option.WithBaseURL(url), option.WithAPIKey("k"), option.WithMaxRetries(0))
	params := responses.ResponseNewParams{Model: "m", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("hi")}}
	return func(ctx context.Context, stream bool) (string, error) {
		var resp *responses.Response
		if stream {
			s := client.Responses.NewStreaming(ctx, params)
			for s.Next() {
				switch e := s.Current().AsAny().(type) {
				case responses.ResponseCompletedEvent:
					resp = &e.Response
				case responses.ResponseIncompleteEvent:
					resp = &e.Response
				}
			}
			if err := s.Err(); err != nil || resp == nil {
				return "", fmt.Errorf("completed %v, %w", resp != nil, err)
			}
		} else {
			var err error
			if resp, err = client.Responses.New(ctx, params); err != nil {
				return "", err
			}
		}
		text, calls := "", []string(nil)
		for _, item := range resp.Output {
			switch i := item.AsAny().(type) {
			case responses.ResponseOutputMessage:
				for _, c := range i.Content {
					text += c.Text + c.Refusal
				}
			case responses.ResponseFunctionToolCall:
				calls = append(calls, i.Name)
			case responses.ResponseCustomToolCall:
				calls = append(calls, i.Name)
			}
		}
		return text + fmt.Sprint(calls), nil
	}
}

func geminiReader(t *testing.T, url string) func(context.Context, bool) (string, error) {
	t.Helper()
	client, err := genai.NewClient(t.Context(), &genai.ClientConfig{
		APIKey: "k", Backend: genai.BackendGeminiAPI, HTTPOptions: genai.HTTPOptions{BaseURL: url},
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, stream bool) (string, error) {
		text, calls := "", []string(nil)
		take := func(resp *genai.GenerateContentResponse) {
			if len(resp.Candidates) == 0 || resp.Candidates[0].Content == nil {
				return
			}
			for _, part := range resp.Candidates[0].Content.Parts {
				if !part.Thought {
					text += part.Text
				}
				if part.FunctionCall != nil {
					calls = append(calls, part.FunctionCall.Name)
				}
			}
		}
		if !stream {
			resp, err := client.Models.GenerateContent(ctx, "m", genai.Text("hi"), nil)
			if err != nil {
				return "", err
			}
			take(resp)
			return text + fmt.Sprint(calls), nil
		}
		for resp, err := range client.Models.GenerateContentStream(ctx, "m", genai.Text("hi"), nil) {
			if err != nil {
				return "", err
			}
			take(resp)
		}
		return text + fmt.Sprint(calls), nil
	}
}
