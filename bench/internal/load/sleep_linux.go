package load

import (
	"syscall"
	"time"
)

func systemSleep(d time.Duration) {
	ts := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&ts, nil) // woken early, the call is made early
}
