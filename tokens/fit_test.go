package tokens

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// fits says which weights are fitted together: those in shared are the same for
// all families of a row, those in own are each family's. The others stay as
// they are.
var fits = []struct {
	families    []*family
	shared, own []int
}{
	{[]*family{&claude3, &claude37, &claude45}, []int{fRequest, fText, fSystem, fThinking, fToolUse, fToolResult, fToolDefs, fSchema, fMessages, fSystems, fThinkings, fToolUses, fTools, fHasSchema, fThinkingOn}, []int{fHasTools, fForced, fToolsSystem}},
	{[]*family{&gpt4o}, []int{fToolUse, fToolUses, fToolDefs, fTools, fHasTools, fForced, fHasSchema, fToolsChat, fToolsSystem, fSchemaChat, fSchema, fParallels, fParallelUses}, nil},
	{[]*family{&gpt5}, []int{fToolUse, fToolUses, fToolDefs, fTools, fHasTools, fForced, fHasSchema, fToolsChat, fToolsSystem, fSchemaChat, fSchema, fThinkings, fAssistant, fRequest, fParallels, fParallelUses}, nil},
	{[]*family{&gpt4}, []int{fToolUse, fToolUses, fToolDefs, fTools, fHasTools, fForced}, nil},
	{[]*family{&gptOSS}, []int{fText, fRequest, fMessages, fToolDefs, fHasTools, fTools, fToolUses, fSchema, fHasSchema}, nil},
	{[]*family{&oSeries}, []int{fToolUse, fToolUses, fToolDefs, fTools, fHasTools, fForced, fHasSchema, fToolsSystem, fSchemaChat, fSchema, fThinkings, fAssistant, fRequest, fParallels, fParallelUses}, nil},
	{[]*family{&gemini2, &gemini25vertex, &gemini3vertex}, append(slices.Clone(geminiFit), geminiOwn[2:]...), geminiOwn[:2]},
	{[]*family{&gemini25, &gemini3}, geminiFit, geminiOwn},
	{[]*family{&deepseek}, openFit, nil},
	{[]*family{&qwen}, openFit, nil},
	{[]*family{&glm}, openFit, nil},
	{[]*family{&kimi}, openFit[3:], nil},
	{[]*family{&mistral}, openFit, nil},
	{[]*family{&grok3}, openFit, nil},
	{[]*family{&grok4}, openFit, nil},
	{[]*family{&llama4}, openFit, nil},
	{[]*family{&llama}, openFit, nil},
	{[]*family{&sonar}, openFit[:3], nil},
}

// priors are what weights are drawn to where not plainWeights are.
var priors = map[string][features]float64{
	"gemini-2.5": framed(18, 8), "gemini-3": framed(18, 8),
	"gemini-2.0": framed(2, 1), "gemini-2.5-vertex": framed(2, 1), "gemini-3-vertex": framed(2, 1),
	// The hidden prompts of tools are those of Anthropic's documentation, "Tool
	// use system prompt token count"; for 4.5 they are recorded.
	"claude-3": claudeWith(1.15, 264, 76), "claude-3.7": claudeWith(1.15, 346, -33), "claude-4.5": claudeWith(1.15, 490, 95),
	"claude-5": claudeWith(1.4, 385, 100),
}

// claudeWith are the weights of a tokenizer that makes so many tokens of one of
// the encoding's, and of hidden prompts for tools.
func claudeWith(factor, tools, forced float64) [features]float64 {
	w := plainWeights
	for _, f := range []int{fText, fSystem, fThinking, fToolUse, fToolResult, fToolDefs, fSchema, fNames} {
		w[f] = factor
	}
	w[fRequest], w[fMessages], w[fToolUses], w[fTools], w[fHasTools], w[fForced] = 4, 2, 40, 15, tools, forced
	return w
}

// framed are the weights of a model that frames each tool and parameter.
func framed(tool, parameter float64) [features]float64 {
	w := plainWeights
	w[fRequest], w[fMessages], w[fTools], w[fToolProps] = 0, 0, tool, parameter
	return w
}

