package pricing

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// Sync keeps a book in step with a list of prices that is fetched from time to
// time. What fails is logged, and the prices known before stay in force.
type Sync struct {
	Book  *Book
	URL   string
	Every time.Duration // between two fetches
	Log   *zap.Logger

	// Keep saves the list, as JSON of List, so that a later start has it.
	Keep func(ctx context.Context, list []byte) error
}

// Run fetches the list now, and again after each interval, until ctx ends.
func (s *Sync) Run(ctx context.Context) {
	client := &http.Client{Transport: http.DefaultTransport}
	tick := time.NewTicker(s.Every)
	defer tick.Stop()
	for {
		s.once(ctx, client)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Sync) once(ctx context.Context, client *http.Client) {
	list := s.Book.List()
	body, etag, err := Fetch(ctx, client, s.URL, list.ETag)
	if err != nil || body == nil {
		if err != nil && ctx.Err() == nil {
			s.Log.Warn("fetching prices; those known before stay in force", zap.Error(err))
		}
		return
	}
	added, err := list.Update(Default(), body, time.Now())
	if err != nil {
		s.Log.Warn("reading the list of prices", zap.Error(err), zap.Int("taken_in", added))
	}
	if added == 0 && err != nil {
		return
	}
	list.ETag = etag
	s.Book.SetList(list)
	if added > 0 {
		s.Log.Info("prices have changed", zap.Int("models", added))
	}
	if saved, err := json.Marshal(&list); err == nil {
		if err := s.Keep(ctx, saved); err != nil && ctx.Err() == nil {
			s.Log.Warn("keeping the list of prices", zap.Error(err))
		}
	}
}
