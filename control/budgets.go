package control

import (
	"context"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/pricing"
	"github.com/ccload/ccload/routing"
)

// Budgets returns what tokens and channels have spent, and may spend.
func (s *Service) Budgets(now time.Time) []admin.Budget {
	r := s.gateway.Table()
	tokens := r.Tokens.Names()
	list := make([]admin.Budget, 0, len(tokens)+len(r.Channels))
	for _, name := range tokens {
		list = append(list, budgetState("token", name, r.Tokens.ByName(name).Limiter(), now))
	}
	for _, ch := range r.Channels {
		list = append(list, budgetState("channel", ch.Name, ch.Limiter, now))
	}
	return list
}

func budgetState(kind, name string, allowance *access.Limiter, now time.Time) admin.Budget {
	calendar := allowance.Calendar()
	day := calendar.Day(now)
	state := allowance.Spent(now)
	show := func(limit access.Limit, spent, most ai.Money) admin.Spent {
		return admin.Spent{Spent: spent, Limit: most, Resets: calendar.Resets(limit, day)}
	}
	b := allowance.Budget
	return admin.Budget{
		Kind: kind, Name: name, Reserved: state.Reserved, InFlight: allowance.InFlight(),
		Day:   show(access.LimitDay, state.Day, b.Day),
		Month: show(access.LimitMonth, state.Month, b.Month),
		Total: show(access.LimitTotal, state.Total, b.Total),
	}
}

// Price tells what a usage would cost, and by which price.
func (s *Service) Price(q admin.PriceQuestion) admin.Priced {
	if q.At.IsZero() {
		q.At = time.Now()
	}
	cost, lines := s.state.Gateway.Prices.Catalogue().Explain(q.Provider, q.Model, q.At, &q.Usage, nil)
	return admin.Priced{Cost: cost, Lines: lines}
}

// Lessons returns what replies have taught about counting tokens.
func (s *Service) Lessons() any { return s.state.Gateway.Counter.Inspect() }

// Reprice prices stored calls anew, by the prices that are known now for the
// moments of the calls, and corrects what was spent by it. Channels that are
// not in the config any more keep their costs: what they are is not known.
func (s *Service) Reprice(ctx context.Context, since time.Time) (int, error) {
	if err := s.state.Gateway.Ledger.Flush(ctx); err != nil {
		return 0, err
	}
	n, moved, err := s.state.Store.Reprice(ctx, since, func(r *ai.Record) {
		repriceRecord(s.state.Gateway.Prices.Catalogue(), s.gateway.Table(), r)
	})
	s.state.Routing.Spending.Load(moved)
	return n, err
}

// repriceRecord prices one record anew.
func repriceRecord(catalogue *pricing.Catalogue, table *routing.Table, r *ai.Record) {
	total := ai.Cost{}
	for i := range r.Attempts {
		at := &r.Attempts[i]
		if ch := table.ByName[at.Target.Channel]; ch != nil && !at.Usage.IsZero() {
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
