package proc

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"
)

// CPU is the user and system time the process has used. 0 for no process or one
// that has ended.
func (p *Process) CPU() time.Duration {
	if p == nil {
		return 0
	}
	return cpuTime(p.cmd.Process.Pid)
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
