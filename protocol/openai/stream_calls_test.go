package openai_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/internal/codectest"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/anthropic"
	"github.com/ccload/ccload/protocol/gemini"
	"github.com/ccload/ccload/protocol/openai"
	"github.com/ccload/ccload/protocol/responses"
)

// deltas is a stream of chunks with these deltas.
func deltas(list ...string) []byte {
	var b strings.Builder
	for _, d := range append([]string{`{"role":"assistant","content":null}`}, list...) {
		fmt.Fprintf(&b, "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":%s,\"finish_reason\":null}]}\n\n", d)
	}
	b.WriteString("data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n")
	return []byte(b.String())
}

// piece is a delta with a piece of a call; empty members are left out.
func piece(index int, id, name, arguments string) string {
	return `{"tool_calls":[` + element(index, id, name, arguments) + `]}`
}

func element(index int, id, name, arguments string) string {
	var members []string
	if index >= 0 {
		members = append(members, fmt.Sprintf(`"index":%d`, index))
	}
	if id != "" {
		members = append(members, fmt.Sprintf(`"id":%q,"type":"function"`, id))
	}
	function, _ := json.Marshal(map[string]string{"name": name, "arguments": arguments})
	if name == "" {
		function, _ = json.Marshal(map[string]string{"arguments": arguments})
	}
	return "{" + strings.Join(append(members, `"function":`+string(function)), ",") + "}"
}

// outline is an answer in a line for each part.
func outline(r *protocol.Reply) []string {
	var lines []string
	for i := range r.Parts {
		part := &r.Parts[i]
		if part.Call != nil {
			id := part.Call.ID
			if protocol.IsMadeUp(id) {
				id = "made up"
			}
			lines = append(lines, id+" "+part.Call.Name+part.Call.Arguments)
			continue
		}
		lines = append(lines, fmt.Sprintf("%d %s", part.Kind, part.Text))
	}
	return lines
}

