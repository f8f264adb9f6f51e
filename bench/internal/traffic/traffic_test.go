package traffic

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestRequestBodiesHaveTheirSizeAndAreJSON(t *testing.T) {
	for name, body := range map[string]func(size int) string{
		"message":       func(size int) string { return Message("m", false, size) },
		"chat":          func(size int) string { return Chat("m", size) },
		"agent message": func(size int) string { return AgentMessage("m", size) },
		"agent chat":    func(size int) string { return AgentChat("m", size) },
	} {
		size := 1 << 10
		if strings.HasPrefix(name, "agent") {
			size = 200 << 10
		}
		text := body(size)
		if n := len(text); n < size*95/100 || n > size*105/100 {
			t.Errorf("%s: %d bytes instead of %d", name, n, size)
		}
		if !json.Valid([]byte(text)) {
			t.Errorf("%s is no JSON", name)
		}
		if strings.Count(text, CallMark) != 1 {
			t.Errorf("%s: calls cannot be told apart", name)
		}
	}
}

func TestAgentBodiesHaveTheirTurns(t *testing.T) {
	var body struct {
		Tools    []json.RawMessage
		Messages []json.RawMessage
	}
	for _, c := range []struct {
		body     string
		messages int
	}{{AgentMessage("m", 200<<10), 4*agentTurns + 1}, {AgentChat("m", 200<<10), 4*agentTurns + 2}} {
		body.Tools, body.Messages = nil, nil
		if err := json.Unmarshal([]byte(c.body), &body); err != nil {
			t.Fatal(err)
		}
		if len(body.Tools) != agentTools || len(body.Messages) != c.messages {
			t.Errorf("%d tools, %d messages; want %d and %d", len(body.Tools), len(body.Messages), agentTools, c.messages)
		}
	}
}

func TestEachRequestIsAnother(t *testing.T) {
	r := NewRequest("h", "/p", "token-"+TokenMark, 3, `{"call":"`+CallMark+`"}`)
	a, b := r.Writer(), r.Writer()
	first := bytes.Clone(a(4))
	for _, want := range []string{"POST /p HTTP/1.1\r\nHost: h\r\n", "Bearer token-00000001\r\n", `{"call":"00000004"}`} {
		if !strings.Contains(string(first), want) {
			t.Errorf("no %q in %s", want, first)
		}
	}
	if got := b(5); bytes.Equal(got, first) || len(got) != len(first) {
		t.Errorf("the next is %s", got)
	}
	if !bytes.Equal(first, a(4)) {
		t.Error("the same number gives another request")
	}
}
