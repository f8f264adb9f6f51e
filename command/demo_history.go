package command

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/ccload/ccload/access"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/demo"
	"github.com/ccload/ccload/pricing"
	"github.com/ccload/ccload/store"
)

const (
	// historyAgent is the user agent of the calls of the made-up history, by
	// which they are told from calls that were made.
	historyAgent = "made-up history of the demo"
	// historyHours is how far back the history goes, and historyPace how many
	// calls a minute it has on average.
	historyHours = 12
	historyPace  = 8
	// historyBatch is how many calls are written at a time.
	historyBatch = 500
)

// writeHistory writes the made-up history into a database that the gateway then
// opens.
func writeHistory(ctx context.Context, path string, now time.Time) (err error) {
	db := &store.SQLite{Path: path}
	if err := db.Provision(caddy.Context{}); err != nil {
		return err
	}
	if err := db.Open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	records := history(now, 1)
	for len(records) > 0 {
		n := min(historyBatch, len(records))
		if err := db.WriteCalls(ctx, records[:n]); err != nil {
			return err
		}
		records = records[n:]
	}
	return nil
}

// history makes up the calls of the hours before now, the oldest first.
func history(now time.Time, seed uint64) []*ai.Record {
	rng := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // it is made up
	var records []*ai.Record
	for at := now.Add(-historyHours * time.Hour); ; {
		// More at some times than at others.
		busy := 1 + 0.7*math.Sin(float64(at.Unix())/3600*math.Pi/2)
		at = at.Add(time.Duration(rng.ExpFloat64() / busy * float64(time.Minute) / historyPace))
		if at.After(now.Add(-time.Minute)) {
			return records
		}
		records = append(records, madeUpCall(rng, at.UTC(), len(records)))
	}
}

// madeUpFailure is how an account of the demo fails in the history.
type madeUpFailure struct {
	kind    ai.Kind
	scope   ai.Scope
	status  int
	took    time.Duration
	message string
}

var madeUpFailures = map[string]madeUpFailure{
	"claude-main":  {ai.RateLimited, ai.ScopeKey, 429, 90 * time.Millisecond, "This request would exceed your account's rate limit."},
	"claude-relay": {ai.SoftError, ai.ScopeModel, 200, 140 * time.Millisecond, "upstream error, please retry"},
	"gpt-main":     {ai.ServerError, ai.ScopeURLModel, 500, 300 * time.Millisecond, "The server had an error while processing your request."},
	"gemini-main":  {ai.Timeout, ai.ScopeURLModel, 200, 4 * time.Second, "no content within 4s"},
}

// madeUpCall makes up one call: mostly it is served at once, sometimes by
// another account, and a few fail.
func madeUpCall(rng *rand.Rand, at time.Time, n int) *ai.Record {
	m := pickModel(rng)
	r := &ai.Record{
		ID:   fmt.Sprintf("req_%012x%012x", at.UnixMilli()&(1<<48-1), rng.Uint64()&(1<<48-1)),
		Time: at, Operation: ai.Generate, Model: m.name, Token: demoTokens[rng.IntN(len(demoTokens))], Stream: rng.IntN(10) < 8,
		RequestBytes: int64(400 + rng.IntN(60_000)), Day: ai.DayOf(at), ClientIP: "127.0.0.1", UserAgent: historyAgent, Policy: "ccload_priority",
	}
	r.Protocol = m.protocol
	channels := m.channels
	if len(channels) > 2 && rng.IntN(3) == 0 {
		channels = append([]string{channels[1], channels[0]}, channels[2:]...)
	}
	var took time.Duration
	for i, channel := range channels {
		r.Candidates = append(r.Candidates, ai.Candidate{Channel: channel, Reason: ai.Eligible})
		if r.Channel != "" {
			continue
		}
		a := ai.Attempt{
			Target: ai.Target{Channel: channel, URL: "http://" + demo.Host, Key: access.Fingerprint(keyOf(channel, rng)), Model: m.name},
			Start:  took, Why: "highest priority",
		}
		failure, fails := madeUpFailures[channel]
		// They come in clusters, as in life.
		ill := at.Unix()/90%9 == int64(len(channel)%9)
		if fails = fails && (ill && rng.IntN(10) < 7 || rng.IntN(60) == 0); fails {
			a.Duration = failure.took + time.Duration(rng.IntN(60))*time.Millisecond
			a.Outcome = ai.Outcome{Kind: failure.kind, Scope: failure.scope, Status: failure.status, Message: failure.message, Retry: true}
		} else {
			a.FirstContent = time.Duration((250+rng.ExpFloat64()*400)*float64(time.Millisecond)) + time.Duration(i)*50*time.Millisecond
			a.Duration = a.FirstContent + time.Duration(rng.ExpFloat64()*3*float64(time.Second))
			a.Outcome = ai.Outcome{Kind: ai.OK, Status: 200}
			a.Usage = madeUpUsage(rng)
			var multiplier *float64
			if channel == "claude-relay" {
				factor := 0.6
				multiplier = &factor
			}
			a.Cost = pricing.Default().Price("demo", m.name, at, &a.Usage, multiplier)
			r.Channel, r.UpstreamModel, r.Status, r.Usage, r.Cost = channel, m.name, 200, a.Usage, a.Cost
			r.FirstContent = took + a.FirstContent
			r.AnswerBytes = a.Usage.Output * 5
		}
		took += a.Duration
		r.Attempts = append(r.Attempts, a)
	}
	r.Duration = took
	if r.Channel == "" {
		last := r.Attempts[len(r.Attempts)-1].Outcome
		r.Status, r.Outcome, r.Message = 503, last.Kind, last.Message
	} else if n%97 == 0 { // a client that hung up
		r.Status, r.Outcome, r.Message = 499, ai.ClientGone, "the client hung up"
		r.Attempts[len(r.Attempts)-1].Outcome.Kind = ai.ClientGone
	}
	return r
}

// madeUpUsage is what agents use: much input, most of it cached, less output.
func madeUpUsage(rng *rand.Rand) ai.Usage {
	input := int64(300 + rng.ExpFloat64()*6000)
	return ai.Usage{Input: input, CachedInput: input * int64(rng.IntN(80)) / 100, Output: int64(20 + rng.ExpFloat64()*350), Reported: true}
}

// keyOf is a key of an account of the demo.
func keyOf(channel string, rng *rand.Rand) string {
	switch channel {
	case "claude-main":
		return fmt.Sprintf("mk-udemoclaude%d", 1+rng.IntN(2))
	case "gpt-main":
		return fmt.Sprintf("mk-udemogpt%d", 1+rng.IntN(2))
	case "claude-relay":
		return "mk-udemorelay"
	case "gemini-main":
		return "mk-udemogemini"
	}
	return "mk-udemoreserve"
}
