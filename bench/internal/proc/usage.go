package proc

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// CPU is the user and system time the process has used, to the nanosecond: the
// clock of another process, as clock_getcpuclockid(3) gives it. /proc has it in
// steps of 10 ms, which would be half a percent of what is compared here. 0 for
// no process or one that has ended.
func (p *Process) CPU() time.Duration {
	if p == nil {
		return 0
	}
	const schedClock = 2
	clock := int32(^p.cmd.Process.Pid)<<3 | schedClock
	var ts syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, uintptr(clock), uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
		return 0
	}
	return time.Duration(ts.Nano())
}

// Memory is what is resident, in KiB. 0 for no process or one that has ended.
func (p *Process) Memory() int64 {
	if p == nil {
		return 0
	}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
	number, _, _ := bytes.Cut(bytes.TrimSpace(rest), []byte(" "))
	kb, _ := strconv.ParseInt(string(number), 10, 64)
	return kb
}

// WatchMemory looks at the memory from time to time; the function it returns
// stops that and tells the peak, in KiB.
func (p *Process) WatchMemory() func() int64 {
	ctx, cancel := context.WithCancel(context.Background())
	peak := make(chan int64)
	go func() {
		var most int64
		for {
			most = max(most, p.Memory())
			select {
			case <-ctx.Done():
				peak <- most
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	return func() int64 {
		cancel()
		return <-peak
	}
}
