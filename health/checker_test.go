package health

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/ccload/ccload/ai"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCheckerAsksFromTimeToTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slow, quick atomic.Int32
		k := NewChecker(func(_ context.Context, channel string) ai.Outcome {
			if channel == "slow" {
				slow.Add(1)
			} else {
				quick.Add(1)
			}
			return ai.Outcome{}
		})
		k.Add("slow", 10*time.Minute)
		k.Add("quick", time.Minute)
		time.Sleep(time.Hour)
		if quick.Load() != 0 {
			t.Error("asked before Start")
		}
		k.Start()
		k.Start()
		time.Sleep(10 * time.Hour)
		k.Stop()
		s, q := slow.Load(), quick.Load()
		if s < 50 || s > 75 || q < 500 || q > 750 {
			t.Errorf("asked %d and %d times in ten hours", s, q)
		}
		time.Sleep(time.Hour)
		if slow.Load() != s || quick.Load() != q {
			t.Error("asked after Stop")
		}
	})
}

func TestCheckerIsNeverTwiceAtOneChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var under, times atomic.Int32
		k := NewChecker(func(context.Context, string) ai.Outcome {
			if under.Add(1) != 1 {
				t.Error("two at a time")
			}
			time.Sleep(time.Hour) // far longer than the interval
			under.Add(-1)
			times.Add(1)
			return ai.Outcome{}
		})
		k.Add("c", time.Nanosecond)
		k.Start()
		time.Sleep(10*time.Hour + time.Minute)
		k.Stop()
		if n := times.Load(); n < 9 || n > 11 {
			t.Errorf("%d checks", n)
		}
	})
}

func TestStopWaitsForTheCheckUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		k := NewChecker(func(ctx context.Context, _ string) ai.Outcome {
			<-ctx.Done()
			time.Sleep(time.Second)
			ended = true
			return ai.Outcome{}
		})
		k.Add("c", time.Minute)
		k.Start()
		time.Sleep(2 * time.Minute)
		k.Stop()
		if !ended {
			t.Error("did not wait")
		}
		k.Stop()
	})
}

func TestACheckerThatWasNeverStartedStops(t *testing.T) {
	k := NewChecker(nil)
	k.Add("c", time.Minute)
	k.Stop()
	k.Start() // too late
	k.Stop()
}
