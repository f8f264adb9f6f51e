package transfer

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/secrets"
)

// WriteCaddyfile writes the set as a Caddyfile that declares it, with a site on
// loopback. A secret that the set lacks is a placeholder of the environment,
// whose name follows from that of the channel or token. What no Caddyfile can
// hold is left out, with a comment where it would stand; unwritten counts that.
// The secrets that the set has are in the text.
func WriteCaddyfile(w io.Writer, s *Set) (unwritten int, err error) {
	var b bytes.Buffer
	b.WriteString("{\n\tccload {\n")
	for i := range s.Channels {
		unwritten += writeThing(&b, KindChannel, s.Channels[i].Name, func(t *thing) { t.channel(&s.Channels[i]) })
	}
	for i := range s.Tokens {
		unwritten += writeThing(&b, KindToken, s.Tokens[i].Name, func(t *thing) { t.token(&s.Tokens[i]) })
	}
	if len(s.Tokens) == 0 {
		b.WriteString("\t\t# a client needs a token: token laptop {env.LAPTOP_TOKEN}\n")
	}
	for _, a := range s.Aliases {
		unwritten += writeThing(&b, KindAlias, a.Name, func(t *thing) { t.head(append([]string{"alias", a.Name}, a.Models...)...) })
	}
	b.WriteString("\t}\n}\n\nhttp://127.0.0.1:8080 {\n\tbind 127.0.0.1\n\tccload\n\tccload_admin /ccload/*\n}\n")
	_, err = b.WriteTo(w)
	return unwritten, err
}

// writeThing writes one thing, or a comment that says why it cannot be written.
func writeThing(b *bytes.Buffer, kind, name string, write func(*thing)) (unwritten int) {
	t := new(thing)
	write(t)
	if t.problem != "" {
		about := strings.ReplaceAll(strconv.Quote(told(name)), "{$", "{ $") // which would be replaced in a comment too
		fmt.Fprintf(b, "\t\t# NOT WRITTEN: %s %s: %s\n", kind, about, t.problem)
		return 1
	}
	b.WriteString("\t\t" + t.line)
	if len(t.body) > 0 {
		b.WriteString(" {\n")
		for _, line := range t.body {
			b.WriteString("\t\t\t" + line + "\n")
		}
		b.WriteString("\t\t}")
	}
	b.WriteByte('\n')
	return 0
}

// thing is a channel, token or alias as lines of a Caddyfile.
type thing struct {
	line    string
	body    []string
	problem string
}

func (t *thing) words(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		var ok bool
		if quoted[i], ok = caddyWord(w); !ok && t.problem == "" {
			t.problem = "the option " + words[0] + " has a value that no Caddyfile can hold: store it, or declare it in JSON"
		}
	}
	return strings.Join(quoted, " ")
}

func (t *thing) head(words ...string) { t.line = t.words(words) }

// option writes a line of a block.
func (t *thing) option(words ...string) { t.body = append(t.body, t.words(words)) }

func (t *thing) comment(text string) { t.body = append(t.body, "# "+text) }

func (t *thing) flag(name string, on bool) {
	if on {
		t.option(name)
	}
}

func (t *thing) text(name, value string) {
	if value != "" {
		t.option(name, value)
	}
}

func (t *thing) list(name string, values []string) {
	if len(values) > 0 {
		t.option(append([]string{name}, values...)...)
	}
}

func (t *thing) number(name string, value int) {
	if value != 0 {
		t.option(name, strconv.Itoa(value))
	}
}

