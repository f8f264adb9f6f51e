package tokens

import (
	"bytes"

	"github.com/ccload/ccload/protocol/scan"
)

// Answer counts what an answer says: texts, thoughts and the arguments of
// calls, in any wire format. raw is one JSON value, or several in lines, as the
// events of a stream have them; what is no JSON counts as text.
func (c *Counter) Answer(model string, raw []byte) int64 {
	var text []byte
	for line := range bytes.Lines(raw) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if (line[0] != '{' && line[0] != '[') || scan.Valid(line) != nil {
			if scan.Valid(raw) == nil { // one value over several lines
				text = said(nil, raw, 0)
				break
			}
			text = append(text, line...)
			continue
		}
		text = said(text, line, 0)
	}
	n := c.Text(model, text)
	if n > 0 && bytes.Contains(raw, outputText) && familyOf(normal(model)).exact && familyOf(normal(model)).ending == 0 {
		n++ // by recorded counts, Responses bills the mark behind an answer, and Chat does not
	}
	return n
}

// outputText stands in answers of the Responses format alone.
var outputText = []byte("output_text")

// sayings are the members that hold what a model said, in every wire format.
var sayings = map[string]bool{
	"text": true, "content": true, "thinking": true, "partial_json": true, "arguments": true, "delta": true,
	"reasoning": true, "reasoning_content": true, "refusal": true, "transcript": true,
}

// objects are the members that are one JSON value of the model's making.
var objects = map[string]bool{"input": true, "args": true}

// deepest is how far an answer is looked into.
const deepest = 12

// said appends the texts of a value.
func said(to, value []byte, depth int) []byte {
	if depth > deepest || len(value) == 0 {
		return to
	}
	switch value[0] {
	case '{':
		_ = scan.Members(value, func(key []byte, start, end int) bool {
			member := value[start:end]
			switch {
			case member[0] == '"' && sayings[string(key)]:
				to, _ = scan.Unescape(to, member[1:len(member)-1])
			case member[0] == '{' && objects[string(key)]:
				to = append(to, member...)
			case member[0] == '{' || member[0] == '[':
				to = said(to, member, depth+1)
			}
			return true
		})
	case '[':
		_ = scan.Elements(value, func(start, end int) bool {
			to = said(to, value[start:end], depth+1)
			return true
		})
	}
	return to
}
