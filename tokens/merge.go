package tokens

import "sync"

// shortPiece is up to what size a piece is merged by looking at all its pairs
// again after each merge, which is faster than a heap where there are few.
const shortPiece = 48

// merge counts the tokens of a piece of at least two bytes: of all neighbours
// whose bytes together are a token it joins those with the lowest rank, the
// first of equals, until there are none.
func (e *encoding) merge(p []byte) int {
	if len(p) > shortPiece {
		return e.mergeLong(p)
	}
	var starts [shortPiece + 1]uint8 // where each part starts
	var ranks [shortPiece]uint32     // of each part joined with the next
	n := len(p)
	for i := range n + 1 {
		starts[i] = uint8(i) //nolint:gosec // at most shortPiece
	}
	for i := range n - 1 {
		ranks[i] = e.pairs[pair(p[i:])]
	}
	ranks[n-1] = noRank //nolint:gosec // n is from 2 to shortPiece
	for n > 1 {
		best, at := noRank, 0
		for i, r := range ranks[:n-1] {
			if r < best {
				best, at = r, i
			}
		}
		if best == noRank {
			break
		}
		copy(starts[at+1:n], starts[at+2:n+1])
		copy(ranks[at:n-1], ranks[at+1:n])
		n--
		ranks[n-1] = noRank
		if at < n-1 {
			ranks[at] = e.rank(p[starts[at]:starts[at+2]])
		}
		if at > 0 {
			ranks[at-1] = e.rank(p[starts[at-1]:starts[at+1]])
		}
	}
	return n
}

// parts is the scratch of mergeLong.
type parts struct {
	heap  []uint64 // rank over position: the least is the pair to join next
	ranks []uint32 // by position: of the part there joined with the next
	next  []int32  // by position: where the next part starts
	prev  []int32
}

var partsPool = sync.Pool{New: func() any { return new(parts) }}

// mergeLong does the same with a heap, so that a long run of letters costs
// n log n.
func (e *encoding) mergeLong(p []byte) int {
	s := partsPool.Get().(*parts) //nolint:forcetypeassert // it holds nothing else
	defer func() {
		if cap(s.heap) <= 1<<16 {
			partsPool.Put(s)
		}
	}()
	n := len(p)
	s.heap, s.ranks, s.next, s.prev = s.heap[:0], s.ranks[:0], s.next[:0], s.prev[:0]
	for i := range n {
		r := noRank
		if i+1 < n {
			r = e.pairs[pair(p[i:])]
		}
		s.ranks = append(s.ranks, r)
		s.next = append(s.next, int32(i+1))
		s.prev = append(s.prev, int32(i-1))
		if r != noRank {
			s.heap = append(s.heap, uint64(r)<<32|uint64(i))
		}
	}
	for i := len(s.heap)/2 - 1; i >= 0; i-- {
		s.down(i)
	}
	count := n
	for len(s.heap) > 0 {
		least := s.heap[0]
		last := len(s.heap) - 1
		s.heap[0] = s.heap[last]
		s.heap = s.heap[:last]
		s.down(0)
		i := int32(least & (1<<32 - 1)) //nolint:gosec // an index
		if s.ranks[i] != uint32(least>>32) {
			continue // one of the two has been joined with another since
		}
		count--
		gone := s.next[i]
		after := s.next[gone]
		s.ranks[gone] = noRank
		s.next[i] = after
		s.ranks[i] = noRank
		if int(after) < n {
			s.prev[after] = i
			s.set(i, e.rank(p[i:s.next[after]]))
		}
		if before := s.prev[i]; before >= 0 {
			s.set(before, e.rank(p[before:after]))
		}
	}
	return count
}

// set notes the rank of the pair at i.
func (s *parts) set(i int32, rank uint32) {
	s.ranks[i] = rank
	if rank == noRank {
		return
	}
	s.heap = append(s.heap, uint64(rank)<<32|uint64(i)) //nolint:gosec // an index
	at := len(s.heap) - 1
	for at > 0 {
		up := (at - 1) / 2
		if s.heap[up] <= s.heap[at] {
			break
		}
		s.heap[up], s.heap[at] = s.heap[at], s.heap[up]
		at = up
	}
}

func (s *parts) down(i int) {
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(s.heap); c++ {
			if s.heap[c] < s.heap[least] {
				least = c
			}
		}
		if least == i {
			return
		}
		s.heap[i], s.heap[least] = s.heap[least], s.heap[i]
		i = least
	}
}
