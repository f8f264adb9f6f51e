package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
	"github.com/ccload/ccload/store"
)

// The test program plays other processes, which must not share locks and
// caches with the test: started with these variables it does what they say.
const (
	roleVariable = "CCLOAD_STORE_TEST_ROLE"
	pathVariable = "CCLOAD_STORE_TEST_PATH"
	fromVariable = "CCLOAD_STORE_TEST_FROM"
)

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := play(role, os.Getenv(pathVariable), os.Getenv(fromVariable)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func play(role, path, from string) error {
	ctx := context.Background()
	s := &store.SQLite{Path: path}
	calls := newTraffic(3)
	var err error
	if calls.n, err = strconv.Atoi(from); err != nil {
		return err
	}
	if err := s.Provision(caddy.Context{}); err != nil {
		return err
	}
	if err := s.Open(ctx); err != nil {
		return err
	}
	switch role {
	case "write 200 calls":
		for range 20 {
			if err := s.WriteCalls(ctx, calls.batch(10)); err != nil {
				return err
			}
		}
		return s.Close()
	case "write until killed":
		for {
			batch := calls.batch(20)
			if err := s.WriteCalls(ctx, batch); err != nil {
				return err
			}
			fmt.Println(calls.n) // acknowledged
		}
	}
	return fmt.Errorf("no role %q", role)
}

func process(t *testing.T, role, path string, from int) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role, pathVariable+"="+path, fromVariable+"="+strconv.Itoa(from))
	cmd.Stderr = os.Stderr
	return cmd
}

// TestProcessesMakeOneDatabase starts several processes on a file that does not
// exist yet.
func TestProcessesMakeOneDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "ccload.db")
	const processes = 5
	running := make([]*exec.Cmd, 0, processes)
	for i := range processes {
		cmd := process(t, "write 200 calls", path, i*1000)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	s := openSQLite(t, path)
	seen := 0
	for before := ""; ; {
		page, err := s.Calls(t.Context(), store.CallFilter{Limit: 500, Before: before})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		seen += len(page)
		before = page[len(page)-1].ID
	}
	if seen != processes*200 {
		t.Errorf("%d calls of %d", seen, processes*200)
	}
}

// TestKilledProcessLosesNothing kills a process while it writes: what it had
// acknowledged is there, whole, and no batch is there in part.
func TestKilledProcessLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ccload.db")
	for round := range 2 {
		cmd := process(t, "write until killed", path, round*100_000)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		last := 0
		for batches := 0; lines.Scan(); batches++ {
			if last, err = strconv.Atoi(strings.TrimSpace(lines.Text())); err != nil {
				t.Fatal(err)
			}
			if batches == 15 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("it was to be killed")
		}
		s := openSQLite(t, path)
		calls := newTraffic(3)
		for calls.n = round * 100_000; calls.n < last; {
			want := calls.next()
			got, err := s.Call(t.Context(), want.ID)
			if err != nil || len(got.Attempts) != len(want.Attempts) || len(got.Candidates) != 3 {
				t.Fatalf("call %d of %d: %+v, %v", calls.n, last, got, err)
			}
		}
		found := 0 // of the batch that was not acknowledged
		for _, r := range calls.batch(20) {
			if _, err := s.Call(t.Context(), r.ID); err == nil {
				found++
			}
		}
		if found != 0 && found != 20 {
			t.Errorf("%d calls of a batch of 20", found)
		}
	}
}

// reachable is a folder that other users may enter.
func reachable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// unprivileged runs f as a user that file permissions apply to. The thread that
// becomes somebody else is not used again.
func unprivileged(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	if runtime.GOOS != "linux" {
		t.Skip("run as root, whom no permission stops")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		const nobody = 65534
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0); errno != 0 {
			t.Error(errno)
			return
		}
		f()
	}()
	<-done
}

func newRefs(n int) []health.Ref {
	refs := make([]health.Ref, n)
	for i := range refs {
		refs[i] = health.Ref{Scope: ai.ScopeKey, Channel: "main", Key: fmt.Sprint("k", i)}
	}
	return refs
}

func newEntries(n int) []health.Entry {
	entries := make([]health.Entry, n)
	for i, ref := range newRefs(n) {
		entries[i] = health.Entry{Ref: ref, Kind: ai.RateLimited, Failures: 1, Since: time.Now().Add(-time.Minute)}
	}
	return entries
}
