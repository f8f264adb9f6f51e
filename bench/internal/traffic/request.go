package traffic

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Marks in a request that are replaced by a number of as many digits for each
// call, so that no two calls are the same and nothing can be answered, counted
// or looked up from a memory of the whole body.
const (
	CallMark  = "@@call@@" // the call's own number
	TokenMark = "@@tokn@@" // the client token's number
)

// Request is a whole HTTP request with marks.
type Request struct {
	raw   []byte
	holes []hole
}

type hole struct {
	at    int
	count int64 // numbers go from 0 to count-1
}

// NewRequest is a POST of a body with a bearer token. Where the token has a
// TokenMark, calls go round tokens of them.
func NewRequest(host, path, token string, tokens int, body string) *Request {
	raw := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nAccept: */*\r\nAuthorization: Bearer %s\r\nAnthropic-Version: 2023-06-01\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		path, host, token, len(body), body)
	r := &Request{raw: raw}
	for _, m := range []struct {
		mark  string
		count int64
	}{{CallMark, 100_000_000}, {TokenMark, int64(tokens)}} {
		for at := 0; ; {
			i := bytes.Index(raw[at:], []byte(m.mark))
			if i < 0 {
				break
			}
			at += i
			r.holes = append(r.holes, hole{at, max(1, m.count)})
			at += len(m.mark)
		}
	}
	return r
}

// Writer returns a function that gives the n-th request; what it gave before
// is overwritten. Each connection needs one of its own.
func (r *Request) Writer() func(n int64) []byte {
	own := bytes.Clone(r.raw)
	return func(n int64) []byte {
		for _, h := range r.holes {
			putDigits(own[h.at:h.at+len(CallMark)], n%h.count)
		}
		return own
	}
}

// putDigits writes a number with leading zeros.
func putDigits(b []byte, n int64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}

// Message is a small Anthropic request of size bytes.
func Message(model string, stream bool, size int) string {
	return small(fmt.Sprintf(`{"model":%q,"max_tokens":1024,"stream":%t,`, model, stream), size)
}

// Chat is a small Chat Completions request of size bytes.
func Chat(model string, size int) string {
	return small(fmt.Sprintf(`{"model":%q,"max_tokens":1024,`, model), size)
}

func small(head string, size int) string {
	const open, end = `"messages":[{"role":"user","content":"`, ` Call ` + CallMark + `."}]}`
	return head + open + fill("Tell me about load balancing, please. ", size-len(head)-len(open)-len(end)) + end
}

// fill repeats a text up to a length.
func fill(text string, length int) string {
	return strings.Repeat(text, length/len(text)+1)[:max(0, length)]
}

// Shape of the large bodies: what a coding agent sends late in a session.
const (
	agentTools = 16
	agentTurns = 60
)

const (
	systemPrompt = "You are a careful coding agent. Follow the rules of the house.\n"
	describe     = "Reads, edits or searches a file in the working tree. "
	codeLine     = "\tif err := s.flush(ctx, \"key\"); err != nil { // naïve – retry\n\t\treturn fmt.Errorf(\"flush: %w\", err)\n\t}\n"
	schema       = `{"type":"object","properties":{"path":{"type":"string","description":"absolute path of the file"},"old_string":{"type":"string","description":"text to replace, exactly as it stands"},"limit":{"type":"integer","minimum":0},"flags":{"type":"array","items":{"type":"string","enum":["a","b","c"]}}},"required":["path"],"additionalProperties":false}`
)

// AgentMessage is an Anthropic request of about size bytes: a system prompt,
// 16 tools and 60 turns with a tool call and its result each.
func AgentMessage(model string, size int) string {
	head := fmt.Sprintf(`{"model":%q,"max_tokens":32000,"system":[{"type":"text","text":%s,"cache_control":{"type":"ephemeral"}}],"tools":[%s],"messages":[`,
		model, quoted(strings.Repeat(systemPrompt, 40)), tools(`{"name":"tool_%02d","description":%s,"input_schema":%s}`))
	turn := func(i int, result string) string {
		return fmt.Sprintf(`{"role":"user","content":[{"type":"text","text":"Step %d: please look at the handler – it fails."}]},`+
			`{"role":"assistant","content":[{"type":"text","text":"I will read the file."},{"type":"tool_use","id":"toolu_%04d","name":"tool_03","input":{"path":"/src/pkg/file_%d.go","limit":200}}]},`+
			`{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_%04d","content":[{"type":"text","text":%s}]}]},`+
			`{"role":"assistant","content":[{"type":"text","text":"Done, next."}]},`, i, i, i, i, result)
	}
	return agent(size, head, turn, `{"role":"user","content":[{"type":"text","text":"Now fix failure `+CallMark+`.","cache_control":{"type":"ephemeral"}}]}]}`)
}

// AgentChat is the same as a Chat Completions request.
func AgentChat(model string, size int) string {
	head := fmt.Sprintf(`{"model":%q,"max_tokens":32000,"tools":[%s],"messages":[{"role":"system","content":%s},`,
		model, tools(`{"type":"function","function":{"name":"tool_%02d","description":%s,"parameters":%s}}`), quoted(strings.Repeat(systemPrompt, 40)))
	turn := func(i int, result string) string {
		return fmt.Sprintf(`{"role":"user","content":"Step %d: please look at the handler – it fails."},`+
			`{"role":"assistant","content":"I will read the file.","tool_calls":[{"id":"call_%04d","type":"function","function":{"name":"tool_03","arguments":"{\"path\":\"/src/pkg/file_%d.go\"}"}}]},`+
			`{"role":"tool","tool_call_id":"call_%04d","content":%s},`+
			`{"role":"assistant","content":"Done, next."},`, i, i, i, i, result)
	}
	return agent(size, head, turn, `{"role":"user","content":"Now fix failure `+CallMark+`."}]}`)
}

// agent puts as much code into each turn as makes the body about size bytes.
func agent(size int, head string, turn func(i int, result string) string, end string) string {
	bare := len(head) + len(end) + agentTurns*len(turn(10, quoted("")))
	lines := max(1, (size-bare)/agentTurns/(len(quoted(codeLine))-2))
	var b strings.Builder
	b.WriteString(head)
	for i := range agentTurns {
		b.WriteString(turn(i, quoted(strings.Repeat(codeLine, lines))))
	}
	b.WriteString(end)
	return b.String()
}

func tools(format string) string {
	list := make([]string, agentTools)
	for i := range list {
		list[i] = fmt.Sprintf(format, i, quoted(strings.Repeat(describe, 10)), schema)
	}
	return strings.Join(list, ",")
}

// quoted is a text as JSON writes it; the texts here hold nothing that Go
// quotes in another way.
func quoted(s string) string { return strconv.Quote(s) }
