package responses

import (
	"strings"

	"github.com/ccload/ccload/protocol"
)

// traits are what a model takes, as far as requests must know
// (https://platform.openai.com/docs/guides/reasoning and the models' pages).
type traits struct {
	reasons bool     // a reasoning model: no sampling
	efforts []string // it knows, from the least to the most
	off     string   // the effort that is no reasoning, "" if there is none
}

var (
	low3  = []string{"low", "medium", "high"}
	min4  = []string{"minimal", "low", "medium", "high"}
	high4 = []string{"low", "medium", "high", "xhigh"}
)

// models are traits by the beginning of a model's name without its vendor; the
// first that fits counts.
var models = []struct {
	prefix string
	traits traits
}{
	{"gpt-5-chat", traits{}},
	{"gpt-5-pro", traits{reasons: true, efforts: []string{"high"}}},
	{"gpt-5-codex", traits{reasons: true, efforts: low3}},
	{"gpt-5.", traits{reasons: true, efforts: high4, off: "none"}},
	{"gpt-5", traits{reasons: true, efforts: min4, off: "minimal"}},
	{"gpt-oss", traits{reasons: true, efforts: low3}},
	{"o1", traits{reasons: true, efforts: low3}},
	{"o3", traits{reasons: true, efforts: low3}},
	{"o4", traits{reasons: true, efforts: low3}},
	{"codex", traits{reasons: true, efforts: low3}},
	{"computer-use", traits{reasons: true, efforts: low3}},
	{"grok-4", traits{efforts: low3}},
}

func traitsOf(model string) traits {
	name := protocol.BareModel(model)
	for _, m := range models {
		if strings.HasPrefix(name, m.prefix) {
			return m.traits
		}
	}
	return traits{}
}
