package transfer_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/transfer"
)

func channel(change func(*transfer.Channel)) transfer.Channel {
	c := transfer.Channel{
		Channel: config.Channel{Name: "a", Provider: "openai", Models: []string{}},
		Keys:    []transfer.Key{{Secret: "sk-1"}, {Secret: "sk-2", Note: "n"}},
	}
	if change != nil {
		change(&c)
	}
	return c
}

func TestDiffOfChannels(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*transfer.Channel)
		want   string
	}{
		"same":            {nil, "same []"},
		"empty list":      {func(c *transfer.Channel) { c.Models = nil }, "same []"},
		"settings":        {func(c *transfer.Channel) { c.Priority, c.Hours = 5, &config.Hours{From: "08:00", To: "09:00"} }, "change [priority hours]"},
		"free":            {func(c *transfer.Channel) { c.CostMultiplier = new(float64) }, "change [cost_multiplier]"},
		"key":             {func(c *transfer.Channel) { c.Keys[0].Secret = "sk-3" }, "change [keys]"},
		"order of keys":   {func(c *transfer.Channel) { c.Keys[0], c.Keys[1] = c.Keys[1], c.Keys[0] }, "change [keys]"},
		"note":            {func(c *transfer.Channel) { c.Keys[1].Note = "" }, "change [keys]"},
		"disabled":        {func(c *transfer.Channel) { c.Keys[1].Disabled = true }, "change [keys]"},
		"last four":       {func(c *transfer.Channel) { c.Keys[1].LastFour = "abcd" }, "same []"},
		"without secrets": {func(c *transfer.Channel) { c.Keys = []transfer.Key{{Fingerprint: "0123456789abcdef"}} }, "same []"},
		"without keys":    {func(c *transfer.Channel) { c.Keys = nil }, "same []"},
		"new":             {func(c *transfer.Channel) { c.Name = "b" }, "add []"},
		"other case":      {func(c *transfer.Channel) { c.Name = "A" }, "add []"},
	} {
		have := &transfer.Set{Channels: []transfer.Channel{channel(nil), {Channel: config.Channel{Name: "kept"}}}}
		file := &transfer.Set{Channels: []transfer.Channel{channel(test.change)}}
		got := transfer.Diff(have, file)
		if len(got) != 1 || got[0].Kind != transfer.KindChannel || fmt.Sprintln(got[0].Action, got[0].Fields) != test.want+"\n" {
			t.Errorf("%s: got %+v, want %s", name, got, test.want)
		}
	}
	// What there is may be known by fingerprints only.
	have := channel(nil)
	for i := range have.Keys {
		have.Keys[i] = transfer.Key{Fingerprint: key(have.Keys[i].Secret).Fingerprint, LastFour: "x", Note: have.Keys[i].Note}
	}
	if got := transfer.Diff(&transfer.Set{Channels: []transfer.Channel{have}}, &transfer.Set{Channels: []transfer.Channel{channel(nil)}}); got[0].Action != "same" {
		t.Errorf("by fingerprint: %+v", got)
	}
}

func TestDiffOfTokensAndAliases(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	have := &transfer.Set{
		Tokens:  []transfer.Token{{Token: config.Token{Name: "t", SecretHash: hash, RPM: 5}, LastFour: "abcd"}},
		Aliases: []config.Alias{{Name: "x", Models: []string{"a", "b"}}},
	}
	for name, test := range map[string]struct {
		file transfer.Set
		want string
	}{
		"same":          {transfer.Set{Tokens: []transfer.Token{{Token: config.Token{Name: "t", SecretHash: hash, RPM: 5}}}}, "token t same []"},
		"without hash":  {transfer.Set{Tokens: []transfer.Token{{Token: config.Token{Name: "t", RPM: 6}}}}, "token t change [rpm]"},
		"other secret":  {transfer.Set{Tokens: []transfer.Token{{Token: config.Token{Name: "t", SecretHash: strings.Repeat("cd", 32), RPM: 5}}}}, "token t change [secret_sha256]"},
		"new":           {transfer.Set{Tokens: []transfer.Token{{Token: config.Token{Name: "u"}}}}, "token u add []"},
		"alias":         {transfer.Set{Aliases: []config.Alias{{Name: "x", Models: []string{"b", "a"}}}}, "alias x change [models]"},
		"alias, as was": {transfer.Set{Aliases: []config.Alias{{Name: "x", Models: []string{"a", "b"}}}}, "alias x same []"},
	} {
		got := transfer.Diff(have, &test.file)
		if len(got) != 1 || fmt.Sprintln(got[0].Kind, got[0].Name, got[0].Action, got[0].Fields) != test.want+"\n" {
			t.Errorf("%s: got %+v, want %s", name, got, test.want)
		}
	}
}

// TestDiffSeesEverySetting changes one setting after the other.
func TestDiffSeesEverySetting(t *testing.T) {
	set := filled(t)
	full := set.Channels[0]
	for i := range reflect.TypeFor[config.Channel]().NumField() {
		f := reflect.TypeFor[config.Channel]().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "name" || name == "keys" || !f.IsExported() {
			continue
		}
		other := full
		reflect.ValueOf(&other.Channel).Elem().Field(i).SetZero()
		got := transfer.Diff(set, &transfer.Set{Channels: []transfer.Channel{other}})
		if len(got) != 1 || !reflect.DeepEqual(got[0].Fields, []string{name}) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}
