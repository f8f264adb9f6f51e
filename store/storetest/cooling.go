package storetest

import (
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/store"
)

func (t suite) coolingIsRemembered() {
	key := health.Entry{
		Ref:   health.Ref{Scope: ai.ScopeKeyModel, Channel: "main", Key: "k1", Model: "claude-opus-4-5"},
		Until: noon.Add(time.Hour), Failures: 3, Kind: ai.QuotaExhausted, Rule: "insufficient_quota",
		Message: "You exceeded your quota — 余额不足", Since: noon.Add(-time.Minute), Attention: true,
		StatedUntil: noon.Add(400 * time.Hour),
	}
	address := health.Entry{
		Ref:   health.Ref{Scope: ai.ScopeURLProtocol, Channel: "main", URL: "https://a.example", Protocol: ai.Responses},
		Until: noon, Kind: ai.NoSuchEndpoint, Since: noon,
	}
	group := health.Entry{Ref: health.Ref{Scope: ai.ScopeGroup, Group: "acme"}, Kind: ai.RateLimited, Since: noon}
	s := t.opened()
	load := func(want ...health.Entry) {
		t.Helper()
		for _, s := range []store.Store{s, t.opened()} { // this process and the next
			got, err := s.LoadCooling(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			less := func(a, b health.Entry) bool { return a.Scope < b.Scope }
			if diff := cmp.Diff(want, got, cmpopts.SortSlices(less), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	}
	save := func(upsert []health.Entry, remove ...health.Ref) {
		t.Helper()
		if err := s.SaveCooling(t.Context(), upsert, remove); err != nil {
			t.Fatal(err)
		}
	}
	load()
	save(nil)
	save([]health.Entry{key, address, group})
	load(key, address, group)
	key.Failures, key.Until = 4, noon.Add(2*time.Hour)
	save([]health.Entry{key}, address.Ref, health.Ref{Scope: ai.ScopeChannel, Channel: "unknown"})
	load(key, group)
	save([]health.Entry{key}, key.Ref, group.Ref) // removed first, then written
	load(key)
	save(nil, key.Ref)
	load()
}
