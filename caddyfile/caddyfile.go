// Package caddyfile reads ccload's part of a Caddyfile into config types, by
// tables: one row per option. What is not in a table does not exist, and is
// reported with file, line and the word that was probably meant.
//
// The global option ccload (app.go):
//
//	ccload {
//		store          <name> … [or <name> …]
//		encryption_key <keys...>
//		admin_password <password or hash>
//		admin_password_file [<path>]
//		retention      <age>|off [<size>|off]
//		capture        [on|off] { … }
//		responses_store <age>|off [<size>]
//		time_zone      <zone>
//		serve_unmetered
//		prices         <files...> | { … }
//		channel        <name> [<provider> [<keys...>]] { … }
//		token          <name> [<secret>] { … }
//		alias          <name> <models...>
//	}
//
// The directive ccload (handler.go):
//
//	ccload [<matcher>] {
//		max_body              <size>
//		body_timeout          <duration>|off
//		max_attempts          <number>
//		max_wait              <duration>|off
//		total_timeout         <duration>|off
//		connect_timeout       <duration>|off
//		header_timeout        <duration>|off
//		first_content_timeout <duration>|auto|off
//		idle_timeout          <duration>|off
//		expose_route
//		allow_origins         <origins...>
//		fuzzy_models
//	}
//
// and whatever rows the caller adds, such as lb_policy.
package caddyfile

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/ccload/ccload/config"
)

// Table is the options that a block may hold, by their words.
type Table map[string]Row

// Row reads one option.
type Row struct {
	// read is called with the dispenser on the option's word. Its error is
	// located, unless it is a plain one, which is given the option's name and
	// place.
	read func(d *caddyfile.Dispenser) error
	// many says that the option may be repeated.
	many bool
}

// Many makes an option one that may be repeated.
func (r Row) Many() Row {
	r.many = true
	return r
}

// Custom is an option that reads itself. read finds the dispenser on the
// option's word, consumes its arguments and its block if there is one, and
// returns errors that name their place, as those of the dispenser do.
func Custom(read func(d *caddyfile.Dispenser) error) Row {
	return Row{read: func(d *caddyfile.Dispenser) error {
		if err := read(d); err != nil {
			return located{err}
		}
		return nil
	}}
}

// located is an error that names its place in the Caddyfile already.
type located struct{ error }

func (e located) Unwrap() error { return e.error }

// at gives an error the place of a token, if it has none.
func at(token caddyfile.Token, err error) error {
	if done := (located{}); errors.As(err, &done) {
		return err
	}
	d := caddyfile.NewDispenser([]caddyfile.Token{token})
	d.Next()
	return located{d.WrapErr(err)}
}

// block is a block of options that is being read.
type block struct {
	kind string // what it is: channel
	name string // whose it is, if it has a name
	rows Table
	head caddyfile.Token            // the word it begins with
	seen map[string]caddyfile.Token // where each option was first given
}

func newBlock(head caddyfile.Token, kind, name string, rows Table) *block {
	return &block{kind: kind, name: name, rows: rows, head: head, seen: make(map[string]caddyfile.Token)}
}

// fail names the block in a problem of one of its options.
func (b *block) fail(field, problem string) error {
	return &config.Error{Thing: b.kind, Name: b.name, Field: field, Problem: problem}
}

// read reads the options, if a block opens here.
func (b *block) read(d *caddyfile.Dispenser) error {
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		word := d.Val()
		token := d.Token()
		row, known := b.rows[word]
		if !known {
			return at(token, b.unrecognized(word))
		}
		if before, again := b.seen[word]; again && !row.many {
			return at(token, b.fail(word, fmt.Sprintf("given twice, first at %s:%d: keep one of them", before.File, before.Line)))
		} else if !again {
			b.seen[word] = token
		}
		if err := row.read(d); err != nil {
			return at(token, b.named(word, err))
		}
		if d.NextArg() {
			return at(token, b.fail(word, "has more on its line than it takes"))
		}
		if d.NextBlock(d.Nesting()) {
			return at(token, b.fail(word, "takes no block"))
		}
	}
	return nil
}

// named says of a plain problem whose it is.
func (b *block) named(word string, err error) error {
	if done := (located{}); errors.As(err, &done) {
		return err
	}
	if problem := (*config.Error)(nil); errors.As(err, &problem) {
		return &config.Error{Thing: b.kind, Name: b.name, Field: word, Value: problem.Value, Problem: problem.Problem}
	}
	return b.fail(word, err.Error())
}

// optionWord is what an option looks like. What does not may be anything, such
// as a key on a line of its own, and is not shown.
var optionWord = regexp.MustCompile(`^[A-Za-z_-]{1,30}$`)

func (b *block) unrecognized(word string) error {
	words := slices.Sorted(maps.Keys(b.rows))
	if !optionWord.MatchString(word) {
		return fmt.Errorf("unrecognized text where a subdirective for %s is expected, one of %s (a list goes on in the next line only after a \\)",
			b.kind, strings.Join(words, ", "))
	}
	if near := config.Closest(word, words, 1); len(near) > 0 {
		return fmt.Errorf("unrecognized subdirective %q for %s, did you mean %q?", word, b.kind, near[0])
	}
	return fmt.Errorf("unrecognized subdirective %q for %s, which knows %s", word, b.kind, strings.Join(words, ", "))
}

// locate gives an error of validation the place of the option it speaks of, or
// else that of the block. nil stays nil.
func (b *block) locate(err error) error {
	if err == nil {
		return nil
	}
	problem := (*config.Error)(nil)
	if !errors.As(err, &problem) {
		return at(b.head, err)
	}
	// A list has the plural of its option's word, but for a few.
	word := problem.Field
	if _, ok := b.rows[word]; !ok {
		word = strings.TrimSuffix(word, "s")
	}
	if problem.Field == "model_names" {
		word = "model"
	}
	if token, ok := b.seen[word]; ok {
		problem.Field = word
		return at(token, err)
	}
	return at(b.head, err)
}
