package proc

import (
	"os"
	"os/exec"
	"testing"
)

func TestUsageOfAProcess(t *testing.T) {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	p := &Process{cmd: &exec.Cmd{Process: self}}
	before := p.CPU()
	for range 1_000_000_000 {
		if p.CPU() > before {
			break
		}
	}
	if before <= 0 || p.CPU() <= before {
		t.Errorf("CPU time does not grow from %s", before)
	}
	if kb := p.Memory(); kb < 1000 {
		t.Errorf("%d KiB are resident", kb)
	}
	var none *Process
	if none.CPU() != 0 || none.Memory() != 0 {
		t.Error("no process uses something")
	}
}
