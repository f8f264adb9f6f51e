package anthropic

import (
	"strings"

	"github.com/ccload/ccload/protocol"
)

// traits are what a model takes.
type traits struct {
	claude bool
	most   int64 // tokens of output

	thinks     bool // can think at all
	adaptive   bool // by itself, as much as an effort says; else by a budget
	alwaysOn   bool // refuses thinking.type "disabled"
	display    bool // knows thinking.display
	efforts    []string
	offLimit   bool // refuses an effort above high while thinking is disabled
	noSampling bool // refuses temperature, top_p and top_k
	oneOf      bool // refuses temperature and top_p together
	noForced   bool // refuses tool_choice any and tool
	noPrefill  bool // refuses an assistant's turn at the end
	schemas    bool // output_config.format, strict tools
	systems    bool // messages with the role system

	wantsThoughts bool // refuses calls without thoughts while thinking is on
}

var (
	effortsTo45 = []string{"low", "medium", "high"}
	effortsTo46 = []string{"low", "medium", "high", "max"}
	effortsAll  = []string{"low", "medium", "high", "xhigh", "max"}
)

// generation is a model's version, as one number: 4.5 is 405.
type generation int

// newest is that of a name without one.
const newest generation = 9900

// traitsOf are a model's traits by its name. The rules are of Anthropic's pages
// on models, extended and adaptive thinking, effort, structured outputs,
// mid-conversation system messages and the migration guides up to Claude 5.5;
// recordings agree where there are any. Models that are not Claude's come from
// vendors who offer this format for Claude Code, and get what it sends to
// models it does not know.
func traitsOf(name string) traits {
	family, g, isClaude := parseModel(name)
	if !isClaude {
		return traits{most: 32000, thinks: true, wantsThoughts: protocol.RefusesWithoutThoughts(name)}
	}
	always := family == "fable" || family == "mythos"
	t := traits{
		claude:     true,
		most:       mostOf(family, g),
		thinks:     g >= 307 || always,
		adaptive:   g >= 406 || always,
		display:    g >= 400 || always,
		noSampling: g >= 500 && family != "haiku" || g >= 505 || g >= 407 && family == "opus" || always,
		oneOf:      g >= 405 || g == 401,
		noPrefill:  g >= 406 || always,
		schemas:    g >= 405 || g == 401 || always,
		systems:    g >= 408 || always,
		alwaysOn:   always || g >= 505 && family != "haiku",
		offLimit:   g >= 500 && family == "opus",
		noForced:   family == "fable" && g >= 501 || g >= 505 && (family == "opus" || family == "sonnet"),
	}
	switch {
	case g >= 407 || always:
		t.efforts = effortsAll
	case g >= 406:
		t.efforts = effortsTo46
	case g >= 405 && family == "opus":
		t.efforts = effortsTo45
	}
	return t
}

// mostOf is how many tokens a model writes at most.
// https://docs.claude.com/en/docs/about-claude/models/overview
func mostOf(family string, g generation) int64 {
	switch {
	case g >= 407, g == 406 && family == "opus", family == "fable", family == "mythos":
		return 128000
	case g >= 405:
		return 64000
	case g >= 400 && family == "opus":
		return 32000
	case g >= 400, g == 307:
		return 64000
	case g == 305:
		return 8192
	}
	return 4096
}

// parseModel finds family and version in the names that Anthropic and those who
// resell it give: claude-sonnet-4-5-20250929, anthropic.claude-3-haiku-…-v1:0,
// claude-opus-4.6, claude-3-7-sonnet@20250219.
func parseModel(name string) (family string, g generation, isClaude bool) {
	_, rest, isClaude := strings.Cut(strings.ToLower(name), "claude")
	if !isClaude {
		return "", 0, false
	}
	version, digits := 0, 0
	for _, word := range strings.FieldsFunc(rest, func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') }) {
		switch word {
		case "opus", "sonnet", "haiku", "fable", "mythos", "instant":
			family = word
		}
		if digits > 0 && digits < 2 && !isShort(word) {
			digits = 2 // a minor version stands right behind its major
		}
		word = strings.TrimPrefix(word, "v")
		if digits < 2 && isShort(word) {
			n := 0
			for _, c := range word {
				n = n*10 + int(c-'0')
			}
			if digits == 0 {
				version = n * 100
			} else {
				version += n
			}
			digits++
		}
	}
	if digits == 0 {
		return family, newest, true
	}
	return family, generation(version), true
}

// isShort reports whether a word is a number that is no date.
func isShort(word string) bool {
	if len(word) == 0 || len(word) > 2 {
		return false
	}
	for _, c := range word {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
