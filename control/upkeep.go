package control

import (
	"context"
	"errors"
	"hash/fnv"
	"path/filepath"
	"strconv"
	"time"

	"go.uber.org/zap"
)

// This file keeps the request log within its bounds, and what was learned.

// Times of keeping.
const (
	pruneEvery = 10 * time.Minute
	pruneStep  = 500 // calls deleted at a time, so that writers never wait long
)

// Retention is how much of the request log is kept; zero values keep all.
type Retention struct {
	Age   time.Duration
	Bytes int64
}

// openJournal gives the ledger its journal, before anything is asked of the
// store: calls may come already. Without one records are in memory only until
// they are stored.
func (s *Storage) openJournal() {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.Store.Identity()))
	dir := filepath.Join(s.Folder, "journal", strconv.FormatUint(h.Sum64(), 16))
	if err := s.Gateway.Ledger.OpenJournal(dir, 0); err != nil {
		s.Log().Error("the journal of calls cannot be kept: a process that is killed loses calls that were answered; it is tried again", zap.String("folder", dir), zap.Error(err))
	}
	if n := s.Gateway.Ledger.Recovered(); n > 0 {
		s.Log().Info("records of calls that an earlier process did not get into the store are written first", zap.Int("records", n))
	}
}

// pruneLoop keeps the request log within its bounds.
func (s *Storage) pruneLoop(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		s.prune(ctx)
		if err := s.KeepLearned(ctx); err != nil && ctx.Err() == nil {
			s.Log().Warn("keeping what was learned of counting tokens and of usage", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Storage) prune(ctx context.Context) {
	keep := s.Retention()
	if keep == nil {
		return
	}
	var before time.Time
	if keep.Age > 0 {
		before = time.Now().Add(-keep.Age)
	}
	for ctx.Err() == nil {
		n, err := s.Store.Prune(ctx, before, keep.Bytes, pruneStep)
		if err != nil && ctx.Err() == nil {
			s.Log().Warn("forgetting old calls", zap.Error(err))
		}
		if err != nil || n == 0 {
			return
		}
	}
}

// tokensMemory is the name under which the store keeps what was learned of
// counting tokens.
const tokensMemory = "tokens"

// usageMemory is the name under which the store keeps which addresses refuse to
// be asked for usage.
const usageMemory = "usage"

// loadLearned reads what KeepLearned has saved. What cannot be read is learned anew.
func (s *Storage) loadLearned(ctx context.Context) {
	if saved, err := s.Store.LoadMemory(ctx, tokensMemory); err == nil {
		if err := s.Gateway.Counter.Load(saved); err != nil {
			s.Log().Warn("what was learned of counting tokens cannot be read and is learned anew", zap.Error(err))
		}
	}
	if saved, err := s.Store.LoadMemory(ctx, usageMemory); err == nil {
		if err := s.Gateway.UsageSupport.Load(saved); err != nil {
			s.Log().Warn("which addresses refuse to be asked for usage is learned anew", zap.Error(err))
		}
	}
}

// KeepLearned saves what replies taught about counting tokens, and about asking
// for usage.
func (s *Storage) KeepLearned(ctx context.Context) error {
	return errors.Join(s.keepTokens(ctx), s.keepUsageSupport(ctx))
}

func (s *Storage) keepTokens(ctx context.Context) error {
	if len(s.Gateway.Counter.Inspect()) == 0 {
		return nil
	}
	saved, err := s.Gateway.Counter.Save()
	if err != nil {
		return err
	}
	return s.Store.SaveMemory(ctx, tokensMemory, saved)
}

func (s *Storage) keepUsageSupport(ctx context.Context) error {
	saved, failed, err := s.Gateway.UsageSupport.Save(time.Now())
	if err != nil || saved == nil {
		return err
	}
	if err := s.Store.SaveMemory(ctx, usageMemory, saved); err != nil {
		failed()
		return err
	}
	return nil
}
