package cluster

import (
	"context"
	"os"
	"runtime/debug"
	"time"

	"github.com/ccload/ccload/store"
)

// Node is a gateway that uses the store, as people know it.
type Node struct {
	store.Node
	Self bool // it is this one
	Away bool // it has not been heard of for longer than nodes are silent
}

// Known returns the nodes that use the store, or did within the last day and
// did not take their leave. Without an answer of the store it is this one.
func (c *Cluster) Known(ctx context.Context, now time.Time) []Node {
	self := c.leaser.self(now)
	list := []Node{}
	stored, _ := c.o.Store.KnownNodes(ctx) // that the store is away is told elsewhere
	there := false
	for _, n := range stored {
		if n.ID == self.ID {
			n.Seen, there = now, true
		}
		list = append(list, Node{Node: n, Self: n.ID == self.ID, Away: now.Sub(n.Seen) > heartbeatLife})
	}
	if !there {
		list = append(list, Node{Node: self, Self: true})
	}
	return list
}

// self says who this node is.
func (s *leaser) self(now time.Time) store.Node {
	name, _ := os.Hostname() // one without a name has an id
	return store.Node{ID: s.node, Name: name, Version: Version(), Since: s.since, Seen: now}
}

// Version is that of the module in the running binary, "unknown" where it does
// not tell.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path == "github.com/ccload/ccload" {
			return m.Version
		}
	}
	return "unknown"
}