func (t *thing) usd(name string, value float64) {
	if value != 0 {
		t.option(name, decimal(value))
	}
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func (t *thing) budget(b config.Budget) {
	var list []string
	for _, p := range []struct {
		name string
		usd  float64
	}{{"day", b.Day}, {"month", b.Month}, {"total", b.Total}} {
		if p.usd != 0 {
			list = append(list, decimal(p.usd)+"/"+p.name)
		}
	}
	t.list("budget", list)
}

// channelOptions are the options of a channel in the order in which they are
// written, by the JSON name of the setting.
var channelOptions = []struct {
	setting string
	write   func(t *thing, c *Channel)
}{
	{"provider", func(t *thing, c *Channel) { t.text("provider", c.Provider) }},
	{"urls", (*thing).urls},
	{"protocols", func(t *thing, c *Channel) { t.list("protocol", c.Protocols) }},
	{"keys", (*thing).keys},
	{"auth", func(t *thing, c *Channel) { t.text("auth", c.Auth) }},
	{"models", func(t *thing, c *Channel) { t.list("models", c.Models) }},
	{"model_names", func(t *thing, c *Channel) {
		for _, client := range slices.Sorted(maps.Keys(c.ModelNames)) {
			t.option("model", client, c.ModelNames[client])
		}
	}},
	{"priority", func(t *thing, c *Channel) { t.number("priority", c.Priority) }},
	{"weight", func(t *thing, c *Channel) {
		if c.Weight != nil { // 0 means something: standby
			t.option("weight", strconv.Itoa(*c.Weight))
		}
	}},
	{"disabled", func(t *thing, c *Channel) { t.flag("disabled", c.Disabled) }},
	{"rpm", func(t *thing, c *Channel) { t.number("rpm", c.RPM) }},
	{"tpm", func(t *thing, c *Channel) { t.number("tpm", c.TPM) }},
	{"max_concurrency", func(t *thing, c *Channel) { t.number("max_concurrency", c.MaxConcurrency) }},
	{"daily_budget", func(t *thing, c *Channel) { t.usd("daily_budget", c.DailyBudget) }},
	{"budget", func(t *thing, c *Channel) { t.budget(c.Budget) }},
	{"cost_multiplier", func(t *thing, c *Channel) {
		if c.CostMultiplier != nil {
			t.option("cost_multiplier", decimal(*c.CostMultiplier))
		}
	}},
	{"region", func(t *thing, c *Channel) { t.text("region", c.Region) }},
	{"no_include_usage", func(t *thing, c *Channel) { t.flag("no_include_usage", c.NoIncludeUsage) }},
	{"hours", func(t *thing, c *Channel) {
		if h := c.Hours; h != nil {
			t.list("hours", slices.DeleteFunc([]string{h.From + "-" + h.To, h.Zone}, func(s string) bool { return s == "" }))
		}
	}},
	{"proxy", (*thing).proxy},
	{"header_up", (*thing).headers},
	{"header_down", (*thing).answerHeaders},
	{"body_set", func(t *thing, c *Channel) {
		for _, f := range c.BodySet {
			t.option("body_set", f.Path, string(f.Value))
		}
	}},
	{"body_remove", func(t *thing, c *Channel) { t.list("body_remove", c.BodyRemove) }},
	{"cooldown_rules", func(t *thing, c *Channel) {
		for _, r := range c.CooldownRules {
			t.rule(r)
		}
	}},
	{"group", func(t *thing, c *Channel) { t.text("group", c.Group) }},
	{"health_check", (*thing).healthCheck},
	{"allow_private_addresses", func(t *thing, c *Channel) { t.flag("allow_private_addresses", c.AllowPrivateAddresses) }},
	{"tls_insecure_skip_verify", func(t *thing, c *Channel) { t.flag("tls_insecure_skip_verify", c.TLSInsecureSkipVerify) }},
}

func (t *thing) channel(c *Channel) {
	t.head("channel", c.Name)
	for _, o := range channelOptions {
		o.write(t, c)
	}
}

func (t *thing) urls(c *Channel) {
	for _, u := range c.URLs {
		t.option("url", u.URL)
		if len(u.Protocols) > 0 {
			t.body[len(t.body)-1] += " {"
			t.option(append([]string{"protocol"}, u.Protocols...)...)
			t.body[len(t.body)-1] = "\t" + t.body[len(t.body)-1]
			t.body = append(t.body, "}")
		}
	}
}

// keys writes the keys in use. The secret of a stored one may not be known.
func (t *thing) keys(c *Channel) {
	used := 0
	for i, k := range c.Keys {
		what := fmt.Sprintf("key %d", i+1)
		if k.LastFour != "" {
			what += ", ending in " + k.LastFour
		}
		switch {
		case k.Disabled:
			t.comment(what + " (disabled, so it is left out)")
			continue
		case k.Secret == "":
			t.comment(what)
			t.option("key", "{env."+variable("CCLOAD_KEY", c.Name, i+1)+"}")
		default:
			t.option("key", k.Secret)
		}
		used++
	}
	if used == 0 && len(c.Keys) > 0 && !c.Disabled {
		t.option("disabled")
	}
}

// variable makes the name of an environment variable.
func variable(prefix, name string, number int) string {
	upper := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z' || r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, name)
	text := prefix + "_" + upper
	if strings.Trim(upper, "_") == "" || len(upper) < len(name) {
		text = prefix + "_" + strings.ToUpper(access.Fingerprint(name)[:8]) // a name in other letters
	}
	if number > 0 {
		text += "_" + strconv.Itoa(number)
	}
	return text
}

func (t *thing) headers(c *Channel) {
	if h := c.HeaderUp; h != nil {
		t.headerLines("header_up", h.Delete, h.Set, h.Add)
		for _, name := range slices.Sorted(maps.Keys(h.Replace)) {
			for _, r := range h.Replace[name] {
				search := cmp.Or(r.SearchRegexp, regexp.QuoteMeta(r.Search))
				replace := r.Replace
				if r.SearchRegexp == "" {
					replace = strings.ReplaceAll(replace, "$", "$$") // as it is written, in an expression
				}
				if strings.Contains(r.Search+search+replace, secrets.Masked) {
					t.comment("header_up " + name + " replaces what is not shown: write it")
					continue
				}
				t.option("header_up", name, search, replace)
			}
		}
	}
}

func (t *thing) answerHeaders(c *Channel) {
	if h := c.HeaderDown; h != nil {
		for _, name := range h.Pass {
			t.option("header_down", name)
		}
		t.headerLines("header_down", h.Delete, h.Set, h.Add)
	}
}

// headerLines writes changes of headers. A value that is masked is left out.
func (t *thing) headerLines(option string, remove []string, set, add map[string][]string) {
	for _, name := range remove {
		t.option(option, "-"+name)
	}
	write := func(sign string, headers map[string][]string) {
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			for i, value := range headers[name] {
				switch {
				case strings.Contains(value, secrets.Masked):
					t.comment(option + " " + sign + name + " has a value that is not shown: write it")
				case sign == "" && i > 0:
					t.problem = cmp.Or(t.problem, "the header "+name+" is set to several values, which a Caddyfile cannot say")
				default:
					t.option(option, sign+name, value)
				}
			}
		}
	}
	write("", set)
	write("+", add)
}

