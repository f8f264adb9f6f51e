package ccload

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/pricing"
	"github.com/ccload/ccload/store"
)

// maxPriceFile bounds a file of prices.
const maxPriceFile = 16 << 20

// readPrices reads the operator's files of prices.
func (a *App) readPrices() ([]pricing.Row, error) {
	if a.Prices == nil {
		return nil, nil
	}
	replace := caddy.NewReplacer()
	var rows []pricing.Row
	for _, name := range a.Prices.Files {
		name = replace.ReplaceKnown(name, "")
		info, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("prices: %w", err)
		}
		if info.Size() > maxPriceFile {
			return nil, fmt.Errorf("prices: %s is larger than %d MiB", name, maxPriceFile>>20)
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("prices: %w", err)
		}
		more, err := pricing.ParseFile(name, data)
		if err != nil {
			return nil, fmt.Errorf("prices: %w", err)
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// Names under which the store keeps what is learned.
const (
	pricesMemory    = "prices"
	ownPricesMemory = "own_prices"
	tokensMemory    = "tokens"
)

// usePrices puts the config's prices into force and begins to fetch its list,
// until ctx ends.
func (a *App) usePrices(ctx context.Context, own []pricing.Row) {
	var list pricing.List
	if a.Prices != nil && a.Prices.SyncURL != "" {
		if saved, err := a.state.store.LoadMemory(ctx, pricesMemory); err == nil {
			if err := json.Unmarshal(saved, &list); err != nil {
				a.logger.Warn("the prices of the last list cannot be read", zap.Error(err))
			}
		} else if !errors.Is(err, store.ErrNotFound) {
			a.logger.Warn("the prices of the last list cannot be read", zap.Error(err))
		}
	}
	stored, err := a.OwnPrices(ctx)
	if err != nil {
		a.logger.Warn("the prices in the store cannot be read", zap.Error(err))
	}
	a.state.gateway.Prices.Set(own, stored, list)
	if a.Prices == nil || a.Prices.SyncURL == "" {
		return
	}
	url := strings.TrimSpace(caddy.NewReplacer().ReplaceKnown(a.Prices.SyncURL, ""))
	every := time.Duration(a.Prices.SyncInterval)
	if every <= 0 {
		every = config.DefaultSyncInterval
	}
	sync := pricing.Sync{Book: a.state.gateway.Prices, URL: url, Every: every, Log: a.logger, Keep: func(ctx context.Context, list []byte) error {
		return a.state.store.SaveMemory(ctx, pricesMemory, list)
	}}
	a.background.Go(func() { sync.Run(ctx) })
}

// OwnPrices returns the operator's prices that are kept in the store.
func (a *App) OwnPrices(ctx context.Context) ([]pricing.Row, error) {
	rows := []pricing.Row{}
	saved, err := a.state.store.LoadMemory(ctx, ownPricesMemory)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return rows, nil
	case err != nil:
		return nil, err
	}
	return rows, json.Unmarshal(saved, &rows)
}

// SetOwnPrices replaces them. Those of files go before them.
func (a *App) SetOwnPrices(ctx context.Context, rows []pricing.Row) error {
	text, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	if err := a.state.store.SaveMemory(ctx, ownPricesMemory, text); err != nil {
		return err
	}
	a.state.gateway.Prices.SetStored(rows)
	return nil
}
