package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"go.uber.org/zap"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/pricing"
	"github.com/ccload/ccload/store"
)

// maxPriceFile bounds a file of prices.
const maxPriceFile = 16 << 20

// ReadPrices reads the operator's files of prices.
func (s *Service) ReadPrices() ([]pricing.Row, error) {
	if s.declared.Prices == nil {
		return nil, nil
	}
	var rows []pricing.Row
	for _, name := range s.declared.Prices.Files {
		written := name
		if name = s.replacer.ReplaceKnown(name, ""); name == "" {
			return nil, fmt.Errorf("prices: the name of a file is empty here: set what it comes from, %s", config.EmptyPlaceholders(written, func(text string) string { return s.replacer.ReplaceAll(text, "") }))
		}
		info, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("prices: %w: give the file there, or change the option prices", err)
		}
		if info.IsDir() {
			return nil, fmt.Errorf("prices: %s is a folder: name the file in it", name)
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

// Names under which the store keeps prices.
const (
	pricesMemory    = "prices"
	ownPricesMemory = "own_prices"
)

// fetchesPrices reports whether the config names a list of prices to fetch.
func fetchesPrices(c *config.App) bool {
	return c.Prices != nil && c.Prices.SyncURL != ""
}

// readPrices puts the prices that the store keeps into force. What it cannot
// read stays as it was.
func (s *Service) readPrices(ctx context.Context) {
	if fetchesPrices(s.declared) {
		var list pricing.List
		saved, err := s.state.Store.LoadMemory(ctx, pricesMemory)
		if err == nil {
			err = json.Unmarshal(saved, &list)
		}
		switch {
		case err == nil:
			s.state.Gateway.Prices.SetList(list)
		case !errors.Is(err, store.ErrNotFound):
			s.log.Warn("the prices of the last list cannot be read", zap.Error(err))
		}
	}
	stored, err := s.OwnPrices(ctx)
	if err != nil {
		s.log.Warn("the prices in the store cannot be read", zap.Error(err))
		return
	}
	s.state.Gateway.Prices.SetStored(stored)
}

// UsePrices puts the config's prices into force: own, which are those of its
// files, before those of the store and of the fetched list, which Open reads. It
// returns what fetches that list until its context ends, nil if the config names
// none.
func (s *Service) UsePrices(own []pricing.Row) (sync func(context.Context)) {
	s.state.Gateway.Prices.SetOwn(own)
	if !fetchesPrices(s.declared) {
		s.state.Gateway.Prices.SetList(pricing.List{})
		return nil
	}
	url := strings.TrimSpace(s.replacer.ReplaceKnown(s.declared.Prices.SyncURL, ""))
	every := s.declared.Prices.SyncInterval.Duration
	if every <= 0 {
		every = config.DefaultSyncInterval
	}
	fetched := pricing.Sync{Book: s.state.Gateway.Prices, URL: url, Every: every, Log: s.log, Keep: func(ctx context.Context, list []byte) error {
		return s.state.Store.SaveMemory(ctx, pricesMemory, list)
	}}
	return fetched.Run
}

// OwnPrices returns the operator's prices that are kept in the store.
func (s *Service) OwnPrices(ctx context.Context) ([]pricing.Row, error) {
	rows := []pricing.Row{}
	saved, err := s.state.Store.LoadMemory(ctx, ownPricesMemory)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return rows, nil
	case err != nil:
		return nil, err
	}
	return rows, json.Unmarshal(saved, &rows)
}

// SetOwnPrices replaces them. Those of files go before them.
func (s *Service) SetOwnPrices(ctx context.Context, rows []pricing.Row) error {
	text, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	if err := s.state.Store.SaveMemory(ctx, ownPricesMemory, text); err != nil {
		return err
	}
	s.state.Gateway.Prices.SetStored(rows)
	return nil
}
