package caddyfile_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	ccload "github.com/ccload/ccload/caddyfile"
	"github.com/ccload/ccload/config"
)

var update = flag.Bool("update", false, "write what testdata/*.caddyfiletest expects anew")

// A store to read, as long as the real ones are not linked into this test.
func init() { caddy.RegisterModule(new(fakeStore)) }

type fakeStore struct {
	Path string `json:"path,omitempty"`
	Sync bool   `json:"sync,omitempty"`
}

func (*fakeStore) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "ccload.stores.sqlite", New: func() caddy.Module { return new(fakeStore) }}
}

func (s *fakeStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		s.Path = d.Val()
	}
	for d.NextBlock(0) {
		if d.Val() != "sync" {
			return d.Errf("unrecognized %s", d.Val())
		}
		s.Sync = true
	}
	return nil
}

// read reads every ccload option and directive of a Caddyfile as Caddy does.
func read(filename, text string) (result struct {
	App     *config.App     `json:"app,omitempty"`
	Handler *config.Handler `json:"handler,omitempty"`
	Policy  string          `json:"policy,omitempty"`
}, err error,
) {
	blocks, err := caddyfile.Parse(filename, []byte(text))
	if err != nil {
		return result, err
	}
	for _, block := range blocks {
		for _, segment := range block.Segments {
			if segment.Directive() != "ccload" {
				continue
			}
			d := caddyfile.NewDispenser(segment)
			if len(block.Keys) == 0 {
				result.App, err = ccload.ReadApp(d, ccload.Into(result.App), ccload.Check(checkProvider))
			} else {
				result.Handler = new(config.Handler)
				err = ccload.ReadHandler(d, result.Handler, ccload.Table{
					"lb_policy": ccload.Custom(func(d *caddyfile.Dispenser) error {
						if !d.NextArg() {
							return d.ArgErr()
						}
						result.Policy = d.Val()
						for nesting := d.Nesting(); d.NextBlock(nesting); {
							result.Policy += " " + strings.Join(append([]string{d.Val()}, d.RemainingArgs()...), " ")
						}
						return nil
					}),
				})
			}
			if err != nil {
				return result, err
			}
		}
	}
	return result, nil
}

func checkProvider(c *config.Channel) error {
	if c.Provider == "antropic" {
		return &config.Error{Thing: "channel", Name: c.Name, Field: "provider", Value: `"antropic"`, Problem: `is not known; did you mean "anthropic"?`}
	}
	return nil
}

