package responses

import (
	"fmt"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

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
