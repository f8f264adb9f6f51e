package anthropic

import (
	"strconv"
	"strings"

	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// clientTool is a tool that the client runs and Anthropic's models know without
// a schema. Others are told the schema that Anthropic documents; calls of it are
// tool_use blocks like any other's.
type clientTool struct {
	prefix      string // of its type, before the date
	name        string // if the request gives none
	description string
	schema      string
}

const paths = `"path":{"type":"string","description":"the absolute path of the file or directory"},` +
	`"view_range":{"type":"array","items":{"type":"integer"},"description":"for view: the first and the last line, from 1; -1 is the end"},` +
	`"file_text":{"type":"string","description":"for create: what the file holds"},` +
	`"old_str":{"type":"string","description":"for str_replace: the text to replace, exactly as it is and only once in the file"},` +
	`"new_str":{"type":"string","description":"for str_replace: the text instead; for insert in older versions: the text"},` +
	`"insert_line":{"type":"integer","description":"for insert: the line to insert behind, 0 for the beginning"},` +
	`"insert_text":{"type":"string","description":"for insert: the text"}`

// clientTools are Anthropic's.
// https://docs.claude.com/en/docs/agents-and-tools/tool-use/bash-tool
// https://docs.claude.com/en/docs/agents-and-tools/tool-use/text-editor-tool
// https://docs.claude.com/en/docs/agents-and-tools/tool-use/memory-tool
// https://docs.claude.com/en/docs/agents-and-tools/tool-use/computer-use-tool
var clientTools = []clientTool{
	{
		"bash_", "bash", "Runs a command in a bash session that goes on between calls.",
		`{"type":"object","properties":{"command":{"type":"string","description":"the command; required unless restart is given"},` +
			`"restart":{"type":"boolean","description":"true starts the session anew"}}}`,
	},
	{
		"text_editor_", "str_replace_based_edit_tool", "Views, creates and edits text files.",
		`{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert"]},` + paths + `},"required":["command","path"]}`,
	},
	{
		"memory_", "memory", "Keeps files below /memories between conversations: look there first, and note there what is worth keeping.",
		`{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert","delete","rename"]},` + paths +
			`,"old_path":{"type":"string","description":"for rename"},"new_path":{"type":"string","description":"for rename"}},"required":["command"]}`,
	},
	{
		"computer_", "computer", "Looks at a screen, and uses its mouse and keyboard.",
		`{"type":"object","properties":{"action":{"type":"string","enum":["screenshot","left_click","type","key","mouse_move","scroll",` +
			`"left_click_drag","right_click","middle_click","double_click","triple_click","left_mouse_down","left_mouse_up","hold_key","wait","cursor_position","zoom"]},` +
			`"coordinate":{"type":"array","items":{"type":"integer"},"description":"x and y in pixels"},` +
			`"start_coordinate":{"type":"array","items":{"type":"integer"},"description":"for left_click_drag: where it begins"},` +
			`"text":{"type":"string","description":"for type: the text; for key and hold_key: the keys, such as ctrl+s"},` +
			`"scroll_direction":{"type":"string","enum":["up","down","left","right"]},"scroll_amount":{"type":"integer"},` +
			`"duration":{"type":"number","description":"for wait and hold_key: seconds"},` +
			`"region":{"type":"array","items":{"type":"integer"},"description":"for zoom: x1, y1, x2, y2"}},"required":["action"]}`,
	},
}

func clientToolOf(kind string) *clientTool {
	for i := range clientTools {
		if strings.HasPrefix(kind, clientTools[i].prefix) {
			return &clientTools[i]
		}
	}
	return nil
}

func (d *decoder) readClientTool(of *clientTool, kind string, value []byte, path string) error {
	t := protocol.Tool{Kind: protocol.Function, Name: of.name, Description: of.description, Schema: []byte(of.schema)}
	var size [2]int64
	err := fields(value, path, func(name string, value []byte, path string) (err error) {
		switch name {
		case "type":
		case "name":
			t.Name, err = readText(value, path)
		case "cache_control":
			t.Cache, err = d.readCache(value, path)
		case "display_width_px":
			size[0], _ = scan.Int(value)
		case "display_height_px":
			size[1], _ = scan.Int(value)
		case "allowed_callers":
			return d.readCallers(value, path)
		default: // max_characters, display_number, enable_zoom, defer_loading
			d.p.Hint(unindexed(path))
		}
		return err
	})
	if size[0] > 0 && size[1] > 0 {
		t.Description += " The screen has " + strconv.FormatInt(size[0], 10) + " by " + strconv.FormatInt(size[1], 10) + " pixels."
	}
	// What the last versions of the editor cannot do any more.
	if of.prefix == "text_editor_" && kind < "text_editor_20250429" {
		t.Schema = []byte(strings.Replace(of.schema, `"insert"]`, `"insert","undo_edit"]`, 1))
	}
	d.p.Tools = append(d.p.Tools, t)
	return err
}