// proxy writes the proxy. One whose password is masked is a placeholder.
func (t *thing) proxy(c *Channel) {
	if strings.Contains(c.Proxy, secrets.Masked) {
		t.comment("proxy is " + c.Proxy)
		t.option("proxy", "{env."+variable("CCLOAD_PROXY", c.Name, 0)+"}")
		return
	}
	t.text("proxy", c.Proxy)
}

func (t *thing) rule(r config.CooldownRule) {
	words := []string{"cooldown_rule"}
	for _, s := range r.Status {
		words = append(words, strconv.Itoa(s))
	}
	if r.Body != "" {
		words = append(words, r.Body)
	}
	t.option(words...)
	first := len(t.body)
	t.text("scope", r.Scope)
	if r.For.Duration != 0 {
		t.option("for", r.For.String())
	}
	t.text("layout", r.Layout)
	t.text("zone", r.Zone)
	if len(t.body) == first {
		return
	}
	t.body[first-1] += " {"
	for i := first; i < len(t.body); i++ {
		t.body[i] = "\t" + t.body[i]
	}
	t.body = append(t.body, "}")
}

func (t *thing) healthCheck(c *Channel) {
	if c.HealthCheck == nil {
		return
	}
	words := []string{"health_check"}
	if c.HealthCheck.Interval.Duration != 0 {
		words = append(words, c.HealthCheck.Interval.String())
	}
	if c.HealthCheck.Model != "" {
		words = append(words, c.HealthCheck.Model)
	}
	t.option(words...)
}

// tokenOptions are the options of a token, by the JSON name of the setting.
var tokenOptions = []struct {
	setting string
	write   func(t *thing, c *Token)
}{
	{"models", func(t *thing, c *Token) { t.list("models", c.Models) }},
	{"channels", func(t *thing, c *Token) { t.list("channels", c.Channels) }},
	{"except_channels", func(t *thing, c *Token) { t.list("except_channels", c.ExceptChannels) }},
	{"rpm", func(t *thing, c *Token) { t.number("rpm", c.RPM) }},
	{"tpm", func(t *thing, c *Token) { t.number("tpm", c.TPM) }},
	{"max_concurrency", func(t *thing, c *Token) { t.number("max_concurrency", c.MaxConcurrency) }},
	{"budget", func(t *thing, c *Token) { t.budget(c.Budget) }},
	{"expires", func(t *thing, c *Token) { t.text("expires", c.Expires) }},
	{"disabled", func(t *thing, c *Token) { t.flag("disabled", c.Disabled) }},
	{"expose_route", func(t *thing, c *Token) { t.flag("expose_route", c.ExposeRoute) }},
	{"upstream_counts", func(t *thing, c *Token) { t.flag("upstream_counts", c.UpstreamCounts) }},
}

func (t *thing) token(c *Token) {
	switch {
	case c.Name == config.Anonymous:
		t.head("token", c.Name)
	case c.SecretFile != "":
		t.head("token", c.Name)
		t.option("secret_file", c.SecretFile)
	case c.SecretHash != "":
		t.head("token", c.Name, "sha256:"+c.SecretHash)
	default:
		t.head("token", c.Name, "{env."+variable("CCLOAD_TOKEN", c.Name, 0)+"}")
	}
	for _, o := range tokenOptions {
		o.write(t, c)
	}
}

// plainLetters are those that a word of a Caddyfile may consist of without
// quotes.
const plainLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/*@+,=~%&?!"

// caddyWord quotes a word for a Caddyfile. ok is false for what none can hold:
// a brace alone opens a block even in quotes, and {$ stands for a variable
// everywhere.
func caddyWord(s string) (word string, ok bool) {
	placeholder := strings.HasPrefix(s, "{env.") && strings.HasSuffix(s, "}") && environmentName.MatchString(s[5:len(s)-1])
	switch {
	case placeholder, s != "" && strings.Trim(s, plainLetters) == "":
		return s, true
	case s == "{" || s == "}" || strings.Contains(s, "{$") || strings.ContainsAny(s, "\r\x00") || !utf8.ValidString(s):
		return s, false
	case !strings.Contains(s, "`"):
		return "`" + s + "`", true
	case strings.HasSuffix(s, `\`) || strings.Contains(s, `\"`):
		return s, false
	}
	return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`, true
}
