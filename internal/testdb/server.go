package testdb

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Server is a MariaDB server of a test's own, on a loopback port, that the test
// may end, freeze and start again.
type Server struct {
	tb      testing.TB
	dir     string
	port    int
	options []string
	cmd     *exec.Cmd
	ended   chan struct{}
}

// NewServer makes a server's files and does not start it. Without MariaDB the
// test is skipped, or fails where CI is true. The options are those of mariadbd.
func NewServer(tb testing.TB, options ...string) *Server {
	tb.Helper()
	install, err := find("mariadb-install-db")
	if err == nil {
		_, err = find("mariadbd")
	}
	if err != nil {
		const why = "there is no MariaDB server, so NOTHING IS TESTED WITH A DATABASE THAT GOES AWAY: install mariadb-server"
		if os.Getenv("CI") == "true" {
			tb.Fatal(why)
		}
		tb.Skip(why)
	}
	dir, err := os.MkdirTemp("", "ccload-db-") // sockets want short paths
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{tb: tb, dir: dir, port: FreePort(tb), options: options}
	tb.Cleanup(func() {
		s.Kill()
		if tb.Failed() {
			text, _ := os.ReadFile(filepath.Join(dir, "log"))
			tb.Logf("log of the server on port %d: %.3000s", s.port, text[max(0, len(text)-3000):])
		}
		os.RemoveAll(dir)
	})
	out, err := exec.Command(install, "--no-defaults", s.user(), "--datadir="+s.data(), "--tmpdir="+s.dir, "--auth-root-authentication-method=normal", "--skip-test-db").CombinedOutput()
	if err != nil {
		tb.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
	return s
}

// find looks also where some systems keep servers.
func find(program string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	return exec.LookPath("/usr/sbin/" + program)
}

// FreePort is a port of the loopback address that nobody listens on.
func FreePort(tb testing.TB) int {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // of TCP
}

// user is who the server runs as. As root it does not: what a server of a
// cluster copies to another is not taken from root.
func (s *Server) user() string {
	u, err := user.Current()
	if err != nil {
		s.tb.Fatal(err)
	}
	if u.Uid == "0" {
		if own, err := user.Lookup("mysql"); err == nil {
			u = own
		}
	}
	uid, _ := strconv.Atoi(u.Uid)
	if err := os.Chown(s.dir, uid, -1); err != nil {
		s.tb.Fatal(err)
	}
	return "--user=" + u.Username
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Address is where the server listens.
func (s *Server) Address() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

// DSN leads to a database of the server; "" is none.
func (s *Server) DSN(name string) string { return fmt.Sprintf("root@tcp(%s)/%s", s.Address(), name) }

// Start starts the server, with more options for this run, and waits until it
// answers.
func (s *Server) Start(more ...string) {
	s.tb.Helper()
	s.Launch(more...)
	s.Await()
}

// Launch starts the server and does not wait for it.
func (s *Server) Launch(more ...string) {
	s.tb.Helper()
	program, err := find("mariadbd")
	if err != nil {
		s.tb.Fatal(err)
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		s.tb.Fatal(err)
	}
	defer log.Close()
	args := append([]string{
		"--no-defaults", s.user(), "--datadir=" + s.data(), "--socket=" + filepath.Join(s.dir, "sock"), "--pid-file=" + filepath.Join(s.dir, "pid"), "--tmpdir=" + s.dir,
		"--bind-address=127.0.0.1", "--port=" + strconv.Itoa(s.port), "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=32M",
	}, s.options...)
	s.cmd = exec.Command(program, append(args, more...)...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		s.tb.Fatal(err)
	}
	s.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) {
		_ = cmd.Wait()
		close(ended)
	}(s.cmd, s.ended)
}

// Await waits until the server takes statements.
func (s *Server) Await() {
	s.tb.Helper()
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if s.Answers() {
			return
		}
		select {
		case <-s.ended:
			s.tb.Fatal("the database server ended")
		default:
		}
		if time.Since(began) > time.Minute {
			s.tb.Fatal("the database server does not start")
		}
	}
}

// Signal sends the server a signal, such as SIGSTOP and SIGCONT.
func (s *Server) Signal(sig syscall.Signal) {
	s.tb.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.tb.Fatal(err)
	}
}

// Stop ends the server in order.
func (s *Server) Stop() { s.end(syscall.SIGTERM) }

// Kill ends the server at once.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

func (s *Server) end(sig syscall.Signal) {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(sig)
	<-s.ended
	s.cmd = nil
}
