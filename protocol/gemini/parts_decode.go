package gemini

import (
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// part is one part of a content, in requests and answers.
type part struct {
	text      string
	hasText   bool
	raw       []byte // the text as it stands in the JSON
	thought   bool
	signature string
	media     *protocol.Media
	kind      protocol.PartKind // of the media
	call      *protocol.ToolCall
	partial   bool   // the arguments of the call come piece by piece
	more      bool   // and this is not the last
	arguments []byte // these pieces: partialArgs
	back      *protocol.ToolResult
	detail    string
	path      string
}

// notes are fields that were read and not understood, or need not be.
type notes interface {
	Hint(field string)
	Keep(field string)
}

// silent forgets its notes: answers have nobody to tell.
type silent struct{}

func (silent) Hint(string) {}
func (silent) Keep(string) {}

// readPart reads a part. What only this format has (executableCode,
// codeExecutionResult, toolCall, toolResponse, videoMetadata) is kept.
func readPart(value []byte, path string, n notes) (part, error) {
	p := part{path: path}
	err := fields(value, path, func(name string, value []byte) (err error) {
		at := below(path, name)
		switch name {
		case "text":
			p.hasText, p.raw = true, value
			p.text, err = readText(value, at)
		case "thought":
			p.thought, err = readBool(value, at)
		case "thoughtSignature":
			p.signature, err = readText(value, at)
		case "inlineData":
			p.media, err = readBlob(value, at, n)
		case "fileData":
			p.media, err = readFile(value, at, n)
		case "functionCall":
			err = p.readCall(value, at, n)
		case "functionResponse":
			p.back, err = readBack(value, at, n)
		case "mediaResolution":
			p.detail, err = readDetail(value, at)
		case "partMetadata":
			n.Hint(unindexed(at))
		default:
			n.Keep(unindexed(at))
		}
		return err
	})
	if p.media != nil {
		p.media.Detail = p.detail
		p.kind = kindOf(p.media)
	}
	return p, err
}

// readDetail reads {"level":"MEDIA_RESOLUTION_HIGH"}, or the level alone.
func readDetail(value []byte, path string) (string, error) {
	if len(value) > 0 && value[0] == '{' {
		start, end, ok := scan.Get(value, "level")
		if !ok {
			return "", nil
		}
		value = value[start:end]
	}
	level, err := readEnum(value, path, "", "MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH")
	switch level {
	case "MEDIA_RESOLUTION_LOW":
		return "low", err
	case "MEDIA_RESOLUTION_HIGH", "MEDIA_RESOLUTION_ULTRA_HIGH":
		return "high", err
	}
	return "", err
}

// readCall reads a call. One without an id gets one that was made up.
func (p *part) readCall(value []byte, path string, n notes) error {
	call := &protocol.ToolCall{Arguments: "{}"}
	err := fields(value, path, func(name string, value []byte) (err error) {
		at := below(path, name)
		switch name {
		case "id":
			call.ID, err = readText(value, at)
		case "name":
			call.Name, err = readText(value, at)
		case "args":
			value, err = readObject(value, at)
			call.Arguments = string(value)
		case "partialArgs":
			p.arguments = value
			n.Keep(unindexed(at))
		case "willContinue":
			p.partial = true
			p.more, err = readBool(value, at)
			n.Keep(unindexed(at))
		default:
			n.Keep(unindexed(at))
		}
		return err
	})
	p.partial = p.partial || p.arguments != nil
	p.call = call
	return err
}

// readBack reads what a function said.
func readBack(value []byte, path string, n notes) (*protocol.ToolResult, error) {
	r := new(protocol.ToolResult)
	var media []protocol.Part
	err := fields(value, path, func(name string, value []byte) (err error) {
		at := below(path, name)
		switch name {
		case "id":
			r.ID, err = readText(value, at)
		case "name":
			r.Name, err = readText(value, at)
		case "response":
			err = readResponse(r, value, at)
		case "parts":
			err = elements(value, at, func(value []byte, path string) error {
				p, err := readPart(value, path, n)
				if p.media != nil {
					media = append(media, protocol.Part{Kind: p.kind, Media: p.media})
				}
				return err
			})
		default:
			n.Keep(unindexed(at))
		}
		return err
	})
	r.Parts = append(r.Parts, media...)
	return r, err
}

// readResponse reads the object that a function answered with. An object of one
// text called result or output is that text, and one called error is an error:
// Google documents output and error, its examples have result. Any other object
// is its JSON.
func readResponse(r *protocol.ToolResult, value []byte, path string) error {
	value, err := readObject(value, path)
	if err != nil {
		return err
	}
	text, kind := onlyText(value)
	switch kind {
	case "error":
		r.Error = true
	case "":
		text = string(value)
	}
	if text != "" {
		r.Parts = []protocol.Part{{Kind: protocol.Text, Text: text}}
	}
	return nil
}

// onlyText is what an object says whose only member is a text (or anything, of
// an error) of one of the names that a result's text has; name is empty for any
// other.
func onlyText(object []byte) (text, name string) {
	members := 0
	_ = scan.Members(object, func(key []byte, start, end int) bool {
		members++
		value := object[start:end]
		switch string(key) {
		case "result", "output", "error":
			s, ok := scan.String(value)
			switch {
			case ok:
				text, name = s, string(key)
			case string(key) == "error" && !scan.IsNull(value):
				text, name = string(value), "error"
			}
		}
		return members < 2
	})
	if members != 1 {
		return "", ""
	}
	return text, name
}

// ownSignature is what a part's maker needs to see again, without the values
// that stand for none: those that Google documents for history of other models.
func ownSignature(s string) string {
	switch s {
	case skipSignature, "context_engineering_is_the_way_to_go",
		"c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=", "Y29udGV4dF9lbmdpbmVlcmluZ19pc190aGVfd2F5X3RvX2dv":
		return ""
	}
	return s
}

// sign gives a part the signature it came with.
func sign(to *protocol.Part, signature string) {
	if signature = ownSignature(signature); signature != "" {
		to.Unseal(signature, ai.Gemini)
	}
}
