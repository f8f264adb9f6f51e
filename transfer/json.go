package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/ccload/ccload/config"
)

// version is that of our JSON. A change that older programs would misread
// raises it.
const version = 1

// document is our JSON.
type document struct {
	Version  int            `json:"ccload"`
	Channels []Channel      `json:"channels,omitempty"`
	Tokens   []Token        `json:"tokens,omitempty"`
	Aliases  []config.Alias `json:"aliases,omitempty"`
}

// WriteJSON writes the set. Secrets of tokens are never written, hashes of them
// as far as the set has them, and keys as they are in the set.
func WriteJSON(w io.Writer, s *Set) error {
	d := document{Version: version, Channels: make([]Channel, len(s.Channels)), Tokens: make([]Token, len(s.Tokens)), Aliases: s.Aliases}
	copy(d.Channels, s.Channels)
	for i := range d.Channels {
		d.Channels[i].Channel.Keys = nil
	}
	copy(d.Tokens, s.Tokens)
	for i := range d.Tokens {
		d.Tokens[i].Secret = ""
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d)
}

// readJSON reads our JSON. What is wrong with one channel, token or alias is a
// problem of that one.
func readJSON(ctx context.Context, data []byte) (*File, error) {
	w := newWalker(data)
	list, err := w.top()
	if err != nil {
		return nil, err
	}
	c := newCollector(FormatJSON)
	for _, item := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		item.read(c)
	}
	return c.done(), nil
}

// item is one channel, token or alias of a file.
type item struct {
	line int
	path string // such as channels[3]
	kind string
	name string // as far as it can be told
	text json.RawMessage
	err  error // what is wrong with its form
}

// itemKinds are the lists of our JSON.
var itemKinds = map[string]struct {
	kind string
	of   reflect.Type
}{
	"channels": {KindChannel, reflect.TypeFor[Channel]()},
	"tokens":   {KindToken, reflect.TypeFor[Token]()},
	"aliases":  {KindAlias, reflect.TypeFor[config.Alias]()},
}

func (it *item) read(c *collector) {
	c.path = it.path
	if it.err != nil {
		c.fail(it.line, it.name, it.err)
		return
	}
	switch it.kind {
	case KindChannel:
		if ch, ok := decode[Channel](c, it); ok {
			compactBody(&ch.Channel)
			c.channel(it.line, ch)
		}
	case KindToken:
		if t, ok := decode[Token](c, it); ok {
			c.token(it.line, t)
		}
	case KindAlias:
		if a, ok := decode[config.Alias](c, it); ok {
			c.alias(it.line, a)
		}
	}
}

// decode decodes an item whose form has been checked.
func decode[T any](c *collector, it *item) (v T, ok bool) {
	if err := strictly(it.text, &v); err != nil {
		c.fail(it.line, it.name, &fieldError{it.path, problemOf(err)})
		return v, false
	}
	return v, true
}

// strictly decodes JSON that may hold nothing that is not known.
func strictly(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// problemOf says what is wrong with JSON without telling what stands there.
func problemOf(err error) string {
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrong) && wrong.Field != "":
		return fmt.Sprintf("%s must be %s", wrong.Field, wanted(wrong.Type))
	case errors.As(err, &wrong):
		return "must be " + wanted(wrong.Type)
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "is no valid JSON"
	}
	return "cannot be read as what it should be"
}

// compactBody takes the spaces out of values of JSON, so that it does not
// matter how the file is laid out.
func compactBody(c *config.Channel) {
	for i := range c.BodySet {
		var b bytes.Buffer
		if json.Compact(&b, c.BodySet[i].Value) == nil {
			c.BodySet[i].Value = b.Bytes()
		}
	}
}
