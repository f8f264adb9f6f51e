package anthropic

import (
	"slices"
	"strings"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
)

// blocks are those of one message.
type blocks struct {
	d     *decoder
	parts []protocol.Part
	searches
}

// block is one of a message, as far as all have the same.
type block struct {
	kind, path string
	raw        []byte
	part       protocol.Part
}

// blockReaders are the types of blocks that mean something to others, too.
// https://docs.claude.com/en/api/messages
var blockReaders map[string]func(b *blocks, k *block) error

func init() {
	blockReaders = map[string]func(b *blocks, k *block) error{
		"text":                   (*blocks).readText,
		"image":                  (*blocks).readMedia,
		"document":               (*blocks).readMedia,
		"tool_use":               (*blocks).readCall,
		"tool_result":            (*blocks).readResult,
		"thinking":               (*blocks).readThought,
		"redacted_thinking":      (*blocks).readThought,
		"server_tool_use":        (*blocks).readSearch,
		"web_search_tool_result": (*blocks).readFound,
		// Claude Code's search for tools gives names of tools that it has told.
		"tool_reference":          (*blocks).readReference,
		"tool_search_tool_result": (*blocks).readToolsFound,
	}
}

func (b *blocks) read(value []byte, path string) error {
	if len(value) == 0 || value[0] != '{' {
		return protocol.BadRequest(path, "must be an object")
	}
	k := block{kind: typeOf(value), path: path, raw: value}
	if k.kind == "" {
		return protocol.BadRequest(path+".type", "is missing")
	}
	read, known := blockReaders[k.kind]
	if !known {
		b.d.p.Keep(unindexed(path) + "." + k.kind)
		return nil
	}
	return read(b, &k)
}

// other reads a field that blocks of all types have.
func (b *blocks) other(k *block, name string, value []byte, path string) (err error) {
	switch name {
	case "type":
	case "cache_control":
		k.part.Cache, err = b.d.readCache(value, path)
	case "caller":
		if !isDirect(value) {
			b.d.p.Keep(unindexed(path))
		}
	default:
		b.d.p.Keep(unindexed(k.path) + "." + k.kind + "." + name)
	}
	return err
}

func (b *blocks) add(k *block) { b.parts = append(b.parts, k.part) }

func (b *blocks) readText(k *block) error {
	k.part.Kind = protocol.Text
	found := false
	err := fields(k.raw, k.path, func(name string, value []byte, path string) (err error) {
		switch name {
		case "text":
			found = true
			k.part.Text, err = readText(value, path)
		case "citations":
			k.part.Citations = readCitations(value)
		default:
			err = b.other(k, name, value, path)
		}
		return err
	})
	if err == nil && !found {
		err = protocol.BadRequest(k.path+".text", "is missing")
	}
	cite(&k.part)
	b.add(k)
	return err
}

// readReference reads a tool that was found, which others are told by its name.
// https://docs.claude.com/en/docs/agents-and-tools/tool-use/tool-search-tool
func (b *blocks) readReference(k *block) error {
	name := memberText(k.raw, "tool_name")
	if name == "" {
		return protocol.BadRequest(k.path+".tool_name", "is missing")
	}
	b.parts = append(b.parts, protocol.Part{Kind: protocol.Text, Text: "The tool " + name + " can be called now."})
	return nil
}

// readToolsFound reads what the provider's own search for tools found: all tools
// are told to others.
func (b *blocks) readToolsFound(k *block) error {
	b.d.p.Hint(toolSearchHistory)
	return nil
}

func (b *blocks) readCall(k *block) error {
	call := &protocol.ToolCall{}
	k.part.Kind, k.part.Call = protocol.Call, call
	err := fields(k.raw, k.path, func(name string, value []byte, path string) (err error) {
		switch name {
		case "id":
			call.ID, err = readText(value, path)
			call.ID = protocol.OriginalID(call.ID)
		case "name":
			call.Name, err = readText(value, path)
		case "input":
			var input []byte
			input, err = readObject(value, path)
			call.Arguments = string(input)
		default:
			err = b.other(k, name, value, path)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case call.ID == "":
		return protocol.BadRequest(k.path+".id", "is missing")
	case call.Name == "":
		return protocol.BadRequest(k.path+".name", "is missing")
	case call.Arguments == "{}":
		call.Arguments = ""
	}
	b.add(k)
	return nil
}

func (b *blocks) readResult(k *block) error {
	back := &protocol.ToolResult{}
	k.part.Kind, k.part.Back = protocol.Result, back
	err := fields(k.raw, k.path, func(name string, value []byte, path string) (err error) {
		switch name {
		case "tool_use_id":
			back.ID, err = readText(value, path)
			back.ID = protocol.OriginalID(back.ID)
		case "content":
			back.Parts, err = b.d.readContent(value, path)
		case "is_error":
			back.Error, err = readBool(value, path)
		default:
			err = b.other(k, name, value, path)
		}
		return err
	})
	if err == nil && back.ID == "" {
		err = protocol.BadRequest(k.path+".tool_use_id", "is missing: the call that this is the result of")
	}
	b.add(k)
	return err
}

// readThought reads a thought, or what stands in for a signature of another
// format: see signedAfter.
func (b *blocks) readThought(k *block) error {
	k.part.Kind = protocol.Thought
	signature := ""
	k.part.Redacted = k.kind == "redacted_thinking"
	err := fields(k.raw, k.path, func(name string, value []byte, path string) (err error) {
		switch name {
		case "thinking":
			k.part.Text, err = readText(value, path)
		case "signature", "data":
			signature, err = readText(value, path)
		default:
			err = b.other(k, name, value, path)
		}
		return err
	})
	k.part.Unseal(signature, ai.Anthropic)
	if of, isSigned := strings.CutPrefix(k.part.ID, ofPart); isSigned && k.kind == "redacted_thinking" {
		b.sign(of, &k.part)
		return err
	}
	if id, isBefore := strings.CutPrefix(k.part.ID, beforePart); isBefore {
		k.part.ID = id
		b.addBefore(k)
		return err
	}
	b.add(k)
	return err
}

// addBefore puts a thought before the text or the call that it stands behind.
func (b *blocks) addBefore(k *block) {
	at := len(b.parts)
	if at > 0 && b.parts[at-1].Kind != protocol.Thought {
		at--
	}
	b.parts = slices.Insert(b.parts, at, k.part)
}

// sign gives the signature of another format back to the call, or the text, it
// belongs to.
func (b *blocks) sign(of string, by *protocol.Part) {
	for i := len(b.parts) - 1; i >= 0; i-- {
		p := &b.parts[i]
		if p.Call != nil && p.Call.ID == of || p.Kind == protocol.Text && of == "" {
			p.Signature, p.Origin = by.Signature, by.Origin
			return
		}
	}
}
