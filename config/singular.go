package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Singulars are the names by which a list may be called as well in JSON and CSV,
// by the thing it belongs to: the words of the Caddyfile, and the singular of
// lists of names. A single value is a list of one.
var Singulars = map[string]map[string]string{
	"channel": {"key": "keys", "url": "urls", "protocol": "protocols", "cooldown_rule": "cooldown_rules", "model": "models"},
	"token":   {"model": "models", "channel": "channels", "except_channel": "except_channels"},
	"alias":   {"model": "models"},
}

// secretNames are the names of the secret within a key: the admin API and files
// know either.
var secretNames = []string{"key", "secret"}

// Plural returns the JSON of a channel, token or alias with the names that its
// lists have. secret is the name that the secret of a key has there. It fails if
// the same setting stands under both names. A text in which there is nothing to
// be renamed, or which is no object, is returned as it is.
func Plural(thing string, text []byte, secret string) ([]byte, error) {
	members, ok := membersOf(text)
	if !ok {
		return text, nil
	}
	name := ""
	if at := slices.IndexFunc(members, func(m member) bool { return m.name == "name" }); at >= 0 {
		_ = json.Unmarshal(members[at].value, &name) // that it is no text is found by whoever reads it
	}
	changed := false
	for singular, plural := range sorted(Singulars[thing]) {
		again, err := rename(members, singular, plural)
		if err != nil {
			err.Thing, err.Name = thing, name
			return nil, err
		}
		changed = changed || again
	}
	for i := range members {
		element := map[string]string{"keys": secret, "urls": "url"}[members[i].name]
		if thing != "channel" || element == "" {
			continue
		}
		value, again, err := elements(members[i].value, members[i].name, element)
		if err != nil {
			err.Thing, err.Name = thing, name
			return nil, err
		}
		members[i].value, changed = value, changed || again
	}
	if !changed {
		return text, nil
	}
	return join(members), nil
}

// rename gives a member its plural, and makes its value a list.
func rename(members []member, singular, plural string) (changed bool, problem *Error) {
	at := -1
	for i, m := range members {
		switch {
		case !strings.EqualFold(m.name, singular):
		case at >= 0:
			return false, &Error{Field: singular, Problem: "stands there twice: keep one of them"}
		default:
			at = i
		}
	}
	if at < 0 {
		return false, nil
	}
	if slices.ContainsFunc(members, func(m member) bool { return strings.EqualFold(m.name, plural) }) {
		return false, &Error{Field: singular, Problem: fmt.Sprintf("%s and %s are the same setting, and both are given: keep one of them", singular, plural)}
	}
	members[at].name = plural
	if v := members[at].value; v[0] != '[' && string(v) != "null" {
		members[at].value = slices.Concat([]byte("["), v, []byte("]"))
	}
	return true, nil
}

// elements makes objects of texts in a list, which are the value of field, and
// gives the secret of a key the name that it has.
func elements(list []byte, plural, field string) (out []byte, changed bool, problem *Error) {
	var values []json.RawMessage
	if json.Unmarshal(list, &values) != nil {
		return list, false, nil
	}
	for i, v := range values {
		switch {
		case v[0] == '"':
			values[i], changed = join([]member{{field, v}}), true
		case plural == "keys":
			members, ok := membersOf(v)
			other := secretNames[0]
			if other == field {
				other = secretNames[1]
			}
			at := slices.IndexFunc(members, func(m member) bool { return m.name == other })
			if !ok || at < 0 {
				continue
			}
			if slices.ContainsFunc(members, func(m member) bool { return strings.EqualFold(m.name, field) }) {
				return nil, false, &Error{Field: plural, Value: fmt.Sprintf("#%d", i+1), Problem: fmt.Sprintf("%s and %s are the same, and both are given: keep one of them", other, field)}
			}
			members[at].name = field
			values[i], changed = join(members), true
		}
	}
	if !changed {
		return list, false, nil
	}
	parts := make([][]byte, len(values))
	for i, v := range values {
		parts[i] = v
	}
	return slices.Concat([]byte("["), bytes.Join(parts, []byte(",")), []byte("]")), true, nil
}

// member is one member of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// membersOf reads an object in its order; ok is false for what is none.
func membersOf(text []byte) (members []member, ok bool) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		t, err := d.Token()
		name, isName := t.(string)
		var value json.RawMessage
		if err != nil || !isName || d.Decode(&value) != nil {
			return nil, false
		}
		members = append(members, member{name, bytes.TrimSpace(value)})
	}
	if _, err := d.Token(); err != nil || len(bytes.TrimSpace(text[d.InputOffset():])) > 0 {
		return nil, false
	}
	return members, true
}

func join(members []member) []byte {
	var b bytes.Buffer
	for i, m := range members {
		b.WriteByte("{,"[min(i, 1)])
		name, _ := json.Marshal(m.name) // a text always can
		b.Write(name)
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes()
}
