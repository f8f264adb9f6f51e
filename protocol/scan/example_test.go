package scan_test

import (
	"fmt"

	"github.com/ccload/ccload/protocol/scan"
)

// A request is validated in one pass that says where its members lie; the model
// is then replaced without touching any other byte.
func Example() {
	body := []byte(`{"model":"claude-sonnet-4-5", "max_tokens":64, "messages":[{"role":"user","content":"hi"}]}`)

	err := scan.Members(body, func(key []byte, start, end int) bool {
		fmt.Printf("%s: %s\n", key, body[start:end])
		return true
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	start, end, _ := scan.Get(body, "model")
	fmt.Println(string(scan.Splice(body, start, end, scan.Quote("claude-haiku-4-5"))))
	fmt.Println(scan.Valid(body[:40]))
	// Output:
	// model: "claude-sonnet-4-5"
	// max_tokens: 64
	// messages: [{"role":"user","content":"hi"}]
	// {"model":"claude-haiku-4-5", "max_tokens":64, "messages":[{"role":"user","content":"hi"}]}
	// unexpected end of JSON at byte 40
}
