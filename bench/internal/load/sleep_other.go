//go:build !linux

package load

import "time"

func systemSleep(d time.Duration) { time.Sleep(d) }
