//go:build !(amd64 || arm64) || go1.28 || ccload_stdjson

package fastjson

import (
	"encoding/json"
	"reflect"
)

func marshal(v any) ([]byte, error) { return json.Marshal(v) }

func unmarshal(b []byte, v any) error { return json.Unmarshal(b, v) }

func pretouch(reflect.Type) {}
