// Package fastjson is encoding/json for structs on warm paths: whole answers and
// events of streams that are translated, and live events of the dashboard. It
// does what encoding/json does, with github.com/bytedance/sonic on amd64 and
// arm64, and with encoding/json itself elsewhere, with a version of Go that sonic
// does not know, or with the build tag ccload_stdjson. A fuzz test compares both.
//
// An event of a Chat stream takes 1.1 us and 9 allocations, where encoding/json
// takes 3.3 us and 16 (BenchmarkEvent, Go 1.26 on amd64). Sonic compiles decoders
// into memory that is mapped as executable: a service that forbids this, as
// systemd's MemoryDenyWriteExecute does, needs the build tag.
package fastjson

import (
	"encoding/json"
	"reflect"
	"slices"
	"sync"
	"unicode/utf8"
)

var (
	registering sync.Mutex
	registered  []reflect.Type
)

// Register names, by a value of each, the types that a package decodes from or
// encodes to JSON. Pretouch compiles them, and this package's tests compare
// what comes of them with encoding/json.
func Register(values ...any) {
	registering.Lock()
	defer registering.Unlock()
	for _, v := range values {
		registered = append(registered, reflect.TypeOf(v))
	}
}

// Types are the registered types.
func Types() []reflect.Type {
	registering.Lock()
	defer registering.Unlock()
	return slices.Clone(registered)
}

// Pretouch compiles the registered types, once in a process. It takes some tens
// of milliseconds and may run beside anything; a type that is used before is
// compiled then.
var Pretouch = sync.OnceFunc(func() {
	for _, t := range Types() {
		pretouch(t)
	}
})

// Marshal is json.Marshal.
func Marshal(v any) ([]byte, error) {
	if text, err := marshal(v); err == nil {
		return text, nil
	}
	return json.Marshal(v) // its errors are those that callers know
}

// Unmarshal is json.Unmarshal. Nothing of b is kept.
func Unmarshal(b []byte, v any) error {
	// Sonic puts U+FFFD for bytes that are no UTF-8 also into what is kept raw.
	if utf8.Valid(b) && unmarshal(b, v) == nil {
		return nil
	}
	// Its errors are those that callers know, and it takes deeper nesting.
	return json.Unmarshal(b, v)
}
