package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/store"
)

func document(kind, name, body string) store.Document {
	return store.Document{Kind: kind, Name: name, Body: []byte(body), Created: noon, Updated: noon.Add(time.Second)}
}

// wantDocuments compares what is stored, and returns its revision.
func (t suite) wantDocuments(s store.Store, want ...store.Document) (revision int64) {
	t.Helper()
	got, revision, err := s.Documents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	if r, err := s.Revisions(t.Context()); err != nil || r.Config != revision {
		t.Errorf("revision %d with the documents, %+v alone: %v", revision, r, err)
	}
	return revision
}

func (t suite) documentsAreEdited() {
	s, other := t.opened(), t.opened()
	first := t.wantDocuments(s)
	long := document(store.KindAlias, strings.Repeat("漢", 256), `{"text":"it's \"x\" 余额"}`)
	claude, laptop := document(store.KindChannel, "claude", `{"a":1}`), document(store.KindToken, "laptop", `{}`)
	if err := s.EditDocuments(t.Context(), first, store.Edit{Put: []store.Document{laptop, claude, long}}); err != nil {
		t.Fatal(err)
	}
	second := t.wantDocuments(other, long, claude, laptop)
	if second <= first {
		t.Errorf("revision %d came after %d", second, first)
	}
	changed := document(store.KindChannel, "claude", `{"a":2}`)
	// A name of another kind, or that was never there, is no matter.
	edit := store.Edit{Put: []store.Document{changed}, Remove: []store.Document{long, laptop, document(store.KindToken, "claude", "")}}
	if err := other.EditDocuments(t.Context(), second, edit); err != nil {
		t.Fatal(err)
	}
	third := t.wantDocuments(s, changed)
	for _, base := range []int64{first, second, third + 1, 0, -1} {
		err := s.EditDocuments(t.Context(), base, store.Edit{
			Put: []store.Document{laptop}, Remove: []store.Document{changed}, Trail: []store.AuditEntry{{Action: "lost"}},
		})
		if !errors.Is(err, store.ErrConflict) {
			t.Errorf("an edit of revision %d: %v, want ErrConflict", base, err)
		}
	}
	if now := t.wantDocuments(s, changed); now != third {
		t.Errorf("edits that failed made revision %d of %d", now, third)
	}
	if list, err := s.Audit(t.Context(), store.AuditFilter{Limit: 10}); err != nil || len(list) != 0 {
		t.Errorf("edits that failed are in the trail: %+v, %v", list, err)
	}
	// Removed and put at once, it is there.
	if err := s.EditDocuments(t.Context(), third, store.Edit{Put: []store.Document{claude}, Remove: []store.Document{claude}}); err != nil {
		t.Error(err)
	}
	t.wantDocuments(other, claude)
}

// oneEditWins lets two processes edit at once, again and again: of those that
// decided on the same revision one wins, and nothing of the others is there.
func (t suite) oneEditWins() {
	stores := []store.Store{t.opened(), t.opened()}
	const editors, rounds = 4, 15
	for round := range rounds {
		_, base, err := stores[0].Documents(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		results := make([]error, editors)
		var all sync.WaitGroup
		for i := range editors {
			all.Go(func() {
				name := fmt.Sprintf("%d-%d", round, i)
				results[i] = stores[i%2].EditDocuments(t.Context(), base, store.Edit{
					Put:   []store.Document{document(store.KindToken, name, "{}")},
					Trail: []store.AuditEntry{{Time: noon, Action: "create", Kind: store.KindToken, Name: name}},
				})
			})
		}
		all.Wait()
		won := 0
		for _, err := range results {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, store.ErrConflict):
				t.Errorf("round %d: %v", round, err)
			}
		}
		list, revision, err := stores[1].Documents(t.Context())
		if err != nil || won != 1 || len(list) != round+1 || revision != base+1 {
			t.Fatalf("round %d: %d won, %d documents at revision %d after %d: %v", round, won, len(list), revision, base, err)
		}
	}
	if trail, err := stores[0].Audit(t.Context(), store.AuditFilter{Limit: 500}); err != nil || len(trail) != rounds {
		t.Errorf("%d entries in the trail of %d edits: %v", len(trail), rounds, err)
	}
}

