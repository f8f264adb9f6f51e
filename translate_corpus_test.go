package ccload

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/internal/codectest"
	"github.com/ccload/ccload/internal/corpus"
	"github.com/ccload/ccload/protocol"
)

// recordedGenerations are the recordings of the protocols' own services.
var recordedGenerations = map[ai.Protocol]struct{ dir, samples, endpoint string }{
	ai.Anthropic: {"anthropic", "protocol/anthropic", "messages"},
	ai.OpenAI:    {"openai_chat", "protocol/openai", "chat"},
	ai.Responses: {"openai_responses", "protocol/responses", "responses"},
	ai.Gemini:    {"gemini", "protocol/gemini", "generate"},
}

// mayBeLost is what of a prompt's meaning may be lost on the way from one
// protocol to another and back, by how its line begins: nothing else.
var mayBeLost = []loss{
	{"", "", "assistant: thought", "who made a thought understands it; others get none"},
	{"", ai.OpenAI, "user: media", "what a tool showed is shown by the user there"},
	{"", ai.OpenAI, "temperature", "reasoning models take none"},
}

// loss is a line that may be lost, and why.
type loss struct {
	from, to  ai.Protocol // "" stands for any
	line, why string
}

// TestTranslatedCorpus takes every recorded exchange to each other protocol and
// back. What is lost of a request is a declared loss or named as dropped; an
// answer says the same, and costs the same, in each.
func TestTranslatedCorpus(t *testing.T) {
	for _, from := range ai.Protocols {
		t.Run(string(from), func(t *testing.T) {
			t.Parallel()
			where := recordedGenerations[from]
			tally := make(map[string]int)
			for _, rec := range corpus.LoadFrom(t, where.samples, where.dir) {
				if !strings.HasSuffix(rec.Endpoint, where.endpoint) || rec.Response.Status != http.StatusOK {
					continue
				}
				if oddities[rec.ID] != "" {
					continue
				}
				prompt := recordedPrompt(t, from, &rec)
				reply := recordedReply(t, from, &rec)
				for _, to := range ai.Protocols {
					if to == from {
						continue
					}
					if prompt != nil {
						tally[promptThere(t, &rec, prompt, from, to)]++
					}
					if reply != nil {
						replyThere(t, &rec, reply, to)
						tally["answers"]++
					}
				}
			}
			var lines []string
			for what, n := range tally {
				lines = append(lines, fmt.Sprintf("%d %s", n, what))
			}
			slices.Sort(lines)
			t.Log(strings.Join(lines, "\n"))
		})
	}
}

func recordedPrompt(t *testing.T, p ai.Protocol, rec *corpus.Record) *protocol.Prompt {
	t.Helper()
	if rec.Request.Body == "" {
		return nil
	}
	codec := gateway.CodecOf(p)
	prompt, err := codec.DecodePrompt(&protocol.Inbound{
		Endpoint: protocol.GenerateEndpoint(codec, rec.Stream), Model: "m", Stream: rec.Stream, Body: []byte(rec.Request.Body),
	})
	if err != nil {
		return nil // the codec's own test knows which and why
	}
	return prompt
}

// promptThere says a prompt in another protocol, reads it there, and compares.
// It returns what became of it.
func promptThere(t *testing.T, rec *corpus.Record, prompt *protocol.Prompt, from, to ai.Protocol) string {
	t.Helper()
	if len(prompt.Native) > 0 {
		return "requests that only their own protocol can say"
	}
	codec := gateway.CodecOf(to)
	model := map[ai.Protocol]string{
		ai.Anthropic: "claude-opus-4-6", ai.OpenAI: "gpt-4.1", ai.Responses: "gpt-4.1", ai.Gemini: "gemini-3-pro-preview",
	}[to]
	out, err := protocol.EncodePrompt(codec, prompt, model)
	if cannot, ok := errors.AsType[*protocol.InexpressibleError](err); ok {
		return fmt.Sprintf("requests that %s cannot say: %s", to, cannot.Field)
	}
	if err != nil {
		t.Errorf("%s: to %s: %v", rec.ID, to, err)
		return "failed"
	}
	there, err := codec.DecodePrompt(&protocol.Inbound{
		Endpoint: protocol.GenerateEndpoint(codec, prompt.Stream), Model: model, Stream: prompt.Stream, Body: out.Body,
	})
	if err != nil {
		t.Errorf("%s: what %s would get: %v\n%s", rec.ID, to, err, clipped(string(out.Body)))
		return "failed"
	}
	if c := &prompt.Choice; c.Mode != protocol.ChoiceTool && len(c.Names) > 0 { // the others need not be offered
		for _, p := range []*protocol.Prompt{prompt, there} {
			p.Tools = slices.DeleteFunc(p.Tools, func(t protocol.Tool) bool { return !slices.Contains(c.Names, t.Name) })
		}
	}
	want := survivors(codectest.Essence(prompt, out.Hints), from, to)
	got := survivors(codectest.Essence(there, out.Hints), from, to)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: to %s (dropped %v): %s", rec.ID, to, out.Hints, diff)
	}
	return "requests said in " + string(to)
}

