package fakeai

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"

	"github.com/ccload/ccload/ai"
)

// delivery is one answer on its way. Where a fault or the client ends it
// early, it panics with http.ErrAbortHandler, as handlers do to close a
// connection.
type delivery struct {
	s   *Server
	w   http.ResponseWriter
	r   *http.Request
	req *Request
	b   Behaviour
}

const (
	jsonType = "application/json"
	sseType  = "text/event-stream; charset=utf-8"
	htmlPage = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body><center><h1>502 Bad Gateway</h1></center><hr><center>cloudflare</center></body></html>\n"
	softText = "当前模型负载过高，请稍后重试"
)

// answer answers the request.
func (d *delivery) answer() {
	d.sleep(d.b.FirstByte)
	switch d.b.Fault {
	case Drop:
		d.abort()
	case Reset:
		d.reset()
	case Hang:
		d.hang()
	}
	d.header()
	t := tell(d.req, &d.b)
	switch fault := d.b.Fault; {
	case d.b.Body != nil:
		d.verbatim()
	case fault == Error:
		d.whole(t.status, jsonType, t.body(d.req.Protocol))
	case fault == Soft || (d.isEventFault() && !d.streams()):
		d.whole(http.StatusOK, jsonType, t.body(d.req.Protocol))
	case fault == SoftText:
		d.whole(d.status(), "text/plain; charset=utf-8", []byte(softText))
	case fault == HTML:
		d.whole(d.status(), "text/html; charset=UTF-8", []byte(htmlPage))
	case fault == Empty:
		kind := jsonType
		if d.streams() {
			kind = sseType
		}
		d.whole(d.status(), kind, nil)
	default:
		d.well()
	}
}

// well answers as a service does that has nothing wrong with it, which may
// still mean to refuse the request.
func (d *delivery) well() {
	if p := d.refusal(); p != "" {
		d.refuse(p)
		return
	}
	switch d.req.Operation {
	case ai.Generate:
		d.generate()
	case ai.StoredResponse:
		d.storedResponse()
	default:
		d.other()
	}
}

// refusal is what is wrong with the request itself.
func (d *delivery) refusal() Problem {
	o, r := &d.s.o, d.req
	_, models := d.s.models(r.Protocol)
	switch {
	case len(o.Keys) > 0 && !slices.Contains(o.Keys, r.Key):
		return Auth
	case r.Operation == "" || (len(o.Protocols) > 0 && !slices.Contains(o.Protocols, r.Protocol)):
		return noEndpoint
	case r.in.err != nil:
		return badRequest
	case models && r.Model != "" && !slices.Contains(o.Models, r.Model):
		return NoModel
	case d.b.Signed && r.Operation == ai.Generate && unsigned(r):
		return badRequest
	case r.in.Previous != "" && d.s.stored.get(r.in.Previous, r.Key) == nil:
		return noPrevious
	}
	return ""
}

// unsigned reports whether a request holds results of tools, but not what
// signed the reasoning before their calls: the real services refuse that where
// they have a signature.
func unsigned(r *Request) bool {
	sign := map[ai.Protocol]string{
		ai.Anthropic: signature, ai.Gemini: signature, ai.Responses: encrypted, ai.OpenAI: "reasoning_content",
	}[r.Protocol]
	results := [...]string{`"tool_result"`, `"functionResponse"`, `"function_call_output"`, `"role":"tool"`}
	for _, name := range results {
		if bytes.Contains(r.Body, []byte(name)) {
			return !bytes.Contains(r.Body, []byte(sign))
		}
	}
	return false
}

// refuse answers with a problem of the request.
func (d *delivery) refuse(p Problem) {
	t := tell(d.req, &Behaviour{Problem: p})
	d.whole(t.status, jsonType, t.body(d.req.Protocol))
}

func (d *delivery) generate() {
	a := d.s.newAnswer(d.req, &d.b)
	script := scriptOf(a)
	if d.req.Protocol == ai.Responses && stores(d.req) {
		d.s.stored.put(a.responseID(), d.req, script)
	}
	d.report(a)
	d.send(script, a)
}

// report notes what the answer says of itself, for assertions.
func (d *delivery) report(a *answer) {
	d.s.log.reported(d.req, func(r *Request) {
		r.ResponseID = a.responseID()
		if r.Protocol != ai.OpenAI || !r.Stream || r.in.StreamOptions.IncludeUsage {
			r.Usage = a.usage
		}
	})
}

// send sends a script as a stream or as a whole.
func (d *delivery) send(script *script, a *answer) {
	if d.streams() {
		newStream(d, script, a).run()
		return
	}
	d.whole(d.status(), jsonType, script.whole)
}

// streams reports whether the answer is a stream.
func (d *delivery) streams() bool { return d.req.Stream && d.b.Fault != WholeJSON }

func (d *delivery) isEventFault() bool {
	return d.b.Fault == EventFirst || d.b.Fault == EventStart || d.b.Fault == EventMid
}

// status is that of an answer which does not follow from a problem.
func (d *delivery) status() int {
	if d.b.Status != 0 {
		return d.b.Status
	}
	return http.StatusOK
}

// whole sends a body at once, as far as the fault lets it.
func (d *delivery) whole(status int, contentType string, body []byte) {
	body = bytes.ReplaceAll(body, []byte(badUTF8), []byte("\xff\xfe\xfd"))
	switch d.b.Fault {
	case Half, NoEnd:
		body = body[:len(body)/2]
	case Broken, BrokenFirst:
		body = slices.Concat(body[:len(body)/3], body[2*len(body)/3:])
	case OnlyPings:
		body = []byte("\n\n\n\n")
	}
	d.contentType(contentType)
	h := d.w.Header()
	if d.b.Encoding != "" {
		h.Set("Content-Encoding", d.b.Encoding)
		body = encode(d.b.Encoding, body)
	}
	if d.b.RetryAfter > 0 && status >= 400 {
		h.Set("Retry-After", d.retryAfter())
	}
	if d.b.Fault != StaysOpen && d.b.Fault != ResetAtEnd {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	d.setHeader()
	d.w.WriteHeader(status)
	switch d.b.Fault {
	case HangHeaders, Silent:
		d.flush()
		d.hang()
	case Cut, CutByReset, Stall:
		d.write(body[:len(body)/2])
		d.interrupt(d.b.Fault)
	}
	d.write(body)
	d.interrupt(d.b.Fault)
}

// interrupt does what a fault does to a connection, at the moment it does it.
func (d *delivery) interrupt(f Fault) {
	switch f {
	case Cut:
		d.flush()
		d.abort()
	case CutByReset, ResetAtEnd:
		d.flush()
		d.reset()
	case Stall, StaysOpen:
		d.flush()
		d.hang()
	}
}
