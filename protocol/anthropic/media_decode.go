package anthropic

import (
	"github.com/ccload/ccload/protocol"
)

// readMedia reads an image or a document.
func (b *blocks) readMedia(k *block) error {
	m := &protocol.Media{}
	k.part.Kind, k.part.Media = protocol.Image, m
	if k.kind == "document" {
		k.part.Kind = protocol.Document
	}
	found := false
	err := fields(k.raw, k.path, func(name string, value []byte, path string) (err error) {
		switch {
		case name == "source":
			found = true
			return b.readSource(k, value, path)
		case name == "title" && k.kind == "document":
			m.Name, err = readText(value, path)
		case name == "citations" && k.kind == "document":
			return b.wantsCitations(value, path)
		default:
			err = b.other(k, name, value, path)
		}
		return err
	})
	if err == nil && !found {
		err = protocol.BadRequest(k.path+".source", "is missing")
	}
	b.add(k)
	return err
}

// wantsCitations reads whether the answer shall cite a document, which nobody
// else does by itself.
func (b *blocks) wantsCitations(value []byte, path string) error {
	return fields(value, path, func(name string, value []byte, path string) error {
		if name != "enabled" || said(value) {
			b.d.p.Keep(unindexed(path))
		}
		return nil
	})
}

// readSource reads where an image or document is.
// https://docs.claude.com/en/docs/build-with-claude/vision, …/pdf-support, …/files
func (b *blocks) readSource(k *block, value []byte, path string) error {
	m := k.part.Media
	kind := typeOf(value)
	err := fields(value, path, func(name string, value []byte, path string) (err error) {
		switch name {
		case "type":
		case "media_type":
			m.Type, err = readText(value, path)
		case "data":
			m.Data, err = readText(value, path)
		case "url":
			m.URL, err = readText(value, path)
		case "file_id":
			m.FileID, err = readText(value, path)
		case "content":
			m.Plain, err = b.plainContent(value, path)
		default:
			b.d.p.Keep(unindexed(path))
		}
		return err
	})
	if err != nil {
		return err
	}
	missing := func(name string) error {
		return protocol.BadRequest(path+"."+name, "is missing")
	}
	switch kind {
	case "base64":
		if m.Data == "" {
			return missing("data")
		}
		if m.Type == "" {
			return missing("media_type")
		}
	case "text":
		m.Plain, m.Data, m.Type = m.Data, "", "text/plain"
	case "content":
		m.Type = "text/plain"
	case "url":
		if m.URL == "" {
			return missing("url")
		}
		if k.part.Kind == protocol.Document {
			m.Type = "application/pdf" // the only kind that is fetched
		}
	case "file":
		if m.FileID == "" {
			return missing("file_id")
		}
		b.d.p.Keep(unindexed(path) + ".file_id")
	case "":
		return missing("type")
	default:
		b.d.p.Keep(unindexed(path) + "." + kind)
	}
	return nil
}

// plainContent reads a document that is made of blocks.
func (b *blocks) plainContent(value []byte, path string) (string, error) {
	parts, err := b.d.readContent(value, path)
	plain, all := protocol.PlainText(parts)
	if !all {
		b.d.p.Keep(unindexed(path))
	}
	return plain, err
}