var (
	geminiFit = []int{fThinking, fSystem, fToolDefs, fSchema, fMessages, fSystems, fToolUses, fHasSchema, fForced, fToolUse, fToolResult, fToolResults}
	geminiOwn = []int{fRequest, fText, fTools, fToolProps, fToolParams}
	openFit   = []int{fRequest, fText, fMessages, fToolDefs, fToolUses, fTools, fHasTools, fThinking}
)

// TestFit fits the weights on the whole corpus and prints them as they stand in
// weights.go. CCLOAD_TOKENS_FIT switches it on.
func TestFit(t *testing.T) {
	if os.Getenv("CCLOAD_TOKENS_FIT") == "" {
		t.Skip("CCLOAD_TOKENS_FIT is not set")
	}
	rows := fitRows(loadCorpus(t))
	defer fit(rows, "")()
	count := make(map[*family]int)
	for i := range rows {
		count[rows[i].family]++
	}
	var out strings.Builder
	for _, one := range fits {
		for _, f := range one.families {
			fmt.Fprintf(&out, "\t// From %d recordings.\n\t%q: {", count[f], f.name)
			for i, v := range f.weights {
				if math.Abs(v) >= 0.0005 {
					fmt.Fprintf(&out, "%s: %v, ", featureNames[i], math.Round(v*1000)/1000)
				}
			}
			out.WriteString("},\n")
		}
	}
	fmt.Println(out.String())
}

// fitRows are the features of the requests that nothing blurs.
func fitRows(all []recorded) []fitRow {
	var rows []fitRow
	c := New()
	for i := range all {
		r := &all[i]
		if !r.clean {
			continue
		}
		sent := r.sent()
		sent.guess(r.model)
		f := familyOf(normal(r.model))
		w := newWalk(c, f, sent)
		w.request(r.body)
		w.settle()
		row := fitRow{y: float64(r.tokens - w.fixed), family: sameWeights(w.family), suite: r.suite}
		for i, n := range w.f {
			row.x[i] = float64(n)
		}
		rows = append(rows, row)
		w.release()
	}
	return rows
}

// fit sets all families' weights to those that fit the rows of all suites but
// one, until the function that it returns is called.
func fit(rows []fitRow, without string) (restore func()) {
	was := make(map[*family][features]float64)
	set := func(f *family, weights [features]float64) {
		if _, known := was[f]; !known {
			was[f] = f.weights
		}
		f.weights = weights
	}
	for _, one := range fits {
		var some []fitRow
		for _, f := range one.families {
			set(f, plainWeights)
			if prior, ok := priors[f.name]; ok {
				set(f, prior)
			}
		}
		for _, r := range rows {
			if r.suite != without && slices.Contains(one.families, r.family) {
				some = append(some, r)
			}
		}
		solve(some, one.families, one.shared, one.own)
	}
	for i := range names {
		set(names[i].family, sameWeights(names[i].family).weights)
	}
	return func() {
		for f, weights := range was {
			f.weights = weights
		}
	}
}

// sameWeights is the family whose weights f shares: some differ only in how
// they count pictures.
func sameWeights(f *family) *family {
	for _, fit := range fits {
		for _, g := range fit.families {
			if g.name == f.name {
				return g
			}
		}
	}
	return f
}

type fitRow struct {
	x      [features]float64
	y      float64
	family *family
	suite  string
}

