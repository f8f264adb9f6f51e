package gateway

import (
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/ledger"
	"github.com/ccload/ccload/routing"
)

// This file takes the bodies of calls down, where somebody has asked for it; the
// ledger writes them.

// capturing is what is kept of a call under way.
type capturing struct {
	limit    int
	answer   []byte
	upstream []byte
	cut      bool
	secrets  []string
}

// StartCapture begins to keep the call's bodies, if that is wanted of calls of
// its token.
func (c *Call) StartCapture() {
	conf := &c.snapshot.table.Capture
	if !conf.Enabled || len(conf.Tokens) > 0 && !slices.Contains(conf.Tokens, c.Token) {
		return
	}
	c.capture = &capturing{limit: int(conf.BodyBytes), secrets: []string{access.Credential(c.r)}}
	c.w = &capturedWriter{ResponseWriter: c.w, into: c.capture}
}

// add keeps what fits.
func (k *capturing) add(to, data []byte) []byte {
	room := max(0, k.limit-len(to))
	if len(data) > room {
		data, k.cut = data[:room], true
	}
	return append(to, data...)
}

// said keeps what an upstream said that the client does not get.
func (k *capturing) said(t *routing.Target, status int, body []byte) {
	if k == nil {
		return
	}
	k.upstream = k.add(k.upstream, fmt.Appendf(nil, "--- %s, %s, status %d\n", t.Name, t.Address(), status))
	k.upstream = k.add(k.upstream, body)
	k.upstream = k.add(k.upstream, []byte("\n"))
	k.secrets = append(k.secrets, t.Secret())
}

// keepCapture hands over what was kept, before the call's body is given back.
func (c *Call) keepCapture() {
	k, conf := c.capture, &c.snapshot.table.Capture
	if k == nil || conf.FailuresOnly && c.Record.Outcome == ai.OK {
		return
	}
	if len(conf.Channels) > 0 && !slices.ContainsFunc(c.Record.Attempts, func(a ai.Attempt) bool { return slices.Contains(conf.Channels, a.Target.Channel) }) {
		return
	}
	for i := range c.Record.Attempts {
		if ch := c.snapshot.table.ByName[c.Record.Attempts[i].Target.Channel]; ch != nil {
			for j := range ch.Keys {
				if ch.Keys[j].ID == c.Record.Attempts[i].Target.Key {
					k.secrets = append(k.secrets, ch.Keys[j].Secret)
				}
			}
		}
	}
	one := ledger.Capture{ID: c.ID, Time: c.Received, Answer: k.answer, Upstream: k.upstream}
	if c.body != nil {
		one.Request = k.add(nil, c.body.bytes)
	}
	one.Cut = k.cut
	c.site.gateway.State.Captures.Add(one, k.secrets)
}

// capturedWriter keeps what a client is sent.
type capturedWriter struct {
	http.ResponseWriter
	into *capturing
}

func (w *capturedWriter) Write(b []byte) (int, error) {
	w.into.answer = w.into.add(w.into.answer, b)
	return w.ResponseWriter.Write(b)
}

// ReadFrom keeps what is copied too.
func (w *capturedWriter) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{w}, r)
}

// Flush sends what is buffered.
func (w *capturedWriter) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap is for http.ResponseController.
func (w *capturedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
