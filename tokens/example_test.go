package tokens_test

import (
	"fmt"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/tokens"
)

// How many tokens a request has, before it is sent and without asking anybody.
func Example() {
	counter := tokens.New()
	sent := tokens.Sent{Protocol: ai.OpenAI}
	body := []byte(`{"model":"gpt-4o","messages":[{"role":"user","content":"How many tokens are these?"}]}`)

	fmt.Println(counter.Send(sent, "gpt-4o", body).Tokens)
	// Output: 13
}
