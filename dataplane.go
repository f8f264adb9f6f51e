package ccload

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/secrets"
)

// FetchModels implements dataPlane.
func (a *App) FetchModels(ctx context.Context, name string) ([]string, error) {
	return fetchModels(ctx, a.registry.Load().byName[name], name, a.state.gateway.Pool)
}

// FetchModelsOf implements dataPlane.
func (a *App) FetchModelsOf(ctx context.Context, c *config.Channel) ([]string, error) {
	scratch, pool := newRoutingState(nil), newPool() // for a channel that nobody will call
	defer pool.Close()
	ch, err := newChannel(c, asWritten, scratch, scratch.counts(time.UTC), func(string) {})
	if err != nil {
		return nil, problemOf(err)
	}
	return fetchModels(ctx, ch, c.Name, pool)
}

func fetchModels(ctx context.Context, ch *channel, name string, pool *relay.Pool) ([]string, error) {
	if ch == nil || ch.keyless {
		return nil, admin.Problemf(http.StatusNotFound, admin.CodeNotFound, "", "there is no channel %q in use, or it has no key", name)
	}
	via, err := ch.transports(pool, config.DefaultConnectTimeout)
	if err != nil {
		return nil, err
	}
	names, err := askForModels(ctx, ch, via[0])
	if err != nil {
		return nil, admin.Problemf(http.StatusBadGateway, admin.CodeUpstream, "", "%s", secrets.Redact(err.Error(), ch.keys[0].secret))
	}
	return names, nil
}

// CheckChannel implements dataPlane.
func (a *App) CheckChannel(c *config.Channel) error {
	scratch, pool := newRoutingState(nil), newPool() // for a channel that nobody will call
	defer pool.Close()
	ch, err := newChannel(c, asWritten, scratch, scratch.counts(time.UTC), func(string) {})
	if err != nil {
		return fmt.Errorf("channel %q: %w", c.Name, err)
	}
	_, err = ch.transports(pool, config.DefaultConnectTimeout)
	return err
}
