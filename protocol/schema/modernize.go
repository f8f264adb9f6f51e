package schema

import (
	"bytes"
	"slices"
	"strings"

	"github.com/ccload/ccload/protocol/scan"
)

// types returns names of types that exist.
func (w *mender) types(v []byte) []byte {
	if s, ok := scan.String(v); ok {
		lower := strings.ToLower(s)
		switch {
		case lower == s && slices.Contains(types, s):
			return v
		case slices.Contains(types, lower):
			return appendText(nil, lower)
		}
		return nil
	}
	var good []string
	all := texts(v)
	for _, s := range all {
		if s = strings.ToLower(s); slices.Contains(types, s) && !slices.Contains(good, s) {
			good = append(good, s)
		}
	}
	switch {
	case len(good) == 0:
		return nil
	case len(good) == 1:
		return appendText(nil, good[0])
	case slices.Equal(good, all):
		return v
	}
	return writeTexts(good)
}

// modernize brings forms of older drafts to 2020-12: items that are a list, and
// limits that another keyword says to be exclusive.
func (o *object) modernize() (changed bool) {
	if items := o.get("items"); len(items) > 0 && items[0] == '[' {
		o.rename("items", "prefixItems")
		o.rename("additionalItems", "items")
		changed = true
	}
	for _, limit := range [...]string{"minimum", "maximum"} {
		exclusive := o.get("exclusive" + strings.ToUpper(limit[:1]) + limit[1:])
		if exclusive != nil && bytes.Equal(exclusive, o.get(limit)) {
			o.remove(limit)
			changed = true
		}
	}
	return changed
}

// rename names a member anew, unless there is one of that name.
func (o *object) rename(from, to string) {
	value := o.get(from)
	if value == nil {
		return
	}
	if o.get(to) == nil {
		o.set(from, value)
		for i := range *o {
			if (*o)[i].name == from {
				(*o)[i].name = to
			}
		}
		return
	}
	o.remove(from)
}

// complete adds what the target wants said.
func (w *mender) complete(o *object) (changed bool) {
	kinds := texts(o.get("type"))
	if s, ok := scan.String(o.get("type")); ok {
		kinds = []string{s}
	}
	if w.to.Items && slices.Contains(kinds, "array") && o.get("items") == nil && o.get("prefixItems") == nil {
		o.set("items", []byte("{}"))
		changed = true
	}
	if w.to.Properties && slices.Contains(kinds, "object") && o.get("properties") == nil {
		o.set("properties", []byte("{}"))
		changed = true
	}
	if w.to.OneType && o.get("anyOf") == nil && len(kinds) > 1 && (len(kinds) > 2 || !slices.Contains(kinds, "null")) {
		all := make([][]byte, 0, len(kinds))
		for _, kind := range kinds {
			all = append(all, append(appendText([]byte(`{"type":`), kind), '}'))
		}
		o.remove("type")
		o.set("anyOf", writeList(all))
		changed = true
	}
	return changed
}
