package responses

import (
	"crypto/rand"
	"errors"
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
