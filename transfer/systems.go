package transfer

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/ccload/ccload/config"
)

// systems are the other systems whose files are read: how a file of each is
// recognised, and what turns it into ours. The first that recognises a file
// reads it.
var systems = []struct {
	recognise func(root *node) bool
	move      func(root *node) *File
}{
	{isLiteLLM, moveLiteLLM},
	{isCodeRouter, moveCodeRouter},
	{isCLIProxyAPI, moveCLIProxyAPI},
	{func(root *node) bool { return gptLoadGroups(root) != nil }, moveGPTLoad},
	{func(root *node) bool { return newAPIChannels(root) != nil }, moveNewAPI},
	{func(root *node) bool { return portkeyConfig(root) != nil }, movePortkey},
}

// readTree turns the tree of another system's file into ours.
func readTree(root *node) (*File, error) {
	for _, s := range systems {
		if s.recognise(root) {
			return s.move(root), nil
		}
	}
	return nil, errFormat
}

// readYAML reads a file in YAML. All of those are of other systems.
func readYAML(data []byte) (*File, error) {
	root, err := parseYAMLTree(data)
	if err != nil {
		return nil, err
	}
	return readTree(root)
}

// isOurs reports whether JSON is ours, or meant to be: of a file that cannot be
// read nothing else is known.
func isOurs(data []byte) bool {
	if !json.Valid(data) {
		relaxed := withoutComments(data)
		if !json.Valid(relaxed) {
			return true
		}
		data = relaxed
	}
	var file struct {
		Version json.RawMessage `json:"ccload"`
	}
	return bytes.TrimSpace(data)[0] == '{' && json.Unmarshal(data, &file) == nil && file.Version != nil
}

// readForeignJSON reads a file in JSON that is not ours.
func readForeignJSON(data []byte) (*File, error) {
	root, err := parseJSONTree(data)
	if err != nil {
		return nil, err
	}
	return readTree(root)
}

// Storable prepares a file of another system for being stored: what is stored
// holds no placeholders, so that whoever may change it cannot read the
// environment of the gateway. A channel whose key is one is left without and
// disabled until somebody sets it.
func (f *File) Storable() {
	if len(f.Lines) == 0 {
		return
	}
	for i := range f.Set.Channels {
		ch := &f.Set.Channels[i]
		var keys []Key
		var names []string
		for _, k := range ch.Keys {
			if config.HasPlaceholder(k.Secret) {
				names = append(names, k.Secret)
			} else {
				keys = append(keys, k)
			}
		}
		if len(names) == 0 {
			continue
		}
		ch.Keys = keys
		note := "without the key " + strings.Join(names, ", ")
		if len(keys) == 0 {
			ch.Disabled = true
			note = "disabled until it has a key, which is " + strings.Join(names, ", ") + " in the file"
		}
		f.Lines = append(f.Lines, Line{
			From: "channel " + told(ch.Name), Becomes: note,
			Note: "what is stored holds no placeholders: set the key, or import with --env where the variable is set, or declare the channel with --to-caddyfile",
		})
	}
}

// Resolve replaces the placeholders of keys by what lookup knows of their
// variables. Those it does not know stay.
func (f *File) Resolve(lookup func(name string) (string, bool)) {
	for i := range f.Set.Channels {
		for j := range f.Set.Channels[i].Keys {
			k := &f.Set.Channels[i].Keys[j]
			name, ok := strings.CutPrefix(k.Secret, "{env.")
			if value, known := lookup(strings.TrimSuffix(name, "}")); ok && known && strings.TrimSpace(value) != "" {
				k.Secret = strings.TrimSpace(value)
				k.complete()
			}
		}
	}
}
