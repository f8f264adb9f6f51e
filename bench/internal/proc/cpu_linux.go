package proc

import (
	"syscall"
	"time"
	"unsafe"
)

// cpuTime is to the nanosecond: it is the clock of another process, as
// clock_getcpuclockid(3) gives it. /proc has it in steps of 10 ms, which would be
// some percent of what is compared here.
func cpuTime(pid int) time.Duration {
	const schedClock = 2
	clock := int32(^pid)<<3 | schedClock
	var ts syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, uintptr(clock), uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
		return 0
	}
	return time.Duration(ts.Nano())
}
