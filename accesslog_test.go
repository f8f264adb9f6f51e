package ccload

import (
	"testing"

	"go.uber.org/zap/zapcore"

	"github.com/ccload/ccload/ai"
)

// TestLoggedCostIsThePricedPart: a cost is left out only where nothing of it is
// known, in log lines and placeholders alike.
func TestLoggedCostIsThePricedPart(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		cost ai.Cost
		want string
	}{
		{ai.Cost{Amount: 5_000_000, List: 5_000_000}, "0.005"},
		{ai.Cost{Amount: 5_000_000, List: 5_000_000, Unpriced: true}, "0.005"}, // one attempt of two has a price
		{ai.Cost{Unpriced: true}, ""},
		{ai.Cost{}, "0"},
	} {
		rec := &ai.Record{Cost: row.cost}
		enc := zapcore.NewMapObjectEncoder()
		if err := (loggedCall{rec}).MarshalLogObject(enc); err != nil {
			t.Fatal(err)
		}
		logged, there := enc.Fields["cost_usd"].(string)
		placed, _ := placeholder(rec, "cost_usd")
		if logged != row.want || there != (row.want != "") || placed != row.want {
			t.Errorf("%+v: logged %q, placeholder %q, want %q", row.cost, logged, placed, row.want)
		}
	}
}
