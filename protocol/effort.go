package protocol

// Efforts are the levels of thinking from the least to the most, with the
// budget of tokens that says the same where levels cannot be said. low, medium
// and high are what Google documents for reasoning_effort at its
// OpenAI-compatible endpoint (1,024, 8,192 and 24,576); 1,024 is also the least
// that Anthropic takes.
var Efforts = []struct {
	Name   string
	Budget int64
}{
	{"minimal", 1024},
	{"low", 1024},
	{"medium", 8192},
	{"high", 24576},
	{"xhigh", 32768},
	{"max", 65536},
}

// BudgetOf is the budget that an effort amounts to; 0 for one that is unknown.
func BudgetOf(effort string) int64 {
	for _, e := range Efforts {
		if e.Name == effort {
			return e.Budget
		}
	}
	return 0
}

// EffortOf is the effort that a budget amounts to: low, medium or high, which
// every model with levels knows.
func EffortOf(budget int64) string {
	switch {
	case budget <= 0:
		return ""
	case budget <= 2048:
		return "low"
	case budget <= 16384:
		return "medium"
	}
	return "high"
}

// EffortUpTo is an effort, lowered to what a target knows: known are the names
// it knows, from the least to the most.
func EffortUpTo(effort string, known ...string) string {
	rank := func(name string) int {
		for i, e := range Efforts {
			if e.Name == name {
				return i
			}
		}
		return -1
	}
	want := rank(effort)
	if want < 0 || len(known) == 0 {
		return ""
	}
	best := known[0]
	for _, k := range known {
		if rank(k) <= want {
			best = k
		}
	}
	return best
}
