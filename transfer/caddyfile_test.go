package transfer_test

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/google/go-cmp/cmp"

	ours "github.com/ccload/ccload/caddyfile"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/transfer"
)

// declared reads a Caddyfile as Caddy does.
func declared(t *testing.T, text string) *config.App {
	t.Helper()
	blocks, err := caddyfile.Parse("Caddyfile", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, block := range blocks {
		for _, segment := range block.Segments {
			if segment.Directive() == "ccload" && len(block.Keys) == 0 {
				app, err := ours.ReadApp(caddyfile.NewDispenser(segment))
				if err != nil {
					t.Fatalf("%v\n%s", err, text)
				}
				return app
			}
		}
	}
	t.Fatalf("there is no option ccload in\n%s", text)
	return nil
}

// expected is the set as it would be declared: with the keys in use only.
func expected(s *transfer.Set) *config.App {
	app := new(config.App)
	for _, c := range s.Channels {
		conf := c.Channel
		used := false
		for _, k := range c.Keys {
			if !k.Disabled {
				conf.Keys = append(conf.Keys, k.Secret)
				used = true
			}
		}
		conf.Disabled = conf.Disabled || len(c.Keys) > 0 && !used
		app.Channels = append(app.Channels, &conf)
	}
	for i := range s.Tokens {
		app.Tokens = append(app.Tokens, &s.Tokens[i].Token)
	}
	for i := range s.Aliases {
		app.Aliases = append(app.Aliases, &s.Aliases[i])
	}
	return app
}

// sameAsCaddyfile checks that the Caddyfile of a set declares the set.
func sameAsCaddyfile(t *testing.T, s *transfer.Set) {
	t.Helper()
	var b bytes.Buffer
	if _, err := transfer.WriteCaddyfile(&b, s); err != nil {
		t.Fatal(err)
	}
	if formatted := caddyfile.Format(b.Bytes()); !bytes.Equal(formatted, b.Bytes()) {
		t.Errorf("caddy fmt would change it: %s", cmp.Diff(b.String(), string(formatted)))
	}
	got, _ := json.MarshalIndent(declared(t, b.String()), "", " ")
	want, _ := json.MarshalIndent(expected(s), "", " ")
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s\n%s", diff, b.String())
	}
}

// TestCaddyfileOfEverything writes every setting there is.
func TestCaddyfileOfEverything(t *testing.T) {
	set := filled(t)
	set.Channels = set.Channels[:3]
	for i := range set.Channels { // what only a store or JSON can hold
		set.Channels[i].HeaderUp, set.Channels[i].HeaderDown = nil, nil
		if i < 2 {
			set.Channels[i].HeaderDown = &config.HeaderDown{
				Pass: []string{"X-D-*"}, Set: map[string][]string{"X-A": {"1"}}, Add: map[string][]string{"X-B": {"2"}}, Delete: []string{"X-C"},
			}
			set.Channels[i].HeaderUp = &config.HeaderOps{
				Set: map[string][]string{"X-A": {"1 \"2\""}}, Add: map[string][]string{"X-B": {"=3", "4"}}, Delete: []string{"X-C"},
				Replace: map[string][]config.HeaderReplacement{"X-D": {{SearchRegexp: "a+ \"(b)\"", Replace: "$1"}, {SearchRegexp: "c"}}},
			}
		}
	}
	set.Tokens = set.Tokens[:2]
	set.Tokens[0].Channels = []string{set.Channels[0].Name}
	set.Tokens[0].ExceptChannels = nil
	sameAsCaddyfile(t, set)
}

