package protocol

import (
	"github.com/ccload/ccload/ai"
)

// compromises are how a prompt is said in the next best way where a protocol
// cannot say it, from the least loss to the greatest. Each is tried on top of
// those that cost nothing.
var compromises = []struct{ byTool, inWords, hosted, search bool }{
	{},
	{byTool: true},
	{inWords: true},
	{hosted: true},
	{hosted: true, search: true},
	{inWords: true, hosted: true},
	{inWords: true, hosted: true, search: true},
}

// EncodePrompt says a prompt in a  What cannot be said there is said
// in the next best way, if there is one: free text for tools as an object with
// a text in it, allowed tools by offering no others, the form of the answer by a
// tool or in words, and nothing of what the provider would run among an agent's
// own tools.
func EncodePrompt(codec Codec, prompt *Prompt, model string) (*Outbound, error) {
	out, err := codec.EncodePrompt(prompt, model)
	if err == nil {
		return out, nil
	}
	plain := prompt.AsFunctions().WithAllowedOnly()
	for _, c := range compromises {
		p, applies := plain, true
		var left, hints []string
		switch {
		case c.search:
			p, left, applies = p.Without(Hosted, WebSearch)
		case c.hosted:
			p, left, applies = p.Without(Hosted)
		}
		switch {
		case !applies:
		case c.byTool:
			p, applies = p.WithFormByTool()
			hints = []string{"the form of the answer, which is asked for by a tool"}
		case c.inWords:
			p, applies = p.WithFormInWords()
			hints = []string{"the form of the answer, which is asked for in words"}
		}
		if !applies {
			continue
		}
		if out, again := codec.EncodePrompt(p, model); again == nil {
			out.Hints = append(append(out.Hints, hints...), left...)
			out.Left, out.Answer = len(left) > 0, c.byTool
			return out, nil
		}
	}
	return nil, err
}

// GenerateEndpoint is the endpoint of a protocol that answers as the client
// wants it to: streamed or not.
func GenerateEndpoint(f Format, stream bool) *Endpoint {
	endpoints := f.Endpoints()
	for i := range endpoints {
		ep := &endpoints[i]
		if ep.Operation == ai.Generate && (ep.Streams == StreamByBody || (ep.Streams == StreamAlways) == stream) {
			return ep
		}
	}
	return nil
}
