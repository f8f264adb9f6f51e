package control

import (
	"context"
	"errors"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
)

// Calls returns the newest calls that fit, what waits to be written included.
func (s *Service) Calls(ctx context.Context, f admin.CallFilter) ([]*ai.Record, error) {
	if err := s.state.Gateway.Ledger.Flush(ctx); err != nil {
		return nil, err
	}
	return s.state.Store.Calls(ctx, store.CallFilter{
		Token: f.Token, Channel: f.Channel, Model: f.Model, Outcome: f.Outcome, Status: f.Status,
		Since: f.Since, Until: f.Until, Before: f.Before, Limit: f.Limit,
	})
}

// Call returns one call. What waits to be written is written first, so that a
// call can be looked at the moment it has ended.
func (s *Service) Call(ctx context.Context, id string) (*ai.Record, error) {
	rec, err := s.state.Store.Call(ctx, id)
	if !errors.Is(err, store.ErrNotFound) {
		return rec, err
	}
	if err := s.state.Gateway.Ledger.Flush(ctx); err != nil {
		return nil, err
	}
	rec, err = s.state.Store.Call(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, admin.ErrNotFound
	}
	return rec, err
}

// Explain implements admin.Source.
func (s *Service) Explain(q admin.Question) (*admin.Explanation, error) { return s.gateway.Explain(q) }

// ExpectedShares implements admin.Source.
func (s *Service) ExpectedShares(asked []admin.Asked) map[string]float64 {
	return s.gateway.ExpectedShares(asked)
}
