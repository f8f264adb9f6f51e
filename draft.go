package ccload

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/provider"
	"github.com/ccload/ccload/store"
)

// drawer is all stored things of a kind in a draft.
type drawer[T any] struct {
	draft    *draft
	kind     string
	list     *[]T
	name     func(T) string
	declared func(name string) bool // the config has one of that name
}

func (d *draft) channelDrawer() drawer[*storedChannel] {
	return drawer[*storedChannel]{d, store.KindChannel, &d.channels, func(c *storedChannel) string { return c.Conf.Name }, func(name string) bool {
		return slices.ContainsFunc(d.app.App.Channels, func(c *config.Channel) bool { return c.Name == name })
	}}
}

func (d *draft) tokenDrawer() drawer[*storedToken] {
	return drawer[*storedToken]{d, store.KindToken, &d.tokens, func(t *storedToken) string { return t.Conf.Name }, func(name string) bool {
		return slices.ContainsFunc(d.app.Tokens, func(t *config.Token) bool { return t.Name == name })
	}}
}

func (d *draft) aliasDrawer() drawer[*storedAlias] {
	return drawer[*storedAlias]{d, store.KindAlias, &d.aliases, func(a *storedAlias) string { return a.Conf.Name }, func(name string) bool {
		return slices.ContainsFunc(d.app.Aliases, func(a *config.Alias) bool { return a.Name == name })
	}}
}

// at is the place of a thing, -1 if there is none of that name.
func (w drawer[T]) at(name string) int {
	return slices.IndexFunc(*w.list, func(v T) bool { return w.name(v) == name })
}

// was returns the thing that is called old now, and checks that it may be
// called name from now on. With old "" there is none yet.
func (w drawer[T]) was(old, name string) (was T, err error) {
	if old != "" {
		i := w.at(old)
		switch {
		case w.declared(old):
			return was, admin.Problemf(http.StatusConflict, admin.CodeDeclared, "", "the %s %q is declared in the config, and is changed there", w.kind, old)
		case i < 0:
			return was, admin.Problemf(http.StatusNotFound, admin.CodeNotFound, "", "there is no %s %q", w.kind, old)
		}
		was = (*w.list)[i]
	}
	if name != old && (w.declared(name) || w.at(name) >= 0) {
		return was, admin.Problemf(http.StatusConflict, admin.CodeNameTaken, w.kind+".name", "there is another %s named %q: give each its own name", w.kind, name)
	}
	return was, nil
}

// put adds a thing, in place of the one called old.
func (w drawer[T]) put(old string, v T, doc store.Document, fields []string) {
	list := slices.DeleteFunc(slices.Clone(*w.list), func(t T) bool { return w.name(t) == old })
	list = append(list, v)
	slices.SortFunc(list, func(x, y T) int { return cmp.Compare(w.name(x), w.name(y)) })
	*w.list = list
	action := "create"
	if old != "" {
		action = "change"
	}
	w.draft.take(doc, old)
	w.draft.note(action, w.kind, doc.Name, fields)
}

// remove takes a thing away.
func (w drawer[T]) remove(name string) error {
	if _, err := w.was(name, name); err != nil {
		return err
	}
	*w.list = slices.Delete(slices.Clone(*w.list), w.at(name), w.at(name)+1)
	w.draft.removed[documentKey{w.kind, name}] = true
	delete(w.draft.changed, documentKey{w.kind, name})
	w.draft.note("remove", w.kind, name, nil)
	return nil
}

// take notes the document that replaces the one of an old name.
func (d *draft) take(doc store.Document, old string) {
	if old != "" && old != doc.Name {
		d.removed[documentKey{doc.Kind, old}] = true
		delete(d.changed, documentKey{doc.Kind, old})
	}
	d.changed[documentKey{doc.Kind, doc.Name}] = doc
}

// putChannel makes or replaces a channel. A nil list of keys leaves them as
// they are.
func (d *draft) putChannel(old string, c *config.Channel, keys []storedKey) error {
	if d.app.state.control.NoKey.Load() {
		return admin.Problemf(http.StatusServiceUnavailable, admin.CodeStore, "", "there is no encryption key to seal the channel's keys with; the log says why")
	}
	w := d.channelDrawer()
	was, err := w.was(old, c.Name)
	if err != nil {
		return err
	}
	if keys == nil && was != nil {
		keys = was.Keys
	}
	c.Keys = usedKeys(keys)
	if err := noPlaceholders(c, keys); err != nil {
		return err
	}
	s := &storedChannel{ID: newID(), Conf: c, Keys: keys, Created: d.now, Updated: d.now}
	fields := changedFields(&config.Channel{}, c)
	if was != nil {
		s.ID, s.Created = was.ID, was.Created
		fields = changedFields(was.Conf, c)
		if !slices.Equal(was.Keys, keys) && !slices.Contains(fields, "keys") {
			fields = append(fields, "keys")
		}
		if len(fields) == 0 {
			return nil
		}
	}
	doc, err := s.document(d.app.state.control.Keyring.Load())
	if err != nil {
		return err
	}
	w.put(old, s, doc, fields)
	d.clear = append(d.clear, c.Name)
	if old != "" && old != c.Name {
		d.clear = append(d.clear, old)
		d.renameChannel(old, c.Name)
	}
	return nil
}

