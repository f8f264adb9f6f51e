package control

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/store"
)

// collection is all stored items of a kind in a change set.
type collection[T any] struct {
	changes  *changeSet
	kind     string
	list     *[]T
	name     func(T) string
	declared func(name string) bool // the config has one of that name
}

func (cs *changeSet) channelCollection() collection[*storedChannel] {
	return collection[*storedChannel]{cs, store.KindChannel, &cs.channels, func(c *storedChannel) string { return c.Conf.Name }, func(name string) bool {
		return slices.ContainsFunc(cs.service.declared.Channels, func(c *config.Channel) bool { return c.Name == name })
	}}
}

func (cs *changeSet) tokenCollection() collection[*storedToken] {
	return collection[*storedToken]{cs, store.KindToken, &cs.tokens, func(t *storedToken) string { return t.Conf.Name }, func(name string) bool {
		return slices.ContainsFunc(cs.service.declared.Tokens, func(t *config.Token) bool { return t.Name == name })
	}}
}

func (cs *changeSet) aliasCollection() collection[*storedAlias] {
	return collection[*storedAlias]{cs, store.KindAlias, &cs.aliases, func(a *storedAlias) string { return a.Conf.Name }, func(name string) bool {
		return slices.ContainsFunc(cs.service.declared.Aliases, func(a *config.Alias) bool { return a.Name == name })
	}}
}

// index returns the place of an item, -1 if there is none of that name.
func (col collection[T]) index(name string) int {
	return slices.IndexFunc(*col.list, func(v T) bool { return col.name(v) == name })
}

// existing returns the stored item named old, and fails if it may not be
// changed or if name is taken by another; old is empty for a new item.
func (col collection[T]) existing(old, name string) (item T, err error) {
	if old != "" {
		i := col.index(old)
		switch {
		case col.declared(old):
			return item, admin.Problemf(http.StatusConflict, admin.CodeDeclared, "", "the %s %q is declared in the config, and is changed there", col.kind, old)
		case i < 0:
			return item, admin.Problemf(http.StatusNotFound, admin.CodeNotFound, "", "there is no %s %q", col.kind, old)
		}
		item = (*col.list)[i]
	}
	if name != old && (col.declared(name) || col.index(name) >= 0) {
		return item, admin.Problemf(http.StatusConflict, admin.CodeNameTaken, col.kind+".name", "there is another %s named %q: give each its own name", col.kind, name)
	}
	return item, nil
}

// put adds an item, in place of the one named old.
func (col collection[T]) put(old string, item T, doc store.Document, fields []string) {
	list := slices.DeleteFunc(slices.Clone(*col.list), func(t T) bool { return col.name(t) == old })
	at, _ := slices.BinarySearchFunc(list, col.name(item), func(v T, name string) int { return cmp.Compare(col.name(v), name) })
	*col.list = slices.Insert(list, at, item)
	action := "create"
	if old != "" {
		action = "change"
	}
	col.changes.putDocument(doc, old)
	col.changes.note(action, col.kind, doc.Name, fields)
}

// remove removes an item.
func (col collection[T]) remove(name string) error {
	if _, err := col.existing(name, name); err != nil {
		return err
	}
	*col.list = slices.Delete(slices.Clone(*col.list), col.index(name), col.index(name)+1)
	col.changes.removed[documentKey{col.kind, name}] = true
	delete(col.changes.changed, documentKey{col.kind, name})
	col.changes.note("remove", col.kind, name, nil)
	return nil
}

// putDocument puts a document in place of the one named old.
func (cs *changeSet) putDocument(doc store.Document, old string) {
	if old != "" && old != doc.Name {
		cs.removed[documentKey{doc.Kind, old}] = true
		delete(cs.changed, documentKey{doc.Kind, old})
	}
	cs.changed[documentKey{doc.Kind, doc.Name}] = doc
}

func (cs *changeSet) putToken(old string, t *config.Token, lastFour string) error {
	if t.SecretFile != "" {
		return &config.Error{Thing: "token", Name: t.Name, Field: "secret_file", Problem: "names a file of the gateway's machine, which only the config may do: remove it"}
	}
	col := cs.tokenCollection()
	was, err := col.existing(old, t.Name)
	if err != nil {
		return err
	}
	s := &storedToken{Conf: t, LastFour: lastFour, Created: cs.now, Updated: cs.now}
	fields := changedFields(&config.Token{}, t)
	if was != nil {
		s.Created = was.Created
		if fields = changedFields(was.Conf, t); len(fields) == 0 {
			return nil
		}
	}
	doc, err := s.document()
	if err != nil {
		return err
	}
	col.put(old, s, doc, fields)
	return nil
}

func (cs *changeSet) removeToken(name string) error { return cs.tokenCollection().remove(name) }

func (cs *changeSet) putAlias(old string, a *config.Alias) error {
	col := cs.aliasCollection()
	was, err := col.existing(old, a.Name)
	if err != nil {
		return err
	}
	s := &storedAlias{Conf: a, Created: cs.now, Updated: cs.now}
	fields := changedFields(&config.Alias{}, a)
	if was != nil {
		s.Created = was.Created
		if fields = changedFields(was.Conf, a); len(fields) == 0 {
			return nil
		}
	}
	doc, err := s.document()
	if err != nil {
		return err
	}
	col.put(old, s, doc, fields)
	return nil
}

func (cs *changeSet) removeAlias(name string) error {
	for _, a := range cs.aliases {
		if slices.Contains(a.Conf.Models, name) {
			return admin.Problemf(http.StatusConflict, admin.CodeInUse, "", "the alias %q leads to the alias %q: take it out there first", a.Conf.Name, name)
		}
	}
	return cs.aliasCollection().remove(name)
}

func (cs *changeSet) putSettings(s config.Settings) error {
	fields := changedFields(&cs.settings, &s)
	if len(fields) == 0 {
		return nil
	}
	doc := store.Document{Kind: store.KindSettings, Name: settingsName, Created: cs.now, Updated: cs.now}
	var err error
	if doc.Body, err = json.Marshal(&s); err != nil {
		return err
	}
	cs.settings = s
	cs.putDocument(doc, "")
	cs.note("change", store.KindSettings, settingsName, fields)
	return nil
}

// each calls do for all of a list until it fails.
func each[T any](list []T, do func(T) error) error {
	for _, v := range list {
		if err := do(v); err != nil {
			return err
		}
	}
	return nil
}
