package access

import (
	"cmp"
	"iter"
	"maps"
	"slices"
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

// captures returns what each * of a pattern stands for in a name that Match
// says it describes.
func captures(pattern, name string) []string {
	prefix, rest, wild := strings.Cut(pattern, "*")
	var found []string
	name = name[len(prefix):]
	for wild {
		part, after, more := strings.Cut(rest, "*")
		if !more {
			return append(found, strings.TrimSuffix(name, part))
		}
		i := strings.Index(name, part)
		found = append(found, name[:i])
		name, rest, wild = name[i+len(part):], after, more
	}
	return found
}

// Rewrite returns the name that target stands for where pattern describes name:
// each * of the target is what the * of the pattern in the same place stands
// for. ok is false if the pattern does not describe the name.
func Rewrite(pattern, target, name string) (rewritten string, ok bool) {
	if !Match(pattern, name) {
		return "", false
	}
	if !IsPattern(target) {
		return target, true
	}
	parts := strings.Split(target, "*")
	found := captures(pattern, name)
	var b strings.Builder
	for i, part := range parts {
		b.WriteString(part)
		if i < len(parts)-1 && i < len(found) {
			b.WriteString(found[i])
		}
	}
	return b.String(), true
}

// Weight is how much of a name a pattern says: of several that describe a name
// the one of the greatest weight is meant.
func Weight(pattern string) int { return len(pattern) - strings.Count(pattern, "*") }

// Sorted returns those names that are patterns, the one first that is meant
// where several describe a name.
func Sorted(names iter.Seq[string]) []string {
	var list []string
	for name := range names {
		if IsPattern(name) {
			list = append(list, name)
		}
	}
	slices.SortFunc(list, func(a, b string) int {
		return cmp.Or(cmp.Compare(Weight(b), Weight(a)), strings.Compare(a, b))
	})
	return list
}

// Heaviest is the greatest weight among the set's patterns that describe a name;
// -1 if none does.
func (p *Patterns) Heaviest(name string) int {
	best := -1
	if p.all {
		best = 0
	}
	for _, head := range p.prefix {
		if strings.HasPrefix(name, head) {
			best = max(best, len(head))
		}
	}
	for _, s := range p.other {
		if Match(s, name) {
			best = max(best, Weight(s))
		}
	}
	return best
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

// Exact reports whether the set holds a name itself.
func (p *Patterns) Exact(name string) bool {
	_, ok := p.exact[name]
	return ok
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
