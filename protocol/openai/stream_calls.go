package openai

import (
	"slices"

	"github.com/ccload/ccload/protocol"
)

// This file finds out which call a piece of one belongs to. OpenAI tells it by
// index. Compatible vendors give no index, or 0 to all, or begin to count
// elsewhere, give an id to each piece or to none, and cut even names in pieces.

// streamedCall is a call that has begun.
type streamedCall struct {
	id, index string // as the upstream gives them, "" if it does not
	piece     protocol.QueuedPart
	half      protocol.Halves
	early     string // arguments that came before a name
	queued    bool
}

func (c *streamedCall) name() string { return c.piece.Part.Call.Name }

// hasArguments reports whether arguments came, after which no name goes on.
func (c *streamedCall) hasArguments() bool { return c.piece.Said || c.early != "" }

// isOver reports whether no arguments can be added.
func (c *streamedCall) isOver() bool { return c.piece.Closed || c.piece.IsWhole() }

// maxCalls bounds what is remembered: no model makes that many at once.
const maxCalls = 256

// call takes a piece of a call: the one at place among so many of a chunk.
func (d *replyDecoder) call(said *saidCall, place, among int, give func(*protocol.Piece)) {
	part := said.part()
	c := d.find(said, place, among)
	if c != nil {
		c.goOn(&part)
	} else if c = d.begin(said, &part); c == nil {
		return
	}
	text := said.arguments(&c.half)
	switch {
	case c.isOver(): // whatever it is, it would spoil what is whole
		return
	case c.name() == "":
		c.early += text
		return
	case !c.queued:
		c.queued = true
		d.add(&c.piece)
		text, c.early = c.early+text, ""
	}
	d.queue.More(&c.piece, text, nil, give)
}

// find returns the call that a piece goes on with, nil if it begins one.
func (d *replyDecoder) find(said *saidCall, place, among int) *streamedCall {
	if len(d.calls) == 0 {
		return nil
	}
	c, last, name := d.named(said, place, among), d.calls[len(d.calls)-1], said.name()
	switch {
	case c == nil && (name != "" || said.ID != "" && last.isOver()):
		return nil
	case c == nil:
		return last
	case name == "" && c.isOver() && !last.isOver():
		return last // its pieces have another index than its beginning
	case name == "":
		return c // also with a new id: some vendors make one up for each piece
	case said.ID != "" && said.ID != c.id && (c.id != "" || c.hasArguments()):
		return nil
	case c.name() == "":
		return c
	case c.isOver() && (said.ID == "" || said.Index == nil):
		return nil
	case c.hasArguments() && name != c.name():
		return nil
	case said.ID == "" && said.Index == nil && c.id == "" && name != c.name():
		return nil
	}
	return c
}

// named returns the call that a piece names by index, id or place; nil if that
// is of no call.
func (d *replyDecoder) named(said *saidCall, place, among int) *streamedCall {
	index := said.index()
	switch {
	case index != "":
		for _, c := range slices.Backward(d.calls) {
			if c.index == index {
				return c
			}
		}
	case said.ID == "" && said.name() == "" && among > 1 && place < len(d.calls):
		return d.calls[place]
	case said.ID == "":
		return d.calls[len(d.calls)-1]
	}
	if said.ID != "" && (index == "" || said.name() == "") {
		for _, c := range slices.Backward(d.calls) {
			if c.id == said.ID {
				return c
			}
		}
	}
	return nil
}

// begin begins a call; nil if the piece says nothing at all: some vendors write
// an empty one beside a text.
func (d *replyDecoder) begin(said *saidCall, part *protocol.Part) *streamedCall {
	if len(d.calls) >= maxCalls || said.ID == "" && said.name() == "" && said.isEmpty() {
		return nil
	}
	for _, other := range d.calls {
		if other.piece.Part.Call.ID == part.Call.ID {
			part.Call.ID = "" // two calls must not have one
		}
	}
	if part.Call.ID == "" {
		part.Call.ID = protocol.MadeUpID()
	}
	c := &streamedCall{id: said.ID, index: said.index()}
	c.piece.Part = *part
	d.calls = append(d.calls, c)
	return c
}

// goOn takes over what a later piece tells of the call itself: its id, its name
// in pieces or once more, and its signature.
func (c *streamedCall) goOn(later *protocol.Part) {
	if later.Signature != "" {
		c.piece.End.Signature, c.piece.End.Origin = later.Signature, later.Origin
	}
	if c.hasArguments() && c.name() != "" {
		return // it may have been opened
	}
	call := c.piece.Part.Call
	call.Custom = call.Custom || later.Call.Custom
	if c.id == "" && later.Call.ID != "" {
		c.id, call.ID = later.Call.ID, later.Call.ID
	}
	if later.Call.Name != call.Name {
		call.Name += later.Call.Name
	}
}
