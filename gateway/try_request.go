package gateway

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/sse"
)

// textOf is what an answer says.
func textOf(codec protocol.Codec, contentType string, body []byte) string {
	var b strings.Builder
	if !strings.HasPrefix(contentType, "text/event-stream") {
		reply, err := codec.DecodeReply(body)
		if err != nil {
			return ""
		}
		for i := range reply.Parts {
			if reply.Parts[i].Kind == protocol.Text {
				b.WriteString(reply.Parts[i].Text)
			}
		}
		return b.String()
	}
	decoder := codec.NewReplyDecoder()
	text := false
	take := func(p *protocol.Piece) {
		switch p.Kind {
		case protocol.PieceOpen:
			if text = p.Part.Kind == protocol.Text; text {
				b.WriteString(p.Part.Text)
			}
		case protocol.PieceMore:
			if text {
				b.WriteString(p.Text)
			}
		}
	}
	var scanner sse.Scanner
	event := func(ev sse.Event) bool {
		decoder.Event(ev, take)
		return true
	}
	if scanner.Feed(body, event) == nil {
		scanner.Close(event)
		decoder.Close(take)
	}
	return b.String()
}

// request is what a client would send to ask a model.
func (o *testOrder) request(ctx context.Context, model string) (*http.Request, error) {
	format := formatOf(o.protocol)
	tester, ok := format.(protocol.Tester)
	if !ok {
		return nil, fmt.Errorf("the protocol %s has no request to test with", o.protocol)
	}
	path, err := protocol.GenerateEndpoint(format, o.stream).URLPath(model)
	if err != nil {
		return nil, err
	}
	out := tester.TestRequest(model, o.prompt, testOutput, o.stream)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader(out.Body))
	if err != nil {
		return nil, err
	}
	r.URL.RawQuery = out.Query
	maps.Copy(r.Header, out.Header)
	r.Header["Content-Type"] = jsonType
	r.Header.Set("User-Agent", "ccload-test")
	return r, nil
}
