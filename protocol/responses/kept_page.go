package responses

import (
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// Page is a page of a response's input.
type Page struct {
	After string // the id that the page follows; "": it is the first
	Limit int    // 1 to 100
	Asc   bool   // the oldest first
}

// InputPage writes a page of items, which are the oldest first.
func InputPage(items [][]byte, p Page) []byte {
	id := func(i int) string {
		s, _ := scan.String(protocol.Member(items[i], "id"))
		return s
	}
	at, step := len(items)-1, -1
	if p.Asc {
		at, step = 0, 1
	}
	inside := func() bool { return at >= 0 && at < len(items) }
	for p.After != "" && inside() {
		found := id(at) == p.After
		at += step
		if found {
			break
		}
	}
	var w protocol.Writer
	w.Open('{')
	w.Text("object", "list")
	w.Key("data")
	w.Open('[')
	first, last, n := "", "", 0
	for ; inside() && n < p.Limit; n++ {
		if last = id(at); n == 0 {
			first = last
		}
		w.Raw(items[at])
		at += step
	}
	w.Close(']')
	w.Text("first_id", first)
	w.Text("last_id", last)
	w.Key("has_more")
	w.Bool(inside())
	w.Close('}')
	return w.B
}

// Items are the items of the response's own input, those that it stands for in
// their place where they are there.
func (k *Kept) Items(find func(id string) *Kept) [][]byte {
	items, _ := elements(k.Input)
	for i, item := range items {
		id, ok := referenceID(item)
		if !ok {
			continue
		}
		if home, made := MadeByTranslation(id); made {
			if kept := find(home); kept != nil {
				if whole := kept.Item(id); whole != nil {
					items[i] = whole
				}
			}
		}
	}
	return items
}
