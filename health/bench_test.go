package health

import (
	"fmt"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

// fleet is 200 channels of 5 keys and 2 URLs.
func fleet(tr *Tracker) []*Channel {
	channels := make([]*Channel, 200)
	for i := range channels {
		spec := Spec{Name: fmt.Sprint("channel-", i), URLs: []string{"https://a", "https://b"}}
		if i%2 == 0 {
			spec.Group = "group"
		}
		for k := range 5 {
			spec.Keys = append(spec.Keys, fmt.Sprint("key-", i, "-", k))
		}
		channels[i] = tr.Channel(spec)
	}
	return channels
}

// ailing makes one key of each channel rest.
func ailing(channels []*Channel) {
	for _, c := range channels {
		cl, _ := c.Acquire(0, 1, ai.OpenAI, "model", noon, false)
		cl.Report(stated(ai.QuotaExhausted, ai.ScopeKey, noon.Add(time.Hour)), nil, noon)
		cl, _ = c.Acquire(0, 2, ai.OpenAI, "model", noon, false)
		cl.Report(stated(ai.RateLimited, ai.ScopeKeyModel, noon.Add(time.Hour)), nil, noon)
	}
}

func BenchmarkReady(b *testing.B) {
	for _, c := range []struct {
		name string
		prep func([]*Channel)
	}{{"calm", func([]*Channel) {}}, {"ailing", ailing}} {
		b.Run(c.name, func(b *testing.B) {
			channels := fleet(NewTracker(Options{}))
			c.prep(channels)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if i++; i == len(channels) {
					i = 0
				}
				if !channels[i].Ready(ai.OpenAI, "model", noon).OK {
					b.Fatal("not ready")
				}
			}
		})
	}
}

// One call over 200 channels: all are asked, one is permitted and reported.
func BenchmarkCall(b *testing.B) {
	for _, c := range []struct {
		name string
		prep func([]*Channel)
	}{{"calm", func([]*Channel) {}}, {"ailing", ailing}} {
		b.Run(c.name, func(b *testing.B) {
			channels := fleet(NewTracker(Options{}))
			c.prep(channels)
			h := header("Content-Type", "text/event-stream", "Anthropic-Ratelimit-Tokens-Limit", "1000000",
				"Anthropic-Ratelimit-Tokens-Remaining", "990000", "Anthropic-Ratelimit-Tokens-Reset", "2026-11-23T12:00:01Z")
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				i := 0
				for pb.Next() {
					usable := 0
					for _, ch := range channels {
						usable += ch.Ready(ai.OpenAI, "model", noon).UsableKeys
					}
					i++
					cl, ok := channels[i%len(channels)].Acquire(0, 0, ai.OpenAI, "model", noon, false)
					if !ok || usable < 600 {
						b.Error("not ready")
					}
					cl.Report(good, h, noon)
				}
			})
		})
	}
}

func BenchmarkBeginReport(b *testing.B) {
	channels := fleet(NewTracker(Options{}))
	h := header("Content-Type", "application/json")
	b.ReportAllocs()
	for b.Loop() {
		cl, _ := channels[0].Acquire(0, 0, ai.OpenAI, "model", noon, false)
		cl.Report(good, h, noon)
	}
}

func BenchmarkClassify(b *testing.B) {
	for _, c := range []struct {
		name string
		e    *Evidence
	}{
		{"ok", &Evidence{Status: 200}},
		{"429", answer(429, `{"error":{"message":"Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Used 14567. Please try again in 18.642s.","type":"tokens","code":"rate_limit_exceeded"}}`)},
		{"500", answer(500, `{"error":{"message":"The server had an error while processing your request. Sorry about that!"}}`)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Classify(c.e, nil, noon)
			}
		})
	}
}

func TestTheFastPathsDoNotAllocate(t *testing.T) {
	channels := fleet(NewTracker(Options{}))
	h := header("Content-Type", "application/json")
	if n := testing.AllocsPerRun(100, func() {
		channels[0].Ready(ai.OpenAI, "model", noon)
		channels[0].ReadyURL(1, ai.OpenAI, "model", noon)
		channels[0].ReadyKey(1, "model", noon)
		cl, _ := channels[0].Acquire(0, 0, ai.OpenAI, "model", noon, false)
		cl.Report(good, h, noon)
	}); n != 0 {
		t.Errorf("calm: %v allocations", n)
	}
	ailing(channels)
	if n := testing.AllocsPerRun(100, func() {
		channels[0].Ready(ai.OpenAI, "model", noon)
		channels[0].ReadyKey(1, "model", noon)
		cl, _ := channels[0].Acquire(0, 0, ai.OpenAI, "model", noon, false)
		cl.Report(good, h, noon)
	}); n != 0 {
		t.Errorf("ailing: %v allocations", n)
	}
}
