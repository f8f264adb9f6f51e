package selection

import "time"

// URL is one of a channel's addresses.
type URL struct {
	Address string // as configured
	Usable  bool   // does not cool down, and was not tried in vain by this call
}

// ChooseURL returns the index of the URL that should serve a call of a channel,
// -1 if none is usable: one of which nothing is known, by one call at a time;
// now and then any; else the quicker of two random ones. model is the
// channel's own name of the model, size that of the request body.
//
// A URL of which only failures are known is no unknown one. It is tried again
// by chance, and when the failure has been half forgotten a few times.
func ChooseURL(st *State, channel string, urls []URL, model string, size int, now time.Time, seed uint64) int {
	if len(urls) == 1 {
		if urls[0].Usable {
			return 0
		}
		return -1
	}
	s := borrow()
	defer s.giveBack()
	for i := range urls {
		if urls[i].Usable {
			s.among = append(s.among, int32(i))
		}
	}
	n := len(s.among)
	switch n {
	case 0:
		return -1
	case 1:
		return int(s.among[0])
	}
	id := func(i int) ident {
		return ident{channel: channel, url: urls[s.among[i]].Address, model: model}
	}
	dice, nanos := newRNG(seed, idURL), now.UnixNano()
	from := dice.below(n)
	for k := range min(n, looksForNew) {
		i := (from + k) % n
		if st.explore(id(i), nanos) {
			return int(s.among[i])
		}
	}
	if dice.below(exploreOne) == 0 {
		return int(s.among[dice.below(n)])
	}
	first, second := dice.below(n), dice.below(n-1)
	if second >= first {
		second++
	}
	a := rival{reading: st.measures.look(id(first)).read(nanos)}
	b := rival{reading: st.measures.look(id(second)).read(nanos)}
	input := st.fits.look(ident{model: model}).slope(streamed) * float64(size)
	verdict := compare(&a, &b, streamed, input)
	if verdict.decided && verdict.second || !verdict.decided && dice.below(2) == 1 {
		return int(s.among[second])
	}
	return int(s.among[first])
}
