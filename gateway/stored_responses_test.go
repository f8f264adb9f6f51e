package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/protocol/responses"
	"github.com/ccload/ccload/secrets"
	"github.com/ccload/ccload/store"
)

// keptInMemory is a store of responses that may be away.
type keptInMemory struct {
	away   atomic.Bool
	rows   map[string]store.Response
	forgot []time.Time
	bytes  int64
}

func (s *keptInMemory) SaveResponses(_ context.Context, list []store.Response) error {
	if s.away.Load() {
		return store.ErrAway
	}
	for _, r := range list {
		s.rows[r.ID] = r
	}
	return nil
}

func (s *keptInMemory) LoadResponses(_ context.Context, token, id string, _ bool) ([]store.Response, error) {
	if r, ok := s.rows[id]; ok && r.Token == token {
		return []store.Response{r}, nil
	}
	return nil, store.ErrNotFound
}

func (s *keptInMemory) DeleteResponse(_ context.Context, token, id string) error {
	if r, ok := s.rows[id]; !ok || r.Token != token {
		return store.ErrNotFound
	}
	delete(s.rows, id)
	return nil
}

func (s *keptInMemory) ResealResponses(context.Context, func(*store.Response) error) error {
	return errors.ErrUnsupported
}

func (s *keptInMemory) ForgetResponses(_ context.Context, before time.Time, bytes int64) error {
	s.forgot, s.bytes = append(s.forgot, before), bytes
	return nil
}

func keptNamed(i, size int) *storedResponse {
	return &storedResponse{
		Kept:  responses.Kept{ID: fmt.Sprint("resp_", i), Input: make([]byte, size), Response: []byte(`{}`)},
		token: "t", made: time.Now(),
	}
}

// TestResponsesAreWrittenBehind: what is made can be read at once, is written
// sealed once the store can be used, and is forgotten as the settings say.
func TestResponsesAreWrittenBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys, err := secrets.NewKeyring(make([]byte, secrets.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		s, in := newStoredResponses(), &keptInMemory{rows: make(map[string]store.Response)}
		in.away.Store(true)
		conf := new(config.ResponsesStore).Resolved()
		var off atomic.Bool
		w := &ResponseWriter{
			From: s, Store: in, Conf: func() config.ResponsesStore {
				now := conf
				now.Disabled = off.Load()
				return now
			},
			Keyring: func() *secrets.Keyring { return keys }, Log: zap.NewNop,
		}
		ctx, end := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { w.Run(ctx); close(done) }()
		one := keptNamed(1, 0)
		one.Input = []byte(`["said in confidence"]`)
		s.put(one)
		synctest.Wait()
		if s.find("t", "resp_1") == nil || s.find("u", "resp_1") != nil {
			t.Error("it cannot be read at once, by its token only")
		}
		in.away.Store(false)
		time.Sleep(2 * responseRetry)
		synctest.Wait()
		row, ok := in.rows["resp_1"]
		if !ok || s.find("t", "resp_1") != nil {
			t.Fatal("it was not written when the store was back")
		}
		if k, err := unsealed(&row, keys); err != nil || string(k.Input) != string(one.Input) || len(row.Sealed) < len(one.Input) {
			t.Errorf("%+v, %v", k, err)
		}
		row.Token = "u"
		if _, err := unsealed(&row, keys); !errors.Is(err, secrets.ErrBroken) {
			t.Errorf("another token opens it: %v", err)
		}
		if last := in.forgot[len(in.forgot)-1]; in.bytes != config.DefaultResponsesBytes || time.Since(last) < config.DefaultResponsesAge {
			t.Errorf("what is older than %v or beyond %d bytes was forgotten", last, in.bytes)
		}
		off.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		if last := in.forgot[len(in.forgot)-1]; time.Since(last) > time.Minute {
			t.Errorf("switched off, it keeps what was made since %v", last)
		}

		s.put(keptNamed(2, 10))
		if err := s.remove(t.Context(), in, "u", "resp_2"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another token deletes it: %v", err)
		}
		if err := s.remove(t.Context(), in, "t", "resp_2"); err != nil || in.rows["resp_2"].ID != "" {
			t.Errorf("deleting what is written or not: %v", err)
		}
		s.put(keptNamed(3, 10))
		end()
		<-done
		if _, ok := in.rows["resp_3"]; !ok {
			t.Error("what was left at the end is lost")
		}
	})
}

// TestUnwrittenResponsesAreBounded: while the store is away memory does not grow
// without end, and the newest stay.
func TestUnwrittenResponsesAreBounded(t *testing.T) {
	s := newStoredResponses()
	const size = maxUnwritten / 4
	for i := range 6 {
		s.put(keptNamed(i, size))
	}
	batch, lost := s.oldest()
	if s.bytes > maxUnwritten || len(batch) != 3 || lost != 3 || s.find("t", "resp_5") == nil || s.find("t", "resp_0") != nil {
		t.Errorf("%d bytes, %d kept, %d lost", s.bytes, len(batch), lost)
	}
}