// oddities are recordings with something in them that nobody needs to keep.
var oddities = map[string]string{
	"openai_responses-68cb79554a15": "its picture was shortened by whoever recorded it and is no base64",
	"openai_chat-b5a9fa46863b":      "a system turn and nothing else, which Gemini takes for the user's",
	"anthropic-e7d70d098c0e":        "a document of text, which becomes a text",
}

// survivors are the lines that may not be lost. System turns may move to the
// front, and the schemas of tools may be said in another way.
// inWords is what asks for the form of an answer.
var inWords = regexp.MustCompile(regexp.QuoteMeta(protocol.InWords) + `( It keeps to this JSON schema:.*)?`)

func survivors(lines []string, from, to ai.Protocol) []string {
	var system, rest []string
	for _, line := range lines {
		if slices.ContainsFunc(mayBeLost, func(l loss) bool {
			return (l.from == "" || l.from == from) && (l.to == "" || l.to == to) && strings.HasPrefix(line, l.line)
		}) {
			continue
		}
		line = strings.TrimRight(line, " \n")
		if line == "user: text" || line == "assistant: text" {
			continue // white space
		}
		switch {
		case strings.HasPrefix(line, "assistant: 9 "): // what a search found is in the text behind it
		case line == "user: text .": // where a conversation must have a message
		case strings.HasPrefix(line, "user: media 2 text/"): // a text file may be written as text
		case strings.HasPrefix(line, "tool 2"), strings.HasPrefix(line, "tool 3"): // searches and the like are the provider's to offer
		case strings.HasPrefix(line, `tool 0 answer "Takes the whole answer.`): // see Prompt.WithFormByTool
		case strings.HasPrefix(line, "system: text "):
			system = append(system, strings.TrimPrefix(line, "system: text "))
		case strings.HasPrefix(line, "tool "):
			name, _, _ := strings.Cut(line, `"`)
			rest = append(rest, name[len("tool 0 "):])
		case strings.HasPrefix(line, "choice "), strings.HasPrefix(line, "stream"), strings.HasPrefix(line, "json"):
		default:
			rest = append(rest, line)
		}
	}
	for i := len(rest) - 1; i > 0; i-- { // what a system turn stood between
		if text, ok := strings.CutPrefix(rest[i], "user: text "); ok && strings.HasPrefix(rest[i-1], "user: text ") {
			rest[i-1] = strings.TrimRight(rest[i-1]+"\n"+text, " \n")
			rest = slices.Delete(rest, i, i+1)
		}
	}
	all := strings.TrimSpace(inWords.ReplaceAllString(strings.Join(system, "\n"), ""))
	return append([]string{"system: " + all}, rest...)
}

func recordedReply(t *testing.T, p ai.Protocol, rec *corpus.Record) *protocol.Reply {
	t.Helper()
	codec := gateway.CodecOf(p)
	body := []byte(rec.Response.Body)
	if rec.Stream {
		array := strings.HasPrefix(strings.TrimSpace(rec.Response.Body), "[")
		whole, v := codectest.Decode(t, rec.ID, codec, body, array, len(body))
		if v.Kind != ai.OK || !whole.Stopped || len(whole.Reply.Parts) == 0 {
			return nil
		}
		whole.Reply.Usage = v.Usage
		return &whole.Reply
	}
	v := codec.JudgeBody(protocol.GenerateEndpoint(codec, false), body)
	if v.Kind != ai.OK {
		return nil
	}
	reply, err := codec.DecodeReply(body)
	if err != nil || len(reply.Parts) == 0 {
		return nil
	}
	reply.Usage = v.Usage
	return reply
}

