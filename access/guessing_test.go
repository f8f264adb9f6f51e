package access

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// took is how long a credential waits.
func took(t *testing.T, g *Guessing, address, secret string) time.Duration {
	t.Helper()
	began := time.Now()
	if err := g.Wait(t.Context(), address, secret); err != nil {
		t.Fatal(err)
	}
	return time.Since(began)
}

func TestGuessing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGuessing(20)
		const bad, other = "192.0.2.1:1234", "192.0.2.2:1"
		for i := range 20 {
			if d := took(t, g, bad, "x"); d != 0 {
				t.Fatalf("failure %d waits %v", i, d)
			}
			g.Failed(bad)
		}
		if d := took(t, g, bad, "x"); d != guessStep {
			t.Errorf("the first wait is %v", d)
		}
		for range 1000 {
			g.Failed(bad)
		}
		if d := took(t, g, bad, "x"); d != guessLongest {
			t.Errorf("the longest wait is %v", d)
		}
		if d := took(t, g, other, "x"); d != 0 {
			t.Errorf("another address waits %v", d)
		}
		// A neighbour waits once.
		if d := took(t, g, "192.0.2.1", "good"); d == 0 {
			t.Error("what may be a guess does not wait")
		}
		g.Succeeded("192.0.2.1:5", "good")
		if d := took(t, g, bad, "good"); d != 0 {
			t.Errorf("what is known to be good waits %v", d)
		}
		if d := took(t, g, bad, ""); d == 0 {
			t.Error("no credential does not wait")
		}
		time.Sleep(time.Hour)
		if d := took(t, g, bad, "x"); d != 0 || g.known.Load() != 0 {
			t.Errorf("after an hour it waits %v, %d are known", d, g.known.Load())
		}
	})
}

// TestGuessingIsBounded: neither addresses nor those who wait fill the memory.
func TestGuessingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGuessing(1)
		for i := range 2 * guessShards * guessAddresses {
			g.Failed(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
		}
		if n := g.known.Load(); n > guessShards*guessAddresses {
			t.Errorf("%d addresses are known", n)
		}
		ctx, cancel := context.WithCancel(t.Context())
		for range 3 {
			g.Failed("2001:db8::1")
		}
		ended := make(chan error, guessWaiting+1)
		for range guessWaiting {
			go func() { ended <- g.Wait(ctx, "2001:db8::2", "") }() // the same /64
		}
		synctest.Wait()
		if err := g.Wait(ctx, "2001:db8::3", ""); !errors.Is(err, ErrGuessing) {
			t.Errorf("one too many: %v", err)
		}
		cancel()
		for range guessWaiting {
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
		if n := g.waiting.Load(); n != 0 {
			t.Errorf("%d wait still", n)
		}
	})
}
