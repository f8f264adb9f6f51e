package ccload

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/gateway"
	"github.com/ccload/ccload/internal/codectest"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// TestAnswersNameTheModelAskedFor: where the name was changed on the way up,
// answers of every protocol, whole, streamed and as an array, name the model
// that the client asked for and keep all other bytes; where it was not, they
// keep all.
func TestAnswersNameTheModelAskedFor(t *testing.T) {
	t.Parallel()
	for _, up := range ai.Protocols {
		for _, client := range ai.Protocols {
			for _, form := range []string{"whole", "stream", "array"} {
				if form == "array" && client != ai.Gemini {
					continue
				}
				for _, asked := range []string{"up-1", "renamed", "other-name"} { // as it is, by a model line, by an alias
					t.Run(fmt.Sprintf("%s from %s, %s, %s", client, up, form, asked), func(t *testing.T) {
						t.Parallel()
						namesModel(t, up, client, form, asked)
					})
				}
			}
		}
	}
}

func namesModel(t *testing.T, up, client ai.Protocol, form, asked string) {
	t.Helper()
	const answered = "up-1-20260101"
	codec := gateway.CodecOf(up)
	said := &protocol.Reply{
		ID: "id_1", Model: answered, Parts: []protocol.Part{{Text: `it is "model":"` + answered + `" as it is`}},
		Usage: ai.Usage{Input: 12, Output: 7, Reported: true},
	}
	var sent string
	url := upstream(t, func(w http.ResponseWriter, _ []byte) {
		body := codec.EncodeReply(said, nil)
		w.Header().Set("Content-Type", "application/json")
		if form != "whole" {
			body = codectest.Encode(codec, said, nil, form == "array" && up == client)
			if form != "array" || up != client {
				w.Header().Set("Content-Type", "text/event-stream")
			}
		}
		sent = string(body)
		_, _ = w.Write(body)
	})
	g := newGateway(t, fmt.Sprintf("channel only {\nurl %s\nprotocol %s\nmodels up-1\nmodel renamed up-1\n}\nalias other-name up-1\n", url, up), "")
	path, body := generation(client, asked, form != "whole")
	if form == "array" {
		path = strings.TrimSuffix(path, "?alt=sse")
	}
	a := g.post(path, body).want(t, http.StatusOK)
	switch {
	case up == client && asked == "up-1":
		if a.Body != sent {
			t.Errorf("the answer has other bytes:\n%s", a.Body)
		}
	case up == client:
		name := `"model":"`
		if up == ai.Gemini {
			name = `"modelVersion":"`
		}
		if want := strings.ReplaceAll(sent, name+answered+`"`, name+asked+`"`); a.Body != want {
			t.Errorf("got\n%s\nwant\n%s", a.Body, want)
		}
	default:
		for _, name := range modelsNamed(t, client, a.Body, form) {
			if name != asked {
				t.Errorf("the answer names %q:\n%s", name, a.Body)
			}
		}
	}
	rec := g.record(a)
	if rec.UpstreamModel != "up-1" || rec.Attempts[0].Substituted != "" {
		t.Errorf("recorded %q, substituted %q", rec.UpstreamModel, rec.Attempts[0].Substituted)
	}
}

// modelsNamed are the names of the model in an answer.
func modelsNamed(t *testing.T, p ai.Protocol, body, form string) (names []string) {
	t.Helper()
	member, within := gateway.CodecOf(p).(protocol.ModelNamer).ModelMember()
	read := func(object []byte) {
		for _, path := range [][]string{{member}, {within, member}} {
			if from, to, ok := scan.Get(object, path...); ok {
				name, _ := scan.String(object[from:to])
				names = append(names, name)
			}
		}
	}
	switch form {
	case "whole":
		read([]byte(body))
	case "array":
		_ = scan.Elements([]byte(body), func(from, to int) bool {
			read([]byte(body)[from:to])
			return true
		})
	default:
		for _, ev := range codectest.Events(t, []byte(body)) {
			read(ev.Data)
		}
	}
	if len(names) == 0 {
		t.Errorf("the answer names no model:\n%s", body)
	}
	return names
}

