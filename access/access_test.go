package access_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ccload/ccload/access"
)

const (
	laptopSecret = "ccl-laptop-0123456789abcdef"
	agentSecret  = "ccl-agent-fedcba9876543210"
)

func newCounts() *access.Counts {
	return &access.Counts{Windows: access.NewRateWindows(), Spending: access.NewSpending(), Calendar: access.NewCalendar(time.UTC)}
}

func newTokens(t testing.TB, specs ...access.Spec) *access.Tokens {
	t.Helper()
	tokens, err := access.New(specs, newCounts())
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func TestLookup(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	closed := newTokens(t,
		access.Spec{Name: "laptop", Secret: laptopSecret},
		access.Spec{Name: "agent", Secret: agentSecret, Expires: now},
		access.Spec{Name: "soon", Secret: "ccl-soon-0123456789", Expires: now.Add(time.Nanosecond)},
	)
	open := newTokens(t,
		access.Spec{Name: "laptop", Secret: laptopSecret},
		access.Spec{Name: access.Anonymous},
	)
	hash := sha256.Sum256([]byte(laptopSecret))
	tests := []struct {
		name   string
		tokens *access.Tokens
		secret string
		want   string
		err    error
	}{
		{"known", closed, laptopSecret, "laptop", nil},
		{"unknown", closed, laptopSecret + "x", "", access.ErrUnknown},
		{"prefix of a secret", closed, laptopSecret[:20], "", access.ErrUnknown},
		{"other case", closed, strings.ToUpper(laptopSecret), "", access.ErrUnknown},
		{"name instead of secret", closed, "laptop", "", access.ErrUnknown},
		{"hash of a secret as hex", closed, hex.EncodeToString(hash[:]), "", access.ErrUnknown},
		{"hash of a secret as bytes", closed, string(hash[:]), "", access.ErrUnknown},
		{"fingerprint", closed, access.Fingerprint(laptopSecret), "", access.ErrUnknown},
		{"expired at its moment", closed, agentSecret, "", access.ErrExpired},
		{"valid until its moment", closed, "ccl-soon-0123456789", "soon", nil},
		{"too long", closed, strings.Repeat("x", access.MaxSecret+1), "", access.ErrUnknown},
		{"none, and nobody may be anonymous", closed, "", "", access.ErrUnknown},
		{"none", open, "", access.Anonymous, nil},
		{"wrong one does not become anonymous", open, "sk-wrong", "", access.ErrUnknown},
		{"known beside anonymous", open, laptopSecret, "laptop", nil},
		{"no tokens at all", newTokens(t), "", "", access.ErrNoTokens},
		{"no tokens at all, with a credential", newTokens(t), laptopSecret, "", access.ErrNoTokens},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token, err := tt.tokens.Lookup(tt.secret, now)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err == nil && token.Name() != tt.want {
				t.Errorf("token %q, want %q", token.Name(), tt.want)
			}
		})
	}
}

func TestRefusalsHaveCodes(t *testing.T) {
	for want, err := range map[string]error{
		"no_tokens_configured": access.ErrNoTokens,
		"unknown_token":        access.ErrUnknown,
		"token_expired":        access.ErrExpired,
	} {
		var r *access.Refusal
		if !errors.As(fmt.Errorf("wrapped: %w", err), &r) || r.Code() != want || r.Error() == "" {
			t.Errorf("%v: code %q, want %q", err, r.Code(), want)
		}
	}
}

func TestNewNamesTheMistake(t *testing.T) {
	tests := []struct {
		name  string
		specs []access.Spec
		want  string
	}{
		{"no name", []access.Spec{{Secret: laptopSecret}}, "no name"},
		{"no secret", []access.Spec{{Name: "a"}}, `only the token "anonymous"`},
		{"short secret", []access.Spec{{Name: "a", Secret: "tiny"}}, "could be guessed"},
		{"long secret", []access.Spec{{Name: "a", Secret: strings.Repeat("x", 5000)}}, "longer than"},
		{"space in secret", []access.Spec{{Name: "a", Secret: "0123456789 abcdefg"}}, "clients cannot send"},
		{"newline after secret", []access.Spec{{Name: "a", Secret: laptopSecret + "\n"}}, "clients cannot send"},
		{"same name", []access.Spec{{Name: "a", Secret: laptopSecret}, {Name: "a", Secret: agentSecret}}, "two of this name"},
		{"same secret", []access.Spec{{Name: "a", Secret: laptopSecret}, {Name: "b", Secret: laptopSecret}}, `"a" and "b"`},
		{"both channel lists", []access.Spec{{Name: "a", Secret: laptopSecret, Channels: []string{"x"}, ExceptChannels: []string{"y"}}}, "keep one"},
		{"negative limit", []access.Spec{{Name: "a", Secret: laptopSecret, Rates: access.Rates{RPM: -1}}}, "negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := access.New(tt.specs, newCounts())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want one that says %q", err, tt.want)
			}
			for _, s := range tt.specs {
				if s.Secret != "" && strings.Contains(err.Error(), s.Secret) {
					t.Error("the error holds the secret")
				}
			}
		})
	}
}

