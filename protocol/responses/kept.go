package responses

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// This file is about responses that a translation made: OpenAI has never heard
// of them, so whoever made them keeps them for the clients that refer to them.

// Ids of what a translation makes. Those of a response's items hold the
// response's own, so that a reference to an item leads to its response.
const (
	madeMark   = "ccl"              // no hexadecimal number, as OpenAI's are
	madeLength = len(madeMark) + 26 // of what follows "resp_"
	inputMark  = "in"               // between that and the number of an item of the input
	madePrefix = "resp_"            // of a response's id
	reference  = "item_reference"   // the type of an item that stands for another
)

func newResponseID() string { return madePrefix + madeMark + strings.ToLower(rand.Text()) }

// partID is the id of something in a response.
func partID(prefix, response, number string) string {
	_, made, _ := strings.Cut(response, "_")
	return prefix + "_" + made + number
}

// MadeByTranslation reports whether a response's id, or an item's, is one that a
// translation made, and returns the id of the response then.
func MadeByTranslation(id string) (responseID string, ok bool) {
	_, made, _ := strings.Cut(id, "_")
	if len(made) < madeLength || !strings.HasPrefix(made, madeMark) {
		return "", false
	}
	return madePrefix + made[:madeLength], true
}

// Kept is a response that is kept, as JSON.
type Kept struct {
	ID       string
	Previous string // the id of the response that it continues
	Input    []byte // a list of its own items, each with an id
	Response []byte
}

// Keep makes a kept response of a request's body and the response to it.
// previous is the id of the kept response that it continues.
func Keep(body, answer []byte, previous string) (*Kept, error) {
	id, ok := scan.String(protocol.Member(answer, "id"))
	if !ok {
		return nil, errors.New("the response has no id")
	}
	items, err := inputItems(protocol.Member(body, "input"))
	if err != nil {
		return nil, err
	}
	var w protocol.Writer
	w.Open('[')
	for i, item := range items {
		w.Raw(withID(item, id, i))
	}
	w.Close(']')
	return &Kept{ID: id, Previous: previous, Input: w.B, Response: answer}, nil
}

// inputItems are the items of an input, which may be a text.
func inputItems(input []byte) ([][]byte, error) {
	if scan.IsNull(input) {
		return nil, nil
	}
	if _, ok := scan.String(input); ok {
		var w protocol.Writer
		w.Open('{')
		w.Text("type", "message")
		w.Text("role", "user")
		w.Key("content")
		w.Open('[')
		w.Open('{')
		w.Text("type", "input_text")
		w.Key("text")
		w.Raw(input)
		w.Close('}')
		w.Close(']')
		w.Close('}')
		return [][]byte{w.B}, nil
	}
	return elements(input)
}

func elements(list []byte) (items [][]byte, err error) {
	err = scan.Elements(list, func(start, end int) bool {
		items = append(items, list[start:end])
		return true
	})
	return items, err
}

// idPrefixes are how ids of items begin, by type; msg for others.
var idPrefixes = map[string]string{
	"function_call": "fc", "function_call_output": "fco", "custom_tool_call": "ctc", "custom_tool_call_output": "ctco",
	"reasoning": "rs", "web_search_call": "ws",
}

// withID gives an item of the input an id, unless it has one.
func withID(item []byte, responseID string, number int) []byte {
	if _, ok := scan.String(protocol.Member(item, "id")); ok || len(item) == 0 || item[0] != '{' {
		return item
	}
	prefix := idPrefixes[protocol.Kind(item)]
	if prefix == "" {
		prefix = "msg"
	}
	var w protocol.Writer
	w.Open('{')
	w.Text("id", partID(prefix, responseID, inputMark+strconv.Itoa(number)))
	if protocol.Kind(item) == "" {
		w.Text("type", "message")
	}
	_ = scan.Members(item, func(key []byte, start, end int) bool {
		if !scan.KeyIs(key, "id") {
			w.Key(string(key))
			w.Raw(item[start:end])
		}
		return true
	})
	w.Close('}')
	return w.B
}

// Item is an item of a kept response, by its id; nil if it has none of that id.
func (k *Kept) Item(id string) []byte {
	var found []byte
	for _, list := range [...][]byte{protocol.Member(k.Response, "output"), k.Input} {
		_ = scan.Elements(list, func(start, end int) bool {
			if item := list[start:end]; scan.StringIs(protocol.Member(item, "id"), id) && protocol.Kind(item) != reference {
				found = item
			}
			return found == nil
		})
	}
	return found
}

// Refers lists the kept responses that a request refers to: the one that it
// continues, and those of the items that it names.
func Refers(body []byte) (previous string, others []string) {
	if id, ok := scan.String(protocol.Member(body, "previous_response_id")); ok {
		if made, ok := MadeByTranslation(id); ok && made == id {
			previous = id
		}
	}
	return previous, referred(protocol.Member(body, "input"))
}

func referred(input []byte) (list []string) {
	if len(input) == 0 || input[0] != '[' {
		return nil
	}
	_ = scan.Elements(input, func(start, end int) bool {
		if id, ok := referenceID(input[start:end]); ok {
			if made, ok := MadeByTranslation(id); ok {
				list = append(list, made)
			}
		}
		return true
	})
	return list
}

// referenceID is the id of the item that an item stands for. The type may be
// left out.
func referenceID(item []byte) (string, bool) {
	if len(item) == 0 || item[0] != '{' {
		return "", false
	}
	kind := protocol.Kind(item)
	if kind != reference && (kind != "" || protocol.Member(item, "role") != nil) {
		return "", false
	}
	return scan.String(protocol.Member(item, "id"))
}

// MissingError says that a kept response or item that a request refers to is not
// there.
type MissingError struct {
	Field string // of the request
	ID    string
}

func (e *MissingError) Error() string { return fmt.Sprintf("%s: there is no %q", e.Field, e.ID) }

// Expand writes a request that refers to kept responses as one that tells the
// whole conversation. chain is the response that it continues after those that
// this one continues, oldest first; find finds a kept response, nil if there is
// none. The error is a *MissingError if something is not there.
func Expand(body []byte, chain []*Kept, find func(id string) *Kept) ([]byte, error) {
	var w protocol.Writer
	w.Open('[')
	add := func(list [][]byte, field string) error {
		for i, item := range list {
			if id, ok := referenceID(item); ok {
				if home, made := MadeByTranslation(id); made {
					kept := find(home)
					if kept != nil {
						item = kept.Item(id)
					}
					if kept == nil || item == nil {
						return &MissingError{Field: fmt.Sprintf("%s[%d].id", field, i), ID: id}
					}
				}
			}
			w.Raw(item)
		}
		return nil
	}
	for _, k := range chain {
		for _, list := range [...][]byte{k.Input, protocol.Member(k.Response, "output")} {
			items, err := elements(list)
			if err != nil {
				return nil, err
			}
			if err := add(items, "previous_response_id: input"); err != nil {
				return nil, err
			}
		}
	}
	own, err := inputItems(protocol.Member(body, "input"))
	if err != nil {
		return nil, err
	}
	if err := add(own, "input"); err != nil {
		return nil, err
	}
	w.Close(']')
	out := protocol.Writer{B: make([]byte, 0, len(body)+len(w.B))}
	out.Open('{')
	err = scan.Members(body, func(key []byte, start, end int) bool {
		if !scan.KeyIs(key, "input") && (!scan.KeyIs(key, "previous_response_id") || len(chain) == 0) {
			out.Key(string(key))
			out.Raw(body[start:end])
		}
		return true
	})
	out.Key("input")
	out.Raw(w.B)
	out.Close('}')
	return out.B, err
}

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
