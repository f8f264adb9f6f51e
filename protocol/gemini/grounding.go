package gemini

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// This file is about where an answer says its sources are: groundingMetadata of
// searches, and citationMetadata of what was learnt by heart. Google counts
// places in bytes of UTF-8, the neutral form in characters.

// Bounds of what is remembered of one answer.
const (
	maxSources = 1000
	maxIndexed = 4 << 20 // bytes of a text that has other letters than ASCII
)

// index finds characters by bytes, and bytes by characters, in a text that
// comes in pieces. It keeps the text from the first letter on that is not
// ASCII.
type index struct {
	ascii int // bytes before rest
	rest  []byte
	at    place // the latest that was looked for in rest; the next is often behind it
}

type place struct{ bytes, chars int }

func (x *index) reset() { *x = index{rest: x.rest[:0]} }

func (x *index) add(text string) {
	if len(x.rest) == 0 {
		n := 0
		for n < len(text) && text[n] < utf8.RuneSelf {
			n++
		}
		x.ascii += n
		text = text[n:]
	}
	if len(x.rest)+len(text) <= maxIndexed {
		x.rest = append(x.rest, text...)
	}
}

// chars is how many characters the first n bytes are.
func (x *index) chars(n int) int {
	if n <= x.ascii {
		return max(n, 0)
	}
	return x.ascii + x.find(func(p place) bool { return p.bytes >= n-x.ascii }).chars
}

// bytes is how many bytes the first n characters are.
func (x *index) bytes(n int) int {
	if n <= x.ascii {
		return max(n, 0)
	}
	return x.ascii + x.find(func(p place) bool { return p.chars >= n-x.ascii }).bytes
}

func (x *index) find(reached func(place) bool) place {
	p := x.at
	if p.bytes > 0 && reached(p) {
		p = place{}
	}
	for p.bytes < len(x.rest) && !reached(p) {
		_, size := utf8.DecodeRune(x.rest[p.bytes:])
		p.bytes += size
		p.chars++
	}
	x.at = p
	return p
}

// inOrder converts the places of citations, which count from a place base, from
// the first to the last, so that the text is walked once.
func inOrder(cited []protocol.Citation, base int, convert func(int) int) {
	places := make([]*int, 0, 2*len(cited))
	for i := range cited {
		places = append(places, &cited[i].Start, &cited[i].End)
	}
	slices.SortFunc(places, func(a, b *int) int { return cmp.Compare(*a, *b) })
	last, same := -1, 0
	for _, p := range places {
		if *p != last {
			last, same = *p, convert(base+*p)
		}
		*p = same
	}
}

// sources is what one answer's metadata say.
type sources struct {
	queries []string
	found   []protocol.Citation // of the searches
	cited   []protocol.Citation // of the text, with places in bytes
}

// ground takes a groundingMetadata in.
func (s *sources) ground(value []byte) {
	var chunks []protocol.Citation
	var queries []string
	var supports []byte
	_ = fields(value, "", func(name string, value []byte) error {
		switch name {
		case "webSearchQueries":
			queries, _ = readTexts(value, "")
		case "groundingChunks":
			_ = elements(value, "", func(value []byte, _ string) error {
				if len(chunks) < maxSources {
					chunks = append(chunks, readChunk(value))
				}
				return nil
			})
		case "groundingSupports":
			supports = value
		}
		return nil
	})
	if len(queries) > maxSources {
		queries = queries[:maxSources]
	}
	if len(queries) >= len(s.queries) {
		s.queries = queries
	}
	if len(chunks) >= len(s.found) {
		s.found = chunks
	}
	if len(supports) == 0 {
		return
	}
	_ = elements(supports, "", func(value []byte, _ string) error {
		s.support(value, chunks)
		return nil
	})
}

func readChunk(value []byte) protocol.Citation {
	var c protocol.Citation
	_ = fields(value, "", func(_ string, value []byte) error { // web, retrievedContext, maps
		return fields(value, "", func(name string, value []byte) error {
			text, _ := scan.String(value)
			switch name {
			case "uri":
				c.URL = text
			case "title":
				c.Title = text
			case "text":
				c.Quote = text
			}
			return nil
		})
	})
	return c
}

func (s *sources) support(value []byte, chunks []protocol.Citation) {
	var start, end int64
	var which []byte
	_ = fields(value, "", func(name string, value []byte) error {
		switch name {
		case "segment":
			return fields(value, "", func(name string, value []byte) error {
				switch name {
				case "startIndex":
					start, _ = scan.Int(value)
				case "endIndex":
					end, _ = scan.Int(value)
				}
				return nil
			})
		case "groundingChunkIndices":
			which = value
		}
		return nil
	})
	if len(which) == 0 {
		return
	}
	_ = scan.Elements(which, func(from, to int) bool {
		i, ok := scan.Int(which[from:to])
		if ok && 0 <= i && i < int64(len(chunks)) {
			c := chunks[i]
			c.Start, c.End = int(start), int(end)
			s.cite(c)
		}
		return true
	})
}

// cite adds a citation that was not made before: every event of a stream may
// bring all over again.
func (s *sources) cite(c protocol.Citation) {
	if len(s.cited) < maxSources && !slices.Contains(s.cited, c) {
		s.cited = append(s.cited, c)
	}
}

// learnt takes a citationMetadata in: citationSources, or Vertex's citations.
func (s *sources) learnt(value []byte) {
	_ = fields(value, "", func(_ string, value []byte) error {
		return elements(value, "", func(value []byte, _ string) error {
			var c protocol.Citation
			_ = fields(value, "", func(name string, value []byte) error {
				switch name {
				case "uri":
					c.URL, _ = scan.String(value)
				case "title":
					c.Title, _ = scan.String(value)
				case "startIndex":
					n, _ := scan.Int(value)
					c.Start = int(n)
				case "endIndex":
					n, _ := scan.Int(value)
					c.End = int(n)
				}
				return nil
			})
			if c.URL != "" || c.Title != "" {
				s.cite(c)
			}
			return nil
		})
	})
}

// take hands over what is cited, with places in characters of a text.
func (s *sources) take(text *index) []protocol.Citation {
	cited := s.cited
	s.cited = nil
	inOrder(cited, 0, text.chars)
	return cited
}
