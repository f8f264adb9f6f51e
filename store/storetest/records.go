package storetest

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/store"
)

// Generators of any record that the gateway could make, and many it could not.
var (
	texts     = rapid.OneOf(rapid.Just(""), rapid.SampledFrom([]string{"a", "main", "claude-*", "50% off_!", "it's \"x\";\n--"}), validText)
	validText = rapid.StringN(0, 40, 100).Filter(func(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") })
	numbers   = rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 1<<40), rapid.Int64())
	durations = rapid.Map(numbers, func(n int64) time.Duration { return time.Duration(n) })
	moments   = rapid.Map(rapid.Int64Range(1, 1<<62), func(n int64) time.Time { return time.Unix(0, n).UTC() })
	perhaps   = rapid.OneOf(rapid.Just(time.Time{}), moments)
	kinds     = rapid.SampledFrom(ai.Kinds())
	scopes    = rapid.SampledFrom(ai.Scopes())
	reasons   = rapid.OneOf(rapid.Just(ai.Eligible), rapid.SampledFrom([]ai.Reason{ai.Disabled, ai.Cooling, ai.OutsideHours, ai.WrongProtocol}))

	targets = rapid.Custom(func(t *rapid.T) ai.Target {
		return ai.Target{
			Channel: texts.Draw(t, "channel"), URL: texts.Draw(t, "url"), Key: texts.Draw(t, "key"), Model: texts.Draw(t, "model"),
		}
	})
	money = rapid.Map(rapid.Int64Range(0, 1<<40), func(n int64) ai.Money { return ai.Money(n) })
	costs = rapid.Custom(func(t *rapid.T) ai.Cost {
		c := ai.Cost{
			Amount: money.Draw(t, "amount"), List: money.Draw(t, "list"), Price: texts.Draw(t, "price"),
			Unpriced: rapid.Bool().Draw(t, "unpriced"), OtherTier: rapid.Bool().Draw(t, "other tier"), Drifted: rapid.Bool().Draw(t, "drifted"),
		}
		if rapid.Bool().Draw(t, "multiplied") {
			c.Multiplier = new(rapid.Float64Range(0, 1000).Draw(t, "multiplier"))
		}
		return c
	})
	usages = rapid.Custom(func(t *rapid.T) ai.Usage {
		n := rapid.SliceOfN(numbers, 16, 16).Draw(t, "tokens")
		u := ai.Usage{
			Input: n[0], CachedInput: n[1], CacheWrite: n[2], CacheWrite1h: n[3], Output: n[4], Reasoning: n[5], AudioInput: n[6],
			ImageInput: n[7], AudioOutput: n[8], ImageOutput: n[9], ServiceTier: texts.Draw(t, "tier"),
			CachedAudio: n[10], CachedImage: n[11], WebSearches: n[12], Characters: n[13], Images: n[14], AudioMillis: n[15],
			SearchSize: texts.Draw(t, "search size"), ImageForm: texts.Draw(t, "image form"), Unmeasured: rapid.Bool().Draw(t, "unmeasured"),
			Region:   texts.Draw(t, "region"),
			Reported: rapid.Bool().Draw(t, "reported"), Estimated: rapid.Bool().Draw(t, "estimated"),
			Doubtful: rapid.Bool().Draw(t, "doubtful"), VendorCost: money.Draw(t, "vendor cost"),
			VendorCosted: rapid.Bool().Draw(t, "vendor costed"),
		}
		if rapid.IntRange(0, 9).Draw(t, "beside") == 0 {
			u.Beside = []ai.ModelUsage{{Model: texts.Draw(t, "model"), Usage: ai.Usage{Input: n[0], Output: n[1]}}}
		}
		return u
	})
	outcomes = rapid.Custom(func(t *rapid.T) ai.Outcome {
		return ai.Outcome{
			Kind: kinds.Draw(t, "kind"), Scope: scopes.Draw(t, "scope"), Status: rapid.IntRange(0, 999).Draw(t, "status"),
			Until: perhaps.Draw(t, "until"), Rule: texts.Draw(t, "rule"), Code: texts.Draw(t, "code"),
			Message: texts.Draw(t, "message"), Retry: rapid.Bool().Draw(t, "retry"),
		}
	})
	attempts = rapid.Custom(func(t *rapid.T) ai.Attempt {
		var dialing *ai.Dialing
		if rapid.Bool().Draw(t, "dialed") {
			dialing = &ai.Dialing{DNS: durations.Draw(t, "dns"), Connect: durations.Draw(t, "connect"), TLS: durations.Draw(t, "tls")}
		}
		return ai.Attempt{
			Dialing: dialing, FirstByte: durations.Draw(t, "first byte"),
			Target: targets.Draw(t, "target"), Start: durations.Draw(t, "start"), FirstContent: durations.Draw(t, "first"),
			Duration: durations.Draw(t, "duration"), Outcome: outcomes.Draw(t, "outcome"), Usage: usages.Draw(t, "usage"), Cost: costs.Draw(t, "cost"),
			Why: texts.Draw(t, "why"), CooledUntil: perhaps.Draw(t, "rested"), Probe: rapid.Bool().Draw(t, "probe"),
			ServerID: texts.Draw(t, "server id"), Substituted: texts.Draw(t, "substituted"),
		}
	})
	candidates = rapid.Custom(func(t *rapid.T) ai.Candidate {
		c := ai.Candidate{Channel: texts.Draw(t, "channel"), Reason: reasons.Draw(t, "reason")}
		if rapid.Bool().Draw(t, "explained") {
			c.Detail, c.Until = texts.Draw(t, "detail"), perhaps.Draw(t, "until")
		}
		return c
	})
	records = rapid.Custom(func(t *rapid.T) *ai.Record {
		return &ai.Record{
			ID:   rapid.StringMatching("req_[0-9a-f]{24}").Draw(t, "id"),
			Time: moments.Draw(t, "time"), Protocol: rapid.SampledFrom(ai.Protocols).Draw(t, "protocol"), Operation: ai.Generate,
			Model: texts.Draw(t, "model"), UpstreamModel: texts.Draw(t, "upstream model"), Token: texts.Draw(t, "token"),
			Channel: texts.Draw(t, "channel"), Stream: rapid.Bool().Draw(t, "stream"), Status: rapid.IntRange(0, 999).Draw(t, "status"),
			Outcome: kinds.Draw(t, "outcome"), FirstContent: durations.Draw(t, "first"), Duration: durations.Draw(t, "duration"),
			RequestBytes: numbers.Draw(t, "in"), AnswerBytes: numbers.Draw(t, "out"), Usage: usages.Draw(t, "usage"),
			Cost: costs.Draw(t, "cost"), Day: ai.Day(rapid.Int32Range(0, 99991231).Draw(t, "day")),
			ResponseID: texts.Draw(t, "response id"), ClientIP: texts.Draw(t, "ip"), UserAgent: texts.Draw(t, "agent"),
			Message: texts.Draw(t, "message"), Attempts: rapid.SliceOfN(attempts, 0, 6).Draw(t, "attempts"),
			Candidates: rapid.SliceOfN(candidates, 0, 30).Draw(t, "candidates"), Policy: texts.Draw(t, "policy"),
			Playground: rapid.Bool().Draw(t, "playground"),
		}
	})
	batches = rapid.SliceOfNDistinct(records, 0, 5, func(r *ai.Record) string { return r.ID })
)

