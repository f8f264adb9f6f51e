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

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
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
	a.state.prices.Set(own, stored, list)
	if a.Prices == nil || a.Prices.SyncURL == "" {
		return
	}
	url := strings.TrimSpace(caddy.NewReplacer().ReplaceKnown(a.Prices.SyncURL, ""))
	every := time.Duration(a.Prices.SyncInterval)
	if every <= 0 {
		every = config.DefaultSyncInterval
	}
	sync := pricing.Sync{Book: a.state.prices, URL: url, Every: every, Log: a.logger, Keep: func(ctx context.Context, list []byte) error {
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
	a.state.prices.SetStored(rows)
	return nil
}

// driftEvery is how often the log repeats that a vendor's costs are not ours.
const driftEvery = time.Hour

// warnDrift says that a vendor charges something else than the catalogue says:
// one of both is out of date.
func (a *App) warnDrift(channel, model string, c *ai.Cost) {
	metrics.drift.Inc()
	now := time.Now()
	key := "drift " + channel + " " + model
	if last, ok := a.state.told.Load(key); ok && now.Sub(last.(time.Time)) < driftEvery {
		return
	}
	a.state.told.Store(key, now)
	a.logger.Warn("the vendor's cost of a call differs from its list price by more than a tenth",
		zap.String("channel", channel), zap.String("model", model), zap.String("list_usd", c.List.String()),
		zap.String("price", c.Price), zap.String("remedy", "check the channel's provider and cost_multiplier, or give the price in a file of prices"))
}

// warnUnpriced says that a model has no price, so that no budget counts it.
func (a *App) warnUnpriced(channel, model string) {
	if _, told := a.state.told.LoadOrStore("unpriced "+channel+" "+model, time.Now()); told {
		return
	}
	a.logger.Warn("no price is known for a model: its calls cost null, and no budget counts them",
		zap.String("channel", channel), zap.String("model", model),
		zap.String("remedy", "give its price in a file of prices (see the prices option); caddy ccload reprice then prices what was served before"))
}

// announceExhausted tells people, once for each period, that a budget is used
// up.
func (a *App) announceExhausted(thing, name string, limit access.Limit, resets time.Time) {
	switch limit {
	case access.LimitDay, access.LimitMonth, access.LimitTotal:
	default:
		return
	}
	key := "budget " + thing + "/" + name + " " + string(limit)
	if last, ok := a.state.told.Load(key); ok && last.(time.Time).Equal(resets) {
		return
	}
	a.state.told.Store(key, resets)
	a.logger.Warn("a budget is used up", zap.String(thing, name), zap.String("limit", string(limit)), zap.Time("resets", resets))
	a.events.Emit(a.ctx, "ccload.budget_exhausted", map[string]any{
		thing: name, "limit": string(limit), "resets": resets,
	})
}
