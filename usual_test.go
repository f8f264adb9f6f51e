package ccload

import (
	"fmt"
	"testing"
	"time"
)

// What is set aside follows what a model usually makes, and is not thrown far
// by one answer.
func TestUsualOutput(t *testing.T) {
	var u usualOutputs
	if n := u.output("m"); n != unknownOutput {
		t.Errorf("an unknown model: %d", n)
	}
	for range 100 {
		u.saw("m", 300)
	}
	if n := u.output("m"); n < 300 || n > 310 {
		t.Errorf("after many answers of 300: %d", n)
	}
	u.saw("m", 4000)
	if n := u.output("m"); n < 400 || n > 2000 {
		t.Errorf("after one long answer: %d", n)
	}
	for i := range 2 * mostUsual {
		u.saw(fmt.Sprint(i), 1)
	}
	if u.size.Load() > mostUsual {
		t.Errorf("%d models are remembered", u.size.Load())
	}
}

func TestLastUse(t *testing.T) {
	var l lastUse
	now := time.Now()
	if !l.idle(now) {
		t.Error("used before anybody did")
	}
	l.use(now)
	if l.idle(now.Add(time.Minute)) || !l.idle(now.Add(usedFor+time.Second)) {
		t.Error("idle too early or too late")
	}
}
