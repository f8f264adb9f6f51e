package relay

import (
	"bytes"
	"errors"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/protocol/sse"
)

// progress is what was seen in a stream so far.
type progress struct {
	judge    protocol.Judge
	splitter sse.Splitter
	see      func(sse.Event) bool // event, made once
	blind    bool                 // an event was too large to look at: what follows is not judged
	proven   bool                 // there was content
	events   int
	end      protocol.Step // Finish or End, once seen
	failure  *ai.Failure   // of an error event
	failed   []byte        // the beginning of that event's data
	garbled  bool          // it is no error event, but one that is broken itself
	whole    int           // of what was held, what stands before that one
	closing  bool          // what the splitter reports now was not ended by the upstream
	unended  bool          // the last event is whole, but its blank line has not come
	sample   sample

	translator *translator // if the client speaks another format
}

// follow lets the judge see what has come. The error says that it is no stream
// of the kind it began as.
func (p *progress) follow(chunk []byte) error {
	if p.blind {
		return nil
	}
	err := p.splitter.Feed(chunk, p.see)
	if errors.Is(err, sse.ErrTooLong) && p.translator == nil {
		// Only content is so large. It goes to the client; nobody can say of
		// what follows where its events begin.
		p.blind = true
		p.splitter.Reset()
		return nil
	}
	return err
}

// event takes one event in.
func (p *progress) event(ev sse.Event) bool {
	p.events++
	p.unended = p.closing && isWhole(ev.Data)
	if !p.closing && cutShort(ev.Data) {
		return p.fail(ai.Failure{Message: "upstream sent an event that is cut short"}, ev.Data, true)
	}
	step := p.judge.Event(ev)
	if p.translator != nil && step != protocol.Failed && (!p.closing || !cutShort(ev.Data)) {
		p.translator.event(ev)
	}
	switch step {
	case protocol.Preamble:
	case protocol.Content:
		p.proven = true
		p.sample.add(ev.Data)
	case protocol.Finish, protocol.End:
		p.proven = true
		p.end = max(p.end, step)
	case protocol.Failed:
		return p.fail(p.judge.Failure(), ev.Data, isBroken(ev))
	}
	return true
}

// fail notes the event that says that the answer failed, or is broken itself.
func (p *progress) fail(f ai.Failure, data []byte, garbled bool) bool {
	p.failure, p.garbled = &f, garbled
	p.failed = bytes.Clone(data[:min(len(data), tellError)])
	return false
}

// isBroken reports whether an event is an object that cannot be read; clients
// are not given those. A text that speaks of an error is theirs to see.
func isBroken(ev sse.Event) bool {
	data := bytes.TrimSpace(ev.Data)
	return len(data) > 0 && data[0] == '{' && string(ev.Name) != "error" && scan.Valid(data) != nil
}

// cutShort reports whether an event that was ended by its blank line holds the
// beginning of an object only. It does not look inside, which costs more.
func cutShort(data []byte) bool {
	data = bytes.TrimRight(data, " \t\r\n")
	return len(data) > 0 && data[0] == '{' && data[len(data)-1] != '}'
}

// isWhole reports whether the data of an event that may have been cut off is all
// there, as far as that can be told: text has no end of its own.
func isWhole(data []byte) bool {
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0:
		return false
	case data[0] == '{':
		return scan.Valid(data) == nil
	case data[0] == '[':
		return string(data) == "[DONE]"
	}
	return true
}

// collects reports whether a stream is read to its end before anything is
// given: the client wants one object.
func (p *progress) collects() bool { return p.translator != nil && p.translator.encoder == nil }
