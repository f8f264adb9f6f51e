package control

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/provider"
)

// putChannel makes or replaces a channel. A nil list of keys leaves them as
// they are.
func (cs *changeSet) putChannel(old string, c *config.Channel, keys []storedKey) error {
	if cs.service.state.noKey.Load() {
		return admin.Problemf(http.StatusServiceUnavailable, admin.CodeStore, "", "there is no encryption key to seal the channel's keys with; the log says why")
	}
	col := cs.channelCollection()
	was, err := col.existing(old, c.Name)
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
	s := &storedChannel{ID: newID(), Conf: c, Keys: keys, Created: cs.now, Updated: cs.now}
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
	doc, err := s.document(cs.service.state.keyring.Load())
	if err != nil {
		return err
	}
	col.put(old, s, doc, fields)
	cs.clear = append(cs.clear, c.Name)
	if old != "" && old != c.Name {
		cs.clear = append(cs.clear, old)
		cs.renameChannel(old, c.Name)
	}
	return nil
}

// renameChannel lets the stored tokens that name a channel go on to do so.
func (cs *changeSet) renameChannel(old, name string) {
	for _, t := range slices.Clone(cs.tokens) {
		conf := *t.Conf
		conf.Channels, conf.ExceptChannels = renamed(conf.Channels, old, name), renamed(conf.ExceptChannels, old, name)
		if fields := changedFields(t.Conf, &conf); len(fields) > 0 {
			s := &storedToken{Conf: &conf, LastFour: t.LastFour, Created: t.Created, Updated: cs.now}
			if doc, err := s.document(); err == nil {
				cs.tokenCollection().put(conf.Name, s, doc, fields)
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
	if len(c.TransportRaw) > 0 {
		return &config.Error{Thing: "channel", Name: c.Name, Field: "transport", Problem: "reads files of this machine, so only the config may have one: declare the channel there, or remove transport"}
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
	if c.HeaderUp.NamedByPlaceholder() {
		return wrong("header_up", "")
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

func (cs *changeSet) removeChannel(name string) error {
	for _, t := range cs.tokens {
		if slices.Contains(t.Conf.Channels, name) || slices.Contains(t.Conf.ExceptChannels, name) {
			return admin.Problemf(http.StatusConflict, admin.CodeInUse, "", "the token %q names the channel %q: take it out there first", t.Conf.Name, name)
		}
	}
	cs.clear = append(cs.clear, name)
	return cs.channelCollection().remove(name)
}
