package ccload

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
)

// This file is how nodes come and go.

// dead reports whether a node was a process on this machine that is there no
// more, or one that has not answered to a newcomer for too long.
func (s *sharing) dead(n store.Node, now time.Time) bool {
	if n.Shares {
		delete(s.silent, n.ID)
		return false
	}
	_, own, _ := strings.Cut(s.node, ":")
	ownPID, ownHost, _ := strings.Cut(own, ":")
	_, other, _ := strings.Cut(n.ID, ":")
	pid, host, _ := strings.Cut(other, ":")
	if host == ownHost && host != "" {
		if pid == ownPID {
			_, alive := ownNodes.Load(n.ID)
			return !alive
		}
		if number, err := strconv.Atoi(pid); err == nil && !processAlive(number) {
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

// leaveNodes says that the node is gone. What it used of the last minute stays
// taken until that minute is over.
func (st *state) leaveNodes(ctx context.Context) {
	s := st.sharing
	ctx, cancel := context.WithTimeout(ctx, shareSilent)
	defer cancel()
	s.rounds.Lock()
	defer s.rounds.Unlock()
	ownNodes.Delete(s.node)
	if s.told { // what fails here ends by itself
		_ = st.divideLimits(ctx, time.Now(), round{nodes: 1, leaving: true})
	}
	_ = st.store.Leave(ctx, s.node)
}

// ackWriter is the store for the ledger: purses learn of what is written.
type ackWriter struct{ st *state }

// WriteCalls implements ledger.Writer.
func (w ackWriter) WriteCalls(ctx context.Context, records []*ai.Record) error {
	err := w.st.store.WriteCalls(ctx, records)
	if err != nil {
		return err
	}
	for _, r := range records {
		if r.Cost.Amount != 0 {
			w.st.purses.Written("token/"+r.Token, r.Cost.Amount)
		}
		for i := range r.Attempts {
			if c := r.Attempts[i].Cost.Amount; c != 0 {
				w.st.purses.Written(channelPurse+r.Attempts[i].Target.Channel, c)
			}
		}
	}
	return nil
}
