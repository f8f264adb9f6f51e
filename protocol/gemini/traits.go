package gemini

import (
	"strconv"
	"strings"
)

// traits are what a model takes.
type traits struct {
	// version is ten times the generation: 25 is Gemini 2.5. Names without one
	// (gemini-flash-latest) are of the present one; 0 is another family.
	version int

	thinks      bool
	levels      []string // of thinkingLevel, from the least; nil if it takes budgets
	least, most int64    // of thinkingBudget
	stops       bool     // thinking can be turned off

	// From Gemini 3.5 Flash-Lite and 3.6 on temperature, topP and topK have no
	// effect any more, penalties are refused, and so are requests whose last
	// content is the model's.
	// https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/gemini/3-6-flash
	fixed bool

	noSystem bool // "Developer instruction is not enabled"
}

// output is the most tokens of an answer, 0 if nobody knows. More is refused.
// https://ai.google.dev/gemini-api/docs/models
func (t *traits) output() int64 {
	switch {
	case t.version >= 25:
		return 65536
	case t.version > 0:
		return 8192
	}
	return 0
}

const (
	latest      = 35
	noPenalties = 35 // from here on a penalty is refused; before, by some models
)

// traitsOf finds out a model's traits by its name.
// https://ai.google.dev/gemini-api/docs/thinking
func traitsOf(model string) traits {
	name := strings.ToLower(plain(model))
	rest, isGemini := strings.CutPrefix(name, "gemini-")
	if !isGemini {
		return traits{noSystem: strings.HasPrefix(name, "gemma-3")}
	}
	lite, pro := strings.Contains(name, "lite"), strings.Contains(name, "pro")
	t := traits{version: version(rest)}
	t.fixed = t.version >= 36 || t.version == 35 && lite && rest[0] == '3'
	t.thinks = t.version >= 25 && !strings.Contains(name, "image") && !strings.Contains(name, "tts") && !strings.Contains(name, "audio")
	switch {
	case t.version >= 31 && pro:
		t.levels = []string{"low", "medium", "high"}
	case t.version >= 30 && pro:
		t.levels = []string{"low", "high"}
	case t.version >= 30:
		t.levels = []string{"minimal", "low", "medium", "high"}
	case pro:
		t.least, t.most = 128, 32768
	case lite:
		t.least, t.most, t.stops = 512, 24576, true
	default:
		t.least, t.most, t.stops = 1, 24576, true
	}
	return t
}

// version reads "2.5-flash" as 25 and "3-pro" as 30.
func version(name string) int {
	number, _, _ := strings.Cut(name, "-")
	if number == "" || number[0] < '0' || number[0] > '9' {
		return latest
	}
	major, minor, _ := strings.Cut(number, ".")
	tens, err := strconv.Atoi(major)
	ones, _ := strconv.Atoi(minor)
	if err != nil || tens > 99 {
		return latest
	}
	return tens*10 + min(max(ones, 0), 9)
}
