package relay

import (
	"bytes"
	"slices"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// renamer finds the model's name in the events of a stream, or in a body, so
// that it can be replaced by the one that the client knows. Nothing is decoded:
// most streams name the model at the same place behind the same bytes in every
// event, and these are compared only.
type renamer struct {
	name   []byte // the client's, a JSON string
	key    []byte // `model"`: there are more quotes than letters
	member string // whose value is replaced: of the object itself,
	within string // or of the object in this member of it

	head  []byte // how the last event began, up to the end of the model's name
	start int    // of the name in it
	plain []byte // memory of object
}

// newRenamer returns what replaces the model's name in answers of a format; nil
// if they name none.
func newRenamer(f protocol.Format, name string) *renamer {
	namer, ok := f.(protocol.ModelNamer)
	if !ok || name == "" {
		return nil
	}
	member, within := namer.ModelMember()
	return &renamer{name: protocol.AppendString(nil, name), key: append([]byte(member), '"'), member: member, within: within}
}

// concerns reports whether bytes may hold the model's name.
func (r *renamer) concerns(b []byte) bool {
	return len(r.head) > 0 && bytes.HasPrefix(b, r.head) || bytes.Contains(b, r.key)
}

// find returns the span of the model's name in an event, quotes included; both
// 0 if it has none. lines says that it is a server-sent event, else it is an
// element of an array.
func (r *renamer) find(event []byte, lines bool) (start, end int) {
	if len(r.head) > 0 && bytes.HasPrefix(event, r.head) {
		return r.start, len(r.head)
	}
	r.plain = append(r.plain[:0], event...)
	blank(r.plain, lines)
	if start, end = r.locate(r.plain); start < end {
		r.head, r.start = append(r.head[:0], event[:end]...), start
	}
	return start, end
}

// locate finds the name in an object, before which and behind which may be
// white space. What follows the name may be missing.
func (r *renamer) locate(object []byte) (start, end int) {
	_ = scan.Members(object, func(key []byte, from, to int) bool {
		value := object[from:to]
		switch {
		case scan.KeyIs(key, r.member) && len(value) > len(`""`) && value[0] == '"':
			start, end = from, to
		case r.within != "" && scan.KeyIs(key, r.within) && len(value) > 0 && value[0] == '{':
			_ = scan.Members(value, func(key []byte, inner, to int) bool {
				if scan.KeyIs(key, r.member) && value[inner] == '"' {
					start, end = from+inner, from+to
				}
				return start == end
			})
		}
		return start == end
	})
	return start, end
}

// blank replaces what stands around the object in an event by spaces, so that
// places in it stay the same: the names of fields, fields other than data, and
// what separates the elements of an array.
func blank(event []byte, lines bool) {
	if !lines {
		for i := range event {
			if event[i] == '{' {
				return
			}
			event[i] = ' '
		}
		return
	}
	for at := 0; at < len(event); {
		end := len(event)
		if i := bytes.IndexAny(event[at:], "\r\n"); i >= 0 {
			end = at + i
		}
		line := event[at:end]
		hidden := len(line)
		if rest, isData := bytes.CutPrefix(bytes.TrimPrefix(line, byteOrderMark), dataField); isData {
			hidden = len(line) - len(rest)
		}
		for i := range hidden {
			line[i] = ' '
		}
		at = end + 1
	}
}

var dataField = []byte("data:")

// renameHeld gives the model the client's name in a body that is held, and
// notes that the body's length changed.
func (d delivery) renameHeld() {
	r := newRenamer(d.req.Format, d.req.Rename)
	if r == nil || d.form != whole && d.form != large {
		return
	}
	start, end := r.locate(*d.held)
	if start == end {
		return
	}
	if d.length >= 0 {
		d.length += int64(len(r.name) - (end - start))
	}
	d.held = grow(d.held, len(*d.held)+len(r.name))
	*d.held = slices.Replace(*d.held, start, end, r.name...)
}
