package tokens

import (
	"bytes"
	"sync"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// Features of a request: what is in it, counted. A family turns them into
// tokens by one factor each.
const (
	fRequest      = iota // 1
	fText                // tokens of what user and assistant say
	fSystem              // tokens of system prompts
	fThinking            // tokens of thinking that is sent back
	fToolUse             // tokens of tool calls: names and arguments
	fToolResult          // tokens of tool results
	fToolDefs            // tokens of tool definitions
	fSchema              // tokens of the schema of a structured answer
	fMessages            // messages
	fAssistant           // of them the assistant's
	fSystems             // system prompts
	fThinkings           // thinking blocks
	fToolUses            // tool calls
	fToolResults         // tool results
	fTools               // tool definitions
	fHasTools            // 1 if there are any
	fForced              // 1 if some tool has to be called
	fHasSchema           // 1 if the answer has a schema
	fThinkingOn          // 1 if thinking is switched on
	fNames               // messages that name their author
	fToolsChat           // 1 if there are tools in a Chat Completions request
	fToolsSystem         // 1 if there are tools and a system prompt
	fSchemaChat          // 1 if there is a schema in a Chat Completions request
	fParallels           // turns of several tool calls
	fParallelUses        // tool calls in such turns
	fToolProps           // parameters of tools, those inside of others too
	fToolParams          // tool definitions that have parameters
	features             // how many there are
)

// walk is one walk through a request. It is pooled: its buffer grows to the
// size of the largest text with escapes.
type walk struct {
	tally

	counter  *Counter
	enc      *encoding
	family   *family
	sent     Sent
	salt     uint64 // stands for all that the count of a span depends on but its text
	mayBound bool   // the texts of conversations need not be counted
	bounding bool   // this text is one of those
	buf      []byte
	flat     []byte
	keyBuf   []byte
	blocks   []uint64 // see known.go
}

// toolUse notes a tool call of so many tokens.
func (w *walk) toolUse(tokens int64) {
	w.f[fToolUses]++
	w.f[fToolUse] += tokens
	w.calls++
}

// endTurn notes that the turn has ended that calls belong to: several in one are
// told to models in another way than one is.
func (w *walk) endTurn() {
	w.start |= endsTurn
	if w.calls > 1 {
		w.f[fParallels]++
		w.f[fParallelUses] += w.calls
	}
	w.calls = 0
}

// settle sets the features that follow from others.
func (w *walk) settle() {
	w.endTurn()
	// Vertex AI counts the texts of tools alone; of Gemini 2 it does until one was
	// called, and from then on as the Gemini API. A reseller's count stays as it was.
	if v := w.family.vertex; v != nil && w.sent.Vertex && (w.f[fToolUses] == 0 || v.calls || w.sent.Reseller) {
		w.family = v
	}
	w.f[fRequest] = 1
	chat := int64(0)
	if w.sent.Protocol == ai.OpenAI && !w.sent.Reseller {
		chat = 1 // resellers ask OpenAI in the form of Responses
	}
	w.f[fToolsChat] = w.f[fHasTools] * chat
	w.f[fToolsSystem] = w.f[fHasTools] * min(w.f[fSystems], 1)
	w.f[fSchemaChat] = w.f[fHasSchema] * chat
}

const keptBuffer = 1 << 20 // a larger one is left to the garbage collector

var walkPool = sync.Pool{New: func() any { return new(walk) }}

func newWalk(c *Counter, f *family, sent Sent) *walk {
	w := walkPool.Get().(*walk) //nolint:forcetypeassert // it holds nothing else
	*w = walk{
		counter: c, sent: sent, enc: f.encoding(), family: f, salt: c.salt(f, &sent),
		buf: w.buf[:0], flat: w.flat[:0], keyBuf: w.keyBuf[:0], blocks: w.blocks[:0],
	}
	return w
}

func (w *walk) release() {
	if cap(w.buf) > keptBuffer {
		w.buf = nil
	}
	if cap(w.flat) > keptBuffer {
		w.flat = nil
	}
	if cap(w.blocks) > keptBuffer/blockSize {
		w.blocks = nil
	}
	w.counter, w.enc, w.family, w.sent.Index = nil, nil, nil, nil
	walkPool.Put(w)
}

// each walks the members of an object that is valid; no other value has any.
func (w *walk) each(raw []byte, fn func(key string, value []byte)) {
	scan.FindMember(raw, func(key []byte, start, end int) bool {
		fn(w.key(key), raw[start:end])
		return false
	})
}

// key undoes the escapes of a key, for nothing may be hidden behind them.
func (w *walk) key(key []byte) string {
	if bytes.IndexByte(key, '\\') < 0 {
		return known(key)
	}
	plain, _ := scan.Unescape(w.keyBuf[:0], key)
	return string(plain)
}

// list walks the elements of an array that is valid; any other value is its own
// only element.
func list(raw []byte, fn func(element []byte)) {
	if len(raw) == 0 || raw[0] != '[' {
		fn(raw)
		return
	}
	scan.FindElement(raw, func(start, end int) bool {
		fn(raw[start:end])
		return false
	})
}

func member(raw []byte, name ...string) []byte {
	start, end, ok := scan.Get(raw, name...)
	if !ok {
		return nil
	}
	return raw[start:end]
}

func isString(raw []byte) bool { return len(raw) >= 2 && raw[0] == '"' }
func isObject(raw []byte) bool { return len(raw) > 0 && raw[0] == '{' }
func isArray(raw []byte) bool  { return len(raw) > 0 && raw[0] == '[' }

// word is the string raw, "" if it is none. It is for names and types, which
// are short.
func word(raw []byte) string {
	if len(raw) > 256 {
		return ""
	}
	s, _ := scan.String(raw)
	return s
}
