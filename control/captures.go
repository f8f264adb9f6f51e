package control

import (
	"context"
	"errors"
	"net/http"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/store"
)

// Captured implements admin.Operator.
func (s *Service) Captured(ctx context.Context, id string) (*admin.Capture, error) {
	one, err := s.state.Store.LoadCapture(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, admin.Problemf(http.StatusNotFound, admin.CodeNotFound, "", "nothing was captured of this call: captures are switched on in the settings, and kept for a short time")
	}
	if err != nil {
		return nil, storeProblem(err)
	}
	return &admin.Capture{ID: one.ID, Time: one.Time, Request: string(one.Request), Answer: string(one.Answer), Upstream: string(one.Upstream), Cut: one.Cut}, nil
}