// TestCaddyfileWithoutSecrets: what is not known is a placeholder whose name
// says what belongs there, and no name is used twice.
func TestCaddyfileWithoutSecrets(t *testing.T) {
	set := &transfer.Set{
		Channels: []transfer.Channel{
			{Channel: config.Channel{
				Name: "claude main", Provider: "anthropic", Proxy: "http://********@127.0.0.1:1",
				HeaderUp: &config.HeaderOps{Set: map[string][]string{"X-Team": {"********"}}},
			}, Keys: []transfer.Key{
				{Fingerprint: "0011223344556677", LastFour: "ab12"}, {Fingerprint: "0011223344556688", Disabled: true},
			}},
			{Channel: config.Channel{Name: "主力", Provider: "openai"}, Keys: []transfer.Key{{Fingerprint: "0011223344556699"}}},
			{Channel: config.Channel{Name: "副力", Provider: "openai"}, Keys: []transfer.Key{{Fingerprint: "0011223344556600", Disabled: true}}},
		},
		Tokens: []transfer.Token{{Token: config.Token{Name: "laptop"}}},
	}
	var b strings.Builder
	if n, err := transfer.WriteCaddyfile(&b, set); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	for _, want := range []string{"key {env.CCLOAD_KEY_CLAUDE_MAIN_1}", "# key 1, ending in ab12", "# key 2 (disabled", "token laptop {env.CCLOAD_TOKEN_LAPTOP}", "proxy {env.CCLOAD_PROXY_CLAUDE_MAIN}", "# header_up X-Team has"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s is not in\n%s", want, b.String())
		}
	}
	app := declared(t, b.String())
	if app.Channels[1].Keys[0] == app.Channels[0].Keys[0] || app.Channels[2].Keys != nil || !app.Channels[2].Disabled {
		t.Errorf("got\n%s", b.String())
	}
}

// TestCaddyfileCannotSay: what no Caddyfile can hold is a comment, and the rest
// stands.
func TestCaddyfileCannotSay(t *testing.T) {
	one := func(name string, ch config.Channel) transfer.Channel {
		ch.Name, ch.Provider = name, "ollama"
		return transfer.Channel{Channel: ch}
	}
	set := &transfer.Set{Channels: []transfer.Channel{
		one("a", config.Channel{BodySet: []config.BodyField{{Path: "a", Value: json.RawMessage(`"{$HOME}"`)}}}),
		one("{$HOME}", config.Channel{}),
		one("b", config.Channel{HeaderUp: &config.HeaderOps{Set: map[string][]string{"X": {"1", "2"}}}}),
		one("c", config.Channel{Group: "}"}),
		one("d`\\", config.Channel{}),
		one("fine", config.Channel{Group: "`\" $HOME #"}),
	}}
	var b strings.Builder
	n, err := transfer.WriteCaddyfile(&b, set)
	if n != 5 || err != nil || strings.Count(b.String(), "NOT WRITTEN") != 5 {
		t.Errorf("%d, %v\n%s", n, err, b.String())
	}
	if app := declared(t, b.String()); len(app.Channels) != 1 || app.Channels[0].Group != "`\" $HOME #" {
		t.Errorf("got %+v", app.Channels)
	}
	if _, err := transfer.WriteCaddyfile(&broken{3}, set); err == nil {
		t.Error("a disk that is full is not told of")
	}
}

// FuzzCaddyfile: any value that is written comes back as it was.
func FuzzCaddyfile(f *testing.F) {
	for _, s := range []string{"plain", "a b", "`", `"`, `\`, "`\\\"", "{", "{$X}", "{env.X}", "#", "<<EOF", "a\nb", "\"`", "import", "é", "a\\`", "{}", "\t"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		ch := config.Channel{Name: name, Provider: "ollama", HeaderUp: &config.HeaderOps{Set: map[string][]string{"X-A": {value}}}}
		if ch.Validate() != nil || reflect.DeepEqual(name, "") {
			return
		}
		set := &transfer.Set{Channels: []transfer.Channel{{Channel: ch}}}
		if n, err := transfer.WriteCaddyfile(io.Discard, set); n > 0 || err != nil {
			return
		}
		var b bytes.Buffer
		_, _ = transfer.WriteCaddyfile(&b, set)
		app := declared(t, b.String())
		if len(app.Channels) != 1 || app.Channels[0].Name != name || app.Channels[0].HeaderUp.Set["X-A"][0] != value {
			t.Errorf("%q and %q became %+v\n%s", name, value, app.Channels[0], b.String())
		}
	})
}
