// Command reference writes docs/reference.md: every option, from the fields of
// the settings and the syntax that the readers of Caddyfiles tell in their
// comments.
package main

import (
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/ccload/ccload"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/internal/fielddocs"
	"github.com/ccload/ccload/provider"
	"github.com/ccload/ccload/selection"
	"github.com/ccload/ccload/store"
)

// section is a block of options.
type section struct {
	title string
	intro string // beside the doc of the type
	of    any    // a value of the type that holds the settings
	more  []any  // types whose settings stand in the same block
	word  string // the block's word in the syntax, such as channel
	file  string // the source whose comments tell the syntax
}

var sections = []section{
	{"Global option `ccload`", "It stands in the Caddyfile's global options block.", config.App{}, nil, "ccload", "caddyfile/caddyfile.go"},
	{"Channel", "", config.Channel{}, nil, "channel", "caddyfile/channel.go"},
	{"Address of a channel", "An address on a `url` line may have a block of its own.", config.URL{}, nil, "", ""},
	{"Cooldown rule of a channel", "", config.CooldownRule{}, nil, "cooldown_rule", "caddyfile/channel.go"},
	{"Health check of a channel", "", config.HealthCheck{}, nil, "health_check", "caddyfile/channel.go"},
	{"Hours of a channel", "", config.Hours{}, nil, "", ""},
	{"Budget of a channel or a token", "", config.Budget{}, nil, "", ""},
	{"`header_up` of a channel", "", config.HeaderOps{}, nil, "", ""},
	{"Replacement in `header_up`", "", config.HeaderReplacement{}, nil, "", ""},
	{"`header_down` of a channel", "", config.HeaderDown{}, nil, "", ""},
	{"`body_set` of a channel", "", config.BodyField{}, nil, "", ""},
	{"Token", "", config.Token{}, nil, "token", "caddyfile/token.go"},
	{"Alias", "", config.Alias{}, nil, "alias", "caddyfile/token.go"},
	{"Retention", "", config.Retention{}, nil, "retention", "caddyfile/app.go"},
	{"Capture", "", config.Capture{}, nil, "capture", "caddyfile/app.go"},
	{"Responses store", "", config.ResponsesStore{}, nil, "responses_store", "caddyfile/app.go"},
	{"Prices", "", config.Prices{}, nil, "prices", "caddyfile/prices.go"},
	{"Store `sqlite`", "", &store.SQLite{}, nil, "sqlite", "store/sqlite.go"},
	{"Store `mysql`", "", &store.MySQL{}, nil, "mysql", "store/mysql.go"},
	{"Directive `ccload`", "", config.Handler{}, []any{ccload.Handler{}}, "ccload", "caddyfile.go"},
	{"Policy `priority`", "", selection.Priority{}, nil, "lb_policy ccload_priority", "selection/priority.go"},
	{"Policy `affinity`", "", selection.Affinity{}, nil, "lb_policy ccload_affinity", "selection/affinity.go"},
	{"Policies `weighted` and `latency`", "They have no options.", nil, nil, "", ""},
	{"Directive `ccload_admin`", "It serves the dashboard and its API below a prefix, which it cuts itself. The default is `/ccload/*`. In JSON it is the handler `ccload_admin` with the setting `prefix`.", nil, nil, "ccload_admin", "caddyfile.go"},
}

const head = `# Reference of all options

Made from the source by ` + "`go generate ./internal/fielddocs`" + `; do not edit. A word in
a Caddyfile that is not here does not exist, and is refused with its line and
the word that was probably meant. Placeholders such as ` + "`{env.NAME}` and\n`{file./path}`" + ` may stand where the text says so.
`

