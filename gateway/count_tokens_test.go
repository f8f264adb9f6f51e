package gateway

import (
	"testing"
	"time"
)

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
