package routing_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/routing"
	"github.com/ccload/ccload/selection"
)

var update = flag.Bool("update", false, "record the choices anew")

// recordedCall is a call, and what was tried for it.
type recordedCall struct {
	At       time.Duration `json:"at"` // since the first call
	Seed     uint64        `json:"seed"`
	Protocol ai.Protocol   `json:"protocol"`
	Model    string        `json:"model"`
	Attempts []struct {
		Target  ai.Target  `json:"target"`
		Outcome ai.Outcome `json:"outcome"`
	} `json:"attempts"`
}

const recording = "testdata/recorded.json"

// house is a config of three channels, of which two are equals.
func house() *config.App {
	channel := func(name string, priority int, keys ...string) *config.Channel {
		return &config.Channel{
			Name: name, Priority: priority, Keys: keys, Models: []string{"large", "small"},
			URLs: []config.URL{{URL: "https://" + name + ".test", Protocols: []string{"anthropic"}}},
		}
	}
	both := channel("both", 0, "sk-both-0123456789abcdef")
	both.URLs = append(both.URLs, config.URL{URL: "https://mirror.test", Protocols: []string{"anthropic", "openai"}})
	return &config.App{
		Channels: []*config.Channel{
			channel("first", 10, "sk-first-0123456789abcdef", "sk-other-0123456789abcdef"),
			channel("equal", 10, "sk-equal-0123456789abcdef"), both,
		},
		Aliases: []*config.Alias{{Name: "either", Models: []string{"large", "small"}}},
	}
}

