package config_test

import (
	"strings"
	"testing"

	"github.com/ccload/ccload/config"
)

// TestNamesAreVisible: whatever has a name that a person compares by eye
// refuses what no eye sees, and names that are folders.
func TestNamesAreVisible(t *testing.T) {
	things := map[string]func(name string) error{
		"channel": func(n string) error { return channel(func(c *config.Channel) { c.Name = n }).Validate() },
		"group":   func(n string) error { return channel(func(c *config.Channel) { c.Group = n }).Validate() },
		"models":  func(n string) error { return channel(func(c *config.Channel) { c.Models = []string{n} }).Validate() },
		"client's name": func(n string) error {
			return channel(func(c *config.Channel) { c.ModelNames = map[string]string{n: "x"} }).Validate()
		},
		"upstream's": func(n string) error {
			return channel(func(c *config.Channel) { c.ModelNames = map[string]string{"x": n} }).Validate()
		},
		"token":          func(n string) error { return accessToken(func(t *config.Token) { t.Name = n }).Validate() },
		"token's models": func(n string) error { return accessToken(func(t *config.Token) { t.Models = []string{n} }).Validate() },
		"alias":          func(n string) error { return (&config.Alias{Name: n, Models: []string{"x"}}).Validate() },
		"alias's models": func(n string) error { return (&config.Alias{Name: "x", Models: []string{n}}).Validate() },
	}
	bad := []string{".", "..", "../p", "p/..", "p/./q", "a/../b"}
	for _, hidden := range "\u00a0\u00ad\u034f\u061c\u115f\u180e\u2000\u200b\u200d\u200e\u2028\u2029\u202e\u202f\u2060\u2066\u2069\u2800\u3000\u3164\ufe0f\ufeff\uffa0\U000e0001\U000e0041\U000e0100" {
		bad = append(bad, "a"+string(hidden)+"b", string(hidden)+"a", "a"+string(hidden))
	}
	good := []string{"a", "...", ".a", "a..b", "a b", "é", "e\u0301", "模型", "модель", "🦙", "a/b:c@d"}
	for what, check := range things {
		for _, name := range bad {
			if err := check(name); err == nil {
				t.Errorf("%s may be named %+q", what, name)
			} else if strings.ContainsRune(err.Error(), '\u202e') {
				t.Errorf("%s: the error itself holds what turns it round: %+q", what, err)
			}
		}
		for _, name := range good {
			if err := check(name); err != nil {
				t.Errorf("%s may not be named %q: %v", what, name, err)
			}
		}
	}
	if err := channel(func(c *config.Channel) { c.URLs[0].URL = "https://a\u200b.example" }).Validate(); err == nil {
		t.Error("an address may hold what is not seen")
	}
}
