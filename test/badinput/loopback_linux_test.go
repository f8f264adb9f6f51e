package badinput

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ccload/ccload/test/binary"
)

// listeners are the addresses at which a process listens, of TCP and UDP over
// IPv4 and IPv6.
func listeners(t *testing.T, pid int) (list []net.IP) {
	t.Helper()
	sockets := make(map[string]bool)
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, "socket:[") {
			sockets[strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")] = true
		}
	}
	for table, state := range map[string]string{"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"} {
		text, _ := os.ReadFile("/proc/net/" + table)
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) < 10 || f[3] != state || !sockets[f[9]] {
				continue
			}
			address, _, _ := strings.Cut(f[1], ":")
			raw, err := hex.DecodeString(address)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(raw); i += 4 { // words of the machine's order
				slices.Reverse(raw[i : i+4])
			}
			list = append(list, raw)
		}
	}
	return list
}

// TestQuickstartListensOnLoopbackOnly: nobody but this machine can reach the
// quickstart, by IPv4 or IPv6, at its sites or at Caddy's admin endpoint, at the
// start and after a reload.
func TestQuickstartListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../examples/quickstart/Caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	site, admin := binary.FreeAddress(t), binary.FreeAddress(t)
	_, port, _ := net.SplitHostPort(site)
	config := strings.NewReplacer(":8080", ":"+port, "127.0.0.1:2019", admin).Replace(string(text))
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	log := new(binary.Output)
	cmd := exec.Command(program, "run", "--config", file)
	cmd.Env = binary.Env(dir, "CCLOAD_TOKEN=", "CCLOAD_PASS=")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-exited
	})
	serves := func() bool {
		resp, err := http.Get("http://" + site + "/health")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil && resp.StatusCode == http.StatusOK
	}
	for until := time.Now().Add(30 * time.Second); !serves(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("it does not start:\n%s", clip(log.String()))
		}
	}
	look := func(when string) {
		list := listeners(t, cmd.Process.Pid)
		if len(list) < 2 { // the sites share one, and there is the admin endpoint
			t.Errorf("%s it listens at %v only", when, list)
		}
		for _, ip := range list {
			if !ip.IsLoopback() {
				t.Errorf("%s it listens at %v, not on loopback only", when, ip)
			}
		}
	}
	look("after the start")
	if output, code := run(t, dir, nil, "reload", "--config", file, "--address", admin, "--force"); code != 0 {
		t.Fatal(output)
	}
	look("after a reload")
	// The method sees what it looks for.
	open, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if !slices.ContainsFunc(listeners(t, os.Getpid()), func(ip net.IP) bool { return ip.IsUnspecified() }) {
		t.Error("a listener at all addresses is not seen")
	}
}
