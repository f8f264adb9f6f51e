package anthropic

import (
	"strings"

	"github.com/ccload/ccload/protocol"
)

// billingHeader is how a block of the system prompt begins that Claude Code
// sends for Anthropic's books; no model is shown it.
const billingHeader = "x-anthropic-billing-header:"

// readSystem reads the system prompt, a text or blocks of it.
func (d *decoder) readSystem(value []byte, path string) error {
	parts, err := d.readContent(value, path)
	if err != nil {
		return err
	}
	kept := parts[:0]
	for i := range parts {
		switch p := &parts[i]; {
		case p.Kind != protocol.Text:
			return protocol.BadRequest(path, "may hold text only")
		case strings.HasPrefix(p.Text, billingHeader):
			d.p.Hint("system.x-anthropic-billing-header")
		case p.Text == "":
		default:
			kept = append(kept, *p)
		}
	}
	if len(kept) > 0 {
		d.p.Turns = append(d.p.Turns, protocol.Turn{Role: protocol.System, Parts: kept})
	}
	return nil
}

// roles are those of messages. System ones may stand between others since
// Claude Opus 4.8.
// https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages
var roles = map[string]protocol.Role{"user": protocol.User, "assistant": protocol.Assistant, "system": protocol.System}

func (d *decoder) readMessages(value []byte, path string) error {
	empty := ""
	err := elements(value, path, func(value []byte, path string) error {
		if empty != "" {
			return protocol.BadRequest(empty, "is empty: all messages but an assistant's last must have content")
		}
		role, content := protocol.Role(0), []byte(nil)
		known := false
		err := fields(value, path, func(name string, value []byte, path string) error {
			switch name {
			case "role":
				word, err := readText(value, path)
				if role, known = roles[word]; err == nil && !known {
					err = protocol.BadRequest(path, "must be user, assistant or system")
				}
				return err
			case "content":
				content = value
			default:
				d.p.Keep(unindexed(path))
			}
			return nil
		})
		if err != nil {
			return err
		}
		if !known {
			return protocol.BadRequest(path+".role", "is missing")
		}
		if content == nil {
			return protocol.BadRequest(path+".content", "is missing")
		}
		parts, err := d.readContent(content, path+".content")
		if err != nil {
			return err
		}
		if string(content) == `""` || content[0] == '[' && firstOf(content) == nil {
			empty = path + ".content"
			if role != protocol.Assistant {
				return protocol.BadRequest(empty, "is empty: all messages but an assistant's last must have content")
			}
		}
		if len(parts) == 0 && empty == "" && len(d.p.Turns) > 0 && len(d.p.Native) == 0 {
			return nil // it held nothing that is told to others
		}
		d.p.Turns = append(d.p.Turns, protocol.Turn{Role: role, Parts: parts})
		return nil
	})
	if err != nil {
		return err
	}
	if len(d.p.Turns) == 0 {
		return protocol.BadRequest(path, "is empty: there must be at least one message")
	}
	return nil
}

// readContent reads a text, or blocks.
func (d *decoder) readContent(value []byte, path string) ([]protocol.Part, error) {
	if len(value) > 0 && value[0] == '"' {
		s, err := readText(value, path)
		if err != nil || s == "" {
			return nil, err
		}
		return []protocol.Part{{Kind: protocol.Text, Text: s}}, nil
	}
	if d.depth++; d.depth > maxContents {
		return nil, protocol.BadRequest(path, "is nested too deeply")
	}
	b := blocks{d: d}
	err := elements(value, path, b.read)
	d.depth--
	b.end()
	return b.parts, err
}
