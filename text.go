package ccload

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/dustin/go-humanize"
)

// quoteJSON writes a string as JSON.
func quoteJSON(s string) []byte {
	text, err := json.Marshal(s)
	if err != nil { // a string always marshals
		return []byte(`""`)
	}
	return text
}

func byteSize(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

func compareStrings(a, b string) int { return cmp.Compare(a, b) }

// trimModels removes the resource prefix of Google's model names.
func trimModels(name string) string { return strings.TrimPrefix(name, "models/") }
