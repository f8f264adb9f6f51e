package responses

import (
	"strings"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// form is a tool that the client runs and OpenAI's models know without a schema.
// Others are told a function of the schema that OpenAI documents, and the client
// is told its calls in the items that it knows.
type form struct {
	kind        string // of the tool, or how the kinds of all its versions begin
	name        string // of the function
	description string
	schema      string
	item        string // the type of a call; that of its result ends in _output
	member      string // of the call: where its arguments are
	kindOf      string // "type" of that member, where the arguments do not say it
}

// forms are OpenAI's.
// https://platform.openai.com/docs/guides/tools-local-shell
// https://platform.openai.com/docs/guides/tools-shell
// https://platform.openai.com/docs/guides/tools-apply-patch
// https://platform.openai.com/docs/guides/tools-computer-use
var forms = []form{
	{
		"local_shell", "local_shell", "Runs a command on the user's machine.",
		`{"type":"object","properties":{"command":{"type":"array","items":{"type":"string"},"description":"the program and its arguments, such as [\"bash\",\"-lc\",\"ls\"]"},` +
			`"working_directory":{"type":"string"},"timeout_ms":{"type":"integer"},"env":{"type":"object","additionalProperties":{"type":"string"}},"user":{"type":"string"}},"required":["command"]}`,
		"local_shell_call", "action", "exec",
	},
	{
		"shell", "shell", "Runs commands in a shell on the user's machine, at the same time.",
		`{"type":"object","properties":{"commands":{"type":"array","items":{"type":"string"}},"timeout_ms":{"type":"integer"},` +
			`"max_output_length":{"type":"integer","description":"characters of output to give back"}},"required":["commands"]}`,
		"shell_call", "action", "",
	},
	{
		"apply_patch", "apply_patch", "Creates, changes or deletes a file.",
		`{"type":"object","properties":{"type":{"type":"string","enum":["create_file","update_file","delete_file"]},"path":{"type":"string"},` +
			`"diff":{"type":"string","description":"for create_file and update_file: a V4A diff, whose lines begin with +, - or a space, in hunks that begin with @@"}},"required":["type","path"]}`,
		"apply_patch_call", "operation", "",
	},
	{
		"computer", "computer", "Looks at a screen, and uses its mouse and keyboard.",
		`{"type":"object","properties":{"type":{"type":"string","enum":["click","double_click","drag","keypress","move","screenshot","scroll","type","wait"]},` +
			`"x":{"type":"integer"},"y":{"type":"integer"},"button":{"type":"string","enum":["left","right","wheel","back","forward"]},` +
			`"path":{"type":"array","items":{"type":"object","properties":{"x":{"type":"integer"},"y":{"type":"integer"}}}},` +
			`"keys":{"type":"array","items":{"type":"string"}},"text":{"type":"string"},"scroll_x":{"type":"integer"},"scroll_y":{"type":"integer"}},"required":["type"]}`,
		"computer_call", "action", "",
	},
}

// formOf finds the form of a type of tools; nil if it has none. Computer use has
// a type for each version: computer_use_preview, computer.
func formOf(kind string) *form {
	for i := range forms {
		if f := &forms[i]; kind == f.kind || f.kind == "computer" && strings.HasPrefix(kind, "computer") {
			return f
		}
	}
	return nil
}

// elsewhere reports whether OpenAI runs the tool after all, in a container of
// its own.
func (f *form) elsewhere(tool []byte) bool {
	kind := protocol.Kind(protocol.Member(tool, "environment"))
	return strings.HasPrefix(kind, "container")
}

func (f *form) function(kind string) protocol.Tool {
	return protocol.Tool{Name: f.name, Description: f.description, Schema: []byte(f.schema), Form: kind}
}

// formItem reads the call of a tool with a form, or its result.
func (r *promptReader) formItem(kind, path string, v []byte) bool {
	base, isResult := strings.CutSuffix(kind, "_output")
	var f *form
	for i := range forms {
		if forms[i].item == base {
			f = &forms[i]
		}
	}
	if f == nil {
		return false
	}
	get := func(name string) string {
		s, _ := scan.String(protocol.Member(v, name))
		return s
	}
	id := get("call_id")
	if !isResult {
		if id == "" {
			id = get("id")
		}
		if r.callIDs == nil {
			r.callIDs = make(map[string]string)
		}
		r.callIDs[get("id")] = id
		arguments := protocol.Member(v, f.member)
		if list := protocol.Member(v, "actions"); arguments == nil && list != nil { // of later versions
			r.Elements(list, path+".actions", func(at string, v []byte) {
				if arguments != nil {
					r.p.Keep(at) // a function does one thing
					return
				}
				arguments = v
			})
		}
		r.add(protocol.Assistant, protocol.Part{Kind: protocol.Call, Call: &protocol.ToolCall{
			ID: protocol.OriginalID(id), Name: f.name, Arguments: f.arguments(arguments),
		}})
		return true
	}
	if id == "" { // local_shell_call_output names the item
		if id = r.callIDs[get("id")]; id == "" {
			id = get("id")
		}
	}
	if id == "" {
		r.Fail(path+".call_id", path+".call_id is missing")
	}
	result := &protocol.ToolResult{ID: protocol.OriginalID(id), Name: f.name, Error: get("status") == "failed"}
	result.Parts = r.formOutput(protocol.Member(v, "output"), path+".output")
	r.add(protocol.User, protocol.Part{Kind: protocol.Result, Back: result})
	return true
}

// formOutput reads what a tool said: a text, a screenshot, or what each command
// of a shell wrote, which is told as it is.
func (r *promptReader) formOutput(v []byte, path string) []protocol.Part {
	if protocol.Kind(v) == "computer_screenshot" {
		m := &protocol.Media{}
		if protocol.Member(v, "file_id") != nil {
			r.p.Keep(path + ".file_id") // nobody else has the file
		}
		url, _ := scan.String(protocol.Member(v, "image_url"))
		m.SetURL(url)
		return []protocol.Part{{Kind: protocol.Image, Media: m}}
	}
	if text, ok := scan.String(v); ok || v == nil {
		return []protocol.Part{{Kind: protocol.Text, Text: text}}
	}
	return []protocol.Part{{Kind: protocol.Text, Text: string(v)}}
}

// arguments are a call's as a function's: without the type that is always the
// same.
func (f *form) arguments(action []byte) string {
	if len(action) == 0 || action[0] != '{' {
		return ""
	}
	if f.kindOf == "" {
		return string(action)
	}
	var w protocol.Writer
	w.Open('{')
	_ = scan.Members(action, func(key []byte, start, end int) bool {
		if string(key) != "type" && !scan.IsNull(action[start:end]) {
			w.Key(string(key))
			w.Raw(action[start:end])
		}
		return true
	})
	w.Close('}')
	return string(w.B)
}

// write writes the member of a call that holds its arguments. Clients read some
// of them without asking whether they are there.
func (f *form) write(w *protocol.Writer, kind, arguments string) {
	action := []byte(strings.TrimSpace(arguments))
	if scan.Valid(action) != nil || action[0] != '{' {
		action = []byte("{}")
	}
	member := f.member
	if kind == "computer" {
		member = "actions"
	}
	w.Key(member)
	if member == "actions" {
		w.Open('[')
	}
	w.Open('{')
	if f.kindOf != "" {
		w.Text("type", f.kindOf)
	}
	has := make(map[string]bool)
	_ = scan.Members(action, func(key []byte, start, end int) bool {
		if has[string(key)] || f.kindOf != "" && string(key) == "type" {
			return true
		}
		has[string(key)] = true
		w.Key(string(key))
		w.Raw(action[start:end])
		return true
	})
	for _, row := range [...]struct{ kind, member, value string }{
		{"local_shell", "command", "[]"},
		{"local_shell", "env", "{}"},
		{"shell", "commands", "[]"},
		{"shell", "timeout_ms", "null"},
		{"shell", "max_output_length", "null"},
	} {
		if row.kind == f.kind && !has[row.member] {
			w.Key(row.member)
			w.Raw([]byte(row.value))
		}
	}
	w.Close('}')
	if member == "actions" {
		w.Close(']')
	}
	if f.kind == "computer" {
		w.Key("pending_safety_checks")
		w.Raw([]byte("[]"))
	}
}