// TestStreamedCalls: whatever a vendor does with indexes, ids and names, and
// whatever it says between two pieces, a call is one call and whole.
func TestStreamedCalls(t *testing.T) {
	t.Parallel()
	const l, r = `{"path":"l"}`, `{"path":"r"}`
	both := []string{"a read" + l, "b read" + r}
	unnamed := []string{"made up read" + l, "made up read" + r}
	for _, test := range []struct {
		name   string
		deltas []string
		want   []string
	}{
		{"one after the other", []string{piece(0, "a", "read", ""), piece(0, "", "", l), piece(1, "b", "read", ""), piece(1, "", "", r)}, both},
		{"interleaved", []string{
			piece(0, "a", "read", ""), piece(1, "b", "read", ""), piece(1, "", "", `{"path":`), piece(0, "", "", `{"path":`), piece(0, "", "", `"l"}`), piece(1, "", "", `"r"}`),
		}, both},
		{"several in a chunk", []string{
			`{"tool_calls":[` + element(0, "a", "read", "") + "," + element(1, "b", "read", "") + `]}`,
			`{"tool_calls":[` + element(0, "", "", l) + "," + element(1, "", "", r) + `]}`,
		}, both},
		{"several in a chunk without indexes", []string{
			`{"tool_calls":[` + element(-1, "a", "read", "") + "," + element(-1, "b", "read", "") + `]}`,
			`{"tool_calls":[` + element(-1, "", "", l) + "," + element(-1, "", "", r) + `]}`,
		}, both},
		{"no index", []string{piece(-1, "a", "read", ""), piece(-1, "", "", l[:5]), piece(-1, "", "", l[5:]), piece(-1, "b", "read", ""), piece(-1, "", "", r)}, both},
		{"no index, id in each piece", []string{piece(-1, "a", "read", ""), piece(-1, "a", "", l), piece(-1, "b", "read", ""), piece(-1, "b", "", r)}, both},
		{"no index, interleaved by id", []string{
			piece(-1, "a", "read", ""), piece(-1, "b", "read", ""), piece(-1, "a", "", l[:5]), piece(-1, "b", "", r), piece(-1, "a", "", l[5:]),
		}, both},
		{"no index and no id", []string{piece(-1, "", "read", l), piece(-1, "", "read", r)}, unnamed},
		{"no index and no id, in a chunk", []string{`{"tool_calls":[` + element(-1, "", "read", l) + "," + element(-1, "", "read", r) + `]}`}, unnamed},
		{"no id", []string{piece(0, "", "read", l), piece(1, "", "read", r)}, unnamed},
		{"all on index 0", []string{piece(0, "a", "read", l), piece(0, "b", "read", r)}, both},
		{"all on index 0, in pieces", []string{piece(0, "a", "read", ""), piece(0, "", "", l), piece(0, "b", "read", ""), piece(0, "", "", r)}, both},
		{"all on index 0 without id", []string{piece(0, "", "read", l), piece(0, "", "read", r)}, unnamed},
		{"indexes from 1", []string{piece(1, "a", "read", ""), piece(1, "", "", l), piece(2, "b", "read", ""), piece(2, "", "", r)}, both},
		{"pieces one index off", []string{piece(1, "a", "read", ""), piece(0, "", "", l), piece(2, "b", "read", ""), piece(1, "", "", r)}, both},
		{"an id made up for each piece", []string{piece(0, "a", "read", ""), piece(0, "x", "", l), piece(1, "b", "read", ""), piece(1, "y", "", r)}, both},
		{"the name once more in each piece", []string{piece(0, "a", "read", l[:5]), piece(0, "a", "read", l[5:]), piece(1, "b", "read", r[:5]), piece(1, "b", "read", r[5:])}, both},
		{"the name in pieces", []string{piece(0, "a", "re", ""), piece(0, "", "ad", ""), piece(0, "", "", l), piece(1, "b", "r", ""), piece(1, "", "ead", r)}, both},
		{"the name in pieces, no index", []string{piece(-1, "a", "re", ""), piece(-1, "", "ad", ""), piece(-1, "", "", l), piece(-1, "b", "rea", ""), piece(-1, "", "d", r)}, both},
		{"the name behind the arguments", []string{piece(0, "a", "", l), piece(0, "", "read", ""), piece(1, "b", "", ""), piece(1, "", "", r), piece(1, "b", "read", "")}, both},
		{"one id for two", []string{piece(0, "a", "read", l), piece(1, "a", "read", r)}, []string{"a read" + l, "made up read" + r}},
		{"white space behind the arguments", []string{piece(0, "a", "read", l), piece(0, "", "", "\n"), piece(1, "b", "read", r)}, both},
		{"no arguments", []string{piece(0, "a", "now", ""), piece(1, "b", "read", r)}, []string{"a now", "b read" + r}},
		{"an empty piece beside a text", []string{`{"content":"Hi","tool_calls":[` + element(0, "", "", "") + `]}`, `{"content":" you","tool_calls":[]}`}, []string{"0 Hi you"}},
		{"text between", []string{piece(0, "a", "read", l[:5]), `{"content":"\n"}`, piece(0, "", "", l[5:])}, []string{"a read" + l, "0 \n"}},
		{"text in the same chunk", []string{piece(0, "a", "read", l[:5]), `{"content":"\n","tool_calls":[` + element(0, "", "", l[5:]) + `]}`}, []string{"a read" + l, "0 \n"}},
		{"thought between", []string{piece(0, "a", "read", l[:5]), `{"reasoning_content":"mm"}`, piece(0, "", "", l[5:]), piece(1, "b", "read", r)}, []string{"a read" + l, "7 mm", "b read" + r}},
		{"refusal between", []string{piece(0, "a", "read", l[:5]), `{"refusal":"No"}`, piece(0, "", "", l[5:])}, []string{"a read" + l, "8 No"}},
		{"texts and thoughts between two", []string{
			`{"content":"So"}`, piece(0, "a", "read", l[:5]), `{"content":" be"}`, piece(1, "b", "read", r[:5]), `{"reasoning_content":"h"}`, piece(0, "", "", l[5:]), `{"reasoning_content":"m"}`, piece(1, "", "", r[5:]), `{"content":" it"}`,
		}, []string{"0 So", "a read" + l, "0  be", "b read" + r, "7 hm", "0  it"}},
		{"an emoji in halves", []string{`{"content":"ok \ud83d"}`, `{"content":""}`, `{"content":"\ude00!"}`}, []string{"0 ok 😀!"}},
		{"emojis in halves everywhere", []string{
			`{"reasoning_content":"a\uD83D"}`, `{"reasoning_content":"\uDE00"}`, `{"content":"b\ud83d"}`, `{"content":"\ude00\ud83d"}`, `{"content":"\ude01"}`,
			`{"tool_calls":[{"index":0,"id":"a","function":{"name":"read","arguments":"{\"p\":\"\ud83d"}}]}`, `{"tool_calls":[{"index":0,"function":{"arguments":"\ude00\"}"}}]}`,
		}, []string{"7 a😀", "0 b😀😁", `a read{"p":"😀"}`}},
		{"halves that never meet", []string{`{"content":"a\ud83d"}`, `{"content":"b \\ud83d"}`, `{"content":"\ude00"}`}, []string{"0 a\ufffdb \\ud83d\ufffd"}},
		{"the form of before", []string{`{"function_call":{"name":"read","arguments":""}}`, `{"function_call":{"arguments":"{\"path\":\"l\"}"}}`}, []string{"made up read" + l}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body := deltas(test.deltas...)
			whole, _ := codectest.Decode(t, test.name, openai.Format{}, body, false, len(body))
			if diff := cmp.Diff(test.want, outline(&whole.Reply)); diff != "" {
				t.Errorf("%s", diff)
			}
			for _, client := range []protocol.Codec{anthropic.Format{}, responses.Format{}, gemini.Format{}} {
				codectest.Through(t, client, openai.Format{}, body, &whole.Reply)
			}
		})
	}
}
