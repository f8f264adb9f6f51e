package control

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
)

// storedConfig is what was made by the dashboard and its API, as of one
// revision. It is immutable; routing sees it beside what the config declares.
type storedConfig struct {
	revision int64
	channels []*storedChannel // by name
	tokens   []*storedToken   // by name
	aliases  []*storedAlias   // by name
	settings config.Settings
	problems []string // documents that cannot be used, and why
	// documents are all of it, as the store has it, by kind and name.
	documents map[documentKey]*store.Document
}

type documentKey struct{ kind, name string }

// storedChannel is a channel that was made by the API.
type storedChannel struct {
	ID               string          // of its own; a new name does not change it
	Conf             *config.Channel // complete, with the keys that are in use
	Keys             []storedKey     // all of them
	Created, Updated time.Time
}

// storedKey is an upstream key, and what its owner noted of it.
type storedKey struct {
	Secret   string `json:"secret"`
	Note     string `json:"note,omitempty"`
	Disabled bool   `json:"disabled,omitempty"`
}

// channelBody is a channel's document. What may be a secret is sealed, bound to
// the channel and to where its requests go: a database that somebody changed
// sends no key elsewhere.
type channelBody struct {
	ID     string          `json:"id"`
	Config *config.Channel `json:"config"` // without what is sealed
	Sealed string          `json:"sealed"` // channelSecrets
}

// channelSecrets are the settings of a channel that may be secrets.
type channelSecrets struct {
	Keys     []storedKey       `json:"keys,omitempty"`
	Proxy    string            `json:"proxy,omitempty"` // its address may hold a password
	HeaderUp *config.HeaderOps `json:"header_up,omitempty"`
}

// storedToken is a client token that was made by the API.
type storedToken struct {
	Conf             *config.Token // with SecretHash
	LastFour         string
	Created, Updated time.Time
}

type tokenBody struct {
	Config   *config.Token `json:"config"`
	LastFour string        `json:"last_four,omitempty"`
}

type storedAlias struct {
	Conf             *config.Alias
	Created, Updated time.Time
}

// newID makes the id of a stored channel.
func newID() string {
	raw := make([]byte, 8)
	rand.Read(raw)
	return hex.EncodeToString(raw)
}

// usedKeys are the secrets that are in use.
func usedKeys(keys []storedKey) []string {
	list := make([]string, 0, len(keys))
	for _, k := range keys {
		if !k.Disabled {
			list = append(list, k.Secret)
		}
	}
	return list
}

// binding is what a channel's secrets are sealed with: the channel and where
// its requests go.
func binding(id string, c *config.Channel) string {
	parts := append(make([]string, 0, 3+len(c.URLs)), "channel", id, "provider "+c.Provider)
	for _, u := range c.URLs {
		parts = append(parts, routing.Origin(u.URL))
	}
	return strings.Join(parts, "\x00")
}

// document writes a channel.
func (s *storedChannel) document(v *secrets.Keyring) (store.Document, error) {
	open := *s.Conf
	secrets, err := json.Marshal(channelSecrets{Keys: s.Keys, Proxy: open.Proxy, HeaderUp: open.HeaderUp})
	if err != nil {
		return store.Document{}, err
	}
	open.Keys, open.Proxy, open.HeaderUp = nil, "", nil
	body, err := json.Marshal(channelBody{ID: s.ID, Config: &open, Sealed: v.Seal(secrets, binding(s.ID, &open))})
	return store.Document{Kind: store.KindChannel, Name: s.Conf.Name, Body: body, Created: s.Created, Updated: s.Updated}, err
}

