package ccload

import (
	"context"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
)

// This file is what the operator sees of money.

// Budgets returns what tokens and channels have spent, and may spend.
func (a *App) Budgets(now time.Time) []admin.Budget {
	r := a.gateway.Table()
	tokens := r.Tokens.Names()
	list := make([]admin.Budget, 0, len(tokens)+len(r.Channels))
	for _, name := range tokens {
		list = append(list, budgetState("token", name, r.Tokens.ByName(name).Allowance(), now))
	}
	for _, ch := range r.Channels {
		list = append(list, budgetState("channel", ch.Name, ch.Allowance, now))
	}
	return list
}

func budgetState(kind, name string, allowance *access.Allowance, now time.Time) admin.Budget {
	calendar := allowance.Calendar()
	day := calendar.Day(now)
	state := allowance.Spent(now)
	show := func(limit access.Limit, spent, most ai.Money) admin.Spent {
		return admin.Spent{Spent: spent, Limit: most, Resets: calendar.Resets(limit, day)}
	}
	b := allowance.Budget
	return admin.Budget{
		Kind: kind, Name: name, Reserved: state.Reserved,
		Day:   show(access.LimitDay, state.Day, b.Day),
		Month: show(access.LimitMonth, state.Month, b.Month),
		Total: show(access.LimitTotal, state.Total, b.Total),
	}
}

// Price tells what a usage would cost, and by which price.
func (a *App) Price(q admin.PriceQuestion) admin.Priced {
	if q.At.IsZero() {
		q.At = time.Now()
	}
	cost, lines := a.state.gateway.Prices.Catalogue().Explain(q.Provider, q.Model, q.At, &q.Usage, nil)
	return admin.Priced{Cost: cost, Lines: lines}
}

// Lessons returns what replies have taught about counting tokens.
func (a *App) Lessons() any { return a.state.gateway.Counter.Inspect() }

// Reprice prices stored calls anew, by the prices that are known now for the
// moments of the calls, and corrects what was spent by it. Channels that are
// not in the config any more keep their costs: what they are is not known.
func (a *App) Reprice(ctx context.Context, since time.Time) (int, error) {
	if err := a.state.gateway.Ledger.Flush(ctx); err != nil {
		return 0, err
	}
	n, moved, err := a.state.store.Reprice(ctx, since, a.repriceRecord)
	a.state.routing.Purses.Load(moved)
	return n, err
}

// repriceRecord prices one record anew.
func (a *App) repriceRecord(r *ai.Record) {
	catalogue := a.state.gateway.Prices.Catalogue()
	total := ai.Cost{}
	for i := range r.Attempts {
		at := &r.Attempts[i]
		if ch := a.gateway.Table().ByName[at.Target.Channel]; ch != nil && !at.Usage.IsZero() {
			at.Cost = catalogue.Price(ch.Conf.Provider, at.Target.Model, r.Time, &at.Usage, at.Cost.Multiplier)
		}
		total.Amount += at.Cost.Amount
		total.List += at.Cost.List
		total.Unpriced = total.Unpriced || at.Cost.Unpriced
		total.OtherTier = total.OtherTier || at.Cost.OtherTier
		total.Drifted = total.Drifted || at.Cost.Drifted
		if at.Cost.Price != "" || at.Cost.Multiplier != nil {
			total.Price, total.Multiplier = at.Cost.Price, at.Cost.Multiplier
		}
	}
	r.Cost = total
}
