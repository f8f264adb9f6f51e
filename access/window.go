package access

import (
	"time"
)

// epoch turns times into numbers by the monotonic clock, where they have it:
// a wall clock that is set back must not stretch anybody's minute.
var epoch = time.Now()

func sinceEpoch(now time.Time) time.Duration { return now.Sub(epoch) }

const minute = time.Minute

// exactEntries is how many calls of a window are remembered one by one. For a
// limit above it, and for tokens, calls that begin within minute/exactEntries (59 ms) share an
// entry that leaves the window with the last of them: the limit is never
// exceeded in any 60 seconds, and memory stays below 50 KB.
const exactEntries = 1024

// window is the calls that began within the last minute, or their tokens,
// oldest first, in a ring.
type window struct {
	ring  []entry // length is a power of two, or 0
	first int
	used  int
	total int // sum of the counts of all entries
}

// entry is one call, or several that began close together.
type entry struct {
	began time.Duration // of the first of them
	last  time.Duration // of the last of them
	count int
}

// add counts something that begins now, together with what began just before
// if it may share an entry.
func (w *window) add(now time.Duration, count int, share bool) {
	w.total += count
	if w.used > 0 {
		newest := w.at(w.used - 1)
		now = max(now, newest.last) // callers may come in another order than their times
		if share && now-newest.began < minute/exactEntries {
			newest.last = now
			newest.count += count
			return
		}
	}
	if w.used == len(w.ring) {
		w.grow()
	}
	w.used++
	*w.at(w.used - 1) = entry{began: now, last: now, count: count}
}

// change corrects what began at a time; it leaves the window when that does.
func (w *window) change(began time.Duration, more int) {
	for i := w.used - 1; i >= 0; i-- {
		if e := w.at(i); e.began <= began || i == 0 && e.last >= began {
			more = max(more, -e.count)
			e.count += more
			w.total += more
			return
		}
	}
}

// takeBack forgets the newest call. It may be another than the one that is
// meant; that one then takes the other's place, which began about as lately.
func (w *window) takeBack() {
	if w.used == 0 {
		return
	}
	w.total--
	if e := w.at(w.used - 1); e.count > 1 {
		e.count--
	} else {
		w.used--
	}
}

// wait is how long it takes until no more than most are in the window.
func (w *window) wait(now time.Duration, most int) time.Duration {
	w.forget(now)
	left := w.total
	for i := 0; left > most && i < w.used; i++ {
		e := w.at(i)
		if left -= e.count; left <= most {
			return e.last + minute - now
		}
	}
	return 0
}

// forget drops the calls that began a minute ago or earlier.
func (w *window) forget(now time.Duration) {
	for w.used > 0 && now-w.ring[w.first].last >= minute {
		w.total -= w.ring[w.first].count
		w.first = (w.first + 1) & (len(w.ring) - 1)
		w.used--
	}
}

// at is the i-th oldest entry.
func (w *window) at(i int) *entry { return &w.ring[(w.first+i)&(len(w.ring)-1)] }

func (w *window) grow() {
	ring := make([]entry, max(8, 2*len(w.ring)))
	for i := range w.used {
		ring[i] = *w.at(i)
	}
	w.ring, w.first = ring, 0
}