func (t suite) callComesBack() {
	s, other := t.opened(), t.opened()
	written := make(map[string]bool)
	rapid.Check(t.T, func(rt *rapid.T) {
		batch := batches.Draw(rt, "batch")
		batch = slices.DeleteFunc(batch, func(r *ai.Record) bool { return written[r.ID] })
		if err := s.WriteCalls(t.Context(), batch); err != nil {
			rt.Fatal(err)
		}
		for i, want := range batch {
			written[want.ID] = true
			from := []store.Store{s, other}[i%2]
			got, err := from.Call(t.Context(), want.ID)
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				rt.Fatalf("(-want +got):\n%s", diff)
			}
			if got.Attempts == nil || got.Candidates == nil {
				rt.Fatal("an empty list came back as nil, which JSON would write as null")
			}
		}
	})
}

// textsAreMended writes what some databases refuse, and what is too much for
// any: the record must come through, mended.
func (t suite) textsAreMended() {
	s := t.opened()
	r := call(1)
	r.UserAgent = "a\x00b"
	r.Message = "half a sign: \xe4\xbd, and none: \xff"
	r.Model = strings.Repeat("漢", 100_000)
	r.Attempts[0].Outcome.Message = "\x00"
	r.Attempts[0].CooledUntil = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	r.Candidates[1].Detail = "\xff\x00"
	r.Candidates[1].Until = time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC)
	t.write(s, r)
	got, err := s.Call(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.UserAgent != "a\uFFFDb" || got.Message != "half a sign: \uFFFD, and none: \uFFFD" {
		t.Errorf("%q, %q", got.UserAgent, got.Message)
	}
	if n := len(got.Model); n > 20_000 || !strings.HasPrefix(r.Model, got.Model) || n == 0 {
		t.Errorf("a model name of %d bytes", n)
	}
	if year := got.Attempts[0].CooledUntil.Year(); year < 2200 || year > 9999 {
		t.Errorf("cooled until %d", year)
	}
	if year := got.Candidates[1].Until.Year(); year < 2200 || year > 9999 {
		t.Errorf("left out until %d", year)
	}
	if !utf8.ValidString(got.Candidates[1].Detail) {
		t.Errorf("%q", got.Candidates[1].Detail)
	}
}

