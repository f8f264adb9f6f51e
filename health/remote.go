package health

// Forget drops what another node has ended, unless something newer is known of
// it here. Nobody is told of it: that node has told.
func (b *Board) Forget(entries []Entry) {
	now := b.now()
	for i := range entries {
		e := &entries[i]
		if !e.valid() {
			continue
		}
		a := b.area(&e.Ref)
		a.mu.Lock()
		if c := a.place(&e.Ref).cell(&e.Ref); c != nil && !c.until.After(e.Until) && c.holder == nil {
			c.announced = false
			b.drop(a, c, now)
		}
		a.mu.Unlock()
	}
	b.deliver()
}
