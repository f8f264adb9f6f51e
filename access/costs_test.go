package access_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
)

// A call that grows beyond what was set aside keeps newcomers out, and gives back
// what it had when it ends; a call that is alone is measured by what is likely.
func TestCallsThatGrow(t *testing.T) {
	token := budgeted(t, newCounts(), access.Budget{Total: ai.Dollar})
	now := time.Now()
	reserved := func() ai.Money { return token.Limiter().Spent(now).Reserved }
	long, err := token.Admit(now, access.Use{Money: 10 * cent, Likely: cent})
	if err != nil {
		t.Fatal(err)
	}
	long.Costs(5 * cent)
	if reserved() != 10*cent {
		t.Errorf("reserved %v for a call that has cost less", reserved())
	}
	long.Costs(99 * cent)
	var over *access.LimitError
	if _, err = token.Admit(now, access.Use{Money: 20 * cent, Likely: cent}); !errors.As(err, &over) || !over.Reserved || over.RetryAfter == 0 || !over.Resets.IsZero() {
		t.Fatalf("a newcomer: %v", err)
	}
	freed := token.Limiter().Freed()
	long.Settle(access.Use{Money: 95 * cent})
	select {
	case <-freed:
	default:
		t.Error("nobody is told that something was given back")
	}
	long.Costs(ai.Dollar) // too late
	if reserved() != 0 {
		t.Errorf("reserved %v in the end", reserved())
	}
	if _, err = token.Admit(now, access.Use{Money: ai.Dollar, Likely: 20 * cent}); !errors.As(err, &over) || over.Reserved {
		t.Errorf("a call that is likely to take more than a tenth above: %v", err)
	}
	if a, err := token.Admit(now, access.Use{Money: ai.Dollar, Likely: 10 * cent}); err != nil {
		t.Errorf("the end of the budget is of no use: %v", err)
	} else {
		a.Settle(access.Use{})
	}
}