// auditIsFiltered asks for parts of a trail of changes of channels, one each
// second, and pages of them.
func (t suite) auditIsFiltered(s store.Store, many int) {
	at := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Second) }
	for what, one := range map[string]struct {
		f    store.AuditFilter
		want int
	}{
		"actor":                {store.AuditFilter{Actor: "operator"}, many},
		"another actor":        {store.AuditFilter{Actor: "command"}, 0},
		"action":               {store.AuditFilter{Action: "change"}, many},
		"another action":       {store.AuditFilter{Action: "remove"}, 0},
		"kind":                 {store.AuditFilter{Kind: store.KindChannel}, many},
		"channel":              {store.AuditFilter{Channel: "channel 3 — 余额"}, 1},
		"a channel of none":    {store.AuditFilter{Channel: "channel"}, 0},
		"time":                 {store.AuditFilter{Since: at(10), Until: at(15)}, 5},
		"all of them together": {store.AuditFilter{Actor: "operator", Action: "change", Since: at(10), Until: at(15), Limit: 3}, 3},
	} {
		list, err := s.Audit(t.Context(), one.f)
		if err != nil || len(list) != one.want {
			t.Errorf("%s: %d entries, want %d: %v", what, len(list), one.want, err)
		}
		if one.f.Limit == one.want && len(list) == one.want {
			one.f.Before = list[len(list)-1].ID
			if rest, err := s.Audit(t.Context(), one.f); err != nil || len(rest) != 2 {
				t.Errorf("%s, next page: %d entries, want 2: %v", what, len(rest), err)
			}
		}
	}
}

func (t suite) auditHasPages() {
	s, other := t.opened(), t.opened()
	entry := func(n int) store.AuditEntry {
		return store.AuditEntry{
			Time: noon.Add(time.Duration(n) * time.Second), Actor: "operator", Address: "2001:db8::1", Action: "change",
			Kind: store.KindChannel, Name: fmt.Sprintf("channel %d — 余额", n), Fields: []string{"models", "it's"},
		}
	}
	const many = 30
	for n := 0; n < many; n += 3 {
		if err := s.Note(t.Context(), entry(n), entry(n+1), entry(n+2)); err != nil {
			t.Fatal(err)
		}
	}
	t.auditIsFiltered(other, many)
	if err := s.Note(t.Context()); err != nil {
		t.Errorf("a trail of nothing: %v", err)
	}
	var before int64
	for n := many - 1; n >= 0; {
		page, err := other.Audit(t.Context(), store.AuditFilter{Before: before, Limit: 7})
		if err != nil || len(page) == 0 || len(page) > 7 {
			t.Fatalf("a page of %d: %v", len(page), err)
		}
		for _, e := range page {
			if before != 0 && e.ID >= before {
				t.Errorf("entry %d came after %d", e.ID, before)
			}
			before = e.ID
			want := entry(n)
			want.ID = e.ID
			if diff := cmp.Diff(want, e); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			n--
		}
	}
	if page, err := s.Audit(t.Context(), store.AuditFilter{Before: before, Limit: 7}); err != nil || len(page) != 0 {
		t.Errorf("before the first: %+v, %v", page, err)
	}
	// Texts are bounded and mended as those of calls are.
	if err := s.Note(t.Context(), store.AuditEntry{Time: noon, Actor: strings.Repeat("x", 100_000), Name: "a\x00b\xff"}); err != nil {
		t.Error(err)
	}
}

