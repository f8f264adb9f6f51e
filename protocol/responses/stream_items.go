package responses

import (
	"slices"

	"github.com/ccload/ccload/protocol"
)

// This file finds out which item an event belongs to. OpenAI tells it twice, by
// item_id and output_index; compatible vendors leave out one or both, and some
// give an item another id in each event.

// streamedItem is an item that has begun.
type streamedItem struct {
	id    string
	index int // output_index, -1 if it is not told
	kind  string
	parts []*itemPart
	done  bool
}

// itemPart is a part of an item: of a message one for each content_index, else
// the only one.
type itemPart struct {
	protocol.QueuedPart
	content int
	half    protocol.Halves
}

// maxItems bounds what is remembered of a stream.
const maxItems = 4096

func (d *replyDecoder) newItem(kind, id string, index *int) *streamedItem {
	it := &streamedItem{id: id, index: -1, kind: kind}
	if index != nil {
		it.index = *index
	}
	d.items = append(d.items, it)
	return it
}

// typeOf is the type of the item that parts of a kind are in.
func typeOf(kind protocol.PartKind) string {
	switch kind {
	case protocol.Thought:
		return "reasoning"
	case protocol.Call:
		return "function_call"
	default:
		return "message"
	}
}

func sameType(a, b string) bool {
	if a == "custom_tool_call" {
		a = "function_call"
	}
	if b == "custom_tool_call" {
		b = "function_call"
	}
	return a == b
}

// find returns the item that an event is of: by its id, else by its index, else
// the last of its type that has not ended. nil if there is none.
func (d *replyDecoder) find(e *streamEvent, kind string) *streamedItem {
	if it := d.withID(e.ItemID); it != nil {
		return it
	}
	for _, it := range slices.Backward(d.items) {
		if e.Index != nil && it.index == *e.Index && sameType(it.kind, kind) {
			return it
		}
	}
	if e.Index != nil {
		return nil
	}
	for _, it := range slices.Backward(d.items) {
		if !it.done && sameType(it.kind, kind) {
			return it
		}
	}
	return nil
}

func (d *replyDecoder) withID(id string) *streamedItem {
	i := slices.IndexFunc(d.items, func(it *streamedItem) bool { return id != "" && it.id == id })
	if i < 0 {
		return nil
	}
	return d.items[i]
}

// part returns the part that grows, nil if there is none.
func (it *streamedItem) part(kind protocol.PartKind, content int) *itemPart {
	for _, p := range it.parts {
		if p.Part.Kind == kind && !p.Closed && (it.kind != "message" || p.content == content) {
			return p
		}
	}
	return nil
}

// match finds the items of a whole output among those that were streamed: by
// their ids or the ids of calls, else in order of each type. nil are those that
// were not streamed at all.
func (d *replyDecoder) match(output []outputItem) []*streamedItem {
	found := make([]*streamedItem, len(output))
	taken := make(map[*streamedItem]bool)
	pass := func(same func(it *streamedItem, item *outputItem) bool) {
		for i := range output {
			for _, it := range d.items {
				if found[i] == nil && !taken[it] && same(it, &output[i]) {
					found[i], taken[it] = it, true
				}
			}
		}
	}
	pass(func(it *streamedItem, item *outputItem) bool {
		if it.id != "" && it.id == item.ID {
			return true
		}
		return item.CallID != "" && len(it.parts) > 0 && it.parts[0].Part.Call != nil && it.parts[0].Part.Call.ID == item.CallID
	})
	pass(func(it *streamedItem, item *outputItem) bool { return sameType(it.kind, item.Type) })
	return found
}