// TestFixtures compares what a Caddyfile becomes with what stands below the
// line in testdata: JSON, or the text of an error.
func TestFixtures(t *testing.T) {
	t.Setenv("CCLOAD_TEST_MODEL", "from-the-environment")
	files, err := filepath.Glob("testdata/*.caddyfiletest")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".caddyfiletest"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, want, _ := strings.Cut(string(data), "----------\n")
			got := outcome(text)
			if *update {
				if err := os.WriteFile(file, []byte(text+"----------\n"+got+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != strings.TrimSpace(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			// What was read is what JSON says, too: nothing is lost between them.
			if result, err := read("Caddyfile", text); err == nil && result.App != nil {
				checkRoundTrip(t, result.App)
			}
		})
	}
}

func outcome(text string) string {
	result, err := read("Caddyfile", text)
	if err != nil {
		return err.Error()
	}
	out, err := json.MarshalIndent(result, "", "\t")
	if err != nil {
		return err.Error()
	}
	return string(out)
}

func checkRoundTrip(t *testing.T, app *config.App) {
	t.Helper()
	one, err := json.Marshal(app)
	if err != nil {
		t.Fatal(err)
	}
	again := new(config.App)
	if err := caddy.StrictUnmarshalJSON(one, again); err != nil {
		t.Fatal(err)
	}
	if err := again.Validate(); err != nil {
		t.Error(err)
	}
	if two, _ := json.Marshal(again); string(two) != string(one) {
		t.Errorf("%s became %s", one, two)
	}
}

// TestMistakes tells for each option what is said of it when it is wrong, and
// where. A channel's options begin in line 4, others in line 3.
func TestMistakes(t *testing.T) {
	const secret = "sk-0123456789abcdef"
	for _, tt := range []struct {
		in   string // channel, token NAME, app or handler
		text string
		want string // the whole, or its beginning if it ends in …
	}{
		{"channel", "wieght 3", `unrecognized subdirective "wieght" for channel, did you mean "weight"?, at T:4`},
		{"channel", "rpm 1\nprotocols openai", `unrecognized subdirective "protocols" for channel, did you mean "protocol"?, at T:5`},
		{"channel", "quota 5", `unrecognized subdirective "quota" for channel, which knows…`},
		{"channel", "cost_multiplier much", `channel "c": cost_multiplier "much": must be 0 to 1000, as in 0.3, at T:4`},
		{"channel", "key a\\\n" + secret + "\n" + secret, `unrecognized text where a subdirective for channel is expected…`},
		{"channel", "weight -1", `channel "c": weight -1: must be 0 to 10000, at T:4`},
		{"channel", "weight many", `channel "c": weight "many": must be 0 to 10000, at T:4`},
		{"channel", "rpm 1\nweight 3\nweight 4", `channel "c": weight: given twice, first at T:5: keep one of them, at T:6`},
		{"channel", "weight", `channel "c": weight: takes one value, not 0, at T:4`},
		{"channel", "weight 3 4", `channel "c": weight: takes one value, not 2, at T:4`},
		{"channel", "weight 3 {\n\tx\n}", `channel "c": weight: takes no block, at T:4`},
		{"channel", "disabled yes", `channel "c": disabled: takes no value: it is on where it is written, at T:4`},
		{"channel", "key", `channel "c": key: takes one value or more, and has none, at T:4`},
		{"channel", "key " + secret + " " + secret, `channel "c": key #2: is the same as #1: remove it, at T:4`},
		{"channel", "rpm 1\nkey x\nkey \"a b\"", `channel "c": key #2: holds a space…`},
		{"channel", "protocol openai openia", `channel "c": protocol "openia": must be one of anthropic, openai, responses, gemini; did you mean "openai"?, at T:4`},
		{"channel", "auth basic", `channel "c": auth "basic": must be one of…`},
		{"channel", "rpm 1\nurl ftp://x", `channel "c": url "ftp://x": must begin with https:// or http://, at T:5`},
		{"channel", "url https://u:" + secret + "@x", `channel "c": url "https://x/…": must not hold a user name or password: put the credential into key, at T:4`},
		{"channel", "url", `channel "c": url: takes one value or more, and has none, at T:4`},
		{"channel", "url https://x https://y {\n\tprotocol openai\n}", `channel "c": url: has a block, which goes with one address only: write a line for each, at T:4`},
		{"channel", "url https://x {\n\tprotocl openai\n}", `unrecognized subdirective "protocl" for url, did you mean "protocol"?, at T:5`},
		{"channel", "model a", `channel "c": model: takes the client's name of a model and the upstream's, not 1 values, at T:4`},
		{"channel", "model a b\nmodel a c", `channel "c": model "a": is called "b" here already: keep one of them, at T:5`},
		{"channel", "model a b*", `channel "c": model "b*": must be the name of one model, not a pattern, at T:4`},
		{"channel", "hours 8-23", `channel "c": hours "8": must be a time of day such as 08:00, at T:4`},
		{"channel", "hours 08:00-23:00 Mars", `channel "c": hours "Mars": is no time zone: write an IANA name such as Europe/Berlin or UTC, at T:4`},
		{"channel", "hours", `channel "c": hours: takes a window and perhaps a time zone…`},
		{"channel", "proxy 127.0.0.1:1080", `channel "c": proxy "127.0.0.1:1080": must be an address such as socks5://127.0.0.1:1080…`},
		{"channel", "header_up", `channel "c": header_up: takes a header and its value…`},
		{"channel", "header_up X-A", `channel "c": header_up X-A: has no value; to remove the header write -X-A, at T:4`},
		{"channel", "header_up \"X-A: " + secret + "\"", `channel "c": header_up X-A: takes its value after a space…`},
		{"channel", "header_up X-A a b c", `channel "c": header_up X-A: takes a value, or a regular expression and what replaces it…`},
		{"channel", "header_up X-A ( b", `channel "c": header_up X-A: looks for what is no regular expression…`},
		{"channel", "header_up X-Api-Key a b", `channel "c": header_up X-Api-Key: cannot be changed…`},
		{"channel", "header_up ?X-A a", `channel "c": header_up ?X-A: ? is for answers…`},
		{"channel", "header_up -X-A a", `channel "c": header_up -X-A: takes no value: it removes the header, at T:4`},
		{"channel", "header_up X-A a\nheader_up x-a b", `channel "c": header_up x-a: is set twice: keep one of them, or add a second value with +X-A, at T:5`},
		{"channel", "header_down", `channel "c": header_down: takes a header of the upstream that clients get…`},
		{"channel", "header_down +X-A", `channel "c": header_down +X-A: has no value; to pass the upstream's header write X-A, at T:4`},
		{"channel", "header_down ?X-A a", `channel "c": header_down ?X-A: ? and > are not needed…`},
		{"channel", "header_down X-A a b", `channel "c": header_down X-A: cannot replace a part of a value…`},
		{"channel", "header_down -X-A a", `channel "c": header_down -X-A: takes no value: it removes the header, at T:4`},
		{"channel", "header_down *", `channel "c": header_down "*": names no header…`},
		{"channel", "header_down set-cookie", `channel "c": header_down Set-Cookie: cannot be changed: a cookie would be one of this site, at T:4`},
		{"channel", "header_down X-Accel-Redirect", `channel "c": header_down X-Accel-Redirect: cannot be changed: a server in front would obey it, at T:4`},
		{"channel", "header_down Content-Type text/html", `channel "c": header_down Content-Type: cannot be changed…`},
		{"channel", "header_down access-control-allow-origin *", `channel "c": header_down Access-Control-Allow-Origin: cannot be changed: allow_origins says…`},
		{"channel", "rpm 1\nheader_up Authorization " + secret, `channel "c": header_up Authorization: cannot be changed: the credential is the channel's key, and auth says how it is sent, at T:5`},
		{"channel", "body_set a", `channel "c": body_set: takes a field and its value…`},
		{"channel", "body_set a `{\"x\":}`", `channel "c": body_set a: begins as JSON, but is not valid…`},
		{"channel", "body_set a 1\nbody_set a 2", `channel "c": body_set "a": is set twice: keep one of them, at T:4`},
		{"channel", "body_set stream true", `channel "c": body_set "stream": cannot be changed…`},
		{"channel", "body_remove", `channel "c": body_remove: takes one value or more, and has none, at T:4`},
		{"channel", "cooldown_rule", `channel "c": cooldown_rule: needs a status or a regular expression…`},
		{"channel", "cooldown_rule 429 a b", `channel "c": cooldown_rule: takes status codes and one regular expression in quotes…`},
		{"channel", "rpm 1\ncooldown_rule 429 \"(\" {\n\tfor 1m\n}", `channel "c": cooldown_rule: has no valid regular expression: error parsing regexp: missing closing ): ` + "`(`, at T:5"},
		{"channel", "cooldown_rule 429 {\n\tscop key\n}", `unrecognized subdirective "scop" for cooldown_rule, did you mean "scope"?, at T:5`},
		{"channel", "cooldown_rule 429 {\n\tscope key\n\tscope key\n}", `cooldown_rule: scope: given twice, first at T:5: keep one of them, at T:6`},
		{"channel", "cooldown_rule 429 {\n\tfor soon\n}", `cooldown_rule: for "soon": must be a duration such as…`},
		{"channel", "health_check 1s", `channel "c": health_check 1s: must be at least 10s, at T:4`},
		{"channel", "health_check 1m a b", `channel "c": health_check: takes an interval and a model…`},
		{"channel", "models gpt-*\nhealth_check 1m", `channel "c": health_check: needs a model to ask…`},
		{"channel", "rpm 1\nprovider antropic", `channel "c": provider "antropic": is not known; did you mean "anthropic"?, at T:5`},

		{"app", "channel c {\n\trpm 1\n}", `channel "c": has no address: write provider and a name such as openai, or url and an address, at T:3`},
		{"app", "channel", `ccload: channel: takes a name, as in channel claude { … }, or a name, a provider and its keys, at T:3`},
		{"app", "channel c {\n\turl https://x\n}\nchannel c {\n\turl https://x\n}", `channel "c": name: there is another channel of this name at T:3: give each its own, at T:6`},
		{"app", "token laptop {\n rpm 5\n}", `ccload: token: takes a name and a secret…`},
		{"app", "token laptop {\n secret_file a b\n}", `token "laptop": secret_file: takes one value at most…`},
		{"app", "token laptop", `ccload: token: takes a name and a secret…`},
		{"app", "token " + secret, `ccload: token: takes a name and a secret…`},
		{"app", "token laptop " + secret + " x", `ccload: token: takes a name and a secret…`},
		{"app", "token laptop short", `token "laptop": secret: must have 16 to 512 characters; openssl rand -hex 24 makes one, at T:3`},
		{"app", "token anonymous " + secret, `token "anonymous": secret: the token named anonymous…`},
		{"app", "token a " + secret + "\ntoken b " + secret, `token "b": secret: is that of the token "a" too: give each its own, at T:4`},
		{"app", "token a " + secret + " {\n\tbudget x/day\n}", `token "a": budget "x/day": must be US dollars for a period, as in 5/day 100/month 500/total, at T:4`},
		{"app", "token a " + secret + " {\n\texpires soon\n}", `token "a": expires "soon": must be a day such as 2027-01-31 or a moment such as 2027-01-31T18:00:00Z, at T:4`},
		{"app", "channel relay {\n\turl https://x\n}\ntoken a " + secret + " {\n\trpm 1\n\tchannels rely\n}", `token "a": channels "rely": there is no channel of this name; did you mean "relay"?, at T:8`},
		{"app", "alias fast", `ccload: alias: takes a name and the models…`},
		{"app", "alias a b\nalias b a", `alias "a": models: leads back to itself: a -> b -> a, at T:3`},
		{"app", "alias a b\nalias a c", `alias "a": name: there is another alias of this name at T:3: give each its own, at T:4`},
		{"app", "alias a b {\n\tx\n}", `ccload: alias: takes no block, at T:3`},
		{"app", "store", `ccload: store: takes the name of a store, as in store sqlite, at T:3`},
		{"app", "store sqlit", `ccload: store "sqlit": there is no such store in this build, which has sqlite; did you mean "sqlite"?, at T:3`},
		{"app", "store sqlite {\n\tasync\n}", `unrecognized async, at T:4`},
		{"app", "store sqlite\nstore sqlite", `ccload: store: given twice, first at T:3: keep one of them, at T:4`},
		{"app", "retention", `retention: takes an age and a size, as in retention 30d 2GiB, at T:3`},
		{"app", "retention 30", `retention: age "30": must be a duration such as 90s, 15m, 12h or 30d, or off, at T:3`},
		{"app", "retention 30d big", `retention: bytes "big": must be a size such as 64MiB or 2GiB, at T:3`},
		{"app", "retention {\n\tage 30d\n\tsize 2GiB\n}", `unrecognized subdirective "size" for retention, which knows age, bytes, at T:5`},
		{"app", "retention 30d {\n\tage 30d\n}", `retention: age: given twice…`},
		{"app", "responses_store", `responses_store: takes an age and a size, as in responses_store 24h 256MiB, or off…`},
		{"app", "responses_store off 1MiB", `responses_store: age…`},
		{"app", "responses_store 24h big", `responses_store: bytes "big": must be a size such as 64MiB or 2GiB…`},
		{"app", "responses_store 100d", `responses_store: age: must be from 1s to 90 days…`},
		{"app", "encryption x", `unrecognized subdirective "encryption" for ccload…`},
		{"app", "password x", `unrecognized subdirective "password" for ccload, did you mean "admin_password"?…`},
		{"app", "chanel c {\n}", `unrecognized subdirective "chanel" for ccload, did you mean "channel"?, at T:3`},

		{"handler", "max_body 0", `ccload: max_body 0: must be 1 byte or more, as in 64MiB, at T:3`},
		{"handler", "max_body 5GiB", `ccload: max_body 5368709120: must be 1 byte to 4.0 GiB, as in 64MiB, at T:3`},
		{"handler", "expose_route\nmax_attempts 0", `ccload: max_attempts 0: must be 1 to 100, at T:4`},
		{"handler", "idle_timeout 60", `ccload: idle_timeout "60": must be a duration such as 90s, 15m, 12h or 30d, or off, at T:3`},
		{"handler", "expose_route\nfirst_content_timeout soon", `ccload: first_content_timeout "soon": must be auto, off or a duration such as 30s, at T:4`},
		{"handler", "idletimeout 60s", `unrecognized subdirective "idletimeout" for ccload, did you mean "idle_timeout"?, at T:3`},
		{"handler", "lb_policy", `wrong argument count or unexpected line ending after 'lb_policy', at T:3`},
		{"handler", "lb_policy a\nlb_policy b", `ccload: lb_policy: given twice, first at T:3: keep one of them, at T:4`},
		{"handler", "lb_polic a", `unrecognized subdirective "lb_polic" for ccload, did you mean "lb_policy"?, at T:3`},
	} {
		text := "{\nccload {\n" + tt.text + "\n}\n}"
		switch {
		case tt.in == "handler":
			text = "a.example {\nccload {\n" + tt.text + "\n}\n}"
		case tt.in == "channel" && strings.Contains(tt.text, "url"):
			text = "{\nccload {\nchannel c {\n" + tt.text + "\n}\n}\n}"
		case tt.in == "channel":
			text = "{\nccload {\nchannel c {\n" + tt.text + "\nurl https://a.example\n}\n}\n}"
		}
		_, err := read("T", text)
		if err == nil {
			t.Errorf("%q is accepted, want %s", tt.text, tt.want)
			continue
		}
		want, begins := strings.CutSuffix(tt.want, "…")
		if got := err.Error(); got != want && (!begins || !strings.HasPrefix(got, want)) {
			t.Errorf("%q\n got  %s\n want %s", tt.text, got, want)
		}
		if !strings.Contains(err.Error(), ", at T:") || strings.Count(err.Error(), ", at T:") != 1 {
			t.Errorf("%q: the place is not told once: %v", tt.text, err)
		}
		if strings.Contains(err.Error(), secret[:15]) {
			t.Errorf("%q: the error shows a secret: %v", tt.text, err)
		}
	}
}

func TestSeveralBlocksAreOne(t *testing.T) {
	result, err := read("T", `{
	ccload {
		channel a {
			url https://a.example
		}
		alias fast x
	}
	ccload {
		retention 1d
		token t 0123456789abcdef {
			channels a
		}
		alias slow fast
	}
}`)
	if err != nil {
		t.Fatal(err)
	}
	if a := result.App; len(a.Channels) != 1 || len(a.Tokens) != 1 || len(a.Aliases) != 2 || a.Retention == nil {
		t.Errorf("%+v", a)
	}

	// Whatever may be given once may not be given again in another block.
	values := map[string]string{
		"store": "sqlite", "retention": "2d", "serve_unmetered": "", "time_zone": "UTC", "prices": "p.csv", "encryption_key": "another-key-of-16-or-more",
		"admin_password": "another password", "admin_password_file": "other", "capture": "off", "responses_store": "off",
	}
	for f := range reflect.TypeFor[config.App]().Fields() {
		option, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch option {
		case "channels", "tokens", "aliases":
			continue
		}
		value, known := values[option]
		want := "ccload: " + option + ": given in an earlier ccload block already: keep one of them, at T:6"
		_, err := read("T", strings.ReplaceAll("{\nccload {\nOPTION\n}\nccload {\nOPTION\n}\n}", "OPTION", option+` "`+strings.ReplaceAll(value, " ", "-")+`"`))
		if value == "" {
			_, err = read("T", strings.ReplaceAll("{\nccload {\nOPTION\n}\nccload {\nOPTION\n}\n}", "OPTION", option))
		}
		if !known || err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}

	for text, want := range map[string]string{
		"{\nccload {\nretention 1d\n}\nccload {\nretention 2d\n}\n}":                                   `ccload: retention: given in an earlier ccload block already: keep one of them, at T:6`,
		"{\nccload {\nstore sqlite\n}\nccload {\nstore sqlite\n}\n}":                                   `ccload: store: given in an earlier ccload block already: keep one of them, at T:6`,
		"{\nccload {\nalias fast slow\n}\nccload {\nalias slow fast\n}\n}":                             `alias "fast": models: leads back to itself: fast -> slow -> fast, at T:5`,
		"{\nccload {\nchannel a {\nurl https://a\n}\n}\nccload {\nchannel a {\nurl https://a\n}\n}\n}": `channel "a": name: there is another channel of this name: give each its own, at T:8`,
		"{\nccload {\ntoken t 0123456789abcdef\n}\nccload {\ntoken t 0123456789abcdeg\n}\n}":           `token "t": name: there is another token of this name: give each its own, at T:6`,
		"{\nccload x {\n}\n}":           `the global option ccload takes no value: its settings stand in a block { … }, at T:2`,
		"a.example {\nccload x {\n}\n}": `the directive ccload takes no value: its settings stand in a block { … }, at T:2`,
	} {
		if _, err := read("T", text); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// Errors are values that callers can look into.
func TestErrorsUnwrap(t *testing.T) {
	_, err := read("T", "{\nccload {\nchannel c {\nurl https://x\nweight -1\n}\n}\n}")
	problem := (*config.Error)(nil)
	if !errors.As(err, &problem) || problem.Thing != "channel" || problem.Name != "c" || problem.Field != "weight" || problem.Value != "-1" {
		t.Errorf("%#v", problem)
	}
}

func TestNothingToRead(t *testing.T) {
	if _, err := ccload.ReadApp(caddyfile.NewDispenser(nil)); err == nil {
		t.Error("no option is read")
	}
	if err := ccload.ReadHandler(caddyfile.NewDispenser(nil), new(config.Handler), nil); err == nil {
		t.Error("no directive is read")
	}
	var h config.Handler
	if err := ccload.ReadHandler(caddyfile.NewTestDispenser("ccload"), &h, nil); err != nil || !reflect.DeepEqual(h, config.Handler{}) {
		t.Errorf("bare ccload: %v %+v", err, h)
	}
}

func FuzzApp(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.caddyfiletest")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		text, _, _ := strings.Cut(string(data), "----------\n")
		f.Add(text[strings.Index(text, "ccload"):])
	}
	f.Add("ccload {\nchannel x {\n} y\nurl {\n")
	f.Add("ccload {\ncooldown_rule 429 <<X\n(\nX {\nfor 1m\n}")
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := caddyfile.Tokenize([]byte(text), "T")
		if err != nil {
			return
		}
		app, err := ccload.ReadApp(caddyfile.NewDispenser(tokens), ccload.Check(checkProvider))
		if err == nil {
			if err := app.Validate(); err != nil {
				t.Errorf("what was read is not valid: %v", err)
			}
		} else if !strings.Contains(err.Error(), "T:") && len(tokens) > 0 {
			t.Errorf("an error without its place: %v", err)
		}
		_ = ccload.ReadHandler(caddyfile.NewDispenser(tokens), new(config.Handler), nil)
	})
}

// TestStoreOr: of two stores the one is taken whose variable is set.
func TestStoreOr(t *testing.T) {
	const text = "{\n\tccload {\n\t\tstore sqlite {env.CCLOAD_TEST_DATABASE} or sqlite other.db\n\t\ttime_zone Asia/Tokyo\n\t}\n}\n"
	for value, want := range map[string]string{"": `"other.db"`, "somewhere": `"{env.CCLOAD_TEST_DATABASE}"`} {
		t.Setenv("CCLOAD_TEST_DATABASE", value)
		result, err := read("Caddyfile", text)
		if err != nil || !strings.Contains(string(result.App.StoreRaw), want) || result.App.TimeZone != "Asia/Tokyo" {
			t.Errorf("%q: got %s, %v", value, result.App.StoreRaw, err)
		}
	}
	for _, line := range []string{"store sqlite {env.CCLOAD_TEST_UNSET} or nothing x", "store nothing {env.CCLOAD_TEST_UNSET} or"} {
		if result, err := read("Caddyfile", "{\n\tccload {\n\t\t"+line+"\n\t}\n}\n"); err == nil || !strings.Contains(err.Error(), "no such store") {
			t.Errorf("%s: got %v, %v", line, result.App, err)
		}
	}
}
