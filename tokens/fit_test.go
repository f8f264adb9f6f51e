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
	{[]*family{&claude5}, []int{fRequest, fText, fSystem, fToolUse, fToolResult, fToolDefs, fSchema, fMessages, fSystems, fToolUses, fTools, fHasTools, fForced, fHasSchema, fThinkingOn}, nil},
	{[]*family{&gpt4o}, []int{fToolUse, fToolUses, fToolDefs, fTools, fHasTools, fForced, fHasSchema, fToolsChat, fToolsSystem, fSchemaChat, fSchema}, nil},
	{[]*family{&gpt5}, []int{fToolUse, fToolUses, fToolDefs, fTools, fHasTools, fForced, fHasSchema, fToolsChat, fToolsSystem, fSchemaChat, fSchema, fThinkings, fAssistant, fRequest}, nil},
	{[]*family{&gpt4}, []int{fToolUse, fToolUses, fToolDefs, fTools, fHasTools, fForced}, nil},
	{[]*family{&gptOSS}, []int{fText, fRequest, fMessages, fToolDefs, fHasTools, fTools, fToolUses, fSchema, fHasSchema}, nil},
	{[]*family{&gemini2}, geminiFit, nil},
	{[]*family{&gemini25}, geminiFit, nil},
	{[]*family{&gemini3}, geminiFit, nil},
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

var (
	geminiFit = []int{fThinking, fRequest, fText, fSystem, fToolDefs, fSchema, fMessages, fSystems, fToolUses, fTools, fHasTools, fHasSchema, fForced}
	openFit   = []int{fRequest, fText, fMessages, fToolDefs, fToolUses, fTools, fHasTools, fThinking}
)

// TestFit fits the weights on the half of the corpus that is not held out and
// prints them as they stand in weights.go. CCLOAD_TOKENS_FIT switches it on.
func TestFit(t *testing.T) {
	if os.Getenv("CCLOAD_TOKENS_FIT") == "" {
		t.Skip("CCLOAD_TOKENS_FIT is not set")
	}
	rows := make(map[*family][]fitRow)
	c := New()
	for _, r := range loadCorpus(t) {
		if !r.clean || r.heldOut() {
			continue
		}
		f := familyOf(normal(r.model))
		f = sameWeights(f)
		w := newWalk(c, f)
		w.request(r.protocol, r.body)
		w.settle(r.protocol)
		row := fitRow{y: float64(r.tokens - w.fixed), family: f}
		for i, n := range w.f {
			row.x[i] = float64(n)
		}
		rows[f] = append(rows[f], row)
		w.release()
	}
	for f := range rows {
		f.weights = plainWeights
	}
	var out strings.Builder
	for _, fit := range fits {
		var all []fitRow
		for _, f := range fit.families {
			all = append(all, rows[f]...)
		}
		solve(all, fit.families, fit.shared, fit.own)
		for _, f := range fit.families {
			fmt.Fprintf(&out, "\t// From %d recordings.\n\t%q: {", len(rows[f]), f.name)
			for i, v := range f.weights {
				if math.Abs(v) >= 0.0005 {
					fmt.Fprintf(&out, "%s: %v, ", featureNames[i], math.Round(v*1000)/1000)
				}
			}
			out.WriteString("},\n")
		}
	}
	fmt.Println(out.String())
	for i := range names {
		names[i].family.weights = sameWeights(names[i].family).weights
	}
	if os.Getenv("CCLOAD_TOKENS_FIT") == "report" {
		report(t)
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
	case fToolUses, fToolResults, fThinkings:
		return 20
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
	"fHasSchema", "fThinkingOn", "fNames", "fToolsChat", "fToolsSystem", "fSchemaChat",
}