// readChannel reads a channel's document.
func readChannel(d *store.Document, v *secrets.Keyring) (*storedChannel, error) {
	var body channelBody
	if err := json.Unmarshal(d.Body, &body); err != nil {
		return nil, err
	}
	if body.Config == nil {
		return nil, errors.New("it has no config")
	}
	plain, err := v.Open(body.Sealed, binding(body.ID, body.Config))
	if err != nil {
		return nil, err
	}
	var secrets channelSecrets
	if err := json.Unmarshal(plain, &secrets); err != nil {
		return nil, errors.New("what is sealed cannot be read")
	}
	c := body.Config
	c.Name, c.Keys, c.Proxy, c.HeaderUp = d.Name, usedKeys(secrets.Keys), secrets.Proxy, secrets.HeaderUp
	return &storedChannel{ID: body.ID, Conf: c, Keys: secrets.Keys, Created: d.Created, Updated: d.Updated}, nil
}

func (s *storedToken) document() (store.Document, error) {
	body, err := json.Marshal(tokenBody{Config: s.Conf, LastFour: s.LastFour})
	return store.Document{Kind: store.KindToken, Name: s.Conf.Name, Body: body, Created: s.Created, Updated: s.Updated}, err
}

func (s *storedAlias) document() (store.Document, error) {
	body, err := json.Marshal(s.Conf)
	return store.Document{Kind: store.KindAlias, Name: s.Conf.Name, Body: body, Created: s.Created, Updated: s.Updated}, err
}

// settingsName is the name of the one document of settings.
const settingsName = "settings"

// readStored reads the documents of a revision. One that cannot be used is left
// out, and told of: the others have to work.
func readStored(documents []store.Document, revision int64, v *secrets.Keyring) *storedConfig {
	s := &storedConfig{revision: revision, documents: make(map[documentKey]*store.Document, len(documents))}
	for i := range documents {
		d := &documents[i]
		s.documents[documentKey{d.Kind, d.Name}] = d
		if err := s.add(d, v); err != nil {
			s.problems = append(s.problems, fmt.Sprintf("the stored %s %q cannot be used: %v", d.Kind, d.Name, err))
		}
	}
	return s
}

func (s *storedConfig) add(d *store.Document, v *secrets.Keyring) error {
	switch d.Kind {
	case store.KindChannel:
		c, err := readChannel(d, v)
		if err == nil {
			s.channels = append(s.channels, c)
		}
		return err
	case store.KindToken:
		var body tokenBody
		if err := json.Unmarshal(d.Body, &body); err != nil {
			return err
		}
		if body.Config == nil || body.Config.SecretHash == "" {
			return errors.New("it has no secret")
		}
		body.Config.Name = d.Name
		s.tokens = append(s.tokens, &storedToken{Conf: body.Config, LastFour: body.LastFour, Created: d.Created, Updated: d.Updated})
	case store.KindAlias:
		var a config.Alias
		if err := json.Unmarshal(d.Body, &a); err != nil {
			return err
		}
		a.Name = d.Name
		s.aliases = append(s.aliases, &storedAlias{Conf: &a, Created: d.Created, Updated: d.Updated})
	case store.KindSettings:
		return json.Unmarshal(d.Body, &s.settings)
	}
	return nil // of a newer version
}

func (s *storedConfig) channel(name string) *storedChannel {
	if s != nil {
		if i := slices.IndexFunc(s.channels, func(c *storedChannel) bool { return c.Conf.Name == name }); i >= 0 {
			return s.channels[i]
		}
	}
	return nil
}

func (s *storedConfig) token(name string) *storedToken {
	if s != nil {
		if i := slices.IndexFunc(s.tokens, func(t *storedToken) bool { return t.Conf.Name == name }); i >= 0 {
			return s.tokens[i]
		}
	}
	return nil
}

func (s *storedConfig) alias(name string) *storedAlias {
	if s != nil {
		if i := slices.IndexFunc(s.aliases, func(a *storedAlias) bool { return a.Conf.Name == name }); i >= 0 {
			return s.aliases[i]
		}
	}
	return nil
}

// all is what is stored, nothing before it was read.
func (s *storedConfig) all() *storedConfig {
	if s == nil {
		return new(storedConfig)
	}
	return s
}
