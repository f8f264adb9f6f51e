package storetest

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ccload/ccload/store"
)

// responsesAreKept: a chain comes back as it was, to its token only; what is
// continued lives on; it goes one by one, by age, by size and with its token.
func (t suite) responsesAreKept() {
	s := t.opened()
	id := func(i int) string { return fmt.Sprint("resp_", i) }
	load := func(token string, i int, chain bool) string {
		t.Helper()
		list, err := s.LoadResponses(t.Context(), token, id(i), chain)
		if errors.Is(err, store.ErrNotFound) != (len(list) == 0) || err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%d of %s: %d, %v", i, token, len(list), err)
		}
		var got strings.Builder
		for j := range list {
			got.WriteString(list[j].ID[len("resp_"):] + " ")
		}
		return got.String()
	}
	want := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	want("nothing", load("a", 0, true), "")
	list := make([]store.Response, 0, 6)
	for i := range 6 {
		one := store.Response{ID: id(i), Token: "a", Time: noon.Add(time.Duration(i) * time.Second), Sealed: append(make([]byte, 99), byte(i))}
		if i%2 == 1 {
			one.Previous = id(i - 1)
		}
		list = append(list, one)
	}
	list[4].Previous = id(1)
	list[5].Uses = []string{id(4), id(1), id(0)}
	for range 2 { // the fate of a batch may be unknown
		if err := s.SaveResponses(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	want("a chain", load("a", 5, true), "5 4 1 0 ")
	want("one", load("a", 5, false), "5 ")
	want("another token's", load("b", 5, true), "")
	if got, err := s.LoadResponses(t.Context(), "a", id(3), false); err != nil || got[0].Previous != id(2) || string(got[0].Sealed) != string(list[3].Sealed) {
		t.Errorf("%+v, %v", got, err)
	}
	seen := make(map[string]string)
	for _, want := range []error{nil, io.EOF} {
		if err := s.ResealResponses(t.Context(), func(r *store.Response) error {
			seen[r.ID] = r.Token
			r.Sealed[0] = 'x'
			return want
		}); !errors.Is(err, want) {
			t.Errorf("sealing anew: %v, want %v", err, want)
		}
	}
	if got, err := s.LoadResponses(t.Context(), "a", id(3), false); err != nil || got[0].Sealed[0] != 'x' || got[0].Sealed[99] != 3 || len(seen) != 6 || seen[id(3)] != "a" || !got[0].Time.Equal(list[3].Time) {
		t.Errorf("sealed anew: %+v, %v, %v", got, seen, err)
	}

	if err := s.DeleteResponse(t.Context(), "b", id(3)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another token deletes it: %v", err)
	}
	for _, gone := range []error{nil, store.ErrNotFound} {
		if err := s.DeleteResponse(t.Context(), "a", id(3)); !errors.Is(err, gone) {
			t.Errorf("deleting: %v, want %v", err, gone)
		}
	}

	// 2 is as old as it was; 0, 1 and 4 are as new as 5.
	if err := s.ForgetResponses(t.Context(), noon.Add(3*time.Second), 400); err != nil {
		t.Fatal(err)
	}
	want("too old", load("a", 2, false), "")
	want("used since", load("a", 5, true), "5 4 1 0 ")
	if err := s.SaveResponses(t.Context(), []store.Response{
		{ID: id(6), Token: "a", Time: noon.Add(time.Minute), Sealed: make([]byte, 100)},
		{ID: id(7), Token: "b", Time: noon.Add(time.Minute), Sealed: make([]byte, 100)},
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.ForgetResponses(t.Context(), time.Time{}, 250); err != nil {
		t.Fatal(err)
	}
	want("too many bytes", load("a", 5, false)+load("a", 4, false)+load("a", 1, false)+load("a", 0, false), "")
	want("what fits", load("a", 6, false)+load("b", 7, false), "6 7 ")

	_, revision, err := s.Documents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	remove := store.Edit{Remove: []store.Document{{Kind: store.KindChannel, Name: "b"}, {Kind: store.KindToken, Name: "a"}}}
	if err := s.EditDocuments(t.Context(), revision, remove); err != nil {
		t.Fatal(err)
	}
	want("with its token", load("a", 6, false)+load("b", 7, false), "7 ")
}
