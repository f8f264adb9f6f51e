package caddyfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/ccload/ccload/config"
)

// channel reads
//
//	channel <name> [<provider> [<keys...>]] {
//		provider        <name>
//		url             <addresses...> [{ protocol <protocols...> }]
//		protocol        <protocols...>
//		key             <keys...>
//		auth            bearer|x-api-key|x-goog-api-key|api-key|none
//		models          <names or patterns...>
//		model           <client's name> <upstream's name>
//		priority        <number>
//		weight          <number>
//		disabled
//		rpm             <number>
//		tpm             <number>
//		max_concurrency <number>
//		daily_budget    <dollars>
//		budget          <dollars>/day|month|total ...
//		cost_multiplier <number>
//		region          <name>
//		no_include_usage
//		hours           <HH:MM-HH:MM> [<zone>]
//		proxy           <address>|off
//		transport       <name> { … }
//		header_up       [+|-]<field> [<value or regexp> [<replacement>]]
//		header_down     [+|-]<field> [<value>]
//		body_set        <path> <value>
//		body_remove     <paths...>
//		cooldown_rule   <status...> [<regexp>] { … }
//		group           <name>
//		health_check    [<interval>] [<model>]
//		allow_private_addresses
//		tls_insecure_skip_verify
//	}
//
// url, key, models, model, header_up, header_down, body_set, body_remove and cooldown_rule
// may be repeated.
func (r *reader) channel(d *caddyfile.Dispenser) error {
	head := d.Token()
	args := d.RemainingArgs()
	if len(args) == 0 {
		return at(head, errors.New("ccload: channel: takes a name, as in channel claude { … }, or a name, a provider and its keys"))
	}
	c := &config.Channel{Name: args[0]}
	if len(args) > 1 {
		c.Provider, c.Keys = args[1], args[2:]
	}
	b, err := r.begin(head, "channel", c.Name, channelTable(c))
	if err != nil {
		return err
	}
	if c.Provider != "" {
		b.seen["provider"] = head
	}
	if err := b.read(d); err != nil {
		return err
	}
	if err := c.Validate(); err != nil {
		return b.locate(err)
	}
	for _, check := range r.checks {
		if err := check(c); err != nil {
			return b.locate(err)
		}
	}
	r.app.Channels = append(r.app.Channels, c)
	return nil
}

// channelTable is the options of a channel.
func channelTable(c *config.Channel) Table {
	return Table{
		"provider":                 Text(&c.Provider),
		"url":                      Custom(func(d *caddyfile.Dispenser) error { return readURL(d, c) }).Many(),
		"protocol":                 Words(&c.Protocols),
		"key":                      Words(&c.Keys),
		"auth":                     Text(&c.Auth),
		"models":                   Words(&c.Models),
		"model":                    modelName(&c.ModelNames).Many(),
		"priority":                 Int(&c.Priority, -config.MaxPriority, config.MaxPriority),
		"weight":                   IntOrZero(&c.Weight, 0, config.MaxWeight),
		"disabled":                 Flag(&c.Disabled),
		"rpm":                      Int(&c.RPM, 0, config.MaxRPM),
		"tpm":                      Int(&c.TPM, 0, config.MaxTPM),
		"max_concurrency":          Int(&c.MaxConcurrency, 0, config.MaxConcurrency),
		"daily_budget":             USD(&c.DailyBudget),
		"budget":                   Budget(&c.Budget),
		"cost_multiplier":          multiplier(&c.CostMultiplier),
		"region":                   Text(&c.Region),
		"no_include_usage":         Flag(&c.NoIncludeUsage),
		"hours":                    hours(&c.Hours),
		"proxy":                    Text(&c.Proxy),
		"transport":                Custom(func(d *caddyfile.Dispenser) error { return readTransport(d, c) }),
		"header_up":                headerUp(&c.HeaderUp).Many(),
		"header_down":              headerDown(&c.HeaderDown).Many(),
		"body_set":                 bodySet(&c.BodySet).Many(),
		"body_remove":              Words(&c.BodyRemove),
		"cooldown_rule":            Custom(func(d *caddyfile.Dispenser) error { return readRule(d, c) }).Many(),
		"group":                    Text(&c.Group),
		"health_check":             Custom(func(d *caddyfile.Dispenser) error { return readHealthCheck(d, c) }),
		"allow_private_addresses":  Flag(&c.AllowPrivateAddresses),
		"tls_insecure_skip_verify": Flag(&c.TLSInsecureSkipVerify),
	}
}

// readTransport reads a transport as Caddy's reverse_proxy does. What its block
// holds is the module's business.
func readTransport(d *caddyfile.Dispenser, c *config.Channel) error {
	head := d.Token()
	if !d.NextArg() {
		return at(head, inChannel(c, "transport", &config.Error{Problem: "takes the name of a module, as in transport http { … }"}))
	}
	name := d.Val()
	mod, err := caddyfile.UnmarshalModule(d, "http.reverse_proxy.transport."+name)
	if err != nil {
		return at(head, inChannel(c, "transport", &config.Error{Value: strconv.Quote(name), Problem: err.Error()}))
	}
	c.TransportRaw = caddyconfig.JSONModuleObject(mod, "protocol", name, nil)
	return nil
}

// modelName reads one line of model names.
func modelName(p *map[string]string) Row {
	return Values(func(args []string) error {
		if len(args) != 2 {
			return fmt.Errorf("takes the client's name of a model and the upstream's, not %d values", len(args))
		}
		if before, again := (*p)[args[0]]; again {
			return wrong(strconv.Quote(args[0]), fmt.Sprintf("is called %q here already: keep one of them", before))
		}
		if *p == nil {
			*p = make(map[string]string)
		}
		(*p)[args[0]] = args[1]
		return nil
	})
}

