package ccload

import (
	"fmt"

	"github.com/ccload/ccload/config"
)

// Where a channel, a token or an alias comes from.
const (
	declared = "declared" // in the config, and read-only
	stored   = "stored"   // made by the dashboard or its API
)

// merged is the declared and the stored as one config. Of two with the same
// name the declared one counts: it is what a person wrote down last, and
// cannot be changed otherwise. shadowed tells of those that do not count.
func merged(conf *config.App, s *storedConfig) (whole *config.App, shadowed []string) {
	all := *conf
	if s == nil {
		return &all, nil
	}
	all.Channels = append([]*config.Channel{}, conf.Channels...)
	names := make(map[string]bool, len(conf.Channels))
	for _, c := range conf.Channels {
		names[c.Name] = true
	}
	for _, c := range s.channels {
		if names[c.Conf.Name] {
			shadowed = append(shadowed, shadow("channel", c.Conf.Name))
			continue
		}
		all.Channels = append(all.Channels, c.Conf)
	}
	all.Tokens = append([]*config.Token{}, conf.Tokens...)
	clear(names)
	for _, t := range conf.Tokens {
		names[t.Name] = true
	}
	for _, t := range s.tokens {
		if names[t.Conf.Name] {
			shadowed = append(shadowed, shadow("token", t.Conf.Name))
			continue
		}
		all.Tokens = append(all.Tokens, t.Conf)
	}
	all.Aliases = append([]*config.Alias{}, conf.Aliases...)
	clear(names)
	for _, a := range conf.Aliases {
		names[a.Name] = true
	}
	for _, a := range s.aliases {
		if names[a.Conf.Name] {
			shadowed = append(shadowed, shadow("alias", a.Conf.Name))
			continue
		}
		all.Aliases = append(all.Aliases, a.Conf)
	}
	if all.Retention == nil {
		all.Retention = s.settings.Retention
	}
	if all.Capture == nil {
		all.Capture = s.settings.Capture
	}
	return &all, shadowed
}

func shadow(kind, name string) string {
	return fmt.Sprintf("the stored %s %q is not used, because the config declares one of the same name: rename one of them", kind, name)
}