// newTable resolves a config that must be right.
func newTable(t testing.TB, conf *config.App, st *routing.State) *routing.Table {
	t.Helper()
	table, err := routing.NewTable(conf, routing.Options{
		Declared: len(conf.Channels), State: st, Replace: func(s string) string { return s },
		Warn: func(problem string) { t.Error(problem) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// anything translates every call.
type anything struct{}

func (anything) CanTranslate(ai.Protocol, string) (bool, error) { return true, nil }

// replay puts the calls before a chooser one after another, each attempt ending
// as it is recorded, and returns what was chosen.
func replay(t testing.TB, calls []recordedCall, seed uint64) (chosen [][]ai.Target) {
	t.Helper()
	st := routing.NewState(nil)
	st.Tracker = health.NewTracker(health.Options{Jitter: func() float64 { return 0.5 }})
	table := newTable(t, house(), st)
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var k routing.Chooser
	for i := range calls {
		rec := &calls[i]
		call := &ai.Call{Protocol: rec.Protocol, Operation: ai.Generate, Model: rec.Model, Received: start.Add(rec.At)}
		k.Reset()
		k.Route, k.Call, k.Token, k.Now, k.Seed = table.Route(rec.Model, false), call, access.Unlimited, call.Received, rec.Seed+seed
		k.State, k.Policy, k.Translator = st.Selection, selection.Bind(new(selection.Priority)), anything{}
		var targets []ai.Target
		for j := range rec.Attempts {
			target := k.Next()
			if target == nil {
				target = k.LeastBad(true)
			}
			if target == nil {
				break
			}
			targets = append(targets, target.ID())
			outcome := rec.Attempts[j].Outcome
			target.Permit.Report(outcome, nil, k.Now)
			st.Selection.Observe(selection.Observation{
				Channel: target.Name, URL: target.Address(), Key: target.ID().Key, Model: target.Model,
				Call: call, OK: outcome.Kind == ai.OK, FirstContent: 100 * time.Millisecond, Now: k.Now,
			})
			k.Tried = append(k.Tried, routing.Tried{
				Channel: target.Channel, Protocol: target.Protocol, URL: target.URL, Key: target.Key,
				Model: target.Model, Kind: outcome.Kind, Scope: outcome.Scope,
			})
			target.Release()
		}
		chosen = append(chosen, targets)
	}
	return chosen
}

// TestReplay feeds recorded calls to a chooser and wants the recorded choices:
// whoever knows the call, the seed and what became of the calls before knows the
// choice, without a request and without an upstream.
func TestReplay(t *testing.T) {
	text, err := os.ReadFile(recording)
	if err != nil {
		t.Fatal(err)
	}
	var calls []recordedCall
	if err := json.Unmarshal(text, &calls); err != nil {
		t.Fatal(err)
	}
	chosen := replay(t, calls, 0)
	if *update {
		write(t, calls, chosen)
		return
	}
	used := make(map[string]bool)
	for i := range calls {
		for j := range calls[i].Attempts {
			want := calls[i].Attempts[j].Target
			if j >= len(chosen[i]) {
				t.Errorf("call %d: nothing was left for attempt %d, which went to %v", i, j, want)
				break
			}
			if chosen[i][j] != want {
				t.Errorf("call %d, attempt %d: %v is chosen, %v was", i, j, chosen[i][j], want)
			}
			used[want.Channel+" "+want.URL+" "+want.Key] = true
		}
	}
	if len(used) < 4 {
		t.Errorf("the recording uses only %d targets", len(used))
	}
	if other := replay(t, calls, 1); fmt.Sprint(other) == fmt.Sprint(chosen) {
		t.Error("another seed chooses the same")
	}
}

// write records the choices.
func write(t *testing.T, calls []recordedCall, chosen [][]ai.Target) {
	t.Helper()
	for i := range calls {
		calls[i].Attempts = calls[i].Attempts[:len(chosen[i])]
		for j := range chosen[i] {
			calls[i].Attempts[j].Target = chosen[i][j]
		}
	}
	text := new(bytes.Buffer)
	text.WriteString("[\n")
	for i := range calls {
		line, err := json.Marshal(calls[i])
		if err != nil {
			t.Fatal(err)
		}
		text.Write(line)
		if i < len(calls)-1 {
			text.WriteString(",")
		}
		text.WriteString("\n")
	}
	text.WriteString("]\n")
	if err := os.WriteFile(recording, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestPreviewClaimsNothing holds that thinking about a call leaves no trace.
func TestPreviewClaimsNothing(t *testing.T) {
	st := routing.NewState(nil)
	conf := house()
	conf.Channels[0].MaxConcurrency = 1
	table := newTable(t, conf, st)
	route := table.Route("either", false)
	for range 20 {
		k := &routing.Chooser{
			Route: route, Call: &ai.Call{Protocol: ai.Anthropic, Operation: ai.Generate, Model: "either"}, Token: access.Unlimited,
			State: st.Selection.Clone(), Policy: selection.Bind(new(selection.Priority)), Now: time.Unix(1e9, 0), Seed: 7,
		}
		for i := range route.Steps {
			for _, c := range k.Explain(&route.Steps[i]) {
				if c.Reason != ai.Eligible {
					t.Fatalf("%s is left out: %v", c.Channel, c.Reason)
				}
			}
			if _, why, ok := k.Preview(); !ok || why == "" {
				t.Fatal("nothing is chosen, or nobody says why")
			}
		}
	}
}

// TestOutcomesRuleOut is what is left to try after an attempt that ended in one
// way.
func TestOutcomesRuleOut(t *testing.T) {
	for _, c := range []struct {
		name  string
		scope ai.Scope
		kind  ai.Kind
		want  []string // channels that may be tried after a failure of "first"
	}{
		{"a key", ai.ScopeKey, ai.AuthFailed, []string{"first", "equal", "both"}},
		{"an address", ai.ScopeURL, ai.NetworkError, []string{"equal", "both"}},
		{"a channel", ai.ScopeChannel, ai.QuotaExhausted, []string{"equal", "both"}},
		{"a window of the same model", ai.ScopeModel, ai.ContextLength, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := newTable(t, house(), routing.NewState(nil))
			k := &routing.Chooser{
				Route: table.Route("large", false), Call: &ai.Call{Protocol: ai.Anthropic, Operation: ai.Generate, Model: "large"},
				Token: access.Unlimited, State: selection.NewState(), Policy: selection.Bind(new(selection.Priority)), Now: time.Unix(1e9, 0),
				Tried: []routing.Tried{{Channel: table.ByName["first"], Protocol: ai.Anthropic, Model: "large", Kind: c.kind, Scope: c.scope}},
			}
			left := make(map[string]bool)
			for {
				target := k.Next()
				if target == nil {
					break
				}
				left[target.Name] = true
				target.Permit.Release()
				target.Release()
				k.Tried = append(k.Tried, routing.Tried{Channel: target.Channel, Scope: ai.ScopeChannel, Kind: ai.ServerError})
			}
			if len(left) != len(c.want) {
				t.Errorf("%v may be tried, want %v", left, c.want)
			}
			for _, name := range c.want {
				if !left[name] {
					t.Errorf("%s may not be tried", name)
				}
			}
		})
	}
}

// ExampleChooser asks where a call would go.
func ExampleChooser() {
	state := routing.NewState(nil)
	table, err := routing.NewTable(&config.App{Channels: []*config.Channel{{
		Name: "work", Provider: "anthropic", Keys: []string{"sk-ant-0123456789abcdef"}, Models: []string{"claude-*"},
	}}}, routing.Options{Declared: 1, State: state, Replace: func(s string) string { return s }, Warn: func(string) {}})
	if err != nil {
		fmt.Println(err)
		return
	}
	chooser := &routing.Chooser{
		Route: table.Route("claude-haiku-4-5", false),
		Call:  &ai.Call{Protocol: ai.Anthropic, Operation: ai.Generate, Model: "claude-haiku-4-5"},
		Token: access.Unlimited, State: state.Selection, Policy: selection.Bind(new(selection.Weighted)), Now: time.Now(),
	}
	target := chooser.Next()
	defer target.Release()
	defer target.Permit.Release()
	fmt.Println(target.Name, target.Address(), target.Model)
	fmt.Println(table.Route("gpt-5", false))
	// Output:
	// work https://api.anthropic.com claude-haiku-4-5
	// <nil>
}
