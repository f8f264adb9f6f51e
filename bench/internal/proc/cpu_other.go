//go:build !linux

package proc

import "time"

// cpuTime is not known; the program refuses to run where it is not.
func cpuTime(int) time.Duration { return 0 }
