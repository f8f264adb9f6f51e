package gateway

import (
	"bytes"
	"net/http"
	"slices"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/openai"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/relay"
)

// upstreamBody is the client's body with the upstream's name of the model, a
// question for usage where there would be none, and the channel's changes.
// Without the latter nothing is copied.
func (a *attempt) upstreamBody(header http.Header) (relay.Body, error) {
	c, t := a.call, a.target
	whole := c.body.bytes
	if c.Operation == ai.Generate && protocol.Sealed(whole) {
		return relay.Body{Parts: [5][]byte{a.unsealedBody()}}, nil
	}
	out := relay.Body{Hold: c.body.holding, Release: c.body.releasing}
	changes := make([]protocol.Change, 0, 2)
	if t.Model != c.Model && t.Model != "" {
		start, end := c.request.ModelStart, c.request.ModelEnd
		switch {
		case end > start:
			changes = append(changes, protocol.Change{Start: start, End: end, Text: string(scan.Quote(t.Model))})
		case c.match.Endpoint.ModelIn != protocol.ModelInPath:
			changed, err := openai.ReplaceFormModel(header.Get("Content-Type"), whole, t.Model)
			if err != nil {
				return relay.Body{}, err
			}
			whole = changed
		}
	}
	if a.asksUsage {
		changes = append(changes, c.request.AskUsage)
	}
	if f, ok := c.match.Format.(protocol.ModelRewriter); ok && t.Model != c.Model {
		whole = f.RewriteModel(c.match.Endpoint, whole, t.Model)
	}
	changed := out.Parts[:0]
	slices.SortFunc(changes, func(a, b protocol.Change) int { return a.Start - b.Start })
	at := 0
	for _, change := range changes {
		changed = append(changed, whole[at:change.Start], []byte(change.Text))
		at = change.End
	}
	changed = append(changed, whole[at:])
	if len(t.Edits) > 0 && c.match.Endpoint.ModelIn != protocol.ModelNowhere && isJSON(whole) {
		edited := edit(t, bytes.Join(changed, nil))
		clear(out.Parts[:])
		out.Parts[0] = edited
	}
	return out, nil
}

// unsealedBody is the client's body without what upstreams of other protocols
// signed in its conversation, which was translated before; changed as ever.
func (a *attempt) unsealedBody() []byte {
	c, t := a.call, a.target
	body := protocol.WithoutSeals(c.body.bytes)
	var edits []scan.Edit
	if t.Model != c.Model && t.Model != "" && c.match.Endpoint.ModelIn == protocol.ModelInBody {
		edits = append(edits, scan.Edit{Path: []string{"model"}, Value: scan.Quote(t.Model)})
	}
	if a.asksUsage {
		edits = append(edits, scan.Edit{Path: []string{"stream_options", "include_usage"}, Value: []byte("true")})
	}
	if start, end, ok := scan.Get(body, "thinking", "type"); ok && scan.StringIs(body[start:end], "enabled") {
		// Anthropic wants each turn of a tool loop to begin with its thinking,
		// if thinking is on; the thinking of another is no use to it.
		edits = append(edits, scan.Edit{Path: []string{"thinking"}})
	}
	for _, e := range edits {
		body = e.Apply(body)
	}
	return edit(t, body)
}

func isJSON(body []byte) bool {
	body = bytes.TrimLeft(body, " \t\n\r")
	return len(body) > 0 && body[0] == '{'
}
