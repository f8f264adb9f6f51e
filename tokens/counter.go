package tokens

import (
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// Counter counts tokens. It owns what it remembers between calls: counts of
// segments, and what it has learned from providers' reports. Make it with New;
// it is safe for concurrent use.
type Counter struct {
	cache   *cache
	learned learned
}

// New makes a counter that has learned nothing yet.
func New() *Counter { return &Counter{cache: newCache()} }

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
}

// Sent is how a request goes to whoever counts it, as far as that changes the
// count. The zero value of all but Protocol is what is usual.
type Sent struct {
	Protocol ai.Protocol // the form of the body
	Vertex   bool        // to Google's Vertex AI, or to a reseller who asks it
	Reseller bool        // by way of a gateway, which asks in a form of its own
	Stream   bool        // for an answer in pieces
}

// Request is Send to the vendor itself, for a whole answer.
func (c *Counter) Request(p ai.Protocol, model string, body []byte) Count {
	return c.Send(Sent{Protocol: p}, model, body)
}

// Send counts a request as a client sends it: Anthropic Messages, OpenAI
// chat, Responses or Gemini generateContent. model is the name the provider
// knows, in any case and with any vendor's prefix; an unknown one is counted by
// the rules of most. What is no such request is counted as text.
func (c *Counter) Send(sent Sent, model string, body []byte) Count {
	name := normal(model)
	sent.guess(model)
	f := familyOf(name)
	w := newWalk(c, f, sent)
	defer w.release()
	n := Count{Family: f.name, model: name}
	if err := w.request(body); err != nil || w.f == ([features]int64{}) && w.fixed == 0 {
		tokens, _ := w.enc.long(body)
		n.raw = int64(tokens)
		n.Tokens = max(1, n.raw)
		return n
	}
	w.settle()
	n.raw = w.estimate()
	n.Exact = f.exact && !hides(name) && !w.unsure && w.f[fTools] == 0 && w.f[fToolUses] == 0 && w.f[fHasSchema] == 0 &&
		w.f[fNames] == 0
	w.residualKey(&n)
	n.Tokens = n.raw
	if !n.Exact {
		n.Tokens = c.learned.apply(&n)
	}
	return n
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