// solve finds the weights with the least relative errors, large ones counting
// little more than small ones, drawn towards the weights there are so that what
// the data does not tell stays.
func solve(rows []fitRow, families []*family, shared, own []int) {
	type param struct {
		family  *family // nil: shared
		feature int
	}
	var params []param
	for _, f := range shared {
		params = append(params, param{nil, f})
	}
	for _, fam := range families {
		for _, f := range own {
			params = append(params, param{fam, f})
		}
	}
	n := len(params)
	prior, beta := make([]float64, n), make([]float64, n)
	for i, p := range params {
		f := p.family
		if f == nil {
			f = families[0]
		}
		prior[i] = f.weights[p.feature]
		beta[i] = prior[i]
	}
	value := func(r *fitRow, p param) float64 {
		if p.family != nil && p.family != r.family {
			return 0
		}
		return r.x[p.feature]
	}
	for round := range 90 {
		a, b := make([][]float64, n), make([]float64, n)
		for i := range a {
			a[i] = make([]float64, n)
			ridge := 0.02 / (spread(params[i].feature) * spread(params[i].feature))
			a[i][i], b[i] = ridge, ridge*prior[i]
		}
		for k := range rows {
			r := &rows[k]
			target := r.y
			for i, v := range r.x {
				if !slices.Contains(shared, i) && !slices.Contains(own, i) {
					target -= v * r.family.weights[i]
				}
			}
			predicted := 0.0
			for i, p := range params {
				predicted += beta[i] * value(r, p)
			}
			scale := 1 / (math.Max(r.y, predicted+r.y-target) + 20)
			off := math.Abs(predicted-target) * scale
			weight := scale * scale / math.Max(off, 0.01)
			if round >= 30 { // then those that follow another rule altogether count less and less
				weight /= 1 + off*off*10
			}
			for i := range params {
				vi := value(r, params[i])
				if vi == 0 {
					continue
				}
				b[i] += weight * vi * target
				for j := range params {
					a[i][j] += weight * vi * value(r, params[j])
				}
			}
		}
		beta = gauss(a, b)
	}
	// A call or a message that costs less than nothing is an accident of the
	// data: without it, again.
	for i, p := range params {
		if p.family == nil && beta[i] < 0 && (p.feature == fToolUses || p.feature == fMessages) {
			for _, f := range families {
				f.weights[p.feature] = 0
			}
			solve(rows, families, slices.DeleteFunc(slices.Clone(shared), func(f int) bool { return f == p.feature }), own)
			return
		}
	}
	for i, p := range params {
		if p.family != nil {
			p.family.weights[p.feature] = beta[i]
			continue
		}
		for _, f := range families {
			f.weights[p.feature] = beta[i]
		}
	}
}

// spread is how far a weight may lie from what it was, before the data has to
// say so clearly.
func spread(feature int) float64 {
	switch feature {
	case fText, fSystem, fThinking, fToolUse, fToolResult, fToolDefs, fSchema:
		return 0.25
	case fMessages, fAssistant, fSystems, fTools:
		return 5
	case fToolUses, fToolResults, fThinkings, fToolParams:
		return 20
	case fToolProps:
		return 8
	case fHasTools, fForced:
		return 100
	case fRequest:
		return 40
	}
	return 300
}

func gauss(a [][]float64, b []float64) []float64 {
	n := len(b)
	for i := range n {
		p := i
		for j := i + 1; j < n; j++ {
			if math.Abs(a[j][i]) > math.Abs(a[p][i]) {
				p = j
			}
		}
		a[i], a[p], b[i], b[p] = a[p], a[i], b[p], b[i]
		for j := i + 1; j < n; j++ {
			m := a[j][i] / a[i][i]
			for k := i; k < n; k++ {
				a[j][k] -= m * a[i][k]
			}
			b[j] -= m * b[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		for j := i + 1; j < n; j++ {
			b[i] -= a[i][j] * b[j]
		}
		b[i] /= a[i][i]
	}
	return b
}

var featureNames = [features]string{
	"fRequest", "fText", "fSystem", "fThinking", "fToolUse", "fToolResult", "fToolDefs", "fSchema", "fMessages",
	"fAssistant", "fSystems", "fThinkings", "fToolUses", "fToolResults", "fTools", "fHasTools", "fForced",
	"fHasSchema", "fThinkingOn", "fNames", "fToolsChat", "fToolsSystem", "fSchemaChat", "fParallels", "fParallelUses", "fToolProps", "fToolParams",
}
