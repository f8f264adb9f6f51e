// Package proc starts processes and reads what they use. It needs Linux.
package proc

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Process is one that was started here.
type Process struct {
	name string
	cmd  *exec.Cmd
	log  string // where its output goes
	done chan struct{}
}

// Launch starts a process whose home is the bench's directory.
func Launch(dir, name, binary string, args ...string) (*Process, error) {
	p := &Process{name: name, log: filepath.Join(dir, name+".log"), done: make(chan struct{})}
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

// Stop ends the process, kindly at first.
func (p *Process) Stop() {
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

// AwaitPort waits until the process listens on an address.
func (p *Process) AwaitPort(addr string) error {
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

func (p *Process) failed(how string) error {
	out, _ := os.ReadFile(p.log)
	return fmt.Errorf("%s %s; its output ends with:\n%s", p.name, how, out[max(0, len(out)-2000):])
}

// FreePorts are addresses on loopback that nobody listens on.
func FreePorts(n int) ([]string, error) {
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
