package docs_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestCommands runs the commands of every page, in their order, against a real
// gateway on loopback: the one that the page starts, or else the quickstart,
// whose demo provider needs no key and no network.
func TestCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program and starts it once for each page")
	}
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the pages use curl: install it, or nothing of them is tested")
		}
		t.Skip("the pages use curl, which is not here")
	}
	binary := filepath.Join(t.TempDir(), "caddy")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/caddy").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, page := range pages(t) {
		list := blocksOf(t, page)
		t.Run(strings.TrimPrefix(page, "../"), func(t *testing.T) {
			t.Parallel()
			newTour(t, binary).follow(list)
		})
	}
}

// tour is somebody who follows one page in a folder of their own.
type tour struct {
	t      *testing.T
	dir    string
	env    []string
	ports  *strings.Replacer // from those of the pages to free ones
	back   *strings.Replacer
	stop   func() // the gateway that runs
	output string // of the last command
}

// samples are the files that the pages read, as they are called there.
const samples = "../transfer/testdata/systems"

func newTour(t *testing.T, binary string) *tour {
	t.Helper()
	w := &tour{t: t, dir: t.TempDir(), stop: func() {}}
	t.Cleanup(func() { w.stop() })
	var there, back []string
	for _, port := range []string{"8080", "8079", "2019", "9180"} {
		free := freePort(t)
		there = append(there, ":"+port, ":"+free)
		back = append(back, ":"+free, ":"+port)
	}
	w.ports, w.back = strings.NewReplacer(there...), strings.NewReplacer(back...)
	w.env = []string{
		"PATH=" + filepath.Dir(binary) + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME=" + w.dir, "XDG_DATA_HOME=" + w.dir + "/data", "XDG_CONFIG_HOME=" + w.dir + "/config",
		"CADDY_ADMIN=" + w.ports.Replace("127.0.0.1:2019"), "CCLOAD_PASS=a long password",
	}
	w.copy("..", "examples")
	w.copy(samples, ".")
	w.copy("../transfer/testdata", "original.csv")
	return w
}

// lastPort is the port that was given out last. Ports below those that systems
// give to connections by themselves are not taken between two looks at them.
var lastPort atomic.Int64

func init() { lastPort.Store(20000 + rand.Int64N(9000)) }

func freePort(t *testing.T) string {
	t.Helper()
	for range 500 {
		port := strconv.FormatInt(lastPort.Add(1), 10)
		if ln, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			ln.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

// copy copies files into the folder, with the ports that are free here.
func (w *tour) copy(root, below string) {
	w.t.Helper()
	err := filepath.WalkDir(filepath.Join(root, below), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		w.write(name, string(text))
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *tour) write(name, text string) {
	w.t.Helper()
	name = filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(w.ports.Replace(text)), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// follow does what the blocks of a page say.
func (w *tour) follow(list []*block) {
	served := false
	for _, b := range list {
		if name := b.file(); name != "" {
			w.write(name, b.text)
		}
		switch {
		case b.lang == "sh" && b.is("not-run"):
		case b.lang == "sh" && b.is("serve"):
			served = true
			w.serve(b.text)
		case b.lang == "sh":
			if !served {
				served = true
				w.serve("caddy run --config examples/quickstart/Caddyfile")
			}
			w.run(b)
		case b.lang == "text" && b.is("output"):
			w.compare(b)
		}
	}
}

// script is a command as it is run here. What one block exports, the next has.
func (w *tour) script(text string) string {
	text = strings.NewReplacer("go run ./cmd/caddy ", "caddy ", "./caddy ", "caddy ").Replace(text)
	state := filepath.Join(w.dir, "exported")
	return fmt.Sprintf("set -eu\nif [ -f %[1]s ]; then . %[1]s; fi\n%s\nexport -p >%[1]s\n", state, w.ports.Replace(text))
}

func (w *tour) command(ctx context.Context, script string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-c", script)
	cmd.Dir, cmd.Env = w.dir, w.env
	return cmd
}

func (w *tour) run(b *block) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	out, err := w.command(ctx, w.script(b.text)).CombinedOutput()
	w.output = w.back.Replace(string(out))
	if err != nil {
		w.t.Fatalf("%s:%d: %v\n%s", b.page, b.line, err, w.output)
	}
}

// serve starts a gateway, in place of the one before, and waits until it says
// that it serves.
func (w *tour) serve(text string) {
	w.t.Helper()
	w.stop()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	lines[len(lines)-1] = "exec env " + lines[len(lines)-1] // so that the signal reaches it
	cmd := w.command(context.Background(), w.script(strings.Join(lines, "\n")))
	log, err := cmd.StderrPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	var told strings.Builder
	ready := make(chan bool, 1)
	var done sync.WaitGroup
	done.Go(func() {
		lines := bufio.NewScanner(log)
		for lines.Scan() {
			told.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), "serving initial configuration") {
				ready <- true
				break
			}
		}
		select {
		case ready <- false:
		default:
		}
		_, _ = io.Copy(io.Discard, log)
	})
	w.stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		done.Wait()
		_ = cmd.Wait()
		w.stop = func() {}
	}
	if !<-ready {
		w.t.Fatalf("%s does not serve:\n%s", text, told.String())
	}
	w.output = w.back.Replace(told.String())
}

// compare holds the last output against what the page shows of it.
func (w *tour) compare(b *block) {
	w.t.Helper()
	rest := w.output
	for line := range strings.Lines(b.text) {
		for part := range strings.SplitSeq(strings.TrimSpace(line), "…") {
			_, after, found := strings.Cut(rest, strings.TrimSpace(part))
			if !found {
				w.t.Errorf("%s:%d: %q is not, or not in this order, in\n%s", b.page, b.line, part, w.output)
				return
			}
			rest = after
		}
	}
}
