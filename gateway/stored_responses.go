package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/responses"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
)

// This file keeps responses that translations made. A call puts its response
// into memory, where it can be read at once; a writer brings it to the store.

// StoredResponses are responses that are not written yet. Safe for concurrent
// use.
type StoredResponses struct {
	wake    chan struct{} // there is something to write
	writing sync.Mutex    // held while a batch is written, so that what is deleted stays so

	mu    sync.Mutex
	list  []*storedResponse // the oldest first
	bytes int
	lost  int // for want of room
}

// storedResponse is a response of a token.
type storedResponse struct {
	responses.Kept
	token string
	made  time.Time
	uses  []string // the responses that it refers to
}

func (r *storedResponse) size() int { return len(r.Input) + len(r.Response) }

// Bounds of what is kept.
const (
	maxUnwritten      = 64 << 20 // bytes in memory, while the store is slow or away
	maxStoredResponse = 8 << 20  // bytes of a response with its input; databases bound what a row takes
	responseBatch     = 16
	responseWait      = 10 * time.Second // for the store
	responseRetry     = time.Second
)

func newStoredResponses() *StoredResponses { return &StoredResponses{wake: make(chan struct{}, 1)} }

// put never waits for the store.
func (s *StoredResponses) put(r *storedResponse) {
	s.mu.Lock()
	s.list = append(s.list, r)
	s.bytes += r.size()
	for s.bytes > maxUnwritten {
		s.bytes -= s.list[0].size()
		s.list = slices.Delete(s.list, 0, 1)
		s.lost++
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// find returns one that is not written yet, nil if there is none.
func (s *StoredResponses) find(token, id string) *responses.Kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.list {
		if r.ID == id && r.token == token {
			return &r.Kept
		}
	}
	return nil
}

// drop takes out what was written or deleted. It reports whether anything was there.
func (s *StoredResponses) drop(gone func(r *storedResponse) bool) (found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = slices.DeleteFunc(s.list, func(r *storedResponse) bool {
		if !gone(r) {
			return false
		}
		s.bytes -= r.size()
		found = true
		return true
	})
	return found
}

// oldest returns what is to be written next, and how many were lost since it
// was asked for the last time.
func (s *StoredResponses) oldest() (batch []*storedResponse, lost int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lost, s.lost = s.lost, 0
	return slices.Clone(s.list[:min(len(s.list), responseBatch)]), lost
}

// remove deletes a response. The error is store.ErrNotFound if there is none.
func (s *StoredResponses) remove(ctx context.Context, from ResponseStore, token, id string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	found := s.drop(func(r *storedResponse) bool { return r.ID == id && r.token == token })
	err := from.DeleteResponse(ctx, token, id)
	if found && errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// ResponseStore is where responses are kept, see store.Responses.
type ResponseStore = store.Responses

// ResponseWriter writes responses to a store, and forgets old ones.
type ResponseWriter struct {
	From    *StoredResponses
	Store   ResponseStore
	Conf    func() config.ResponsesStore // that of the moment
	Keyring func() *secrets.Keyring      // nil while it is not known
	Log     func() *zap.Logger
}

// Run writes until ctx ends.
func (w *ResponseWriter) Run(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	retry := time.NewTimer(0)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			w.drain(context.WithoutCancel(ctx))
			return
		case <-tick.C:
			w.forget(ctx)
		case <-retry.C:
			w.forget(ctx)
			if !w.drain(ctx) {
				retry.Reset(responseRetry)
			}
		case <-w.From.wake:
			if !w.drain(ctx) {
				retry.Reset(responseRetry)
			}
		}
	}
}

// drain writes what is there. It reports whether nothing is left for later.
func (w *ResponseWriter) drain(ctx context.Context) bool {
	for {
		done, err := w.write(ctx)
		if err != nil {
			w.Log().Warn("responses that clients may refer to cannot be kept; it is tried again", zap.Error(err))
		}
		if err != nil || done {
			return err == nil
		}
	}
}

// errNoKeyring says that the encryption key is not known yet.
var errNoKeyring = errors.New("the encryption key is not known yet")

// write writes a batch. done says that there was nothing to write.
func (w *ResponseWriter) write(ctx context.Context) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, responseWait)
	defer cancel()
	w.From.writing.Lock()
	defer w.From.writing.Unlock()
	batch, lost := w.From.oldest()
	if lost > 0 {
		w.Log().Warn("responses that clients may refer to are not kept, because the store is too slow for them", zap.Int("lost", lost))
	}
	if len(batch) == 0 {
		return true, nil
	}
	keys := w.Keyring()
	if keys == nil {
		return false, errNoKeyring
	}
	rows := make([]store.Response, len(batch))
	for i, r := range batch {
		rows[i] = r.sealed(keys)
	}
	if err := w.Store.SaveResponses(ctx, rows); err != nil {
		return false, err
	}
	w.From.drop(func(r *storedResponse) bool { return slices.Contains(batch, r) })
	conf := w.Conf()
	return false, w.Store.ForgetResponses(ctx, conf.Since(time.Now()), conf.Bytes)
}

// forget forgets what is too old, or everything once nothing is to be kept.
func (w *ResponseWriter) forget(ctx context.Context) {
	conf := w.Conf()
	ctx, cancel := context.WithTimeout(ctx, responseWait)
	defer cancel()
	// While the store is away there is nothing new to forget either.
	_ = w.Store.ForgetResponses(ctx, conf.Since(time.Now()), conf.Bytes)
}

// sealBinding keeps a sealed response from being taken for another.
func sealBinding(token, id string) string { return "response/" + id + "/" + token }

// sealed is the row of a response.
func (r *storedResponse) sealed(keys *secrets.Keyring) store.Response {
	var w protocol.Writer
	w.Open('{')
	w.Key("input")
	w.Raw(r.Input)
	w.Key("response")
	w.Raw(r.Response)
	w.Close('}')
	return store.Response{
		ID: r.ID, Token: r.token, Time: r.made, Previous: r.Previous, Uses: r.uses,
		Sealed: []byte(keys.Seal(w.B, sealBinding(r.token, r.ID))),
	}
}

// unsealed is the reverse of sealed.
func unsealed(row *store.Response, keys *secrets.Keyring) (*responses.Kept, error) {
	if keys == nil {
		return nil, errNoKeyring
	}
	plain, err := keys.Open(string(row.Sealed), sealBinding(row.Token, row.ID))
	if err != nil {
		return nil, err
	}
	return &responses.Kept{
		ID: row.ID, Previous: row.Previous, Input: protocol.Member(plain, "input"), Response: protocol.Member(plain, "response"),
	}, nil
}

// ResealResponse seals a kept response with the first key of a keyring. What none
// of its keys opens stays as it is: it is forgotten in time.
func ResealResponse(row *store.Response, keys *secrets.Keyring) {
	binding := sealBinding(row.Token, row.ID)
	if plain, err := keys.Open(string(row.Sealed), binding); err == nil && !keys.SealedByFirst(string(row.Sealed)) {
		row.Sealed = []byte(keys.Seal(plain, binding))
	}
}
