package config

import (
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