// hours reads a window and its zone.
func hours(p **config.Hours) Row {
	return Values(func(args []string) error {
		if len(args) < 1 || len(args) > 2 {
			return errors.New("takes a window and perhaps a time zone, as in 08:00-23:00 Europe/Berlin")
		}
		var zone string
		if len(args) == 2 {
			zone = args[1]
		}
		h, err := config.ParseHours(args[0], zone)
		*p = h
		return err
	})
}

// readURL reads addresses; of one address the block may say more.
func readURL(d *caddyfile.Dispenser, c *config.Channel) error {
	var protocols []string
	b := newBlock(d.Token(), "url", "", Table{"protocol": Words(&protocols)})
	args := d.RemainingArgs()
	if len(args) == 0 {
		return at(b.head, &config.Error{Thing: "channel", Name: c.Name, Field: "url", Problem: errNoValue.Error()})
	}
	if err := b.read(d); err != nil {
		return err
	}
	if len(args) > 1 && len(b.seen) > 0 {
		return at(b.head, &config.Error{Thing: "channel", Name: c.Name, Field: "url", Problem: "has a block, which goes with one address only: write a line for each"})
	}
	for _, address := range args {
		u := config.URL{URL: address, Protocols: protocols}
		if err := u.Validate(); err != nil {
			return at(b.head, inChannel(c, "url", err))
		}
		c.URLs = append(c.URLs, u)
	}
	return nil
}

// inChannel says of a problem that it is that of a channel's option.
func inChannel(c *config.Channel, word string, err error) error {
	if problem := (*config.Error)(nil); errors.As(err, &problem) {
		problem.Thing, problem.Name, problem.Field = "channel", c.Name, word
	}
	return err
}

// bodySet reads one field of a body. The value is JSON if it can be, else a
// text.
func bodySet(p *[]config.BodyField) Row {
	return Values(func(args []string) error {
		if len(args) != 2 {
			return errors.New("takes a field and its value, as in body_set max_tokens 4096 or body_set thinking `{\"type\":\"disabled\"}`")
		}
		value := json.RawMessage(args[1])
		if !json.Valid(value) {
			if strings.ContainsAny(args[1][:min(1, len(args[1]))], `{["`) {
				return wrong(args[0], "begins as JSON, but is not valid: quote it with backticks, as in `{\"type\":\"disabled\"}`")
			}
			value, _ = json.Marshal(args[1]) // a text always can
		}
		f := config.BodyField{Path: args[0], Value: value}
		*p = append(*p, f)
		return f.Validate()
	})
}

// readRule reads
//
//	cooldown_rule <status...> [<regexp>] {
//		scope  key|model|channel
//		for    <duration>
//		layout <time layout>|unix|unix_ms|seconds|time_of_day
//		zone   <zone>
//	}
//
// Without a status it looks at any.
func readRule(d *caddyfile.Dispenser, c *config.Channel) error {
	var rule config.CooldownRule
	var rest *config.Duration
	b := newBlock(d.Token(), "cooldown_rule", "", Table{
		"scope":  Text(&rule.Scope),
		"for":    Duration(&rest),
		"layout": Text(&rule.Layout),
		"zone":   Text(&rule.Zone),
	})
	args := d.RemainingArgs()
	for len(args) > 0 {
		status, err := strconv.Atoi(args[0])
		if err != nil {
			break
		}
		rule.Status, args = append(rule.Status, status), args[1:]
	}
	if len(args) > 1 {
		return at(b.head, inChannel(c, "cooldown_rule", &config.Error{
			Problem: `takes status codes and one regular expression in quotes, as in cooldown_rule 429 "resets at (?P<reset>.+)"`,
		}))
	}
	if len(args) == 1 {
		rule.Body = args[0]
	}
	if err := b.read(d); err != nil {
		return err
	}
	if rest != nil {
		rule.For = *rest
	}
	if err := rule.Validate(); err != nil {
		return at(b.head, inChannel(c, "cooldown_rule", err))
	}
	c.CooldownRules = append(c.CooldownRules, rule)
	return nil
}

// readHealthCheck reads either of
//
//	health_check [<interval>] [<model>]
//	health_check {
//		interval <interval>
//		model    <model>
//	}
func readHealthCheck(d *caddyfile.Dispenser, c *config.Channel) error {
	check := new(config.HealthCheck)
	var interval *config.Duration
	b := newBlock(d.Token(), "health_check", "", Table{"interval": Duration(&interval), "model": Text(&check.Model)})
	args := d.RemainingArgs()
	if len(args) > 0 {
		if every, err := config.ReadDuration(args[0]); err == nil {
			interval, args = &every, args[1:]
			b.seen["interval"] = b.head
		}
	}
	if len(args) > 1 {
		return at(b.head, inChannel(c, "health_check", &config.Error{Problem: "takes an interval and a model, as in health_check 5m gpt-5-mini"}))
	}
	if len(args) == 1 {
		check.Model = args[0]
		b.seen["model"] = b.head
	}
	if err := b.read(d); err != nil {
		return err
	}
	if interval != nil {
		if check.Interval = *interval; check.Interval.Duration == 0 {
			return nil // off
		}
	}
	if err := check.Validate(); err != nil {
		return at(b.head, inChannel(c, "health_check", err))
	}
	c.HealthCheck = check
	return nil
}
