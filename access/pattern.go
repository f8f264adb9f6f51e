package access

import (
	"iter"
	"maps"
	"strings"
)

// All matches every name.
var All = CompilePatterns([]string{"*"})

// IsPattern reports whether a name stands for several: whether it holds a *.
func IsPattern(name string) bool { return strings.Contains(name, "*") }

// Names are those of the set that are no patterns.
func (p Patterns) Names() iter.Seq[string] { return maps.Keys(p.exact) }

// Match reports whether name is what pattern describes: a * stands for any
// run of characters, also none; everything else for itself, in its case.
func Match(pattern, name string) bool {
	prefix, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return false
	}
	for {
		part, after, more := strings.Cut(rest, "*")
		if !more { // the last part must be the end of the name
			return strings.HasSuffix(name, part)
		}
		// Taking the first place a part fits leaves the most for those after it.
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name, rest = name[i+len(part):], after
	}
}

// Patterns is a set of exact names and patterns, made by CompilePatterns. The
// zero value matches nothing. It is immutable and safe for concurrent use.
type Patterns struct {
	all    bool
	exact  map[string]struct{}
	prefix []string // patterns of the form "prefix*", without the *
	other  []string
}

// CompilePatterns makes a set of names and patterns. No pattern matches
// nothing; use All where an empty list means everything.
func CompilePatterns(list []string) Patterns {
	var p Patterns
	for _, s := range list {
		head, tail, wild := strings.Cut(s, "*")
		switch {
		case !wild:
			if p.exact == nil {
				p.exact = make(map[string]struct{}, len(list))
			}
			p.exact[s] = struct{}{}
		case strings.Trim(s, "*") == "":
			p.all = true
		case tail == "":
			p.prefix = append(p.prefix, head)
		default:
			p.other = append(p.other, s)
		}
	}
	return p
}

// Match reports whether the set holds name or a pattern that describes it. It
// does not allocate.
func (p *Patterns) Match(name string) bool {
	if p.all {
		return true
	}
	if _, ok := p.exact[name]; ok {
		return true
	}
	for _, head := range p.prefix {
		if strings.HasPrefix(name, head) {
			return true
		}
	}
	for _, s := range p.other {
		if Match(s, name) {
			return true
		}
	}
	return false
}
