package caddyfile

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/ccload/ccload/config"
)

// storeNamespace is where the modules of the store option live.
const storeNamespace = "ccload.stores"

// Option changes how ReadApp reads.
type Option func(*reader)

// Into continues an App that an earlier global option ccload has filled: its
// channels, tokens and aliases stay, and what may be given once may not be
// given again. A token may name the channels of earlier blocks, not of later
// ones. nil begins a new App.
func Into(app *config.App) Option {
	return func(r *reader) {
		if app == nil {
			return
		}
		r.app = app
		r.given = map[string]bool{
			"store": app.StoreRaw != nil, "retention": app.Retention != nil, "serve_unmetered": app.ServeUnmetered, "time_zone": app.TimeZone != "",
			"prices": app.Prices != nil, "encryption_key": len(app.EncryptionKeys) > 0, "admin_password": app.AdminPassword != "",
			"admin_password_file": app.AdminPasswordFile != "", "capture": app.Capture != nil, "responses_store": app.ResponsesStore != nil,
		}
		for _, c := range app.Channels {
			r.blocks[[2]string{"channel", c.Name}] = nil
		}
		for _, t := range app.Tokens {
			r.blocks[[2]string{"token", t.Name}] = nil
		}
		for _, a := range app.Aliases {
			r.blocks[[2]string{"alias", a.Name}] = nil
		}
	}
}

// Check adds something to be checked of every channel, such as whether its
// provider exists. Its error is given the channel's place; if it is a
// *config.Error, that of the option.
func Check(check func(*config.Channel) error) Option {
	return func(r *reader) { r.checks = append(r.checks, check) }
}

// reader reads the global option.
type reader struct {
	app    *config.App
	checks []func(*config.Channel) error
	// blocks are the things with names, by kind and name; nil where one was read
	// by an earlier option.
	blocks map[[2]string]*block
	// given are the options that an earlier block has: which of two would count
	// is nothing to guess.
	given map[string]bool
}

// once makes of the options of an earlier block some that may not be given.
func (r *reader) once(rows Table) Table {
	for word := range rows {
		if r.given[word] {
			rows[word] = Custom(func(d *caddyfile.Dispenser) error {
				return at(d.Token(), fmt.Errorf("ccload: %s: given in an earlier ccload block already: keep one of them", word))
			})
		}
	}
	return rows
}

// ReadApp reads the global option ccload. The dispenser stands before its name.
// What it returns is valid.
func ReadApp(d *caddyfile.Dispenser, options ...Option) (*config.App, error) {
	r := &reader{app: new(config.App), blocks: make(map[[2]string]*block)}
	for _, o := range options {
		o(r)
	}
	if !d.Next() {
		return nil, errors.New("the global option ccload is expected")
	}
	b := newBlock(d.Token(), "ccload", "", r.once(Table{
		"store":               Custom(r.store),
		"retention":           Custom(r.retention),
		"serve_unmetered":     Flag(&r.app.ServeUnmetered),
		"time_zone":           Text(&r.app.TimeZone),
		"prices":              Custom(r.prices),
		"encryption_key":      Words(&r.app.EncryptionKeys),
		"admin_password":      Text(&r.app.AdminPassword),
		"admin_password_file": TextOr(&r.app.AdminPasswordFile, config.DefaultSecretFile),
		"capture":             Custom(r.capture),
		"responses_store":     Custom(r.responsesStore),
		"channel":             Custom(r.channel).Many(),
		"token":               Custom(r.token).Many(),
		"alias":               Custom(r.alias).Many(),
	}))
	if d.NextArg() {
		return nil, at(b.head, errors.New("the global option ccload takes no value: its settings stand in a block { … }"))
	}
	if err := b.read(d); err != nil {
		return nil, err
	}
	if err := r.app.Validate(); err != nil {
		return nil, r.locate(b, err)
	}
	return r.app, nil
}

// locate gives an error of the whole the place of the thing it speaks of.
func (r *reader) locate(whole *block, err error) error {
	if problem := (*config.Error)(nil); errors.As(err, &problem) {
		if b := r.blocks[[2]string{problem.Thing, problem.Name}]; b != nil {
			return b.locate(err)
		}
	}
	return whole.locate(err)
}

// begin begins a thing with a name of its own, which no other of its kind may
// have.
func (r *reader) begin(head caddyfile.Token, kind, name string, rows Table) (*block, error) {
	b := newBlock(head, kind, name, rows)
	if other, taken := r.blocks[[2]string{kind, name}]; taken {
		problem := "there is another " + kind + " of this name: give each its own"
		if other != nil {
			problem = fmt.Sprintf("there is another %s of this name at %s:%d: give each its own", kind, other.head.File, other.head.Line)
		}
		return nil, at(b.head, b.fail("name", problem))
	}
	r.blocks[[2]string{kind, name}] = b
	return b, nil
}

// store reads
//
//	store <name> …
//	store <name> {env.NAME} or <name> …
//
// the rest being the module's affair. The second form takes the first store
// where the variable is set, and else the other: one config serves with a
// database and without.
func (r *reader) store(d *caddyfile.Dispenser) error {
	word := d.Token()
	if !d.NextArg() {
		return at(word, errors.New("ccload: store: takes the name of a store, as in store sqlite"))
	}
	name := d.Val()
	var choice []caddyfile.Token
	if choice = chosenStore(d); choice != nil {
		d = caddyfile.NewDispenser(choice)
		d.Next()
		name = d.Val()
	}
	if _, err := caddy.GetModule(storeNamespace + "." + name); err != nil {
		return at(word, fmt.Errorf("ccload: store %q: %s", name, unknownStore(name)))
	}
	module, err := caddyfile.UnmarshalModule(d, storeNamespace+"."+name)
	if err != nil {
		return err
	}
	var warnings []caddyconfig.Warning
	r.app.StoreRaw = caddyconfig.JSONModuleObject(module, "store", name, &warnings)
	if len(warnings) > 0 {
		return at(word, fmt.Errorf("ccload: store %q: %s", name, warnings[0].Message))
	}
	return nil
}

