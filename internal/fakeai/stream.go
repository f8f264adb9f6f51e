package fakeai

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/ccload/ccload/ai"
)

// stream sends a script event by event.
type stream struct {
	*delivery
	script *script
	answer *answer
	enc    encoder // nil: the body is sent as it is
	array  bool    // Gemini's JSON array instead of SSE
	sent   bool    // an element of the array was sent
	line   string  // end of a line
}

func newStream(d *delivery, script *script, a *answer) *stream {
	s := &stream{delivery: d, script: script, answer: a, array: d.req.Array, line: "\n"}
	if d.b.CRLF || d.req.Protocol == ai.Gemini {
		s.line = "\r\n"
	}
	return s
}

// run sends the stream, as far as the fault lets it.
func (s *stream) run() {
	s.open()
	t := tell(s.req, &s.b)
	switch s.b.Fault {
	case HangHeaders:
		s.hang()
	case EventFirst:
		s.event(t.event(s.req.Protocol, false, s.answer))
		s.close()
		return
	case OnlyPings:
		s.pings()
		return
	}
	if s.b.Comments {
		s.event(event{"", ": OPENROUTER PROCESSING"})
	}
	s.events(s.script.preamble)
	switch s.b.Fault {
	case EventStart:
		s.event(t.event(s.req.Protocol, true, s.answer))
		s.close()
		return
	case Silent:
		s.hang()
	}
	s.sleep(s.b.FirstContent)
	if s.content(t) {
		s.ending()
	}
}

// open sends the headers.
func (s *stream) open() {
	kind := sseType
	switch {
	case s.array:
		kind = "application/json; charset=UTF-8"
	case s.req.Protocol == ai.Gemini:
		kind = "text/event-stream"
	}
	s.contentType(kind)
	s.w.Header().Set("Cache-Control", "no-cache")
	if s.b.Encoding != "" {
		s.w.Header().Set("Content-Encoding", s.b.Encoding)
		s.enc = newEncoder(s.b.Encoding, s.w)
	}
	s.setHeader()
	s.w.WriteHeader(s.status())
	s.delivery.flush()
}

// pings sends nothing but pings.
func (s *stream) pings() {
	n := s.b.Events
	if n == 0 {
		n = 10
	}
	for range n {
		s.event(s.script.ping)
		s.sleep(s.b.Gap)
	}
	s.close()
}

// content sends the content, and reports whether the stream goes on. What
// happens in the middle happens after at least one event with content.
func (s *stream) content(t told) bool {
	events := s.script.content
	mid := min(max(1, len(events)/2), len(events))
	for i := 0; i <= len(events); i++ {
		broken := i == 0 && s.b.Fault == BrokenFirst
		if i == mid {
			switch s.b.Fault {
			case EventMid:
				s.event(t.event(s.req.Protocol, true, s.answer))
				s.close()
				return false
			case Half:
				s.half(i)
				return false
			case Broken:
				broken = true
			default:
				s.interruptMid()
			}
		}
		if i == len(events) {
			break
		}
		if i > 0 {
			s.sleep(s.b.Gap)
		}
		ev := events[i]
		if broken {
			ev.data = ev.data[:min(len(ev.data)/2, 40)]
		}
		s.event(ev)
	}
	return true
}

// interruptMid is interrupt for the faults that belong into the middle.
func (s *stream) interruptMid() {
	if f := s.b.Fault; f == Cut || f == CutByReset || f == Stall {
		s.flush()
		s.interrupt(f)
	}
}

// half ends the stream within the next event.
func (s *stream) half(i int) {
	next := append(append([]event{}, s.script.content...), s.script.finish...)
	b := s.frame(next[min(i, len(next)-1)])
	s.put(b[:len(b)/2])
	s.finishEncoding()
}

// ending sends what follows the content.
func (s *stream) ending() {
	if s.b.Fault == NoEnd {
		s.close()
		return
	}
	s.sleep(s.b.Gap)
	s.events(s.script.finish)
	if s.b.Fault == NoEndMarker {
		s.finishEncoding()
		return
	}
	s.events(s.script.end)
	if s.b.Fault == ResetAtEnd || s.b.Fault == StaysOpen {
		if s.array {
			s.put([]byte("]"))
		}
		s.flush()
		s.interrupt(s.b.Fault)
	}
	s.close()
}

func (s *stream) events(list []event) {
	for _, ev := range list {
		s.event(ev)
	}
}

// event sends one event.
func (s *stream) event(ev event) {
	s.put(s.frame(ev))
	s.flush()
}

// frame is an event as it stands in the body.
func (s *stream) frame(ev event) []byte {
	var b []byte
	isComment := ev.name == "" && strings.HasPrefix(ev.data, ":")
	switch {
	case s.array && isComment:
		return []byte("\n")
	case s.array:
		b = append(b, '[')
		if s.sent {
			b = append(b[:0], "\n,\r\n"...)
		}
		s.sent = true
		b = append(b, ev.data...)
	case isComment:
		b = append(b, ev.data+s.line+s.line...)
	default:
		if ev.name != "" && !s.b.NoEvent {
			b = append(b, "event: "+ev.name+s.line...)
		}
		b = append(append(append(b, "data: "...), ev.data...), s.line+s.line...)
	}
	return bytes.ReplaceAll(b, []byte(badUTF8), []byte("\xff\xfe\xfd"))
}

func (s *stream) put(b []byte) {
	if s.enc == nil {
		s.write(b)
	} else if _, err := s.enc.Write(b); err != nil {
		s.abort()
	}
}

func (s *stream) flush() {
	if s.enc != nil {
		if err := s.enc.Flush(); err != nil {
			s.abort()
		}
	}
	s.delivery.flush()
}

// close ends the stream as it should end.
func (s *stream) close() {
	if s.array {
		if !s.sent {
			s.put([]byte("["))
		}
		s.put([]byte("\n]"))
	}
	s.finishEncoding()
}

func (s *stream) finishEncoding() {
	if s.enc != nil {
		if err := s.enc.Close(); err != nil {
			s.abort()
		}
	}
	s.delivery.flush()
}

var _ http.Handler = (*Server)(nil)
