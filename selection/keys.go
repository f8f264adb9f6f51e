package selection

// ChooseKey returns the index of the key that should serve a call of a channel,
// -1 if none is usable. The key named prefer is used if it can be; otherwise
// usable keys take turns, evenly, whatever the model. A key whose rate limit
// is nearly used up waits until all are.
//
// A turn that was given by preference counts, so that the others get more of
// the remaining calls.
func ChooseKey(st *State, channel string, keys []Key, prefer string) int {
	if len(keys) == 1 {
		if keys[0].Usable {
			return 0
		}
		return -1
	}
	s := borrow()
	defer s.giveBack()
	forced, low := -1, lowToo(keys)
	for i := range keys {
		k := &keys[i]
		if !k.Usable {
			continue
		}
		preferred := prefer != "" && k.ID == prefer
		if k.Low && !low && !preferred {
			continue
		}
		if preferred {
			forced = len(s.among)
		}
		s.among = append(s.among, int32(i))
	}
	switch len(s.among) {
	case 0:
		return -1
	case 1:
		return int(s.among[0])
	}
	turns := st.keyTurns.get(ident{channel: channel}, st.clock.Load())
	at := turns.turn(len(s.among), int64(len(s.among)), func(i int) (string, int64) {
		return keys[s.among[i]].ID, 1
	}, forced, 0)
	return int(s.among[at])
}

// lowToo reports whether keys that are low must serve because all are.
func lowToo(keys []Key) bool {
	for i := range keys {
		if keys[i].Usable && !keys[i].Low {
			return false
		}
	}
	return true
}
