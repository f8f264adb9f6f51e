package gemini

import (
	"slices"
	"unicode/utf8"

	"github.com/ccload/ccload/protocol"
)

func characters(text string) int { return utf8.RuneCountInString(text) }

// chunk is the number of a source, which is added if it is new.
func (w *writer) chunk(c *protocol.Citation) int {
	source := outSource{URI: c.URL, Title: c.Title, Text: c.Quote}
	for i := range w.where.Chunks {
		one := w.where.Chunks[i]
		if one.Web != nil && *one.Web == source || one.Retrieved != nil && *one.Retrieved == source {
			return i
		}
	}
	var chunk outChunk
	if c.URL != "" {
		chunk.Web = &source
	} else {
		chunk.Retrieved = &source
	}
	w.where.Chunks = append(w.where.Chunks, chunk)
	return len(w.where.Chunks) - 1
}

func (w *writer) sources(found []protocol.Citation) {
	for i := range found {
		if len(w.where.Chunks) < maxSources {
			w.chunk(&found[i])
		}
	}
}

// cite says what the text that has just ended is founded on. Who does not say which
// place of it means all.
func (w *writer) cite(cited []protocol.Citation) {
	cited = slices.Clone(protocol.WithEnds(cited, w.chars-w.begun))
	for i := range cited {
		if cited[i].Start == 0 && cited[i].End == 0 {
			cited[i].End = w.chars - w.begun
		}
	}
	inOrder(cited, w.begun, w.index.bytes)
	for i := range cited {
		if len(w.where.Chunks) >= maxSources || len(w.where.Supports) >= maxSources {
			return
		}
		c := &cited[i]
		w.where.Supports = append(w.where.Supports, outSupport{
			Segment: outSegment{Part: w.parts - 1, Start: c.Start, End: c.End},
			Chunks:  []int{w.chunk(c)},
		})
	}
}
