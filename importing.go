package ccload

import (
	"context"
	"errors"

	"github.com/ccload/ccload/admin"
)

// Import implements admin.Operator.
func (a *App) Import(context.Context, admin.Actor, admin.ImportFile) (*admin.ImportResult, error) {
	return nil, errors.New("not yet")
}

// Export implements admin.Operator.
func (a *App) Export(context.Context, admin.Actor, string, bool) ([]byte, error) {
	return nil, errors.New("not yet")
}

var _ admin.Operator = (*App)(nil)
