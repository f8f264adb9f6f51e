package transfer

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/ccload/ccload/config"
)

// What becomes of something that a file holds.
const (
	ActionAdd    = "add"
	ActionChange = "change"
	ActionSame   = "same"
)

// Change is what taking over a file would do to one thing.
type Change struct {
	Kind   string   `json:"kind"`
	Name   string   `json:"name"`
	Action string   `json:"action"`           // add, change or same
	Fields []string `json:"fields,omitempty"` // JSON names of the settings that differ
}

// Diff compares what a file holds with what there is, by name, in the order of
// the file. What there is beside the file is not mentioned. Secrets are compared
// by fingerprint and hash, and only if the file has them: a channel without keys
// in the file says nothing of those that are there.
func Diff(have, file *Set) []Change {
	changes := make([]Change, 0, len(file.Channels)+len(file.Tokens)+len(file.Aliases))
	channels := index(have.Channels, func(c *Channel) string { return c.Name })
	for i := range file.Channels {
		c := &file.Channels[i]
		changes = append(changes, compare(KindChannel, c.Name, channels[c.Name], c, channelFields))
	}
	tokens := index(have.Tokens, func(t *Token) string { return t.Name })
	for i := range file.Tokens {
		t := &file.Tokens[i]
		changes = append(changes, compare(KindToken, t.Name, tokens[t.Name], t, tokenFields))
	}
	aliases := index(have.Aliases, func(a *config.Alias) string { return a.Name })
	for i := range file.Aliases {
		a := &file.Aliases[i]
		changes = append(changes, compare(KindAlias, a.Name, aliases[a.Name], a, func(had, a *config.Alias) []string {
			return differing(had, a)
		}))
	}
	return changes
}

func index[T any](list []T, name func(*T) string) map[string]*T {
	m := make(map[string]*T, len(list))
	for i := range list {
		m[name(&list[i])] = &list[i]
	}
	return m
}

func compare[T any](kind, name string, had, has *T, fields func(had, has *T) []string) Change {
	c := Change{Kind: kind, Name: name, Action: ActionAdd}
	if had == nil {
		return c
	}
	if c.Fields = fields(had, has); len(c.Fields) > 0 {
		c.Action = ActionChange
	} else {
		c.Action = ActionSame
	}
	return c
}

func channelFields(had, has *Channel) []string {
	old, now := had.Channel, has.Channel
	old.Keys, now.Keys = nil, nil
	fields := differing(&old, &now)
	if len(has.Keys) > 0 && !slices.ContainsFunc(has.Keys, func(k Key) bool { return k.Secret == "" }) && !slices.Equal(identities(had.Keys), identities(has.Keys)) {
		fields = append(fields, "keys")
	}
	return fields
}

// identities are the keys without their secrets.
func identities(keys []Key) []Key {
	list := slices.Clone(keys)
	for i := range list {
		list[i].complete()
		list[i].Secret, list[i].LastFour = "", ""
	}
	return list
}

func tokenFields(had, has *Token) []string {
	old, now := had.Token, has.Token
	for _, t := range []*config.Token{&old, &now} {
		if t.Secret != "" {
			t.SecretHash, t.Secret = config.HashSecret(t.Secret), ""
		}
	}
	if now.SecretHash == "" {
		old.SecretHash = ""
	}
	return differing(&old, &now)
}

// differing returns the JSON names of the fields whose JSON differs, in their
// order.
func differing[T any](a, b *T) []string {
	var fields []string
	va, vb := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	for i := range va.NumField() {
		f := va.Type().Field(i)
		if f.IsExported() && !bytes.Equal(canonical(va.Field(i)), canonical(vb.Field(i))) {
			fields = append(fields, jsonName(&f))
		}
	}
	return fields
}

// canonical is a setting as JSON, the same for an empty list and none.
func canonical(v reflect.Value) []byte {
	if (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0 {
		return nil
	}
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return []byte(err.Error()) // of a value that is no JSON
	}
	return text
}
