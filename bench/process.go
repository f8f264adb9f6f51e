package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// process is one that was started here.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string // where its output goes
	done chan struct{}
}

// build compiles the gateway.
func build(to string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-o", to, "./cmd/caddy")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building the gateway (bench is run from the top of the repository): %w", err)
	}
	return nil
}

// launch starts a process whose home is the bench's directory.
func launch(dir, name, binary string, args ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(dir, name+".log"), done: make(chan struct{})}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p.cmd = exec.Command(binary, args...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	home := filepath.Join(dir, name+".home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, err
	}
	p.cmd.Env = append(os.Environ(), "HOME="+home, "XDG_DATA_HOME="+home, "XDG_CONFIG_HOME="+home)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in its log
		close(p.done)
	}()
	return p, nil
}

// stop ends the process, kindly at first.
func (p *process) stop() {
	if p == nil {
		return
	}
	_ = p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// awaitPort waits until the process listens on an address.
func (p *process) awaitPort(addr string) error {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.done:
			return p.failed("has ended")
		case <-time.After(20 * time.Millisecond):
		}
	}
	return p.failed("does not listen on " + addr)
}

func (p *process) failed(how string) error {
	out, _ := os.ReadFile(p.log)
	return fmt.Errorf("%s %s; its output ends with:\n%s", p.name, how, out[max(0, len(out)-2000):])
}

// userHZ is the unit of times in /proc, the same on every Linux that Go runs
// on.
const userHZ = 100

// cpu is the user and system time the process has used.
func (p *process) cpu() time.Duration {
	if p == nil {
		return 0
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / userHZ
}

// memory is what is resident, in KB.
func (p *process) memory() int64 {
	if p == nil {
		return 0
	}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kb, _ := strconv.ParseInt(number, 10, 64)
	return kb
}

// watchMemory looks at the memory from time to time; the function it returns
// stops that and tells the peak, in KB.
func (p *process) watchMemory() func() int64 {
	ctx, cancel := context.WithCancel(context.Background())
	peak := make(chan int64)
	go func() {
		var most int64
		for {
			most = max(most, p.memory())
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

// freePorts are addresses on loopback that nobody listens on.
func freePorts(n int) ([]string, error) {
	var list []string
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer ln.Close()
		list = append(list, ln.Addr().String())
	}
	return list, nil
}

// machine names what it ran on.
func machine() string {
	name := "a machine"
	info, _ := os.ReadFile("/proc/cpuinfo")
	if _, rest, ok := strings.Cut(string(info), "model name\t: "); ok {
		name, _, _ = strings.Cut(rest, "\n")
	}
	return fmt.Sprintf("%d cores of %s, %s", runtime.NumCPU(), strings.TrimSpace(name), runtime.Version())
}
