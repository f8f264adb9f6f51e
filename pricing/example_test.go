package pricing_test

import (
	"fmt"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/pricing"
)

// What a call cost by the list prices of its day: cached input is cheaper, and a
// model that nobody prices is not free.
func Example() {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	usage := ai.Usage{Input: 100_000, CachedInput: 80_000, Output: 2_000}

	cost := pricing.Default().Price("anthropic", "claude-opus-4-6", day, &usage, nil)
	fmt.Println("USD", cost.List)

	unknown := pricing.Default().Price("anthropic", "claude-nobody-knows", day, &usage, nil)
	fmt.Println("without a price:", unknown.Unpriced)
	// Output:
	// USD 0.19
	// without a price: true
}
