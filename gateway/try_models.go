package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/relay"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/secrets"
)

// FetchModels asks the upstream of a channel in use which models it has.
func (g *Gateway) FetchModels(ctx context.Context, channel string) ([]string, error) {
	return fetchModels(ctx, g.Table().ByName[channel], channel, g.State.Pool)
}

// FetchModelsOf does the same for a channel that is not in use.
func (g *Gateway) FetchModelsOf(ctx context.Context, c *config.Channel) ([]string, error) {
	pool := newPool() // for a channel that nobody will call
	defer pool.Close()
	ch, err := routing.NewChannel(c)
	if err != nil {
		field := ""
		if wrong, ok := errors.AsType[*config.Error](err); ok && wrong.Field != "" {
			field = "channel." + wrong.Field
		}
		return nil, admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, field, "%s", err.Error())
	}
	return fetchModels(ctx, ch, c.Name, pool)
}

func fetchModels(ctx context.Context, ch *routing.Channel, name string, pool *relay.Pool) ([]string, error) {
	if ch == nil || ch.Keyless {
		return nil, admin.Problemf(http.StatusNotFound, admin.CodeNotFound, "", "there is no channel %q in use, or it has no key", name)
	}
	via, err := transports(ch, pool, config.DefaultConnectTimeout)
	if err != nil {
		return nil, err
	}
	listed, err := askForModels(ctx, ch, via[0])
	if err != nil {
		return nil, admin.Problemf(http.StatusBadGateway, admin.CodeUpstream, "", "%s", secrets.Redact(err.Error(), ch.Keys[0].Secret))
	}
	names := make([]string, 0, len(listed))
	for _, m := range listed {
		names = append(names, m.name)
	}
	return names, nil
}

// CheckChannel fails if a channel could not serve calls as it is written.
func (g *Gateway) CheckChannel(c *config.Channel) error {
	pool := newPool() // for a channel that nobody will call
	defer pool.Close()
	ch, err := routing.NewChannel(c)
	if err != nil {
		return fmt.Errorf("channel %q: %w", c.Name, err)
	}
	_, err = transports(ch, pool, config.DefaultConnectTimeout)
	return err
}