func (t suite) sessionsAreRemembered() {
	s, other := t.opened(), t.opened()
	now := noon
	session := func(n byte, role, name string, lasts time.Duration) store.Session {
		return store.Session{
			Hash: append(make([]byte, 31), n), Role: role, Name: name, Password: "bcrypt$…", Created: now, Expires: now.Add(lasts),
			Address: "2001:db8::1", UserAgent: "Mozilla/5.0 (余额)",
		}
	}
	admin := session(1, "admin", "", time.Hour)
	laptop, laptop2, phone := session(2, "token", "laptop", time.Hour), session(0xff, "token", "laptop", time.Hour), session(4, "token", "phone", time.Minute)
	for _, each := range []store.Session{admin, laptop, laptop2, phone} {
		if err := s.SaveSession(t.Context(), each); err != nil {
			t.Fatal(err)
		}
	}
	want := func(there bool, sessions ...store.Session) {
		t.Helper()
		for _, want := range sessions {
			got, err := other.LoadSession(t.Context(), want.Hash)
			switch {
			case !there && !errors.Is(err, store.ErrNotFound):
				t.Errorf("%s %s: %+v, %v, want ErrNotFound", want.Role, want.Name, got, err)
			case there && (err != nil || !cmp.Equal(want, got)):
				t.Errorf("%v (-want +got):\n%s", err, cmp.Diff(want, got))
			}
		}
	}
	want(true, admin, laptop, laptop2, phone)
	want(false, store.Session{}, store.Session{Hash: []byte{1}}, store.Session{Hash: append(make([]byte, 31), 3)})
	admin.Expires = admin.Expires.Add(time.Hour) // saved again
	if err := s.SaveSession(t.Context(), admin); err != nil {
		t.Error(err)
	}
	want(true, admin, laptop, laptop2, phone)
	if err := s.DeleteSession(t.Context(), laptop.Hash); err != nil {
		t.Error(err)
	}
	want(false, laptop)
	want(true, admin, laptop2, phone)
	if err := errors.Join(s.SaveSession(t.Context(), laptop), s.DeleteSessions(t.Context(), "token", "laptop"), s.DeleteSessions(t.Context(), "admin", "laptop")); err != nil {
		t.Error(err)
	}
	want(false, laptop, laptop2)
	want(true, admin, phone)
	now = noon.Add(2 * time.Minute) // what has ended is forgotten at the next login
	if err := s.SaveSession(t.Context(), session(5, "admin", "", time.Hour)); err != nil {
		t.Error(err)
	}
	want(false, phone)
	want(true, admin)
}

// revisionsGrow: whoever looks sees that something rests, and nothing else
// raises that number.
func (t suite) revisionsGrow() {
	s, other := t.opened(), t.opened()
	look := func() store.Revisions {
		t.Helper()
		r, err := other.Revisions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	was := look()
	entry := health.Entry{Ref: health.Ref{Scope: ai.ScopeChannel, Channel: "main"}, Until: noon, Kind: ai.RateLimited, Since: noon}
	for range 3 {
		if err := s.SaveCooling(t.Context(), []health.Entry{entry}, nil); err != nil {
			t.Fatal(err)
		}
		now := look()
		if now.Cooling <= was.Cooling || now.Config != was.Config {
			t.Errorf("%+v after %+v", now, was)
		}
		was = now
	}
	t.write(s, call(1))
	if err := s.EditDocuments(t.Context(), was.Config, store.Edit{}); err != nil {
		t.Fatal(err)
	}
	if now := look(); now.Cooling != was.Cooling || now.Config <= was.Config {
		t.Errorf("%+v after %+v", now, was)
	}
}

// restsAreSavedAtOnce: two processes that save the same entries leave each of
// them once.
func (t suite) restsAreSavedAtOnce() {
	stores := []store.Store{t.opened(), t.opened()}
	const entries, rounds = 5, 20
	for round := range rounds {
		var all sync.WaitGroup
		for _, s := range stores {
			all.Go(func() {
				list := make([]health.Entry, entries)
				for i := range list {
					// Names longer than any key of a database.
					list[i] = health.Entry{
						Ref:   health.Ref{Scope: ai.ScopeURL, Channel: fmt.Sprint(round, i), URL: "https://" + strings.Repeat("x", 5000)},
						Until: noon, Kind: ai.RateLimited, Since: noon,
					}
				}
				if err := s.SaveCooling(t.Context(), list, nil); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	if list, err := stores[0].LoadCooling(t.Context()); err != nil || len(list) != entries*rounds {
		t.Errorf("%d entries, want %d: %v", len(list), entries*rounds, err)
	}
}
