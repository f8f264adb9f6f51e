package config

import (
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// NewReplacer returns a replacer of Caddy's global placeholders whose {file.…}
// come from read. A file that cannot be read is an empty text, and failed is
// told why.
func NewReplacer(read func(path string) (string, error), failed func(path string, err error)) *caddy.Replacer {
	global, r := caddy.NewReplacer(), caddy.NewEmptyReplacer()
	r.Map(func(key string) (any, bool) {
		path, ok := strings.CutPrefix(key, "file.")
		if !ok {
			return global.Get(key)
		}
		text, err := read(path)
		if err != nil {
			failed(path, err)
		}
		return text, true
	})
	return r
}

// placeholder is what may be one of Caddy's.
var placeholder = regexp.MustCompile(`\{[^{}\s]+\}`)

// EmptyPlaceholders lists the placeholders of a text that replace makes empty,
// such as {env.NAME}, each once and with spaces between them.
func EmptyPlaceholders(text string, replace func(string) string) string {
	var empty []string
	for _, p := range placeholder.FindAllString(text, -1) {
		if strings.TrimSpace(replace(p)) == "" && !slices.Contains(empty, p) {
			empty = append(empty, p)
		}
	}
	return strings.Join(empty, " ")
}
