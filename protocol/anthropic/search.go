package anthropic

import (
	"strings"
	"unicode/utf8"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// A web search is two blocks: what was looked for, and, maybe behind the same
// of other searches, what was found. The neutral form has one part for both. Its
// signature are the blocks as they came, because what was found is encrypted in
// them and wanted back.

// toolSearchHistory names searches for tools that went before.
const toolSearchHistory = "tool search history"

// searches are those that have nothing found yet.
type searches struct{ open []protocol.Part }

// begin takes what is looked for. The block is remade without what is not
// wanted back.
func (s *searches) begin(id string, input []byte) {
	p := protocol.Part{Kind: protocol.Search, ID: id, Text: memberText(input, "query")}
	if len(input) == 0 {
		input = []byte("{}")
	}
	b := text([]byte("[{"), "type", "server_tool_use")
	b = text(b, "id", id)
	b = text(b, "name", "web_search")
	b = raw(b, "input", input)
	p.Signature, p.Origin = string(append(b, '}', ']')), ai.Anthropic
	s.open = append(s.open, p)
}

// found takes the block of what was found, and returns the part.
func (s *searches) found(result []byte) (p protocol.Part, ok bool) {
	id := memberText(result, "tool_use_id")
	for i := range s.open {
		if s.open[i].ID == id {
			p, ok = s.open[i], true
			s.open = append(s.open[:i], s.open[i+1:]...)
			break
		}
	}
	if !ok {
		return p, false
	}
	content := member(result, "content")
	if len(content) > 0 && content[0] == '[' {
		_ = scan.Elements(content, func(start, end int) bool {
			r := content[start:end]
			p.Citations = append(p.Citations, protocol.Citation{URL: memberText(r, "url"), Title: memberText(r, "title")})
			return true
		})
	}
	if block, err := compact(result); err == nil {
		p.Signature = p.Signature[:len(p.Signature)-1] + "," + string(block) + "]"
	}
	return p, true
}

// readSearch reads what the provider was to do. Only the web search means
// something to others.
func (b *blocks) readSearch(k *block) error {
	if strings.HasPrefix(memberText(k.raw, "name"), "tool_search_tool_") {
		b.d.p.Hint(toolSearchHistory)
		return nil
	}
	if !isWebSearch(k.raw) {
		b.d.p.Keep(unindexed(k.path) + "." + k.kind + "." + memberText(k.raw, "name"))
		return nil
	}
	if caller := member(k.raw, "caller"); !isDirect(caller) {
		b.d.p.Keep(unindexed(k.path) + ".caller")
		return nil
	}
	id := memberText(k.raw, "id")
	if id == "" {
		return protocol.BadRequest(k.path+".id", "is missing")
	}
	input, err := readObject(member(k.raw, "input"), k.path+".input")
	if err != nil {
		return err
	}
	b.begin(id, input)
	return nil
}

func (b *blocks) readFound(k *block) error {
	if caller := member(k.raw, "caller"); !isDirect(caller) {
		b.d.p.Keep(unindexed(k.path) + ".caller")
		return nil
	}
	p, ok := b.found(k.raw)
	if !ok {
		return protocol.BadRequest(k.path+".tool_use_id", "names no search of the same message")
	}
	// What another provider found carries a seal where it would be encrypted.
	if sealed := memberText(firstOf(member(k.raw, "content")), "encrypted_content"); protocol.Sealed([]byte(sealed)) {
		own := p.ID
		p.Unseal(sealed, ai.Anthropic)
		if p.ID == "" {
			p.ID = own
		}
	}
	b.parts = append(b.parts, p)
	return nil
}

// end takes searches without a result: the message was paused there.
func (b *blocks) end() {
	b.parts = append(b.parts, b.open...)
	b.open = nil
}

// firstOf is the first element of a list, nil if there is none.
func firstOf(list []byte) []byte {
	if len(list) == 0 || list[0] != '[' {
		return nil
	}
	start, end, ok := scan.FindElement(list, func(int, int) bool { return true })
	if !ok {
		return nil
	}
	return list[start:end]
}

// readCitations reads the sources of a text. Where in a document they are means
// something only to whoever has it numbered.
// https://docs.claude.com/en/docs/build-with-claude/citations
func readCitations(list []byte) []protocol.Citation {
	if len(list) == 0 || list[0] != '[' {
		return nil
	}
	var all []protocol.Citation
	_ = scan.Elements(list, func(start, end int) bool {
		all = append(all, readCitation(list[start:end]))
		return true
	})
	return all
}

func readCitation(raw []byte) protocol.Citation {
	c := protocol.Citation{URL: memberText(raw, "url"), Title: memberText(raw, "title"), Quote: memberText(raw, "cited_text")}
	if c.URL == "" {
		c.URL = memberText(raw, "source") // of a search result that the client gave
	}
	if c.Title == "" {
		c.Title = memberText(raw, "document_title")
	}
	return c
}

// cite says of the citations of a text where in it they are: everywhere, for
// what is not cited is another block.
func cite(p *protocol.Part) {
	if len(p.Citations) == 0 {
		return
	}
	n := utf8.RuneCountInString(p.Text)
	for i := range p.Citations {
		p.Citations[i].Start, p.Citations[i].End = 0, n
	}
}
