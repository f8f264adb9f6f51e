package protocol

import (
	"bytes"
	"errors"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/protocol/scan"
	"github.com/ccload/ccload/protocol/sse"
)

// BrokenEvent judges an event whose data is not a JSON object; err is what the
// scanner says of it. What is cut short is usually the last event of a stream
// that broke off, and proves nothing by itself. An event named error, or whose
// text speaks of one, is one, whatever it looks like.
func BrokenEvent(ev sse.Event, err error) (f ai.Failure, failed bool) {
	data := bytes.TrimSpace(ev.Data)
	switch {
	case string(ev.Name) == "error":
		f, _ = ParseFailure(data)
		return f, true
	case len(data) == 0 || errors.Is(err, scan.ErrTruncated):
		return f, false
	case data[0] == '{':
		return ai.Failure{Message: "upstream sent an event that is not JSON"}, true
	}
	return ParseFailure(data)
}