func (t suite) filters() {
	s := t.opened()
	change := map[int]func(r *ai.Record){
		1: func(r *ai.Record) { r.Token = "phone" },
		2: func(r *ai.Record) { r.Channel = "spare" },
		3: func(r *ai.Record) { r.Model = "gpt-5_mini" },
		4: func(r *ai.Record) { r.Outcome, r.Status = ai.RateLimited, 429 },
		5: func(r *ai.Record) { r.Model = "gpt-5%mini" },
		6: func(r *ai.Record) { r.Model = "gpt-5-mini" },
		7: func(r *ai.Record) { r.Model = "wow!" },
		8: func(r *ai.Record) { r.Token = "it's" },
		0: func(r *ai.Record) { r.Token = "Éclair\n" },
		9: func(r *ai.Record) { r.Outcome, r.Status = ai.ClientGone, 499 },
	}
	batch := calls(0, 10)
	for n, f := range change {
		f(batch[n])
	}
	t.write(s, batch...)
	for _, c := range []struct {
		f    store.CallFilter
		want []int
	}{
		{store.CallFilter{}, []int{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}},
		{store.CallFilter{Limit: 3}, []int{9, 8, 7}},
		{store.CallFilter{Token: "phone"}, []int{1}},
		{store.CallFilter{Token: "it's"}, []int{8}},
		{store.CallFilter{Channel: "' OR ''='"}, nil},
		{store.CallFilter{Token: "nobody"}, nil},
		{store.CallFilter{Channel: "spare"}, []int{2}},
		{store.CallFilter{Channel: "*", Token: "phone"}, []int{1}},
		{store.CallFilter{Model: "gpt-5_mini"}, []int{3}},
		{store.CallFilter{Model: "gpt-*"}, []int{6, 5, 3}},
		{store.CallFilter{Model: "gpt*mini"}, []int{6, 5, 3}},
		{store.CallFilter{Model: "gpt-5_*"}, []int{3}}, // _ and % are themselves
		{store.CallFilter{Model: "gpt-5%*"}, []int{5}},
		{store.CallFilter{Model: "%"}, nil},
		{store.CallFilter{Model: "*!"}, []int{7}},
		{store.CallFilter{Model: "GPT-5-*"}, []int{6}}, // the case of ASCII letters is ignored, that of others is not
		{store.CallFilter{Token: "É*AIR*"}, []int{0}},
		{store.CallFilter{Token: "é*"}, nil},
		{store.CallFilter{Token: "*air"}, nil},
		{store.CallFilter{Model: "*\\*"}, nil},
		{store.CallFilter{Outcome: "rate_limited"}, []int{4}},
		{store.CallFilter{Outcome: "client_gone"}, []int{9}},
		{store.CallFilter{Outcome: "ok", Limit: 2}, []int{8, 7}},
		{store.CallFilter{Outcome: "nonsense"}, nil},
		{store.CallFilter{Status: 429}, []int{4}},
		{store.CallFilter{Since: noon.Add(8 * time.Second)}, []int{9, 8}},
		{store.CallFilter{Until: noon.Add(2 * time.Second)}, []int{1, 0}},
		{store.CallFilter{Since: noon.Add(3 * time.Second), Until: noon.Add(5 * time.Second)}, []int{4, 3}},
		{store.CallFilter{Before: call(3).ID}, []int{2, 1, 0}},
		{store.CallFilter{Before: call(9).ID, Model: "gpt-*", Limit: 2}, []int{6, 5}},
		{store.CallFilter{Before: "req_pruned"}, nil},
	} {
		t.wantIDs(s, c.f, c.want...)
	}
	list, err := s.Calls(t.Context(), store.CallFilter{Model: "gpt-*"})
	if err != nil || len(list) != 3 || len(list[0].Attempts) != 1 || len(list[0].Candidates) != 2 {
		t.Errorf("a list of halves: %+v, %v", list, err)
	}
}

// pagesMeet pages through calls of which many arrived in the same moment, and
// which ended in another order than they arrived.
func (t suite) pagesMeet() {
	s := t.opened()
	batch := calls(0, 230)
	for i, r := range batch {
		r.Time = noon.Add(time.Duration((i*7)%5) * time.Second)
	}
	t.write(s, batch...)
	seen := make(map[string]bool)
	var last *ai.Record
	for before := ""; ; {
		page, err := s.Calls(t.Context(), store.CallFilter{Before: before, Limit: 17})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			if seen[r.ID] {
				t.Fatalf("%s came twice", r.ID)
			}
			if last != nil && r.Time.After(last.Time) {
				t.Fatalf("%s is newer than the one before it", r.ID)
			}
			seen[r.ID], last, before = true, r, r.ID
		}
		if len(page) < 17 {
			break
		}
	}
	if len(seen) != len(batch) {
		t.Errorf("saw %d of %d", len(seen), len(batch))
	}
}

func (t suite) pagesAreLimited() {
	s := t.opened()
	t.write(s, calls(0, 600)...)
	for limit, want := range map[int]int{-1: 50, 0: 50, 1: 1, 500: 500, 501: 500, 1 << 40: 500} {
		if got := len(t.ids(s, store.CallFilter{Limit: limit})); got != want {
			t.Errorf("limit %d: %d calls, want %d", limit, got, want)
		}
	}
}
