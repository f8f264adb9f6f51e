package gemini

import (
	"strings"

	"github.com/ccload/ccload/protocol"
)

// EncodeReply writes a whole answer.
func (Format) EncodeReply(r *protocol.Reply, p *protocol.Prompt) []byte {
	w := newWriter(p)
	var content outContent
	var said []string // of the last part, if it is a text that may go on
	var tokens []protocol.Logprob
	settle := func() {
		if len(said) > 0 {
			text := strings.Join(said, "")
			content.Parts[len(content.Parts)-1].Text = &text
			said = nil
		}
	}
	w.write = func(part outPart, more []protocol.Logprob) {
		tokens = append(tokens, more...)
		n := len(content.Parts)
		if n > 0 && len(said) > 0 && part.Text != nil && part.Thought == content.Parts[n-1].Thought {
			said = append(said, *part.Text)
			if part.ThoughtSignature != "" {
				content.Parts[n-1].ThoughtSignature = part.ThoughtSignature
				settle()
			}
			return
		}
		settle()
		content.Parts = append(content.Parts, part)
		if part.Text != nil && part.ThoughtSignature == "" {
			said = []string{*part.Text}
		}
	}
	r.Play(w.add)
	settle()
	reply := w.reply()
	c := &reply.Candidates[0]
	if len(content.Parts) > 0 || r.Stop != protocol.StopFilter {
		content.Role = "model"
		if content.Parts == nil {
			content.Parts = []outPart{}
		}
		c.Content = &content
	}
	c.logprobs(tokens)
	if len(tokens) > 0 {
		sum := 0.0
		for i := range tokens {
			sum += tokens[i].Logprob
		}
		sum /= float64(len(tokens))
		c.Average = &sum
	}
	w.end(reply, r)
	return protocol.JSON(reply)
}

// finishReason is Google's word for why an answer ended. Stop sequences, tools
// and pauses are ends like any other.
func finishReason(s protocol.StopReason) string {
	switch s {
	case protocol.StopLength, protocol.StopContext:
		return "MAX_TOKENS"
	case protocol.StopFilter:
		return "SAFETY"
	default:
		return "STOP"
	}
}

func (c *outCandidate) logprobs(tokens []protocol.Logprob) {
	if len(tokens) == 0 {
		return
	}
	c.Logprobs = new(outLogprobs)
	for i := range tokens {
		t := &tokens[i]
		c.Logprobs.Chosen = append(c.Logprobs.Chosen, outToken{Token: t.Token, Probability: t.Logprob})
		var top outAlternatives
		for _, a := range t.Top {
			top.Candidates = append(top.Candidates, outToken{Token: a.Token, Probability: a.Logprob})
		}
		if len(t.Top) > 0 {
			c.Logprobs.Top = append(c.Logprobs.Top, top)
		}
	}
}