func main() {
	text, err := page("../..")
	if err == nil {
		err = os.WriteFile("../../docs/reference.md", []byte(text), 0o644) //nolint:gosec // as all of the source
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// page is the reference for the source below root.
func page(root string) (string, error) {
	var b strings.Builder
	b.WriteString(head)
	for i := range sections {
		if err := sections[i].write(&b, root); err != nil {
			return "", fmt.Errorf("%s: %w", sections[i].title, err)
		}
	}
	writeProviders(&b)
	return b.String(), nil
}

func (s *section) write(b *strings.Builder, root string) error {
	fmt.Fprintf(b, "\n## %s\n", s.title)
	var types []reflect.Type
	for _, v := range append([]any{s.of}, s.more...) {
		if v != nil {
			types = append(types, reflect.Indirect(reflect.ValueOf(v)).Type())
		}
	}
	if s.intro != "" {
		fmt.Fprintf(b, "\n%s\n", s.intro)
	} else if len(types) > 0 {
		fmt.Fprintf(b, "\n%s\n", about(types[0]))
	}
	var lines []string
	if s.word != "" {
		var err error
		if lines, err = syntax(root, s.file, s.word); err != nil {
			return err
		}
		fmt.Fprintf(b, "\n```\n%s\n```\n", strings.Join(lines, "\n"))
	}
	if len(types) == 0 {
		return nil
	}
	b.WriteString("\n| in JSON | value | what it does |\n|---|---|---|\n")
	for _, t := range types {
		for f := range t.Fields() {
			if err := writeField(b, t, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// about is the first paragraph of a type's doc, which begins with its name.
func about(t reflect.Type) string {
	doc, _, _ := strings.Cut(fielddocs.Of(t.String()), "\n")
	return strings.TrimSpace(strings.Replace(doc, t.Name()+" is", "This is", 1))
}

func writeField(b *strings.Builder, t reflect.Type, f reflect.StructField) error {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" || name == "-" || !f.IsExported() {
		return nil
	}
	doc := fielddocs.Of(t.String() + "." + name)
	if doc == "" {
		return fmt.Errorf("%s.%s has no comment", t, f.Name)
	}
	// A comment begins with the name of the field, which the row has already.
	doc = plain(doc)
	if rest, ok := strings.CutPrefix(doc, strings.TrimSuffix(f.Name, "Raw")+" "); ok {
		doc = "`" + name + "` " + rest
	}
	fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, kind(f.Type, f.Tag), doc)
	return nil
}

// plain fits a comment into a cell: a table in it becomes a list.
func plain(doc string) string {
	lines := strings.Split(doc, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "|") {
			lines[i] = cells(line)
		}
	}
	// What stands between backticks is code already.
	parts := strings.Split(strings.ReplaceAll(strings.Join(lines, "<br>"), "|", "\\|"), "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.NewReplacer("*", "\\*", "<br>", "<br>", "<", "&lt;").Replace(parts[i])
	}
	return strings.Join(parts, "`")
}

// cells writes the rows of a table, which comments have on one line, as pairs.
func cells(line string) string {
	var pairs []string
	for row := range strings.SplitSeq(line, "| |") {
		parts := strings.Split(strings.Trim(strings.TrimSpace(row), "|"), "|")
		if len(parts) != 2 || strings.HasPrefix(strings.TrimSpace(parts[0]), "--") {
			continue
		}
		pairs = append(pairs, strings.TrimSpace(parts[0])+" → "+strings.TrimSpace(parts[1]))
	}
	return strings.Join(pairs, "<br>")
}

// kind says what a setting takes in JSON.
func kind(t reflect.Type, tag reflect.StructTag) string {
	switch t.String() {
	case "config.Duration", "*config.Duration":
		return "duration"
	case "json.RawMessage":
		if tag.Get("caddy") != "" {
			return "module"
		}
		return "any JSON"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return kind(t.Elem(), tag)
	case reflect.Slice:
		return "list of " + kind(t.Elem(), tag)
	case reflect.Map:
		return "names and " + kind(t.Elem(), tag)
	case reflect.Struct:
		return "object"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Float64:
		return "number"
	default:
		return "text"
	}
}

func writeProviders(b *strings.Builder) {
	b.WriteString("\n## Providers\n\nThe presets that `provider` knows. Protocols stand in order of preference.\n\n| provider | vendor | protocols and base addresses | key |\n|---|---|---|---|\n")
	for _, p := range provider.All() {
		var ends []string
		for _, e := range p.Endpoints {
			address := "`" + e.URL + "`"
			if e.URL == "" {
				address = "give `url`"
			}
			ends = append(ends, string(e.Protocol)+" "+address)
		}
		key := "needed"
		if p.Keyless {
			key = "not needed"
		}
		fmt.Fprintf(b, "| `%s` | [%s](%s) | %s | %s |\n", p.Name, p.Title, p.Docs, strings.Join(ends, "<br>"), key)
	}
}
