package selection

// deck is how a rotor deals turns to a tier without looking at each of it. All of
// one weight are credited the same in each round, so that their order changes
// only where one of them has a turn: what they were credited since the deck was
// made is kept once for all, and they lie in a heap.
type deck struct {
	tier  *tier // nil: there is no deck
	suits []suit
}

// suit is all candidates of a deck that have the same weight.
type suit struct {
	weight   float64
	credited float64 // to each, since the deck was made
	cards    []card  // a heap, the next one first
}

type card struct {
	credit float64 // turns, without what the suit was credited
	order  int32   // in the tier
	seat   int32
}

// before reports whether a card is dealt before another of its suit: by credit,
// and among equals the first.
func (c *card) before(o *card) bool {
	if d := c.credit - o.credit; d > equalCredit || d < -equalCredit {
		return d > 0
	}
	return c.order < o.order
}

// turnOf gives a turn to one of a tier, as turn does.
func (r *rotor) turnOf(t *tier, n int, entry func(i int) (string, int64), seed uint64) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.round == 0 {
		r.begin(n, t.total, entry, seed)
	}
	fresh := r.deck.tier != t
	if fresh {
		r.settle()
	}
	if r.round++; fresh {
		r.shuffle(t, n, entry)
	}
	return r.draw(float64(t.total))
}

// shuffle makes the deck of a tier.
func (r *rotor) shuffle(t *tier, n int, entry func(i int) (string, int64)) {
	d := &r.deck
	d.tier = t
	next := 0
	for i := range n {
		name, weight := entry(i)
		at := r.seat(name, next)
		next = at + 1
		s := d.suit(float64(weight))
		s.cards = append(s.cards, card{r.seats[at].credit, int32(i), int32(at)}) //nolint:gosec // indexes
	}
	for i := range d.suits {
		s := &d.suits[i]
		for at := len(s.cards)/2 - 1; at >= 0; at-- {
			s.sink(at)
		}
	}
}

// suit finds the suit of a weight.
func (d *deck) suit(weight float64) *suit {
	for i := range d.suits {
		if d.suits[i].weight == weight {
			return &d.suits[i]
		}
	}
	d.suits = append(d.suits, suit{weight: weight})
	return &d.suits[len(d.suits)-1]
}

// draw deals one turn.
func (r *rotor) draw(total float64) int {
	var best *suit
	most := 0.0
	for i := range r.deck.suits {
		s := &r.deck.suits[i]
		s.credited += s.weight / total
		first := &s.cards[0]
		credit := first.credit + s.credited
		if best == nil || credit > most+equalCredit || credit > most-equalCredit && first.order < best.cards[0].order {
			best, most = s, credit
		}
	}
	order := best.cards[0].order
	best.cards[0].credit--
	best.sink(0)
	return int(order)
}

// sink puts a card into its place below.
func (s *suit) sink(at int) {
	for {
		first := 2*at + 1
		if first >= len(s.cards) {
			return
		}
		if first+1 < len(s.cards) && s.cards[first+1].before(&s.cards[first]) {
			first++
		}
		if !s.cards[first].before(&s.cards[at]) {
			return
		}
		s.cards[at], s.cards[first] = s.cards[first], s.cards[at]
		at = first
	}
}

// settle gives the seats of the deck their credit, and puts the deck away.
func (r *rotor) settle() {
	d := &r.deck
	if d.tier == nil {
		return
	}
	present := 0
	for i := range d.suits {
		s := &d.suits[i]
		present += len(s.cards)
		for j := range s.cards {
			c := &s.cards[j]
			seat := &r.seats[c.seat]
			seat.credit = min(max(c.credit+s.credited, -maxCredit), maxCredit)
			seat.round = r.round
		}
	}
	*d = deck{}
	if len(r.seats) > 2*present+spareSeats {
		r.dropAbsent()
	}
}
