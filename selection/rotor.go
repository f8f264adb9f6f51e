package selection

import (
	"math"
	"slices"
	"strings"
	"sync"
)

// rotor deals turns by nginx's smooth weighted round-robin: in each round
// everybody present is credited its share of one turn, and the one with most
// credit gets the turn and pays for it; among equals the first. With constant weights every run of as
// many turns as there is weight gives each exactly its weight, well mixed.
//
// Credit belongs to names. Who is absent for a while, because it cools down or was
// tried already, keeps what it had, is credited nothing, and the others share
// its turns. It is counted in turns, not in weight as nginx does: weight is
// worth more in a round with few others, and with changing rounds those errors
// would add up without bound. The zero value is ready.
type rotor struct {
	mu    sync.Mutex
	seats []seat
	round uint64
	deck  deck // see turnOf
}

type seat struct {
	name   string
	credit float64 // turns
	round  uint64  // when it was last present
}

// Bounds of a rotor.
const (
	// maxCredit is how many turns credit may be away from 0. Constant weights
	// stay within 1; the bound is for turns that are given by preference.
	maxCredit = 4
	// equalCredit is what rounding may have done to equal credits.
	equalCredit = 1e-9
	// spareSeats is how many seats beyond twice those present are kept for the
	// absent.
	spareSeats = 64
	// maxSpin bounds the work of finding a new rotor's first position.
	maxSpin = 4096
)

// turn gives a turn to one of n and returns its index. entry tells name and
// weight of each (at least 1), total is the weight of all. forced is who gets
// the turn whatever the credit says, -1 for nobody. seed is where a rotor
// begins that was never turned; 0 is the beginning.
func (r *rotor) turn(n int, total int64, entry func(i int) (string, int64), forced int, seed uint64) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.round == 0 {
		r.begin(n, total, entry, seed)
	}
	r.settle()
	return r.deal(n, total, entry, forced)
}

// begin prepares a rotor that was never turned.
func (r *rotor) begin(n int, total int64, entry func(i int) (string, int64), seed uint64) {
	r.seats = make([]seat, 0, n)
	if seed != 0 {
		r.spin(n, total, entry, seed)
	}
}

// spin turns a new rotor to a random position. Otherwise the first turn would
// always go to the heaviest: on each node after a restart, and for each of the
// models that are seldom asked for.
func (r *rotor) spin(n int, total int64, entry func(i int) (string, int64), seed uint64) {
	d := newRNG(seed, 0)
	for range d.below(int(min(total, int64(maxSpin/n)+1))) {
		r.deal(n, total, entry, -1)
	}
}

func (r *rotor) deal(n int, total int64, entry func(i int) (string, int64), forced int) int {
	r.round++
	turn, most := 1/float64(total), math.Inf(-1)
	best, taker, next := -1, -1, 0
	for i := range n {
		name, weight := entry(i)
		at := r.seat(name, next)
		next = at + 1
		s := &r.seats[at]
		s.round = r.round
		s.credit = min(max(s.credit+float64(weight)*turn, -maxCredit), maxCredit)
		if i == forced || forced < 0 && s.credit > most+equalCredit {
			most, best, taker = s.credit, i, at
		}
	}
	if best >= 0 {
		r.seats[taker].credit--
	}
	if len(r.seats) > 2*n+spareSeats {
		r.dropAbsent()
	}
	return best
}

// seat finds a name's seat. Names come in the same order nearly always, so it
// is the one after the last, or a few further where others are absent; a map
// would be slower.
func (r *rotor) seat(name string, guess int) int {
	if r.round > 1 { // else all are new
		for at := guess; at < len(r.seats); at++ {
			if r.seats[at].name == name {
				return at
			}
		}
		for at := range min(guess, len(r.seats)) {
			if r.seats[at].name == name {
				return at
			}
		}
	}
	r.seats = append(r.seats, seat{name: strings.Clone(name)})
	return len(r.seats) - 1
}

// dropAbsent forgets those that were not in this round.
func (r *rotor) dropAbsent() {
	r.seats = slices.DeleteFunc(r.seats, func(s seat) bool { return s.round != r.round })
}

func (r *rotor) clone() *rotor {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settle()
	return &rotor{seats: slices.Clone(r.seats), round: r.round}
}
