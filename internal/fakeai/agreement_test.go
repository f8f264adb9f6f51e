package fakeai_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/fakeai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
	"github.com/ccload/ccload/protocol/gemini"
	"github.com/ccload/ccload/protocol/openai"
	"github.com/ccload/ccload/protocol/responses"
	"github.com/ccload/ccload/protocol/sse"
)

var formats = map[ai.Protocol]protocol.Format{
	ai.Anthropic: anthropic.Format{}, ai.OpenAI: openai.Format{}, ai.Responses: responses.Format{}, ai.Gemini: gemini.Format{},
}

// endpointOf is the row of a format's table for generations.
func endpointOf(t *testing.T, f protocol.Format, stream bool) *protocol.Endpoint {
	t.Helper()
	list := f.Endpoints()
	i := slices.IndexFunc(list, func(e protocol.Endpoint) bool {
		return e.Operation == ai.Generate && (f.ID() != ai.Gemini || (e.Streams == protocol.StreamAlways) == stream)
	})
	if i < 0 {
		t.Fatalf("%s has no generations", f.ID())
	}
	return &list[i]
}

// judge is the gateway's judgement of an answer.
func judge(t *testing.T, p ai.Protocol, stream bool, body string) protocol.Verdict {
	t.Helper()
	f := formats[p]
	ep := endpointOf(t, f, stream)
	if !stream {
		return f.JudgeBody(ep, []byte(body))
	}
	j := f.NewJudge(ep)
	var scanner sse.Scanner
	event := func(e sse.Event) bool { j.Event(e); return true }
	if err := scanner.Feed([]byte(body), event); err != nil {
		t.Fatal(err)
	}
	scanner.Close(event)
	return j.Verdict()
}

// What the fake provider means by a scenario and what the gateway takes it for
// must be the same.
func TestTheGatewayReadsItAsItIsMeant(t *testing.T) {
	s := start(t, fakeai.Options{})
	for _, tt := range []struct {
		scenario string
		kind     ai.Kind // of the stream
		plain    ai.Kind // of the answer that is not streamed
	}{
		{"ok", ai.OK, ai.OK},
		{"think", ai.OK, ai.OK},
		{"n20-e30", ai.OK, ai.OK},
		{"comments-crlf-noevent", ai.OK, ai.OK},
		{"nodone", ai.OK, ai.OK},
		{"badutf8", ai.OK, ai.OK},
		{"sseerr", ai.SoftError, ai.SoftError},
		{"ssestart", ai.SoftError, ai.SoftError},
		{"ssemid", ai.SoftError, ai.SoftError},
		{"noend", ai.Truncated, ai.Truncated},
		{"half", ai.Truncated, ai.Truncated},
		{"hollow", ai.Empty, ai.Empty},
		{"pings", ai.Empty, ai.Empty},
		{"err200", ai.BadAnswer, ai.SoftError},
	} {
		for _, p := range ai.Protocols {
			for _, stream := range []bool{true, false} {
				want := tt.kind
				if !stream {
					want = tt.plain
				}
				if tt.scenario == "err200" && stream {
					continue // no stream: it is judged as a body
				}
				if tt.scenario == "nodone" && p == ai.Responses && stream {
					want = ai.Truncated // its end marker is what says that it is complete
				}
				x := generate(t, s, p, stream, "mk-"+tt.scenario)
				v := judge(t, p, stream, x.body)
				if v.Kind != want {
					t.Errorf("%s, %s, stream %v: %v, want %v\n%s", tt.scenario, p, stream, v.Kind, want, x.body)
					continue
				}
				if want != ai.OK || strings.Contains(tt.scenario, "nodone") {
					continue
				}
				r := s.Last()
				if diff := cmp.Diff(r.Usage, v.Usage); diff != "" {
					t.Errorf("%s, %s, stream %v: usage (-told +read)\n%s", tt.scenario, p, stream, diff)
				}
				if v.Model != "some-model" {
					t.Errorf("%s, %s, stream %v: model %q", tt.scenario, p, stream, v.Model)
				}
				if p == ai.Responses && v.ResponseID != r.ResponseID {
					t.Errorf("%s, stream %v: id %q, want %q", tt.scenario, stream, v.ResponseID, r.ResponseID)
				}
			}
		}
	}
}
