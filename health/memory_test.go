package health

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

func TestChangesAreTold(t *testing.T) {
	b := newBench(t)
	c := twoByTwo(b)
	b.pass(b.fail(c, ai.ServerError, ai.ScopeURLModel))
	b.begin(c, 0, 0).Report(good, nil, b.now)
	b.fail(c, ai.AuthFailed, ai.ScopeKey)
	want := []Change{
		{Entry: Entry{Ref: Ref{Scope: ai.ScopeURLModel, Channel: "c", URL: "u0", Model: "m"}, Until: noon.Add(5 * time.Second), Failures: 1, Kind: ai.ServerError, Rule: "test", Message: "no", Since: noon}},
		{Entry: Entry{Ref: Ref{Scope: ai.ScopeURLModel, Channel: "c", URL: "u0", Model: "m"}, Until: noon.Add(5 * time.Second), Failures: 1, Kind: ai.ServerError, Rule: "test", Message: "no", Since: noon}, Recovered: true},
		{Entry: Entry{Ref: Ref{Scope: ai.ScopeKey, Channel: "c", Key: "k0"}, Until: b.now.Add(5 * time.Minute), Failures: 1, Kind: ai.AuthFailed, Rule: "test", Message: "no", Since: b.now, Attention: true}},
	}
	if !reflect.DeepEqual(b.changes, want) {
		t.Errorf("\n got %+v\nwant %+v", b.changes, want)
	}
}

// Whoever is told may ask the tracker, and change it.
func TestTheOneWhoIsToldMayAsk(t *testing.T) {
	var tr *Tracker
	var told []bool
	tr = NewTracker(Options{Changed: func(c Change) {
		told = append(told, c.Recovered)
		tr.Entries()
		tr.Clear(func(r Ref) bool { return r == c.Ref })
	}})
	ch := tr.Channel(Spec{Name: "c"})
	cl, _ := ch.Acquire(0, 0, ai.OpenAI, "m", time.Now(), false)
	cl.Report(failure(ai.ServerError, ai.ScopeKey), nil, time.Now())
	if !reflect.DeepEqual(told, []bool{false, true}) {
		t.Error(told)
	}
}

func TestViewsOfTheSameNameShareState(t *testing.T) {
	b := newBench(t)
	b.fail(twoByTwo(b), ai.AuthFailed, ai.ScopeKey)
	next := b.Channel(Spec{Name: "c", URLs: []string{"u1", "u2"}, Keys: []string{"k9", "k0"}})
	if next.ReadyKey(1, "m", b.now).OK || !next.ReadyKey(0, "m", b.now).OK {
		t.Error("a reload mixed up the keys")
	}
	renamed := b.Channel(Spec{Name: "x", Keys: []string{"k0"}})
	b.wantReady(renamed, "ok")
}

func TestRestartKeepsEverything(t *testing.T) {
	b := newBench(t)
	c := twoByTwo(b)
	for _, scope := range ai.Scopes() {
		cl, _ := c.Acquire(0, 0, ai.OpenAI, "m", b.now, true)
		cl.Report(failure(ai.ServerError, scope), nil, b.now)
	}
	b.begin(b.Channel(Spec{Name: "d"}), 0, 0).Report(stated(ai.QuotaExhausted, ai.ScopeKey, b.now.Add(400*24*time.Hour)), nil, b.now)
	before := b.Entries()
	if len(before) != len(ai.Scopes()) { // none starts no cooldown, and the quota
		t.Fatalf("%d entries", len(before))
	}
	text, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	var read []Entry
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}

	again := newBench(t)
	again.Restore(read)
	if len(again.changes) != 0 {
		t.Error("a restart is no news")
	}
	after := again.Entries()
	if !reflect.DeepEqual(before, after) {
		t.Errorf("\n got %+v\nwant %+v", after, before)
	}
	c = twoByTwo(again)
	again.wantReady(c, "server group 5s")
	again.pass(5 * time.Second)
	probe := again.begin(c, 0, 0)
	if d := again.rest(probe.Report(failure(ai.ServerError, ai.ScopeURL), nil, again.now)); d != 10*time.Second {
		t.Errorf("the count was forgotten: %v", d)
	}
}