// replyThere writes an answer for a client of another protocol, whole and as a
// stream, and holds it to what was said: with its thoughts, and without for one
// that did not ask for them.
func replyThere(t *testing.T, rec *corpus.Record, reply *protocol.Reply, to ai.Protocol) {
	t.Helper()
	codec := gateway.CodecOf(to)
	said := codectest.Said(reply)
	prompt := &protocol.Prompt{Model: "m", WantsUsage: true, Thinking: protocol.Thinking{Mode: protocol.ThinkingOn, Show: "summary"}}
	compare := func(how string, back *protocol.Reply, u *ai.Usage) {
		t.Helper()
		if diff := cmp.Diff(said, codectest.Said(back)); diff != "" {
			t.Errorf("%s: for a client of %s, %s: %s", rec.ID, to, how, diff)
		}
		if w := &reply.Usage; w.Reported && !w.Doubtful && (u.Input != w.Input || u.Output != w.Output || u.CachedInput != w.CachedInput) {
			t.Errorf("%s: for a client of %s, %s: usage %+v, want %+v", rec.ID, to, how, u, w)
		}
		if prompt.Thinking.Mode != protocol.ThinkingOn && len(back.Parts) > 0 && back.Parts[0].Kind == protocol.Thought {
			t.Errorf("%s: for a client of %s, %s: a thought comes first", rec.ID, to, how)
		}
	}
	both := func(how string) {
		t.Helper()
		text := codec.EncodeReply(reply, prompt)
		v := codec.JudgeBody(protocol.GenerateEndpoint(codec, false), text)
		back, err := codec.DecodeReply(text)
		if v.Kind != ai.OK && v.Kind != ai.ContentFilter || err != nil {
			t.Errorf("%s: for a client of %s%s: judged %s, %v\n%s", rec.ID, to, how, v.Kind, err, clipped(string(text)))
			return
		}
		compare("whole"+how, back, &v.Usage)
		stream := codectest.Encode(codec, reply, prompt, false)
		whole, v := codectest.Decode(t, rec.ID, codec, stream, false, len(stream))
		if v.Kind != ai.OK && v.Kind != ai.ContentFilter || !whole.Stopped {
			t.Errorf("%s: for a client of %s%s: the stream is judged %s\n%s", rec.ID, to, how, v.Kind, clipped(string(stream)))
			return
		}
		compare("streamed"+how, &whole.Reply, &v.Usage)
	}
	both("")
	if to == ai.Anthropic || to == ai.Gemini {
		prompt.Thinking, said[thoughtsSaid] = protocol.Thinking{}, ""
		both(" without thoughts")
	}
}

// thoughtsSaid is where in codectest.Said the thoughts are.
const thoughtsSaid = 2

// TestTranslatedStreamsCutAnywhere: wherever an upstream's stream breaks off,
// the client gets no end marker, and nothing panics.
func TestTranslatedStreamsCutAnywhere(t *testing.T) {
	markers := map[ai.Protocol][]string{
		ai.Anthropic: {"event: message_stop"}, ai.OpenAI: {"data: [DONE]"},
		ai.Responses: {"event: response.completed", "event: response.incomplete"}, ai.Gemini: {`"finishReason"`},
	}
	for _, up := range ai.Protocols {
		for _, client := range ai.Protocols {
			if up != client {
				t.Run(fmt.Sprintf("%s from %s", client, up), func(t *testing.T) {
					t.Parallel()
					codectest.CutEverywhere(t, recordedGenerations[up].samples, gateway.CodecOf(up), gateway.CodecOf(client), markers[client]...)
				})
			}
		}
	}
}

// BenchmarkTranslate is what a translation costs beside the call itself: the
// request there and the answer back. Its time per byte is what must not grow.
func BenchmarkTranslate(b *testing.B) {
	for _, size := range []int{1 << 10, 200 << 10} {
		text := strings.Repeat("The quick brown fox jumps over the lazy dog. ", size/45)
		for _, pair := range [][2]ai.Protocol{{ai.Anthropic, ai.OpenAI}, {ai.Anthropic, ai.Gemini}, {ai.OpenAI, ai.Anthropic}, {ai.Responses, ai.Anthropic}} {
			client, up := gateway.CodecOf(pair[0]), gateway.CodecOf(pair[1])
			prompt := &protocol.Prompt{Model: "m", MaxOutput: 100, Turns: []protocol.Turn{{Parts: []protocol.Part{{Text: text}}}}}
			request, err := client.EncodePrompt(prompt, "m")
			if err != nil {
				b.Fatal(err)
			}
			answer := up.EncodeReply(&protocol.Reply{ID: "x", Model: "m", Parts: []protocol.Part{{Text: text[:len(text)/4]}}}, prompt)
			b.Run(fmt.Sprintf("%s to %s/%d", pair[0], pair[1], size), func(b *testing.B) {
				b.SetBytes(int64(len(request.Body)))
				b.ReportAllocs()
				for b.Loop() {
					p, err := client.DecodePrompt(&protocol.Inbound{Endpoint: protocol.GenerateEndpoint(client, false), Model: "m", Body: request.Body})
					if err != nil {
						b.Fatal(err)
					}
					if _, err = up.EncodePrompt(p, "m"); err != nil {
						b.Fatal(err)
					}
					reply, err := up.DecodeReply(answer)
					if err != nil {
						b.Fatal(err)
					}
					client.EncodeReply(reply, p)
				}
			})
		}
	}
}
