package control

import (
	"fmt"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/store"
)

// Where a channel, a token or an alias comes from.
const (
	declared = routing.Declared // in the config, and read-only
	stored   = routing.Stored   // made by the dashboard or its API
)

// Whole returns the config in use: what is declared, with the secrets that are
// kept in files, and what is stored. shadowed tells of what is stored and does
// not count.
func (s *Service) Whole() (whole *config.App, shadowed []string) {
	return merged(s.withSecrets(), s.state.stored.Load())
}

// merged is the declared and the stored as one config. Of two with the same
// name the declared one counts: it is what a person wrote down last, and
// cannot be changed otherwise. shadowed tells of those that do not count.
func merged(conf *config.App, s *storedConfig) (whole *config.App, shadowed []string) {
	all := *conf
	if s == nil {
		return &all, nil
	}
	all.Channels = beside(store.KindChannel, conf.Channels, func(c *config.Channel) string { return c.Name }, s.channels, func(c *storedChannel) *config.Channel { return c.Conf }, &shadowed)
	all.Tokens = beside(store.KindToken, conf.Tokens, func(t *config.Token) string { return t.Name }, s.tokens, func(t *storedToken) *config.Token { return t.Conf }, &shadowed)
	all.Aliases = beside(store.KindAlias, conf.Aliases, func(a *config.Alias) string { return a.Name }, s.aliases, func(a *storedAlias) *config.Alias { return a.Conf }, &shadowed)
	if all.Retention == nil {
		all.Retention = s.settings.Retention
	}
	if all.Capture == nil {
		all.Capture = s.settings.Capture
	}
	return &all, shadowed
}

// beside is what is declared, and after it what is stored under other names.
func beside[T, S any](kind string, declared []T, name func(T) string, stored []S, conf func(S) T, shadowed *[]string) []T {
	all := append(make([]T, 0, len(declared)+len(stored)), declared...)
	names := make(map[string]bool, len(declared))
	for _, d := range declared {
		names[name(d)] = true
	}
	for _, s := range stored {
		if c := conf(s); names[name(c)] {
			*shadowed = append(*shadowed, fmt.Sprintf("the stored %s %q is not used, because the config declares one of the same name: rename one of them", kind, name(c)))
		} else {
			all = append(all, c)
		}
	}
	return all
}
