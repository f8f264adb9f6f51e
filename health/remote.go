package health

// Forget drops what another node has ended, unless something newer is known of
// it here. Nobody is told of it: that node has told.
func (tr *Tracker) Forget(entries []Entry) {
	now := tr.now()
	for i := range entries {
		e := &entries[i]
		if !e.valid() {
			continue
		}
		a := tr.scopeSet(&e.Ref)
		a.mu.Lock()
		if c := a.breakers(&e.Ref).breaker(&e.Ref); c != nil && !c.until.After(e.Until) && c.holder == nil {
			c.announced = false
			tr.drop(a, c, now)
		}
		a.mu.Unlock()
	}
	tr.deliver()
}
