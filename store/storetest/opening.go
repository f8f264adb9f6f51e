package storetest

import (
	"context"
	"errors"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/store"
)

func (t suite) closedSaysSo() {
	s := t.db()
	if s.Identity() == "" {
		t.Error("no identity before Open")
	}
	for name, f := range map[string]func() error{
		"WriteCalls":    func() error { return s.WriteCalls(t.Context(), calls(0, 1)) },
		"Call":          func() error { _, err := s.Call(t.Context(), "x"); return err },
		"Calls":         func() error { _, err := s.Calls(t.Context(), store.CallFilter{}); return err },
		"ResponseOwner": func() error { _, _, err := s.ResponseOwner(t.Context(), "x"); return err },
		"SaveCooling":   func() error { return s.SaveCooling(t.Context(), []health.Entry{{}}, nil) },
		"LoadCooling":   func() error { _, err := s.LoadCooling(t.Context()); return err },
		"LoadSpent":     func() error { _, err := s.LoadSpent(t.Context()); return err },
		"Stats":         func() error { _, err := s.Stats(t.Context(), store.StatsFilter{}); return err },
		"Reprice":       func() error { _, _, err := s.Reprice(t.Context(), noon, func(*ai.Record) {}); return err },
		"SaveMemory":    func() error { return s.SaveMemory(t.Context(), "x", []byte("y")) },
		"LoadMemory":    func() error { _, err := s.LoadMemory(t.Context(), "x"); return err },
		"Revisions":     func() error { _, err := s.Revisions(t.Context()); return err },
		"Documents":     func() error { _, _, err := s.Documents(t.Context()); return err },
		"EditDocuments": func() error { return s.EditDocuments(t.Context(), 1, store.Edit{}) },
		"Note":          func() error { return s.Note(t.Context(), store.AuditEntry{}) },
		"Audit":         func() error { _, err := s.Audit(t.Context(), 0, 1); return err },
		"SaveSession":   func() error { return s.SaveSession(t.Context(), store.Session{}) },
		"LoadSession":   func() error { _, err := s.LoadSession(t.Context(), []byte("x")); return err },
		"DeleteSession": func() error { return s.DeleteSession(t.Context(), []byte("x")) },
		"Prune":         func() error { _, err := s.Prune(t.Context(), noon, 1, 1); return err },
	} {
		if err := f(); !errors.Is(err, store.ErrNotOpen) {
			t.Errorf("%s: %v, want ErrNotOpen", name, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing what is closed: %v", err)
	}
}

func (t suite) openingRepeats() {
	s := t.db()
	for range 3 {
		for range 2 {
			if err := s.Open(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		t.write(s, call(1))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Call(t.Context(), call(1).ID); !errors.Is(err, store.ErrNotOpen) {
			t.Fatalf("after Close: %v", err)
		}
	}
	t.wantIDs(t.opened(), store.CallFilter{}, 1)
}

func (t suite) manyOpenAtOnce() {
	const many = 6
	failed := make(chan error, many)
	stores := make([]store.Store, many)
	for i := range stores {
		stores[i] = t.db()
		go func() {
			if err := stores[i].Open(context.Background()); err != nil {
				failed <- err
				return
			}
			failed <- stores[i].WriteCalls(context.Background(), calls(i*10, i*10+10))
		}()
	}
	for range stores {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	for _, s := range stores {
		if got := t.ids(s, store.CallFilter{Limit: 500}); len(got) != many*10 {
			t.Errorf("%d calls of %d", len(got), many*10)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func (t suite) missingIsNotFound() {
	s := t.opened()
	t.write(s, call(1))
	for _, id := range []string{"", "req_000002", "%", "' OR 1=1 --", "req_00000_", "\x00"} {
		if r, err := s.Call(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: %v, %v", id, r, err)
		}
	}
}
