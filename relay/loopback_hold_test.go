package relay_test

import (
	"bytes"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ccload/ccload/relay"
)

// TestHoldAndRelease: however an attempt ends, each sender lets go of the body,
// also one that had not sent all of it.
func TestHoldAndRelease(t *testing.T) {
	for name, answer := range map[string]func(*net.TCPConn, <-chan struct{}){
		"good": say(plainJSON(`{"ok":true}`)), "closed": say(""), "reset": reset, "silent": hang,
	} {
		t.Run(name, func(t *testing.T) {
			var held, released atomic.Int32
			r := request(t, upstream(t, answer), timers(relay.Timers{Headers: 100 * time.Millisecond}), func(r *relay.Request) {
				r.Body.Parts[2] = bytes.Repeat([]byte("x"), 1<<20)
				r.Body.Hold = func() { held.Add(1) }
				r.Body.Release = func() { released.Add(1) }
			})
			a := relay.Send(t.Context(), r)
			a.Close()
			for deadline := time.Now().Add(2 * time.Second); held.Load() != released.Load() && time.Now().Before(deadline); {
				time.Sleep(time.Millisecond)
			}
			if held.Load() < 1 || held.Load() != released.Load() {
				t.Errorf("held %d times, released %d times", held.Load(), released.Load())
			}
		})
	}
}
