package protocol

import "slices"

// WithEnds gives citations that say where they begin, but not where they end,
// the end of the text they are of, which has so many characters.
func WithEnds(list []Citation, characters int) []Citation {
	open := func(c Citation) bool { return c.End < c.Start }
	if !slices.ContainsFunc(list, open) {
		return list
	}
	list = slices.Clone(list)
	for i := range list {
		if open(list[i]) {
			list[i].End = max(list[i].Start, characters)
		}
	}
	return list
}
