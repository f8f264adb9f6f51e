package openai

import (
	"crypto/rand"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// sealMost is how long a seal may be to go into the id of a call: clients keep
// ids in their history and their logs.
const sealMost = 16 << 10

// completion is what an answer's id, time and model are.
type completion struct {
	id, model string
	created   int64
}

func newCompletion(r *protocol.Reply, p *protocol.Prompt) completion {
	c := completion{id: "chatcmpl-" + rand.Text(), model: r.Model, created: r.Created}
	if c.model == "" && p != nil {
		c.model = p.Model
	}
	if c.created == 0 {
		c.created = time.Now().Unix()
	}
	return c
}

func (c *completion) write(w *protocol.Writer, object string) {
	w.Open('{')
	w.Text("id", c.id)
	w.Text("object", object)
	w.Number("created", c.created)
	w.Text("model", c.model)
}

// EncodeReply writes a whole completion.
func (Format) EncodeReply(r *protocol.Reply, p *protocol.Prompt) []byte {
	var w protocol.Writer
	c := newCompletion(r, p)
	c.write(&w, "chat.completion")
	w.Key("choices")
	w.Open('[')
	w.Open('{')
	w.Number("index", 0)
	w.Key("message")
	calls := writeMessage(&w, r)
	w.Key("logprobs")
	writeLogprobs(&w, logprobsOf(r))
	w.Text("finish_reason", stopName(stopWith(r.Stop, calls)))
	w.Close('}')
	w.Close(']')
	w.Key("usage")
	writeUsage(&w, &r.Usage)
	w.Close('}')
	return w.B
}

// stopWith is why an answer ended: one with calls waits for their results.
func stopWith(reason protocol.StopReason, calls bool) protocol.StopReason {
	if calls && reason == protocol.StopEnd {
		return protocol.StopTools
	}
	return reason
}

func logprobsOf(r *protocol.Reply) []protocol.Logprob {
	var list []protocol.Logprob
	for i := range r.Parts {
		list = append(list, r.Parts[i].Logprobs...)
	}
	return list
}

func writeLogprobs(w *protocol.Writer, list []protocol.Logprob) {
	if len(list) == 0 {
		w.Raw([]byte("null"))
		return
	}
	w.Open('{')
	w.Key("content")
	w.Raw(protocol.JSON(list))
	w.Key("refusal")
	w.Raw([]byte("null"))
	w.Close('}')
}

// writeUsage is the reverse of openaikit.ReadUsage.
func writeUsage(w *protocol.Writer, u *ai.Usage) {
	w.Open('{')
	w.Number("prompt_tokens", u.Input)
	w.Number("completion_tokens", u.Output)
	w.Number("total_tokens", u.Input+u.Output)
	w.Key("prompt_tokens_details")
	w.Open('{')
	w.Number("cached_tokens", u.CachedInput)
	if u.CacheWrite > 0 {
		w.Number("cache_write_tokens", u.CacheWrite)
	}
	w.Number("audio_tokens", u.AudioInput)
	w.Close('}')
	w.Key("completion_tokens_details")
	w.Open('{')
	w.Number("reasoning_tokens", u.Reasoning)
	w.Number("audio_tokens", u.AudioOutput)
	w.Close('}')
	w.Close('}')
}