func TestPermissions(t *testing.T) {
	all := access.Spec{Name: "all", Secret: laptopSecret}
	some := access.Spec{
		Name: "some", Secret: agentSecret, Models: []string{"claude-*", "fast"}, Channels: []string{"main", "relay"}, ExposeRoute: true,
	}
	but := access.Spec{Name: "but", Secret: "ccl-but-0123456789", ExceptChannels: []string{"relay"}}
	tokens := newTokens(t, all, some, but)
	tests := []struct {
		token, model, channel string
		mayModel, mayChannel  bool
	}{
		{"all", "anything", "main", true, true},
		{"some", "claude-sonnet-4-6", "relay", true, true},
		{"some", "fast", "other", true, false},
		{"some", "Claude-sonnet-4-6", "", false, false},
		{"some", "gpt-5", "Main", false, false},
		{"but", "gpt-5", "main", true, true},
		{"but", "gpt-5", "relay", true, false},
	}
	for _, tt := range tests {
		token := tokens.ByName(tt.token)
		if got := token.MayUseModel(tt.model); got != tt.mayModel {
			t.Errorf("%s: model %q: %v", tt.token, tt.model, got)
		}
		if got := token.MayUseChannel(tt.channel); got != tt.mayChannel {
			t.Errorf("%s: channel %q: %v", tt.token, tt.channel, got)
		}
	}
	if tokens.ByName("all").ExposeRoute() || !tokens.ByName("some").ExposeRoute() {
		t.Error("expose_route got lost")
	}
	if tokens.ByName("nobody") != nil {
		t.Error("a token nobody configured")
	}
	if got := fmt.Sprint(tokens.Names()); got != "[all but some]" {
		t.Errorf("names %s", got)
	}
	if u := access.Unlimited; !u.MayUseModel("x") || !u.MayUseChannel("y") || u.Name() != "" {
		t.Error("Unlimited has a limit")
	}
}

func TestAdmitHoldsBothLimits(t *testing.T) {
	now := time.Now()
	counts := newCounts()
	specs := []access.Spec{{Name: "a", Secret: laptopSecret, Rates: access.Rates{RPM: 3, Concurrency: 2}}}
	tokens, err := access.New(specs, counts)
	if err != nil {
		t.Fatal(err)
	}
	token := tokens.ByName("a")
	first, err := token.Admit(now, access.Use{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := token.Admit(now, access.Use{})
	if err != nil {
		t.Fatal(err)
	}
	var over *access.LimitError
	if _, err = token.Admit(now, access.Use{}); !errors.As(err, &over) || over.Limit != access.LimitConcurrency || over.Max != 2 ||
		over.RetryAfter <= 0 || over.Code() != "token_concurrency_exceeded" {
		t.Fatalf("third call under way: %#v", err)
	}
	first.Settle(access.Use{})
	first.Settle(access.Use{}) // a second release must not free the second call's slot
	third, err := token.Admit(now.Add(10*time.Second), access.Use{})
	if err != nil {
		t.Fatal(err)
	}
	if n := token.Limiter().InFlight(); n != 2 {
		t.Fatalf("%d in flight, want 2", n)
	}
	second.Settle(access.Use{})
	third.Settle(access.Use{})

	// A new config finds what the old one counted.
	tokens, err = access.New(specs, counts)
	if err != nil {
		t.Fatal(err)
	}
	token = tokens.ByName("a")
	if _, err = token.Admit(now.Add(20*time.Second), access.Use{}); !errors.As(err, &over) || over.Limit != access.LimitRPM ||
		over.Max != 3 || over.RetryAfter != 40*time.Second || over.Code() != "token_rate_exceeded" {
		t.Fatalf("fourth call of the minute: %#v", err)
	}
	if _, err = token.Admit(now.Add(time.Minute), access.Use{}); err != nil {
		t.Fatal(err)
	}
}

func TestReleaseFromManyGoroutinesCountsOnce(t *testing.T) {
	token := newTokens(t, access.Spec{Name: "a", Secret: laptopSecret}).ByName("a")
	now := time.Now()
	var admitted []*access.Admission
	for range 50 {
		a, err := token.Admit(now, access.Use{})
		if err != nil {
			t.Fatal(err)
		}
		admitted = append(admitted, a)
	}
	var wg sync.WaitGroup
	for range 4 {
		for _, a := range admitted[1:] {
			wg.Go(func() { a.Settle(access.Use{}) })
		}
	}
	wg.Wait()
	if n := token.Limiter().InFlight(); n != 1 {
		t.Errorf("%d in flight, want 1", n)
	}
}

func BenchmarkLookup(b *testing.B) {
	specs := make([]access.Spec, 10000)
	for i := range specs {
		specs[i] = access.Spec{Name: fmt.Sprint("t", i), Secret: fmt.Sprintf("ccl-%032d", i)}
	}
	tokens := newTokens(b, specs...)
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tokens.Lookup(specs[4711].Secret, now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAdmit(b *testing.B) {
	token := newTokens(b, access.Spec{Name: "a", Secret: laptopSecret}).ByName("a")
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		a, err := token.Admit(now, access.Use{})
		if err != nil {
			b.Fatal(err)
		}
		a.Settle(access.Use{})
	}
}
