// Package fielddocs holds the doc comments of settings and of what the admin API
// shows, so that a running gateway can explain them in the words of its source.
package fielddocs

import (
	_ "embed"
	"encoding/json"
	"sync"
)

//go:generate go run ./generate
//go:generate go run ./reference

//go:embed docs.json
var raw []byte

// docs are those of types and fields: "config.Channel" and
// "config.Channel.priority", by the JSON name of the field.
var docs = sync.OnceValue(func() map[string]string {
	m := make(map[string]string)
	if err := json.Unmarshal(raw, &m); err != nil {
		panic("fielddocs: docs.json is broken; go generate ./internal/fielddocs makes it: " + err.Error())
	}
	return m
})

// Of returns the doc of a type, or of one of its fields by the name it has in
// JSON, such as config.Channel.priority; "" if there is none.
func Of(name string) string { return docs()[name] }