// chosenStore reads the rest of an option with or, and returns the words of the
// store that is taken. It returns nil, having read nothing, for one without.
func chosenStore(d *caddyfile.Dispenser) []caddyfile.Token {
	words := []caddyfile.Token{d.Token()}
	ahead := *d
	for ahead.NextArg() && ahead.Val() != "{" {
		words = append(words, ahead.Token())
	}
	if len(words) < 4 || words[2].Text != "or" {
		return nil
	}
	name, isVariable := strings.CutPrefix(words[1].Text, "{env.")
	if !isVariable {
		return nil
	}
	*d = ahead
	if os.Getenv(strings.TrimSuffix(name, "}")) != "" {
		return words[:2]
	}
	return words[3:]
}

// unknownStore says which stores there are.
func unknownStore(name string) string {
	modules := caddy.GetModules(storeNamespace)
	names := make([]string, 0, len(modules))
	for _, m := range modules {
		names = append(names, strings.TrimPrefix(string(m.ID), storeNamespace+"."))
	}
	problem := "there is no such store in this build"
	if len(names) > 0 {
		slices.Sort(names)
		problem += ", which has " + strings.Join(names, ", ")
	}
	if near := config.Closest(name, names, 1); len(near) > 0 {
		problem += fmt.Sprintf("; did you mean %q?", near[0])
	}
	return problem
}

// retention reads either of
//
//	retention <age>|off [<size>|off]
//	retention {
//		age   <age>|off
//		bytes <size>|off
//	}
func (r *reader) retention(d *caddyfile.Dispenser) error {
	keep := new(config.Retention)
	age := func(arg string) error { return readDuration(&keep.Age, arg) }
	size := func(arg string) error { return readLimit(&keep.Bytes, arg) }
	b := newBlock(d.Token(), "retention", "", Table{"age": Value(age), "bytes": Value(size)})
	args := d.RemainingArgs()
	if len(args) > 2 {
		return at(b.head, b.fail("", "takes an age and a size, as in retention 30d 2GiB"))
	}
	if len(args) > 0 {
		b.seen["age"] = b.head
		if err := age(args[0]); err != nil {
			return at(b.head, b.named("age", err))
		}
	}
	if len(args) > 1 {
		b.seen["bytes"] = b.head
		if err := size(args[1]); err != nil {
			return at(b.head, b.named("bytes", err))
		}
	}
	if err := b.read(d); err != nil {
		return err
	}
	if len(b.seen) == 0 {
		return at(b.head, b.fail("", "takes an age and a size, as in retention 30d 2GiB"))
	}
	r.app.Retention = keep
	return b.locate(keep.Validate())
}

// capture reads
//
//	capture [on|off] {
//		channels      <names...>
//		tokens        <names...>
//		failures_only
//		age           <duration>
//		bytes         <size>
//		body_bytes    <size>
//	}
func (r *reader) capture(d *caddyfile.Dispenser) error {
	c := &config.Capture{Enabled: true}
	size := func(p *int64) Row {
		return Value(func(arg string) (err error) {
			*p, err = config.ParseSize(arg)
			return err
		})
	}
	b := newBlock(d.Token(), "capture", "", Table{
		"channels": Words(&c.Channels), "tokens": Words(&c.Tokens), "failures_only": Flag(&c.FailuresOnly),
		"age": Value(func(arg string) error {
			var age *config.Duration
			err := readDuration(&age, arg)
			if age != nil {
				c.Age = *age
			}
			return err
		}),
		"bytes": size(&c.Bytes), "body_bytes": size(&c.BodyBytes),
	})
	switch args := d.RemainingArgs(); {
	case len(args) == 0 || len(args) == 1 && args[0] == "on":
	case len(args) == 1 && args[0] == config.Off:
		c.Enabled = false
	default:
		return at(b.head, b.fail("", "takes on or off"))
	}
	if err := b.read(d); err != nil {
		return err
	}
	r.app.Capture = c
	return b.locate(c.Validate())
}

// responsesStore reads either of
//
//	responses_store <age> [<size>]
//	responses_store off
func (r *reader) responsesStore(d *caddyfile.Dispenser) error {
	b := newBlock(d.Token(), "responses_store", "", Table{})
	keep := new(config.ResponsesStore)
	switch args := d.RemainingArgs(); {
	case len(args) == 1 && args[0] == config.Off:
		keep.Disabled = true
	case len(args) == 1 || len(args) == 2:
		var age *config.Duration
		if err := readDuration(&age, args[0]); err != nil {
			return at(b.head, b.named("age", err))
		}
		if age.Duration <= 0 {
			return at(b.head, b.fail("age", "must be positive; responses_store off keeps none"))
		}
		if keep.Age = *age; len(args) == 2 {
			var err error
			if keep.Bytes, err = config.ParseSize(args[1]); err != nil {
				return at(b.head, b.named("bytes", err))
			}
		}
	default:
		return at(b.head, b.fail("", "takes an age and a size, as in responses_store 24h 256MiB, or off"))
	}
	if err := b.read(d); err != nil {
		return err
	}
	r.app.ResponsesStore = keep
	return b.locate(keep.Validate())
}

// readLimit reads a number of bytes, or off, which is 0.
func readLimit(p **int64, arg string) error {
	var n int64
	if arg != config.Off {
		var err error
		if n, err = config.ParseSize(arg); err != nil {
			return err
		}
	}
	*p = &n
	return nil
}