// renameChannel lets the stored tokens that name a channel go on to do so.
func (d *draft) renameChannel(old, name string) {
	for _, t := range slices.Clone(d.tokens) {
		conf := *t.Conf
		conf.Channels, conf.ExceptChannels = renamed(conf.Channels, old, name), renamed(conf.ExceptChannels, old, name)
		if fields := changedFields(t.Conf, &conf); len(fields) > 0 {
			s := &storedToken{Conf: &conf, LastFour: t.LastFour, Created: t.Created, Updated: d.now}
			if doc, err := s.document(); err == nil {
				d.tokenDrawer().put(conf.Name, s, doc, fields)
			}
		}
	}
}

func renamed(list []string, old, name string) []string {
	list = slices.Clone(list)
	if i := slices.Index(list, old); i >= 0 {
		list[i] = name
	}
	return list
}

// noPlaceholders refuses what only a config may hold.
func noPlaceholders(c *config.Channel, keys []storedKey) error {
	wrong := func(field, value string) error {
		return &config.Error{Thing: "channel", Name: c.Name, Field: field, Value: value, Problem: "is a placeholder, which only the config may hold: write the value itself"}
	}
	for _, u := range c.URLs {
		if config.HasPlaceholder(u.URL) {
			return wrong("urls", "")
		}
	}
	for i, k := range keys {
		if config.HasPlaceholder(k.Secret) {
			return wrong("keys", fmt.Sprintf("#%d", i+1))
		}
	}
	if config.HasPlaceholder(c.Proxy) {
		return wrong("proxy", "")
	}
	if err := c.Validate(); err != nil {
		return err
	}
	if err := noPeril(c); err != nil {
		return err
	}
	return provider.Check(c)
}

func (d *draft) removeChannel(name string) error {
	for _, t := range d.tokens {
		if slices.Contains(t.Conf.Channels, name) || slices.Contains(t.Conf.ExceptChannels, name) {
			return admin.Problemf(http.StatusConflict, admin.CodeInUse, "", "the token %q names the channel %q: take it out there first", t.Conf.Name, name)
		}
	}
	d.clear = append(d.clear, name)
	return d.channelDrawer().remove(name)
}

func (d *draft) putToken(old string, t *config.Token, lastFour string) error {
	if t.SecretFile != "" {
		return &config.Error{Thing: "token", Name: t.Name, Field: "secret_file", Problem: "names a file of the gateway's machine, which only the config may do: remove it"}
	}
	w := d.tokenDrawer()
	was, err := w.was(old, t.Name)
	if err != nil {
		return err
	}
	s := &storedToken{Conf: t, LastFour: lastFour, Created: d.now, Updated: d.now}
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
	w.put(old, s, doc, fields)
	return nil
}

func (d *draft) removeToken(name string) error { return d.tokenDrawer().remove(name) }

func (d *draft) putAlias(old string, a *config.Alias) error {
	w := d.aliasDrawer()
	was, err := w.was(old, a.Name)
	if err != nil {
		return err
	}
	s := &storedAlias{Conf: a, Created: d.now, Updated: d.now}
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
	w.put(old, s, doc, fields)
	return nil
}

func (d *draft) removeAlias(name string) error {
	for _, a := range d.aliases {
		if slices.Contains(a.Conf.Models, name) {
			return admin.Problemf(http.StatusConflict, admin.CodeInUse, "", "the alias %q leads to the alias %q: take it out there first", a.Conf.Name, name)
		}
	}
	return d.aliasDrawer().remove(name)
}

func (d *draft) putSettings(s config.Settings) error {
	fields := changedFields(&d.settings, &s)
	if len(fields) == 0 {
		return nil
	}
	doc := store.Document{Kind: store.KindSettings, Name: settingsName, Created: d.now, Updated: d.now}
	var err error
	if doc.Body, err = marshalSettings(&s); err != nil {
		return err
	}
	d.settings = s
	d.take(doc, "")
	d.note("change", store.KindSettings, settingsName, fields)
	return nil
}
