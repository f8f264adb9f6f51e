package tokens

import "github.com/ccload/ccload/ai"

// size is how many spans are remembered.
func (c *cache[V]) size() int {
	n := 0
	for i := range c.shards {
		sh := &c.shards[i]
		sh.mu.Lock()
		n += len(sh.young) + len(sh.old)
		sh.mu.Unlock()
	}
	return n
}

// Request is Send to the vendor itself, for a whole answer.
func (c *Counter) Request(p ai.Protocol, model string, body []byte) Count {
	return c.Send(Sent{Protocol: p}, model, body)
}