// TestSubstitutedModels: an upstream that answers with another model than it was
// sent is found out in every protocol, streamed or not, and shown.
func TestSubstitutedModels(t *testing.T) {
	t.Parallel()
	for _, up := range ai.Protocols {
		for _, client := range ai.Protocols {
			codec := gateway.CodecOf(up)
			said := &protocol.Reply{ID: "id_1", Model: "cheap-mini", Parts: []protocol.Part{{Text: "hi"}}, Usage: ai.Usage{Input: 12, Output: 7, Reported: true}}
			for _, stream := range []bool{false, true} {
				url := upstream(t, func(w http.ResponseWriter, _ []byte) {
					if stream {
						w.Header().Set("Content-Type", "text/event-stream")
						_, _ = w.Write(codectest.Encode(codec, said, nil, false))
						return
					}
					w.Header().Set("Content-Type", "application/json")
					_, _ = w.Write(codec.EncodeReply(said, nil))
				})
				g := newGateway(t, fmt.Sprintf("channel only {\nurl %s\nprotocol %s\nmodel m dear-large\n}\n", url, up), "")
				a := g.ask(client, stream).want(t, http.StatusOK)
				if rec := g.record(a); rec.Attempts[0].Substituted != "cheap-mini" {
					t.Errorf("%s from %s, streamed %v: substituted %q", client, up, stream, rec.Attempts[0].Substituted)
				}
				if strings.Contains(a.Body, "cheap-mini") {
					t.Errorf("%s from %s, streamed %v: the client is told %s", client, up, stream, a.Body)
				}
				channels := g.app.control.Channels(g.record(a).Time)
				if shown := channels[0].Substituted["dear-large"]; shown != "cheap-mini" {
					t.Errorf("%s from %s, streamed %v: the channel shows %q", client, up, stream, shown)
				}
			}
		}
	}
}

// TestInputAtTheBeginning: a translated stream of Messages says at its
// beginning how long the input is: what the upstream said by then, or else what
// was counted here.
func TestInputAtTheBeginning(t *testing.T) {
	t.Parallel()
	for _, up := range []ai.Protocol{ai.OpenAI, ai.Responses, ai.Gemini} {
		for _, early := range []bool{false, true} {
			if early && up != ai.Gemini {
				continue // the others tell it at the end
			}
			codec := gateway.CodecOf(up)
			said := &protocol.Reply{ID: "id_1", Model: "m", Parts: []protocol.Part{{Text: "hi"}}, Usage: ai.Usage{Input: 321, Output: 7, Reported: true}}
			url := upstream(t, func(w http.ResponseWriter, _ []byte) {
				w.Header().Set("Content-Type", "text/event-stream")
				if early {
					_, _ = w.Write([]byte(`data: {"candidates":[{"content":{"role":"model","parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":321,"totalTokenCount":321}}` + "\n\n"))
				}
				_, _ = w.Write(codectest.Encode(codec, said, &protocol.Prompt{WantsUsage: true}, false))
			})
			g := newGateway(t, fmt.Sprintf("channel only {\nurl %s\nprotocol %s\n}\n", url, up), "")
			a := g.ask(ai.Anthropic, true).want(t, http.StatusOK)
			start := codectest.Events(t, []byte(a.Body))[0].Data
			from, to, _ := scan.Get(start, "message", "usage", "input_tokens")
			n, _ := scan.Int(start[from:to])
			if n == 0 || early != (n == 321) {
				t.Errorf("%s: %s", up, start)
			}
			if used := g.record(a).Usage; used.Input != 321 || used.Estimated {
				t.Errorf("%s: recorded %+v", up, used)
			}
		}
	}
}

// TestRenamedStreamBreaksOff: a renamed stream that is cut within an event ends
// with the protocol's error behind whole events, also as an array.
func TestRenamedStreamBreaksOff(t *testing.T) {
	t.Parallel()
	for _, p := range ai.Protocols {
		for _, array := range []bool{false, p == ai.Gemini} {
			codec := gateway.CodecOf(p)
			said := &protocol.Reply{ID: "id_1", Model: "up-1", Parts: []protocol.Part{{Text: "one two three"}}}
			body := codectest.Encode(codec, said, nil, array)
			cut := strings.Index(string(body), "three") + len("three")
			cut += strings.Index(string(body[cut:]), "\n") + 8 // within the next event
			url := upstream(t, func(w http.ResponseWriter, _ []byte) {
				w.Header().Set("Content-Type", "text/event-stream")
				if array {
					w.Header().Set("Content-Type", "application/json")
				}
				_, _ = w.Write(body[:cut])
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			})
			g := newGateway(t, fmt.Sprintf("channel only {\nurl %s\nprotocol %s\nmodel m up-1\n}\n", url, p), "")
			path, ask := generation(p, "m", true)
			if array {
				path = strings.TrimSuffix(path, "?alt=sse")
			}
			a := g.post(path, ask)
			if strings.Contains(a.Body, "up-1") || !strings.Contains(a.Body, "three") || !strings.Contains(a.Body, "broke off") {
				t.Errorf("%s, array %v: %s", p, array, a.Body)
			}
			if array && scan.Valid([]byte(a.Body)) != nil {
				t.Errorf("the array cannot be read:\n%s", a.Body)
			}
		}
	}
}
