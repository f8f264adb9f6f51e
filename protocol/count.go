package protocol

import (
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
)

// Count reads a count. What is no count leaves it as it is, and makes the
// usage doubtful unless it is null.
func Count(u *ai.Usage, to *int64, value []byte) {
	const limit = 1 << 40
	if n, ok := scan.Int(value); ok && n >= 0 && n < limit {
		*to = n
	} else if string(value) != "null" {
		u.Doubtful = true
	}
}
