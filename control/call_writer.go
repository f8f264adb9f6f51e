package control

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/callrow"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/store"
)

// CallWriter is the store for the ledger. The spend accounts learn from it what is written.
type CallWriter struct {
	store    store.Store
	spending *access.Spending
	note     func(error) // what came of writing a batch
	accepts  atomic.Bool // the store is open

	mu sync.Mutex // held while a batch is written, or what was spent is read
	// early is what this process spent and wrote before it knew what had been
	// spent; nil once it knows.
	early map[string]map[ai.Day]ai.Money
}

// NewCallWriter returns a writer that takes nothing before Accept. note is told
// after each batch why it could not be written, or nil.
func NewCallWriter(s store.Store, spending *access.Spending, note func(error)) *CallWriter {
	return &CallWriter{store: s, spending: spending, note: note, early: make(map[string]map[ai.Day]ai.Money)}
}

// Accept says that the store is open.
func (w *CallWriter) Accept() { w.accepts.Store(true) }

// WriteRows implements ledger.Writer. A call of an earlier process was no
// reservation of this one's spend accounts: where it was not in the store yet,
// it is spent when the store learns of it.
func (w *CallWriter) WriteRows(ctx context.Context, rows []callrow.Row) error {
	if !w.accepts.Load() {
		return store.ErrNotOpen
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.store.WriteRows(ctx, rows)
	if err != nil && !errors.As(err, new(*store.RefusedError)) {
		w.note(err)
		return err
	}
	w.note(nil)
	for i := range rows {
		row := &rows[i]
		if row.Record == nil {
			continue
		}
		w.wrote(row, "token/"+row.Record.Token, row.Record.Cost.Amount)
		for j := range row.Record.Attempts {
			a := &row.Record.Attempts[j]
			w.wrote(row, routing.ChannelPurse+a.Target.Channel, a.Cost.Amount)
		}
	}
	return err
}

// wrote notes that the store has what a call cost one account.
func (w *CallWriter) wrote(row *callrow.Row, account string, cost ai.Money) {
	switch {
	case !row.Earlier:
		w.written(account, row.Record.Day, cost)
	case row.Fresh && cost != 0 && w.early == nil: // before that, what was spent is read later
		w.spending.Load([]access.Spent{{Name: account, Day: row.Record.Day, Amount: cost}})
	}
}

// written notes that the store has what a call of this process cost.
func (w *CallWriter) written(account string, day ai.Day, cost ai.Money) {
	if cost == 0 {
		return
	}
	w.spending.Written(account, cost)
	if w.early == nil {
		return
	}
	if w.early[account] == nil {
		w.early[account] = make(map[ai.Day]ai.Money)
	}
	w.early[account][day] += cost
}

// LearnSpent adds to the spend accounts what was spent before this process, and by
// others.
func (w *CallWriter) LearnSpent(ctx context.Context) error {
	w.mu.Lock() // so that what is read holds exactly what is in early
	defer w.mu.Unlock()
	if w.early == nil {
		return nil
	}
	spent, err := w.store.LoadSpent(ctx)
	if err != nil {
		return fmt.Errorf("reading what was spent: %w", err)
	}
	for i := range spent {
		spent[i].Amount -= w.early[spent[i].Name][spent[i].Day]
	}
	w.spending.Load(spent)
	w.spending.SetKnown(true)
	w.early = nil
	return nil
}
