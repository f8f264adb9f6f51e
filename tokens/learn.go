package tokens

type learned struct{}

func (l *learned) apply(n *Count) int64 { return n.raw }
