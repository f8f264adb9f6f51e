package anthropic

import (
	"strconv"

	"github.com/ccload/ccload/protocol"
)

// place is where an item stands.
type place struct{ group, item int }

// placeResults moves the results of calls to right behind the calls. The first
// result that names an id is of the first call that has it: some count the
// calls of each turn anew, which must get ids of their own here.
func placeResults(groups []group) []group {
	of := matchResults(groups)
	moved := make(map[*item]bool, len(of))
	for _, it := range of {
		moved[it] = true
	}
	p := placing{out: groups[:0:0]}
	for g := range groups {
		next := withoutMoved(&groups[g], moved)
		if next.role != protocol.User && len(p.waiting) > 0 {
			p.put(group{role: protocol.User})
		}
		if next.role == protocol.User {
			p.put(next)
			continue
		}
		p.out = mergeResults(p.out, next)
		if next.role != protocol.Assistant {
			continue
		}
		for i := range groups[g].items {
			if it := of[place{g, i}]; it != nil {
				p.waiting = append(p.waiting, *it)
			}
		}
	}
	if len(p.waiting) > 0 {
		p.put(group{role: protocol.User})
	}
	return p.out
}

// matchResults finds the result of each call, the first call of an id taking the
// first result of it. Ids that are given twice are made different.
func matchResults(groups []group) map[place]*item {
	open := make(map[string][]place) // calls without a result
	times := make(map[string]int)    // that an id was given
	of := make(map[place]*item)
	for g := range groups {
		for i := range groups[g].items {
			switch it := &groups[g].items[i]; it.part.Kind {
			case protocol.Call:
				open[it.id] = append(open[it.id], place{g, i})
				id := it.id
				if times[id]++; times[id] > 1 {
					it.id = id + "_" + strconv.Itoa(times[id])
				}
			case protocol.Result:
				if calls := open[it.id]; len(calls) > 0 {
					call := calls[0]
					open[it.id] = calls[1:]
					it.id = groups[call.group].items[call.item].id
					of[call] = it
				}
			default:
			}
		}
	}
	return of
}

// withoutMoved is a group without the results that stand elsewhere; a result of
// no call at all comes first.
func withoutMoved(g *group, moved map[*item]bool) group {
	next := group{role: g.role}
	var others []item
	for i := range g.items {
		it := &g.items[i]
		switch {
		case moved[it]:
		case it.part.Kind == protocol.Result:
			next.items = append(next.items, *it)
			next.results++
		default:
			others = append(others, *it)
		}
	}
	next.items = append(next.items, others...)
	return next
}

// placing is the conversation as far as results have been placed in it.
type placing struct {
	out     []group
	waiting []item // results of the assistant's group before
}

// put appends a group of the user's, with the results that wait at its head.
func (p *placing) put(g group) {
	if len(p.waiting) > 0 {
		g.items, g.results = append(p.waiting, g.items...), len(p.waiting)+g.results
		p.waiting = nil
	}
	p.out = mergeResults(p.out, g)
}

// mergeResults is merge, which keeps results first.
func mergeResults(groups []group, g group) []group {
	if last := len(groups) - 1; last >= 0 && groups[last].role == g.role && g.role == protocol.User {
		have := &groups[last]
		items := append([]item(nil), have.items[:have.results]...)
		items = append(items, g.items[:g.results]...)
		items = append(items, have.items[have.results:]...)
		have.items = append(items, g.items[g.results:]...)
		have.results += g.results
		return groups
	}
	return merge(groups, g)
}
