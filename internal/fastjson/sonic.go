//go:build (amd64 || arm64) && !go1.28 && !ccload_stdjson

package fastjson

import (
	"reflect"
	"unsafe"

	"github.com/bytedance/sonic"
)

func marshal(v any) ([]byte, error) { return sonic.ConfigStd.Marshal(v) }

// unmarshal spares the copy that sonic makes of bytes: with CopyString nothing
// that it decodes shares memory with them.
func unmarshal(b []byte, v any) error {
	return sonic.ConfigStd.UnmarshalFromString(unsafe.String(unsafe.SliceData(b), len(b)), v) //nolint:gosec // not kept, see above
}

func pretouch(t reflect.Type) {
	_ = sonic.Pretouch(t) // what cannot be compiled now is reported when it is used
}
