package protocol_test

import (
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// TestSeals: what is sealed comes back, in whichever format it went.
func TestSeals(t *testing.T) {
	part := protocol.Part{Kind: protocol.Thought, Text: "hm <&>", Signature: "sig+/=", Origin: ai.Anthropic, ID: "rs_1", Redacted: true}
	for _, whole := range []bool{true, false} {
		seal := part.Seal(whole)
		got := protocol.Part{Kind: protocol.Thought, Text: "as the client gave it"}
		got.Unseal(seal, ai.Gemini)
		want := part
		if !whole {
			want.Text = "as the client gave it"
		}
		if got.Text != want.Text || got.Signature != want.Signature || got.Origin != want.Origin || got.ID != want.ID || !got.Redacted {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if !protocol.Sealed([]byte(`{"signature":"` + seal + `"}`)) {
			t.Error("the seal is not seen")
		}
	}
	for _, own := range []string{"", "ErUBCkYIAxgCIkD", "Y2NsMX", "Y2NsMXs!", "Y2NsMXsgfQ=="} {
		var got protocol.Part
		if got.Unseal(own, ai.Anthropic); got.Origin == "" && own != "Y2NsMXsgfQ==" {
			t.Errorf("%q: %+v", own, got)
		}
	}
}

func TestIDs(t *testing.T) {
	for _, id := range []string{"toolu_01-a", "call.with/odd letters", "", "ccw_x", "é"} {
		plain := protocol.PlainID(id)
		if strings.Trim(plain, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" || plain == "" {
			t.Errorf("%q became %q", id, plain)
		}
		if back := protocol.OriginalID(plain); back != id {
			t.Errorf("%q came back as %q", id, back)
		}
	}
	if a, b := protocol.MadeUpID(), protocol.MadeUpID(); a == b || !protocol.IsMadeUp(a) || protocol.IsMadeUp("toolu_1") {
		t.Errorf("made up %q and %q", a, b)
	}
}

// TestWithoutSeals: an upstream of the request's own format is not shown what
// another signed, and everything else keeps its bytes.
func TestWithoutSeals(t *testing.T) {
	part := protocol.Part{Signature: "s", Origin: ai.Gemini}
	seal := part.Seal(false)
	for _, row := range []struct{ name, body, want string }{
		{"none", ` {"a": [1, 2]} `, `{"a": [1, 2]}`},
		{
			"anthropic", `{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"SEAL"},{"type":"text", "text":"x"}]}], "max_tokens":5}`,
			`{"messages":[{"role":"assistant","content":[{"type":"text", "text":"x"}]}],"max_tokens":5}`,
		},
		{
			"responses", `{"input":[{"type":"reasoning","id":"r","summary":[],"encrypted_content":"SEAL"},{"type":"message"}]}`,
			`{"input":[{"type":"message"}]}`,
		},
		{
			"gemini", `{"contents":[{"parts":[{"thought":true,"text":"t","thoughtSignature":"SEAL"},{"functionCall":{"name":"f"},"thoughtSignature":"SEAL"}]}]}`,
			`{"contents":[{"parts":[{"functionCall":{"name":"f"}}]}]}`,
		},
		{
			"chat", `{"messages":[{"role":"assistant","reasoning_details":[{"type":"reasoning.encrypted","data":"SEAL"}],"tool_calls":[{"id":"call_1.SEAL","type":"function"}]},{"role":"tool","tool_call_id":"call_1.SEAL","content":"x"}]}`,
			`{"messages":[{"role":"assistant","tool_calls":[{"id":"call_1","type":"function"}]},{"role":"tool","tool_call_id":"call_1","content":"x"}]}`,
		},
		{
			"anthropic, a message of nothing else", `{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"SEAL"},{"type":"redacted_thinking","data":"SEAL"}]},{"role":"user","content":"Go on"}]}`,
			`{"messages":[{"role":"user","content":"Hi"},{"role":"user","content":"Go on"}]}`,
		},
		{
			"gemini, a content of nothing else", `{"contents":[{"role":"model","parts":[{"thought":true,"text":"t","thoughtSignature":"SEAL"}]},{"parts":[{"text":"","thoughtSignature":"SEAL"}]},{"role":"user","parts":[{"text":"x"}]}]}`,
			`{"contents":[{"role":"user","parts":[{"text":"x"}]}]}`,
		},
		{
			"gemini, a text of nothing else", `{"contents":[{"role":"model","parts":[{"text":"so"},{"text":"","thoughtSignature":"SEAL"}]}]}`,
			`{"contents":[{"role":"model","parts":[{"text":"so"}]}]}`,
		},
		{
			"gemini, a text with a seal", `{"contents":[{"role":"model","parts":[{"text":"so","thoughtSignature":"SEAL"}]}]}`,
			`{"contents":[{"role":"model","parts":[{"text":"so"}]}]}`,
		},
		{
			"chat, a message of nothing else", `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"reasoning_content":"t","reasoning_details":[{"type":"reasoning.encrypted","data":"SEAL"}]},{"role":"assistant","content":"","tool_calls":[],"reasoning_details":[{"type":"reasoning.encrypted","data":"SEAL"}]}]}`,
			`{"messages":[{"role":"user","content":"x"}]}`,
		},
		{
			"chat, a message with a text", `{"messages":[{"role":"assistant","content":"so","reasoning_details":[{"type":"reasoning.encrypted","data":"SEAL"}]}]}`,
			`{"messages":[{"role":"assistant","content":"so"}]}`,
		},
		{
			"what was empty before stays", `{"messages":[{"role":"assistant","content":""},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"SEAL"},{"type":"text","text":""}]}]}`,
			`{"messages":[{"role":"assistant","content":""},{"role":"assistant","content":[{"type":"text","text":""}]}]}`,
		},
	} {
		body := strings.ReplaceAll(row.body, "SEAL", seal)
		if got := string(protocol.WithoutSeals([]byte(body))); got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}
