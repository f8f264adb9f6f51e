package pricing

import (
	"regexp"
	"strings"
)

// normalize strips from a model's name what does not tell models apart: the
// vendor before a slash, the region and vendor of Bedrock, Vertex's @ before a
// date, and OpenRouter's variants behind a colon that do not change the price.
// ok is false for a variant that does: ":free" has no list price.
func normalize(id string) (name string, ok bool) {
	id = strings.ToLower(strings.TrimSpace(id))
	if i := strings.LastIndexByte(id, '/'); i >= 0 {
		id = id[i+1:]
	}
	id = bedrock.ReplaceAllString(id, "")
	if base, variant, found := strings.Cut(id, ":"); found {
		if variant == "free" {
			return "", false
		}
		if !strings.HasPrefix(base, "ft") { // a fine-tuned model has a price of its own
			id = base
		}
	}
	id = bedrockVersion.ReplaceAllString(id, "")
	id = strings.ReplaceAll(id, "@", "-")
	id = claudeOrder.ReplaceAllString(id, "claude-$3-$1-$2")
	id = strings.Replace(id, "gpt-35-", "gpt-3.5-", 1) // Azure's
	return strings.ReplaceAll(id, "--", "-"), true
}

// claudeOrder is how resellers name Claude from 4 on: claude-4.5-haiku.
var claudeOrder = regexp.MustCompile(`^claude-([4-9])(?:[.-](\d{1,2}))?-(opus|sonnet|haiku|fable|mythos)\b`)

var (
	bedrock        = regexp.MustCompile(`^(?:(?:us|eu|jp|au|ca|sa|apac|global|us-gov)\.)?(?:anthropic|openai|deepseek|mistral|qwen|minimax|moonshotai?|zai|google|meta|amazon)\.`)
	bedrockVersion = regexp.MustCompile(`-v\d+$`)
)

// suffixes are what may follow the name that a row knows: dates and versions,
// and words that do not change the price.
var suffixes = regexp.MustCompile(`^(?:[-._](?:\d{3,4}|\d{6}|\d{8}|\d{4}-\d{2}(?:-\d{2})?|\d{2}-\d{2}(?:-\d{4})?|\d{2}-20\d{2}|` +
	`latest|preview|exp|experimental|beta|stable|thinking|reasoning|non-reasoning|customtools))*$`)

// date is what a name that a pattern knows to its end may have behind it.
var date = regexp.MustCompile(`[-_](?:20\d{6}|20\d{2}-\d{2}-\d{2})$`)

// pattern is the names a row fits.
type pattern struct {
	expr  *regexp.Regexp
	exact bool // it says itself where a name ends
}

// patterns are those that were compiled for the rows of one file: most rows of
// a model share one.
type patterns map[string]pattern

func (p patterns) compile(text string) (pattern, error) {
	if known, ok := p[text]; ok {
		return known, nil
	}
	expr, err := regexp.Compile(`^(?:` + strings.TrimPrefix(text, "^") + `)`)
	made := pattern{expr, strings.HasSuffix(text, "$")}
	if err == nil {
		p[text] = made
	}
	return made, err
}

// fits reports whether a normalized name is one of the row's: the pattern
// reaches to its end, or to a suffix that does not change the price.
func (p pattern) fits(name string) bool {
	at := p.expr.FindStringIndex(name)
	if p.exact {
		return at != nil || p.expr.MatchString(date.ReplaceAllString(name, ""))
	}
	return at != nil && suffixes.MatchString(name[at[1]:])
}
