package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ccload/ccload/store"
)

// This file is how nodes come and go.

// expired reports whether a node was a process on this machine that is there no
// more, or one that has not answered to a newcomer for too long.
func (s *leaser) expired(n store.Node, now time.Time) bool {
	if n.Shares {
		delete(s.silent, n.ID)
		return false
	}
	pid, where := processOf(n.ID)
	if ownPID, here := processOf(s.node); where == here && here != "" {
		if pid == ownPID {
			_, alive := ownNodes.Load(n.ID)
			return !alive
		}
		if !processAlive(pid) {
			return true
		}
	}
	since, known := s.silent[n.ID]
	if !known {
		s.silent[n.ID] = now
		return false
	}
	return now.Sub(since) > silence
}

// processOf is the number of a node's process, and where it runs.
func processOf(node string) (pid int, where string) {
	_, rest, _ := strings.Cut(node, ":")
	number, where, _ := strings.Cut(rest, ":")
	pid, _ = strconv.Atoi(number)
	return pid, where
}

// machine names what process numbers can be compared within: this boot of this
// machine, and the namespace of its processes, which a container has of its
// own. "" where there is no telling; then nodes that died are found a little
// later.
func machine() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(append(boot, space...))
	return hex.EncodeToString(sum[:8])
}

// processAlive reports whether there is a process of that number. Where that
// cannot be told, there is.
func processAlive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer p.Release() //nolint:errcheck // nothing is held
	err = p.Signal(syscall.Signal(0))
	return !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH)
}

// leave says that the node is gone. What it used of the last minute stays
// taken until that minute is over.
func (c *Cluster) leave(ctx context.Context) {
	s := c.leaser
	ctx, cancel := context.WithTimeout(ctx, shareSilent)
	defer cancel()
	s.rounds.Lock()
	defer s.rounds.Unlock()
	ownNodes.Delete(s.node)
	if s.told { // what fails here ends by itself
		_ = c.divideLimits(ctx, time.Now(), round{nodes: 1, leaving: true})
	}
	_ = c.o.Store.Leave(ctx, s.node)
}
