package pricing

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Book is the catalogue in use: what is built in, what a fetched list has
// changed, and what the operator gives in files and in the store. The zero value
// is what is built in. It is safe for concurrent use.
type Book struct {
	now atomic.Pointer[Catalogue]

	mu     sync.Mutex
	own    []Row // of the operator's files
	stored []Row // of the store
	list   List
}

// Catalogue returns the catalogue in use.
func (b *Book) Catalogue() *Catalogue {
	if c := b.now.Load(); c != nil {
		return c
	}
	return Default()
}

// SetOwn replaces the rows of the operator's files, which go before those of the
// store.
func (b *Book) SetOwn(rows []Row) {
	if b.now.Load() == nil && len(rows) == 0 {
		return // what is built in is read when it is needed
	}
	b.change(func() { b.own = rows })
}

// SetStored replaces the rows of the store.
func (b *Book) SetStored(rows []Row) {
	if b.now.Load() == nil && len(rows) == 0 {
		return
	}
	b.change(func() { b.stored = rows })
}

// SetList replaces the fetched list.
func (b *Book) SetList(list List) {
	if b.now.Load() == nil && len(list.Rows) == 0 {
		return
	}
	b.change(func() { b.list = list })
}

// List returns the fetched list in use.
func (b *Book) List() List {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.list
}

func (b *Book) change(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
	b.now.Store(Default().WithSynced(b.list.Rows).WithOwn(slices.Concat(b.own, b.stored)))
}
