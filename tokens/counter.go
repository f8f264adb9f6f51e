package tokens

import (
	"hash/maphash"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// Counter counts tokens. It owns what it remembers between calls: counts of
// segments, and what it has learned from providers' reports. Make it with New;
// it is safe for concurrent use.
type Counter struct {
	seed    maphash.Seed
	texts   *cache[int32]
	spans   *cache[effect]
	learned learned
}

// New makes a counter that has learned nothing yet.
func New() *Counter {
	seed := maphash.MakeSeed()
	return &Counter{seed: seed, texts: newCache[int32](seed, rememberedTexts), spans: newCache[effect](seed, rememberedSpans)}
}

// Count is what a request counts for.
type Count struct {
	// Tokens are the input tokens the provider will report, as far as can be
	// told: at least 1.
	Tokens int64
	// Exact says that every part was counted by the model's own vocabulary and
	// rules. False is an estimate.
	Exact bool
	// Family is by whose rules it was counted, such as "claude" or "o200k".
	Family string

	model string // normalised
	raw   int64  // before anything learned
	key   uint64 // of model, system prompt, tools and what else changes hidden prompts; 0 for none
	turn  uint64 // the same with what the turns hold: calls, several at once, results; 0 for none
	bound bool   // it is a bound, see AtMost
}

// Sent is how a request goes to whoever counts it, as far as that changes the
// count. The zero value of all but Protocol is what is usual.
type Sent struct {
	Protocol ai.Protocol // the form of the body
	Vertex   bool        // to Google's Vertex AI, or to a reseller who asks it
	Reseller bool        // by way of a gateway, which asks in a form of its own
	Stream   bool        // for an answer in pieces

	// Index is where the members of the body lie, if it was walked and found
	// valid before; it is not walked again then.
	Index *scan.Index
}

// Send counts a request as a client sends it: Anthropic Messages, OpenAI
// chat, Responses or Gemini generateContent. model is the name the provider
// knows, in any case and with any vendor's prefix; an unknown one is counted by
// the rules of most. What is no such request is counted as text.
func (c *Counter) Send(sent Sent, model string, body []byte) Count {
	n, _ := c.send(sent, model, body, false)
	return n
}

// AtMost is Send, but for texts that are new in the conversation: it takes them
// for as many tokens as they have bytes, which no text exceeds, and does not
// count them. It is for those who have room enough for that. bound says that
// there are such texts; else the count is Send's. Of input that is only referred
// to, or that the provider adds by itself, there is no bound: such requests are
// counted.
func (c *Counter) AtMost(sent Sent, model string, body []byte) (n Count, bound bool) {
	n, ok := c.send(sent, model, body, true)
	if !ok {
		return c.Send(sent, model, body), false
	}
	return n, n.bound
}

// send counts a request. ok is false if there is no bound where one was wanted.
func (c *Counter) send(sent Sent, model string, body []byte, bound bool) (n Count, ok bool) {
	name := normal(model)
	sent.guess(model)
	f := familyOf(name)
	w := newWalk(c, f, sent)
	w.mayBound = bound
	defer w.release()
	n = Count{Family: f.name, model: name}
	if err := w.request(body); err != nil || w.f == ([features]int64{}) && w.fixed == 0 {
		tokens, _ := w.enc.long(body)
		n.raw = int64(tokens)
		n.Tokens = max(1, n.raw)
		return n, true
	}
	if bound && w.unbounded {
		return n, false
	}
	w.settle()
	n.bound = w.bounded
	n.raw = w.estimate()
	n.Exact = f.exact && !hides(name) && !w.unsure && w.f[fTools] == 0 && w.f[fToolUses] == 0 && w.f[fHasSchema] == 0 &&
		w.f[fNames] == 0
	w.residualKey(&n)
	n.Tokens = n.raw
	if !n.Exact {
		n.Tokens = c.learned.apply(&n)
	}
	return n, true
}

// guess notes what a model's name tells of whom it is sent to: resellers put the
// vendor's before it, and ask Vertex AI for Gemini 2.
func (s *Sent) guess(model string) {
	vendor, name, prefixed := strings.Cut(strings.ToLower(model), "/")
	if prefixed && s.Protocol != ai.Gemini && (vendor == "openai" || vendor == "google") {
		s.Reseller = true
		s.Vertex = s.Vertex || strings.HasPrefix(name, "gemini-2")
	}
}

// request walks a body. It fails if that is no JSON object, after having walked
// some of it.
func (w *walk) request(body []byte) error {
	member := w.chat
	switch w.sent.Protocol {
	case ai.Anthropic:
		member = w.anthropic
	case ai.Responses:
		member = w.responses
	case ai.Gemini:
		member = w.gemini
	}
	if w.sent.Index != nil && w.sent.Index.Complete() {
		w.sent.Index.Each(body, func(key, value []byte) { member(w.key(key), value) })
		return nil
	}
	// What is handed to member has been validated by then, so that the text is
	// read once less than by validating it first.
	return scan.Members(body, func(key []byte, start, end int) bool {
		member(w.key(key), body[start:end])
		return true
	})
}

// residualKey names what hidden prompts depend on, so that a report for one request
// tells about the next of its kind.
// A request with neither system prompt nor tools has none: it shares nothing
// with the next.
func (w *walk) residualKey(n *Count) {
	if w.system == 0 && w.tools == 0 {
		return
	}
	var h hash
	h.add([]byte(w.sent.Protocol))
	h.add([]byte(n.model))
	h.mix(uint64(w.system))
	h.mix(uint64(w.tools))
	flags := w.f[fForced]<<2 | w.f[fThinkingOn]<<1 | w.f[fHasSchema]
	if w.sent.Vertex {
		flags |= 1 << 3
	}
	h.mix(uint64(flags)) //nolint:gosec // flags
	n.key = uint64(h)
	h.mix(uint64(min(w.f[fToolUses], 1)<<2 | min(w.f[fParallels], 1)<<1 | min(w.f[fToolResults], 1))) //nolint:gosec // flags
	n.turn = uint64(h)
}

// estimate turns features into tokens.
func (w *walk) estimate() int64 {
	sum := float64(w.fixed)
	for i, n := range w.f {
		sum += float64(n) * w.family.weights[i]
	}
	return max(1, int64(sum+0.5))
}

// hiding are what stands in the names of OpenAI's models that count more or less
// than what they were sent.
var hiding = [...]string{"search", "audio", "realtime", "transcribe", "o1-mini", "o1-preview"}

func hides(model string) bool {
	for _, word := range hiding {
		if strings.Contains(model, word) {
			return true
		}
	}
	return false
}

// Text counts plain text of a model's answer. It is what a provider would
// report as output for it, without reasoning that is not shown.
func (c *Counter) Text(model string, text []byte) int64 {
	if len(text) == 0 {
		return 0
	}
	name := normal(model)
	f := familyOf(name)
	n, _ := f.encoding().long(text)
	return max(1, int64(float64(n)*f.output+f.ending+0.5))
}
