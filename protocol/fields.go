package protocol

import (
	"strings"

	"github.com/ccload/ccload/protocol/scan"
)

// meaningful are top-level fields, of any format and of what vendors and
// gateways add, that change what is answered, who is asked or what is kept: a
// request that has one of them cannot be said without it.
var meaningful = map[string]bool{
	"background": true, "conversation": true, "prompt": true, "n": true, "best_of": true, "modalities": true, "audio": true,
	"functions": true, "function_call": true, "mcp_servers": true, "container": true, "context_management": true,
	"cached_content": true, "safety_settings": true, "max_tool_calls": true, "inference_geo": true, "data_collection": true,
	"zdr": true, "provider": true, "models": true, "route": true, "plugins": true, "logit_bias": true, "previous_response_id": true,
}

// meaningfulParts are what such a field may have in its name: limits, and where
// and how long what is said is kept.
var meaningfulParts = []string{"max_", "limit", "geo", "region", "privacy", "retention"}

// Unknown notes a top-level field that a format does not know. Clients send
// many by habit, of vendors that do without or know more; it is dropped and
// named, unless it is one that means something and is not empty.
func (p *Prompt) Unknown(name string, value []byte) { p.UnknownAt("", name, value) }

// UnknownAt is Unknown for a field of an object that stands at path and is as
// good as the top, such as Gemini's generationConfig.
func (p *Prompt) UnknownAt(path, name string, value []byte) {
	plain := snake(name)
	means := meaningful[plain]
	for _, part := range meaningfulParts {
		means = means || strings.Contains(plain, part)
	}
	if path != "" {
		name = path + "." + name
	}
	switch {
	case !means:
		p.Hint(name)
	case !isEmpty(plain, value):
		p.Keep(name)
	}
}

// snake is a field's name in snake_case.
func snake(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}

// isEmpty reports whether a value says no more than its absence would.
func isEmpty(name string, v []byte) bool {
	switch string(v) {
	case "", "null", "false", `""`, "0":
		return true
	case "1":
		return name == "n" || name == "best_of"
	}
	switch v[0] {
	case '{':
		empty := true
		_ = scan.Members(v, func([]byte, int, int) bool { empty = false; return false })
		return empty
	case '[':
		empty := true
		_ = scan.Elements(v, func(int, int) bool { empty = false; return false })
		return empty
	}
	return false
}
