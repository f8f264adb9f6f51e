package anthropic

import "strings"

// traits are what a model takes, as far as requests must know
// (https://docs.anthropic.com/en/docs/about-claude/models and the pages on
// extended thinking, effort and structured outputs).
type traits struct {
	output     int64    // most tokens of an answer
	thinks     bool     // extended thinking
	adaptive   bool     // thinking by effort, without a budget
	effort     bool     // output_config.effort
	efforts    []string // that it knows
	schemas    bool     // output_config.format
	oneSampler bool     // temperature or top_p, not both
	fixed      bool     // neither of them
}

var (
	threeEfforts = []string{"low", "medium", "high"}
	fourEfforts  = []string{"low", "medium", "high", "max"}
	fiveEfforts  = []string{"low", "medium", "high", "xhigh", "max"}
)

// models are traits by the beginning of a model's name after its vendor's
// prefix; the first that fits counts.
var models = []struct {
	prefix string
	traits traits
}{
	{"claude-3-haiku", traits{output: 4096}},
	{"claude-3-opus", traits{output: 4096}},
	{"claude-3-sonnet", traits{output: 4096}},
	{"claude-3-5", traits{output: 8192}},
	{"claude-3-7", traits{output: 64000, thinks: true}},
	{"claude-opus-4-1", traits{output: 32000, thinks: true, oneSampler: true, schemas: true}},
	{"claude-opus-4-5", traits{output: 64000, thinks: true, oneSampler: true, schemas: true, effort: true, efforts: threeEfforts}},
	{"claude-opus-4-6", traits{output: 128000, thinks: true, adaptive: true, oneSampler: true, schemas: true, effort: true, efforts: fourEfforts}},
	{"claude-sonnet-4-6", traits{output: 64000, thinks: true, adaptive: true, oneSampler: true, schemas: true, effort: true, efforts: fourEfforts}},
	{"claude-opus-4-0", traits{output: 32000, thinks: true}},
	{"claude-opus-4-2", traits{output: 32000, thinks: true}}, // by its date, claude-opus-4-20250514
	{"claude-sonnet-4-0", traits{output: 64000, thinks: true}},
	{"claude-sonnet-4-2", traits{output: 64000, thinks: true}},
	{"claude-sonnet-4-5", traits{output: 64000, thinks: true, oneSampler: true, schemas: true}},
	{"claude-haiku-4-5", traits{output: 64000, thinks: true, oneSampler: true, schemas: true}},
	{"claude-", traits{output: 128000, thinks: true, adaptive: true, schemas: true, effort: true, efforts: fiveEfforts, fixed: true}}, // what is newer
}

// stranger is a model of another vendor behind this protocol, such as
// DeepSeek's or Z.ai's: they take what Claude 4 takes.
var stranger = traits{output: 32000, thinks: true, schemas: true}

func traitsOf(model string) traits {
	name := strings.ToLower(model)
	if at := strings.LastIndexByte(name, '/'); at >= 0 {
		name = name[at+1:]
	}
	if at := strings.Index(name, "claude"); at > 0 {
		name = name[at:] // anthropic.claude-…, us.anthropic.claude-…
	}
	name = strings.ReplaceAll(name, ".", "-")
	for _, m := range models {
		if strings.HasPrefix(name, m.prefix) {
			return m.traits
		}
	}
	return stranger
}
