package config

import "strings"

// Nameless completes an error of a thing that has no name: which of a list it
// is, such as channels[3], and what else it is known by.
func Nameless(err error, path, hint string) error {
	if e, ok := err.(*Error); ok && e.Name == "" && e.Field == "name" && e.Value == "" { //nolint:errorlint // those of Validate are not wrapped
		e.Value = strings.TrimSpace("of " + path)
		if hint != "" {
			e.Value += " (" + hint + ")"
		}
	}
	return err
}

// Hint is what a channel without a name is known by: its first address, or its
// provider.
func (c *Channel) Hint() string {
	if len(c.URLs) > 0 {
		return showURL(c.URLs[0].URL)
	}
	return c.Provider
}

// Hint is what an alias without a name is known by: its first model.
func (a *Alias) Hint() string {
	if len(a.Models) > 0 {
		return quote(a.Models[0])
	}
	return ""
}

// Hint is what a token without a name is known by: its first model. Its secret
// is nobody's business.
func (t *Token) Hint() string {
	if len(t.Models) > 0 {
		return quote(t.Models[0])
	}
	return ""
}
