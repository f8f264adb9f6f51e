package selection

// Conversations is how many conversations are remembered.
func Conversations(st *State) int {
	n := 0
	for i := range st.conversations.shards {
		n += len(st.conversations.shards[i].find)
	}
	return n
}

// Remembered is how many entries the tables have.
func Remembered(st *State) (rotors, measures, fits int) {
	return st.turns.len() + st.keyTurns.len(), st.measures.len(), st.fits.len()
}

// Seats is how many names all rotors of policies remember.
func Seats(st *State) int {
	n := 0
	for i := range st.turns.shards {
		for _, e := range st.turns.shards[i].entries {
			n += len(e.value.seats)
		}
	}
	return n
}

// len is the number of entries.
func (t *table[V]) len() int {
	n := 0
	for i := range t.shards {
		t.shards[i].mu.RLock()
		n += len(t.shards[i].entries)
		t.shards[i].mu.RUnlock()
	}
	return n
}
