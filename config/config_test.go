package config_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/config"
)

const secret = "sk-0123456789abcdef"

// channel is a valid one, changed.
func channel(change func(*config.Channel)) *config.Channel {
	c := &config.Channel{Name: "relay", URLs: []config.URL{{URL: "https://a.example"}}, Keys: []string{secret}}
	if change != nil {
		change(c)
	}
	return c
}

func accessToken(change func(*config.Token)) *config.Token {
	t := &config.Token{Name: "laptop", Secret: secret}
	if change != nil {
		change(t)
	}
	return t
}

func ms(n int64) *config.Duration {
	d := config.NewDuration(time.Duration(n) * time.Millisecond)
	return &d
}

func TestErrorsNameThingFieldValueAndRemedy(t *testing.T) {
	type validator interface{ Validate() error }
	ch, tok := channel, accessToken
	for _, tt := range []struct {
		v    validator
		want string // the whole error, or its beginning if it ends in …
	}{
		{ch(func(c *config.Channel) { c.Name = "" }), `channel: name: is missing`},
		{ch(func(c *config.Channel) { c.Name = strings.Repeat("長", 192) }), `channel "` + strings.Repeat("長", 80) + `…": name: must be at most 191 characters`},
		{ch(func(c *config.Channel) { c.Name = "a\nb" }), `channel "a\nb": name: must not begin or end…`},
		{ch(func(c *config.Channel) { c.URLs = nil }), `channel "relay": has no address: write provider…`},
		{ch(func(c *config.Channel) { c.URLs[0].URL = "a.example" }), `channel "relay": urls "a.example": must begin with https:// or http://`},
		{ch(func(c *config.Channel) { c.URLs = append(c.URLs, c.URLs[0]) }), `channel "relay": urls "https://a.example": stands there twice…`},
		{ch(func(c *config.Channel) { c.URLs[0].Protocols = []string{"claude"} }), `channel "relay": urls "claude": must be one of anthropic, openai, responses, gemini`},
		{ch(func(c *config.Channel) { c.Protocols = []string{"openia"} }), `channel "relay": protocols "openia": must be one of anthropic, openai, responses, gemini; did you mean "openai"?`},
		{ch(func(c *config.Channel) { c.Protocols = []string{"openai", "openai"} }), `channel "relay": protocols "openai": stands there twice`},
		{ch(func(c *config.Channel) { c.Auth = "Bearer" }), `channel "relay": auth "Bearer": must be one of bearer, x-api-key, x-goog-api-key, api-key, none; did you mean "bearer"?`},
		{ch(func(c *config.Channel) { c.Auth = "none" }), `channel "relay": keys: there are keys, but auth none…`},
		{ch(func(c *config.Channel) { c.Keys = []string{secret, ""} }), `channel "relay": keys #2: is empty…`},
		{ch(func(c *config.Channel) { c.Keys = []string{secret, "x", secret} }), `channel "relay": keys #3: is the same as #1: remove it`},
		{ch(func(c *config.Channel) { c.Keys = []string{secret + "\r\nHost: x"} }), `channel "relay": keys #1: holds a space…`},
		{ch(func(c *config.Channel) { c.Models = []string{""} }), `channel "relay": models: holds an empty name: remove it`},
		{ch(func(c *config.Channel) { c.Models = []string{" x"} }), `channel "relay": models " x": must not begin…`},
		{ch(func(c *config.Channel) { c.ModelNames = map[string]string{"x": "gpt-*"} }), `channel "relay": model_names "gpt-*": must be the name of one model, not a pattern`},
		{ch(func(c *config.Channel) { c.ModelNames = map[string]string{"openai/*": "*-*"} }), `channel "relay": model_names "*-*": has more * than "openai/*", which they stand for`},
		{ch(func(c *config.Channel) { c.ModelNames = map[string]string{"x": ""} }), `channel "relay": model_names: holds an empty name: remove it`},
		{ch(func(c *config.Channel) { c.Weight = new(-1) }), `channel "relay": weight -1: must be 0 to 10000`},
		{ch(func(c *config.Channel) { c.Weight = new(10001) }), `channel "relay": weight 10001: must be 0 to 10000`},
		{ch(func(c *config.Channel) { c.Priority = -1000001 }), `channel "relay": priority -1000001: must be -1000000 to 1000000`},
		{ch(func(c *config.Channel) { c.RPM = -1 }), `channel "relay": rpm -1: must be 0 to…`},
		{ch(func(c *config.Channel) { c.TPM = -5 }), `channel "relay": tpm -5: must be 0 to…`},
		{ch(func(c *config.Channel) { c.DailyBudget = -5 }), `channel "relay": daily_budget: must be US dollars, 0 to…`},
		{ch(func(c *config.Channel) { c.Budget.Month = math.NaN() }), `channel "relay": budget month: must be US dollars, 0 to…`},
		{ch(func(c *config.Channel) { c.CostMultiplier = new(1001.0) }), `channel "relay": cost_multiplier: must be 0 to 1000`},
		{&config.App{TimeZone: "Nowhere"}, `time_zone "Nowhere": must be an IANA time zone, as in Europe/Berlin`},
		{&config.App{Prices: &config.Prices{SyncURL: "ftp://x"}}, `prices: sync "ftp://x": must be an http or https address`},
		{&config.App{Prices: &config.Prices{SyncInterval: config.NewDuration(time.Second)}}, `prices: sync 1s: must be at least 1m0s`},
		{&config.App{Prices: &config.Prices{Files: []string{""}}}, `prices: files #1: is empty: remove it`},
		{ch(func(c *config.Channel) { c.MaxConcurrency = -5 }), `channel "relay": max_concurrency -5: must be 0 to…`},
		{ch(func(c *config.Channel) { c.Hours = &config.Hours{From: "8", To: "9:00"} }), `channel "relay": hours "8": must be a time of day…`},
		{ch(func(c *config.Channel) { c.Proxy = "socks4://x:1" }), `channel "relay": proxy "socks4://x:1": must be an address such as…`},
		{ch(func(c *config.Channel) { c.Proxy = "http://me:" + secret + "@proxy:8080/path" }), `channel "relay": proxy "proxy:8080": must be…`},
		{ch(func(c *config.Channel) { c.Proxy = "ftp://me:" + secret + "@proxy" }), `channel "relay": proxy "ftp://proxy/…": must be…`},
		{ch(func(c *config.Channel) { c.Group = "x " }), `channel "relay": group: must not begin…`},
		{ch(func(c *config.Channel) { c.HealthCheck = &config.HealthCheck{Interval: *ms(9999)} }), `channel "relay": health_check 9.999s: must be at least 10s`},
		{ch(func(c *config.Channel) { c.HealthCheck = &config.HealthCheck{}; c.Models = []string{"gpt-*"} }), `channel "relay": health_check: needs a model to ask…`},
		{ch(func(c *config.Channel) { c.HealthCheck = &config.HealthCheck{Model: "gpt-*"} }), `channel "relay": health_check "gpt-*": must be the name of one model…`},

		{ch(func(c *config.Channel) {
			c.HeaderUp = &config.HeaderOps{Set: map[string][]string{"authorization": {secret}}}
		}), `channel "relay": header_up authorization: cannot be changed: the credential is the channel's key…`},
		{ch(func(c *config.Channel) { c.HeaderUp = &config.HeaderOps{Delete: []string{"X-Api-Key"}} }), `channel "relay": header_up X-Api-Key: cannot be changed…`},
		{ch(func(c *config.Channel) { c.HeaderUp = &config.HeaderOps{Add: map[string][]string{"HOST": {"x"}}} }), `channel "relay": header_up HOST: cannot be changed: the host is that of the channel's url`},
		{ch(func(c *config.Channel) {
			c.HeaderUp = &config.HeaderOps{Set: map[string][]string{"X-A": {secret + "\r\nB: c"}}}
		}), `channel "relay": header_up X-A: has a value with a line break…`},
		{ch(func(c *config.Channel) {
			c.HeaderUp = &config.HeaderOps{Set: map[string][]string{"X-A: " + secret: {"x"}}}
		}), `channel "relay": header_up "X-A": is no header name…`},
		{ch(func(c *config.Channel) { c.HeaderUp = &config.HeaderOps{Delete: []string{"X-*-A"}} }), `channel "relay": header_up "X-": is no header name…`},

		{ch(func(c *config.Channel) { c.BodySet = []config.BodyField{{Path: "a..b", Value: json.RawMessage("1")}} }), `channel "relay": body_set "a..b": has an empty part between its dots`},
		{ch(func(c *config.Channel) {
			c.BodySet = []config.BodyField{{Path: "model", Value: json.RawMessage(`"x"`)}}
		}), `channel "relay": body_set "model": cannot be changed here…`},
		{ch(func(c *config.Channel) {
			c.BodySet = []config.BodyField{{Path: "stream.x", Value: json.RawMessage(`1`)}}
		}), `channel "relay": body_set "stream.x": cannot be changed…`},
		{ch(func(c *config.Channel) { c.Keys = []string{"{env.KEY"} }), `channel "relay": keys #1: holds a placeholder without its closing brace…`},
		{ch(func(c *config.Channel) { c.Keys = []string{"key-1", "{env.A}{file./run/x"} }), `channel "relay": keys #2: holds a placeholder without…`},
		{ch(func(c *config.Channel) { c.Keys = []string{"{env.A{env.B}"} }), `channel "relay": keys #1: holds a placeholder without…`},
		{ch(func(c *config.Channel) { c.Proxy = "http://{env.PROXY" }), `channel "relay": proxy: holds a placeholder without…`},
		{ch(func(c *config.Channel) { c.URLs = []config.URL{{URL: "https://{env.HOST/v1"}} }), `channel "relay": urls "https://{env.HOST/v1": holds a placeholder without…`},
		{ch(func(c *config.Channel) { c.HeaderUp = &config.HeaderOps{Set: map[string][]string{"X-A": {"{env.A"}}} }), `channel "relay": header_up X-A: holds a placeholder without…`},
		{ch(func(c *config.Channel) {
			c.HeaderUp = &config.HeaderOps{Add: map[string][]string{"X-A": {"a {http.request.header.X-Api-Key}"}}}
		}), `channel "relay": header_up X-A: holds a placeholder of the client's credential…`},
		{ch(func(c *config.Channel) {
			c.HeaderUp = &config.HeaderOps{Add: map[string][]string{"X-A": {"a {http.request.header.authorization}"}}}
		}), `channel "relay": header_up X-A: holds a placeholder of the client's credential…`},
		{ch(func(c *config.Channel) {
			c.HeaderUp = &config.HeaderOps{Add: map[string][]string{"X-A": {"a {http.request.cookie.session}"}}}
		}), `channel "relay": header_up X-A: holds a placeholder of the client's credential…`},
		{ch(func(c *config.Channel) {
			c.HeaderUp = &config.HeaderOps{Add: map[string][]string{"X-A": {"a {http.request.uri}"}}}
		}), `channel "relay": header_up X-A: holds a placeholder of the client's credential…`},
		{ch(func(c *config.Channel) {
			c.HeaderUp = &config.HeaderOps{Add: map[string][]string{"X-A": {"a {http.request.uri.query}"}}}
		}), `channel "relay": header_up X-A: holds a placeholder of the client's credential…`},
		{ch(func(c *config.Channel) {
			c.HeaderUp = &config.HeaderOps{Add: map[string][]string{"X-A": {"a {http.request.orig_uri.query.key}"}}}
		}), `channel "relay": header_up X-A: holds a placeholder of the client's credential…`},
		{ch(func(c *config.Channel) { c.BodySet = []config.BodyField{{Path: "a"}} }), `channel "relay": body_set "a": has no JSON value`},
		{ch(func(c *config.Channel) {
			c.BodySet = []config.BodyField{{Path: "a", Value: json.RawMessage("1")}, {Path: "a", Value: json.RawMessage("2")}}
		}), `channel "relay": body_set "a": is set twice…`},
		{ch(func(c *config.Channel) {
			c.BodySet = []config.BodyField{{Path: "a", Value: json.RawMessage("1")}}
			c.BodyRemove = []string{"a"}
		}), `channel "relay": body_remove "a": is set by body_set…`},
		{ch(func(c *config.Channel) {
			c.BodySet = []config.BodyField{{Path: "stream", Value: json.RawMessage("true")}}
		}), `channel "relay": body_set "stream": cannot be changed…`},
		{ch(func(c *config.Channel) { c.BodyRemove = []string{"model"} }), `channel "relay": body_remove "model": cannot be removed…`},
		{ch(func(c *config.Channel) { c.BodyRemove = []string{""} }), `channel "relay": body_remove: holds an empty path…`},

		{ch(func(c *config.Channel) { c.CooldownRules = make([]config.CooldownRule, 33) }), `channel "relay": cooldown_rules 33: must be at most 32`},

		{tok(func(t *config.Token) { t.Name = "" }), `token: name: is missing`},
		{tok(func(t *config.Token) { t.Secret = "" }), `token "laptop": secret: is missing…`},
		{tok(func(t *config.Token) { t.Secret = secret[:15] }), `token "laptop": secret: must have 16 to 512 characters…`},
		{tok(func(t *config.Token) { t.Secret = secret + " x" }), `token "laptop": secret: holds a space…`},
		{tok(func(t *config.Token) { t.Name = "anonymous" }), `token "anonymous": secret: the token named anonymous admits everyone and takes no secret…`},
		{tok(func(t *config.Token) { t.Channels, t.ExceptChannels = []string{"a"}, []string{"b"} }), `token "laptop": except_channels: cannot stand beside channels…`},
		{tok(func(t *config.Token) { t.Expires = "soon" }), `token "laptop": expires "soon": must be a day such as…`},
		{tok(func(t *config.Token) { t.RPM = -1 }), `token "laptop": rpm -1: must be 0 to…`},

		{&config.Alias{}, `alias: name: is missing`},
		{&config.Alias{Name: "fast"}, `alias "fast": models: is missing…`},
		{&config.Alias{Name: "f*", Models: []string{"a-*-*"}}, `alias "f*": models "a-*-*": has more * than "f*", which they stand for`},
		{&config.Alias{Name: "fast", Models: []string{"a", "gpt-*"}}, `alias "fast": models "gpt-*": must be the name…`},
		{&config.Alias{Name: "fast", Models: []string{"a", "a"}}, `alias "fast": models "a": stands there twice`},
		{&config.Alias{Name: "fast", Models: []string{"fast"}}, `alias "fast": models "fast": is the alias itself…`},

		{&config.Handler{MaxAttempts: 101}, `ccload: max_attempts 101: must be 1 to 100`},
		{&config.Handler{MaxBody: -1}, `ccload: max_body -1: must be 1 byte to 4.0 GiB, as in 64MiB`},
		{&config.Handler{IdleTimeout: ms(-1)}, `ccload: idle_timeout -1ms: must not be negative: 0 switches it off`},
		{&config.Handler{FirstContentTimeout: "later"}, `ccload: first_content_timeout "later": must be auto, off or a duration such as 30s`},
		{&config.Retention{Age: ms(-1)}, `retention: age -1ms: must not be negative: 0 switches it off`},
		{&config.Retention{Bytes: new(int64(-1))}, `retention: bytes: must not be negative…`},
	} {
		err := tt.v.Validate()
		if err == nil {
			t.Errorf("accepted, want %s", tt.want)
			continue
		}
		want, begins := strings.CutSuffix(tt.want, "…")
		if got := err.Error(); got != want && (!begins || !strings.HasPrefix(got, want)) {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
		if strings.Contains(err.Error(), secret[:15]) {
			t.Errorf("the error shows a secret: %v", err)
		}
		if problem := (*config.Error)(nil); !errors.As(err, &problem) {
			t.Errorf("%v is no *Error", err)
		}
	}
}

func TestValidChannels(t *testing.T) {
	for i, c := range []*config.Channel{
		channel(nil),
		{Name: "中转 1", Provider: "anthropic"},
		{Name: "p", URLs: []config.URL{{URL: "{env.URL}"}}, Keys: []string{"{env.A}", "{env.B}", "{file./run/k}"}, Proxy: "{env.PROXY}"},
		channel(func(c *config.Channel) { c.Keys, c.Auth = nil, "none" }),
		channel(func(c *config.Channel) { c.Proxy = "http://user:pw@proxy.example:8080" }),
		channel(func(c *config.Channel) { c.Proxy = "off" }),
		channel(func(c *config.Channel) { c.Proxy = "socks5h://127.0.0.1:1080" }),
		channel(func(c *config.Channel) { c.HealthCheck = &config.HealthCheck{}; c.Models = []string{"gpt-*", "gpt-5"} }),
		channel(func(c *config.Channel) { c.HeaderUp = &config.HeaderOps{Set: map[string][]string{"user-agent": {"x"}}} }),
		channel(func(c *config.Channel) {
			c.BodySet = []config.BodyField{{Path: "a.0.b", Value: json.RawMessage(`{"x":[1]}`)}}
		}),
	} {
		if err := c.Validate(); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestValidateWhole(t *testing.T) {
	alias := func(name string, models ...string) *config.Alias { return &config.Alias{Name: name, Models: models} }
	for _, tt := range []struct {
		app  config.App
		want string
	}{
		{config.App{}, ""},
		{config.App{
			Channels: []*config.Channel{channel(nil)},
			Tokens:   []*config.Token{accessToken(func(t *config.Token) { t.Channels = []string{"relay"} }), {Name: "anonymous"}},
			Aliases:  []*config.Alias{alias("fast", "a", "slow"), alias("slow", "b", "a")},
		}, ""},
		{config.App{Channels: []*config.Channel{channel(nil), channel(nil)}}, `channel "relay": name: there is another channel of this name: give each its own`},
		{config.App{Channels: []*config.Channel{nil}}, `channel: null in the list: remove it`},
		{config.App{Tokens: []*config.Token{accessToken(nil), accessToken(nil)}}, `token "laptop": name: there is another token of this name: give each its own`},
		{
			config.App{Tokens: []*config.Token{accessToken(nil), accessToken(func(t *config.Token) { t.Name = "b" })}},
			`token "b": secret: is that of the token "laptop" too: give each its own`,
		},
		{config.App{Aliases: []*config.Alias{alias("a", "b"), alias("a", "c")}}, `alias "a": name: there is another alias of this name: give each its own`},
		{config.App{Aliases: []*config.Alias{alias("a", "x", "b"), alias("b", "c"), alias("c", "a")}}, `alias "a": models: leads back to itself: a -> b -> c -> a`},
		{
			config.App{Channels: []*config.Channel{channel(nil)}, Tokens: []*config.Token{accessToken(func(t *config.Token) { t.Channels = []string{"rely"} })}},
			`token "laptop": channels "rely": there is no channel of this name; did you mean "relay"?`,
		},
		{
			config.App{Tokens: []*config.Token{accessToken(func(t *config.Token) { t.ExceptChannels = []string{"x"} })}},
			`token "laptop": except_channels "x": there is no channel of this name`,
		},
		{config.App{Retention: &config.Retention{Age: ms(-5)}}, `retention: age -5ms: must not be negative: 0 switches it off`},
	} {
		got := ""
		if err := tt.app.Validate(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestCooldownRules(t *testing.T) {
	minute := config.NewDuration(time.Minute)
	for _, tt := range []struct {
		rule config.CooldownRule
		want string // "" if it is valid
	}{
		{config.CooldownRule{Status: []int{429}, For: minute}, ""},
		{config.CooldownRule{Body: "quota", For: minute, Scope: "channel"}, ""},
		{config.CooldownRule{Body: `resets at (?P<reset>[0-9: -]+)`, Layout: "2006-01-02 15:04:05", Zone: "Asia/Shanghai"}, ""},
		{config.CooldownRule{Body: `in (?P<reset>\d+)`, Layout: "seconds", For: minute}, ""},
		{config.CooldownRule{Body: `(?P<reset>.+)`, Layout: "3:04 PM"}, ""},
		{config.CooldownRule{Body: `(?P<reset>.+)`}, ""},
		{config.CooldownRule{For: minute}, "needs a status or a regular expression"},
		{config.CooldownRule{Status: []int{42}, For: minute}, "status 42: must be 100 to 599"},
		{config.CooldownRule{Body: "(", For: minute}, "has no valid regular expression: error parsing regexp"},
		{config.CooldownRule{Body: strings.Repeat("x", 1025), For: minute}, "at most 1024 characters"},
		{config.CooldownRule{Status: []int{429}}, "does not say for how long"},
		{config.CooldownRule{Status: []int{429}, For: config.NewDuration(-1)}, "for -1ns: must be more than 0"},
		{config.CooldownRule{Status: []int{429}, For: config.NewDuration(32 * 24 * time.Hour)}, "at most 744h"},
		{config.CooldownRule{Status: []int{429}, For: minute, Scope: "url"}, `scope "url": must be one of key, model, channel`},
		{config.CooldownRule{Status: []int{429}, For: minute, Zone: "UTC"}, "captures no reset"},
		{config.CooldownRule{Body: "(?P<rest>.)", For: minute, Layout: "unix"}, "captures no reset"},
		{config.CooldownRule{Body: "(?P<reset>.)", Layout: "YYYY-MM-DD"}, `layout "YYYY-MM-DD": must be a time layout of Go`},
		{config.CooldownRule{Body: "(?P<reset>.)", Zone: "Nowhere"}, `zone "Nowhere": is no time zone`},
	} {
		err := tt.rule.Validate()
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%+v: %v", tt.rule, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("got %v, want …%s…", err, tt.want)
		}
	}
}

func TestResolve(t *testing.T) {
	want := config.Limits{
		MaxBody: 64 << 20, BodyTimeout: 2 * time.Minute, MaxAttempts: 6, MaxWait: 3 * time.Second, TotalTimeout: 15 * time.Minute,
		ConnectTimeout: 10 * time.Second, HeaderTimeout: 5 * time.Minute, FirstContentTimeout: 2 * time.Minute, FirstContentAuto: true,
		IdleTimeout: time.Minute, KeepaliveAfter: 75 * time.Second,
	}
	if got := new(config.Handler).Resolve(); got != want {
		t.Errorf("defaults: %+v", got)
	}
	if got := (&config.Handler{FirstContentTimeout: "auto"}).Resolve(); got != want {
		t.Errorf("auto: %+v", got)
	}

	// 0 is off everywhere, not the default.
	h := config.Handler{
		KeepaliveAfter: ms(0), BodyTimeout: ms(0), MaxWait: ms(0), TotalTimeout: ms(0), ConnectTimeout: ms(0), HeaderTimeout: ms(0),
		FirstContentTimeout: "off", IdleTimeout: ms(0), MaxBody: 1, MaxAttempts: 1,
	}
	if got, want := h.Resolve(), (config.Limits{MaxBody: 1, MaxAttempts: 1}); got != want {
		t.Errorf("off: %+v", got)
	}
	h = config.Handler{FirstContentTimeout: "30s", HeaderTimeout: ms(5), ExposeRoute: true, FuzzyModels: true}
	got := h.Resolve()
	if got.FirstContentTimeout != 30*time.Second || got.FirstContentAuto || got.HeaderTimeout != 5*time.Millisecond || !got.ExposeRoute || !got.FuzzyModels {
		t.Errorf("given: %+v", got)
	}

	age, size := (*config.Retention)(nil).Resolve()
	if age != 720*time.Hour || size != 2<<30 {
		t.Errorf("retention by default: %v %d", age, size)
	}
	age, size = (&config.Retention{Age: ms(0), Bytes: new(int64(0))}).Resolve()
	if age != 0 || size != 0 {
		t.Errorf("retention off: %v %d", age, size)
	}
}

func TestParseSizeAndDuration(t *testing.T) {
	for text, want := range map[string]int64{"64MiB": 64 << 20, "2GiB": 2 << 30, "500MB": 500_000_000, "1048576": 1 << 20, "1 KiB": 1024, "0": 0} {
		if got, err := config.ParseSize(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "big", "-1MiB", "9EiB9", "16EiB"} {
		if n, err := config.ParseSize(text); err == nil || !strings.Contains(err.Error(), "must be a size such as") {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "30d": 720 * time.Hour, "off": 0, "0": 0, "1d12h": 36 * time.Hour} {
		if got, err := config.ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{"60": `"60": must be a duration such as`, "-5s": "must not be negative", "": "must be a duration"} {
		if d, err := config.ParseDuration(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v", text, d, err)
		}
	}
}

func TestReplaced(t *testing.T) {
	env := strings.NewReplacer("{env.A}", "key-a", "{env.B}", "key-b\n", "{env.UNSET}", "", "{env.URL}", "https://b.example")
	c := channel(func(c *config.Channel) {
		c.Keys = []string{"{env.A}", "{env.UNSET}", "{env.B}", "key-a"}
		c.URLs = append(c.URLs, config.URL{URL: "{env.URL}/v1"})
	})
	got, dropped := c.Replaced(env.Replace)
	if len(got.Keys) != 2 || got.Keys[0] != "key-a" || got.Keys[1] != "key-b" || len(dropped) != 2 || !strings.HasPrefix(dropped[0], "key 2 is left out: it is empty") || dropped[1] != "key 4 is left out: it is given twice" {
		t.Errorf("keys %q, dropped %v", got.Keys, dropped)
	}
	odd := channel(func(c *config.Channel) { c.Keys = []string{"{env.SPACE}", "{env.QUOTES}", "{env.A}"} })
	other := strings.NewReplacer("{env.A}", "key-a", "{env.SPACE}", "key with\nmore", "{env.QUOTES}", `"key-q"`)
	kept, notes := odd.Replaced(other.Replace)
	if err := kept.Validate(); err != nil || len(kept.Keys) != 2 || kept.Keys[0] != `"key-q"` || kept.Keys[1] != "key-a" {
		t.Errorf("keys %q, %v", kept.Keys, err)
	}
	if len(notes) != 2 || !strings.HasPrefix(notes[0], "key 1 is left out: it holds a space, a line break") || !strings.HasPrefix(notes[1], "key 2 stands in quotes") {
		t.Errorf("notes %q", notes)
	}
	if all := strings.Join(notes, " "); strings.Contains(all, "key with") || strings.Contains(all, "key-q") {
		t.Errorf("the notes show a key: %q", notes)
	}
	azure := channel(func(c *config.Channel) {
		c.URLs = []config.URL{{URL: "https://r.example/openai/deployments/d/chat/completions?api-version=2024-10-21"}}
	})
	r, notes := azure.Replaced(env.Replace)
	if r.Auth != "api-key" || len(notes) != 1 || notes[0] != `url "https://r.example/…" is a whole endpoint: its base https://r.example/openai/deployments/d is used for all of them` {
		t.Errorf("auth %q, notes %q", r.Auth, notes)
	}
	azure.Auth = "bearer"
	if r, _ := azure.Replaced(env.Replace); r.Auth != "bearer" {
		t.Errorf("auth %q", r.Auth)
	}
	if got.URLs[1].URL != "https://b.example/v1" || c.URLs[1].URL != "{env.URL}/v1" {
		t.Errorf("urls %v, before %v", got.URLs, c.URLs)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}

	// A token whose variable is not set must not become one without a secret.
	if _, ok := accessToken(func(t *config.Token) { t.Secret = "{env.UNSET}" }).Replaced(env.Replace); ok {
		t.Error("a token without its secret is usable")
	}
	if r, ok := accessToken(nil).Replaced(env.Replace); !ok || r.Secret != secret {
		t.Error("a token with its secret is not usable")
	}
	if _, ok := (&config.Token{Name: "anonymous"}).Replaced(env.Replace); !ok {
		t.Error("the anonymous token is not usable")
	}
}

func TestCheckModel(t *testing.T) {
	for _, tt := range []struct {
		c    *config.Channel
		want string
	}{
		{channel(nil), ""},
		{channel(func(c *config.Channel) { c.HealthCheck = &config.HealthCheck{Model: "m"} }), "m"},
		{channel(func(c *config.Channel) { c.HealthCheck = &config.HealthCheck{}; c.Models = []string{"a*", "b", "c"} }), "b"},
		{channel(func(c *config.Channel) {
			c.HealthCheck = &config.HealthCheck{}
			c.ModelNames = map[string]string{"z": "1", "y": "2"}
		}), "y"},
	} {
		if got := tt.c.CheckModel(); got != tt.want {
			t.Errorf("asks %q, want %q", got, tt.want)
		}
	}
	if (*config.HealthCheck)(nil).Every() != 0 || new(config.HealthCheck).Every() != 5*time.Minute {
		t.Error("intervals")
	}
}

func TestAliasModels(t *testing.T) {
	app := config.App{Aliases: []*config.Alias{
		{Name: "fast", Models: []string{"a", "b"}},
		{Name: "smart", Models: []string{"c", "fast", "d", "a"}},
		{Name: "any", Models: []string{"smart", "e"}},
	}}
	got := app.AliasModels()
	for name, want := range map[string]string{"fast": "a b", "smart": "c a b d", "any": "c a b d e"} {
		if models := strings.Join(got[name], " "); models != want {
			t.Errorf("%s stands for %s, want %s", name, models, want)
		}
	}
}

// A large number in a body must arrive as it was written: through float64 it
// would not.
func TestBodyValueKeepsItsBytes(t *testing.T) {
	const in = `{"path":"seed","value":12345678901234567890.10}`
	var f config.BodyField
	if err := json.Unmarshal([]byte(in), &f); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(f)
	if err != nil || string(out) != in {
		t.Errorf("%s, %v", out, err)
	}
}

// Whoever configures reads these comments, on the website and in the editor.
func TestEveryFieldIsDocumented(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	fields := 0
	inspect := func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		s, ok := spec.Type.(*ast.StructType)
		if !ok {
			return true
		}
		for _, f := range s.Fields.List {
			if f.Tag == nil || !strings.Contains(f.Tag.Value, "json:") {
				continue
			}
			fields++
			if len(f.Doc.Text()) < 20 {
				t.Errorf("%s.%s has no comment for the person who sets it", spec.Name, f.Names[0])
			}
		}
		return true
	}
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, inspect)
	}
	if fields < 50 {
		t.Errorf("only %d fields seen", fields)
	}
}

// The age of the log comes out as it went in, and less than an hour is refused.
func TestRetentionRoundTrip(t *testing.T) {
	for in, want := range map[string]string{
		`{"age":"30d","bytes":1073741824}`: `{"age":"30d","bytes":1073741824}`,
		`{"age":"36h"}`:                    `{"age":"36h"}`,
		`{"age":"720h"}`:                   `{"age":"720h"}`,
		`{"age":"off"}`:                    `{"age":"off"}`,
		`{"age":"90m"}`:                    `{"age":"90m"}`,
		`{"age":3600000000000}`:            `{"age":"1h"}`,
		`{"age":"0s","bytes":0}`:           `{"age":"0s","bytes":0}`,
		`{"bytes":5}`:                      `{"bytes":5}`,
		`{}`:                               `{}`,
	} {
		var r, again config.Retention
		if err := json.Unmarshal([]byte(in), &r); err != nil {
			t.Fatal(err)
		}
		out, err := json.Marshal(&r)
		if err != nil || string(out) != want {
			t.Errorf("%s: %s, want %s: %v", in, out, want, err)
		}
		if err := json.Unmarshal(out, &again); err != nil || r.Validate() != nil {
			t.Errorf("%s: %v, %v", in, err, r.Validate())
		}
		wasAge, wasBytes := r.Resolve()
		if age, bytes := again.Resolve(); age != wasAge || bytes != wasBytes {
			t.Errorf("%s: %v, %v", in, age, bytes)
		}
	}
	for _, age := range []string{"59m", "1s"} {
		var r config.Retention
		if err := json.Unmarshal([]byte(`{"age":"`+age+`"}`), &r); err != nil {
			t.Fatal(err)
		}
		if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "must be at least 1h") {
			t.Errorf("%s: %v", age, err)
		}
	}
}