func TestRestoreIsCareful(t *testing.T) {
	b := newBench(t)
	c := oneByOne(b)
	key := Ref{Scope: ai.ScopeKey, Channel: "c"}
	b.Restore([]Entry{
		{Ref: Ref{Scope: ai.ScopeKey}, Until: noon.Add(time.Hour), Failures: 1, Kind: ai.AuthFailed},                       // of nothing
		{Ref: Ref{Scope: ai.ScopeNone, Channel: "c"}, Until: noon.Add(time.Hour), Failures: 1, Kind: ai.AuthFailed},        // of a newer version
		{Ref: key, Until: noon.Add(time.Hour), Failures: 1, Kind: ai.InvalidRequest},                                       // startedCooldown nothing
		{Ref: key, Until: noon.Add(-25 * time.Hour), Failures: 9, Kind: ai.QuotaExhausted},                                 // long ago
		{Ref: Ref{Scope: ai.ScopeKeyModel, Channel: "c", Model: "m"}, Until: noon.Add(-time.Second), Kind: ai.RateLimited}, // a precaution that is over
	})
	if !c.calm() {
		t.Errorf("%+v", b.Entries())
	}
	b.Restore([]Entry{{Ref: key, Until: noon.Add(-time.Hour), Failures: 3, Kind: ai.AuthFailed, Since: noon.Add(-2 * time.Hour)}})
	probe := b.begin(c, 0, 0)
	if !probe.Probe() {
		t.Error("what was cooling at the restart is due")
	}
	b.Restore([]Entry{{Ref: key, Until: noon.Add(time.Hour), Failures: 3, Kind: ai.AuthFailed}})
	b.wantReady(c, "probing") // what is known here goes before
	if d := b.rest(probe.Report(failure(ai.AuthFailed, ai.ScopeKey), nil, b.now)); d != 10*time.Minute {
		t.Errorf("three failures, an idle hour and one more: %v", d)
	}
	b.Restore([]Entry{{Ref: key, Until: noon.Add(time.Minute), Failures: 1, Kind: ai.AuthFailed}})
	b.wantReady(c, "auth key 10m0s")
	b.Restore([]Entry{{Ref: key, Until: noon.Add(1e6 * time.Hour), Failures: 1 << 40, Kind: ai.AuthFailed}})
	if r := c.Ready(ai.OpenAI, "m", b.now); !r.Until.Equal(noon.Add(longestCooldown)) {
		t.Errorf("cools down until %v", r.Until)
	}
}

func TestClear(t *testing.T) {
	b := newBench(t)
	c := twoByTwo(b)
	b.fail(c, ai.AuthFailed, ai.ScopeKey)
	b.begin(c, 0, 1).Report(failure(ai.RateLimited, ai.ScopeGroup), nil, b.now)
	b.take()
	if n := b.Clear(func(r Ref) bool { return r.Group == "g" }); n != 1 {
		t.Errorf("%d cleared", n)
	}
	if got := b.take(); got != "group recovered" {
		t.Error(got)
	}
	if n := b.Clear(func(Ref) bool { return true }); n != 1 || !c.calm() {
		t.Errorf("%d cleared", n)
	}
	if n := b.Clear(func(Ref) bool { return true }); n != 0 {
		t.Errorf("%d cleared of nothing", n)
	}
	// A permit on what was cleared ends in peace.
	b.pass(b.fail(c, ai.AuthFailed, ai.ScopeKey))
	probe := b.begin(c, 0, 0)
	b.Clear(func(Ref) bool { return true })
	probe.Release()
	probe.Report(good, nil, b.now)
	if !c.calm() {
		t.Error("something came back")
	}
}

// Clients choose model names; they must not fill the memory.
func TestModelCellsAreBounded(t *testing.T) {
	b := newBench(t)
	c := oneByOne(b)
	b.begin(c, 0, 0).Report(stated(ai.QuotaExhausted, ai.ScopeKeyModel, b.now.Add(time.Hour)), nil, b.now)
	for i := range 3 * maxModelBreakers {
		cl, _ := c.Acquire(0, 0, ai.OpenAI, fmt.Sprint("model-", i), b.now, false)
		cl.Report(failure(ai.NoSuchModel, ai.ScopeModel), nil, b.now)
		b.pass(time.Millisecond)
	}
	if n := len(b.Entries()); n != maxModelBreakers {
		t.Errorf("%d entries", n)
	}
	recovered := 0
	for _, ch := range b.changes {
		if ch.Recovered {
			recovered++
		}
	}
	if recovered != 2*maxModelBreakers+1 {
		t.Errorf("%d were told to be forgotten", recovered)
	}
	b.pass(25 * time.Hour)
	if n := len(b.Entries()); n != 0 || !c.calm() {
		t.Errorf("%d entries after a day", n)
	}
}

func TestTheZeroClaimDoesNothing(t *testing.T) {
	var cl Permit
	cl.Release()
	if cl.Probe() || !cl.Report(failure(ai.ServerError, ai.ScopeKey), nil, noon).IsZero() {
		t.Error("it does something")
	}
}
