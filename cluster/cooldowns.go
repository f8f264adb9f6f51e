package cluster

import (
	"context"
	"slices"
	"sync"

	"go.uber.org/zap"

	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/ledger"
)

// Start begins to write what cools down at this node to the store, which must be open.
func (c *Cluster) Start() {
	c.saver = ledger.NewCoolingSaver(c, func(msg string, err error) { c.o.Log().Warn(msg, zap.Error(err)) })
}

// Save writes that something began or ceased to cool down, soon.
func (c *Cluster) Save(change health.Change) { c.saver.Changed(change) }

// Close writes what is left. It ends with ctx.
func (c *Cluster) Close(ctx context.Context) error { return c.saver.Close(ctx) }

// sharedCooldowns is what cools down, as far as this node and the store agree on it.
// Reading and writing exclude each other: what is written while it is read
// would look as if another node had ended it.
type sharedCooldowns struct {
	mu       sync.Mutex
	revision int64
	entries  map[health.Ref]health.Entry
}

// SaveCooling implements ledger.CoolingWriter.
func (c *Cluster) SaveCooling(ctx context.Context, upsert []health.Entry, remove []health.Ref) error {
	c.cooldowns.mu.Lock()
	defer c.cooldowns.mu.Unlock()
	if err := c.o.Store.SaveCooling(ctx, upsert, remove); err != nil {
		return err
	}
	for i := range upsert {
		c.cooldowns.entries[upsert[i].Ref] = upsert[i]
	}
	for _, ref := range remove {
		delete(c.cooldowns.entries, ref)
	}
	return nil
}

// Refresh takes over what other nodes have found to cool down, and to be well again,
// if revision says that the store holds something new.
func (c *Cluster) Refresh(ctx context.Context, revision int64) error {
	c.cooldowns.mu.Lock()
	defer c.cooldowns.mu.Unlock()
	if c.cooldowns.revision == revision {
		return nil
	}
	list, err := c.o.Store.LoadCooling(ctx)
	if err != nil {
		return err
	}
	was := c.cooldowns.entries
	c.cooldowns.revision, c.cooldowns.entries = revision, make(map[health.Ref]health.Entry, len(list))
	list = slices.DeleteFunc(list, func(e health.Entry) bool { return c.saver.Pending(e.Ref) }) // known better here
	for i := range list {
		c.cooldowns.entries[list[i].Ref] = list[i]
	}
	var ended []health.Entry
	for ref, e := range was {
		if _, still := c.cooldowns.entries[ref]; !still && !c.saver.Pending(ref) {
			ended = append(ended, e)
		}
	}
	c.o.Tracker.Forget(ended)
	c.o.Tracker.Restore(list)
	c.o.Changed()
	return nil
}
