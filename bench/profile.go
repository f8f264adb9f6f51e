package main

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/ccload/ccload/bench/internal/load"
)

// areas are parts of the gateway whose share of the CPU time is told. A sample
// counts if any of its frames matches, so areas may overlap: garbage is
// collected for all of them.
var areas = []struct {
	what  string
	match string
	only  string // the case that has a goal for it
	goal  float64
}{
	{"CPU share of request log (ledger, store)", `ccload/(ledger|store)\.`, "small", 5},
	{"CPU share of token counting", `ccload/tokens\.`, "", 0},
	{"CPU share of garbage collection", `^runtime\.(gcBgMarkWorker|gcAssistAlloc|bgsweep|bgscavenge)`, "", 0},
}

// profileTime is long enough for some hundred samples of a busy process.
const profileTime = 3 * time.Second

// shares takes a profile while the lane is driven once more, apart from the
// rounds that are compared, since a profile costs time itself.
func (r *rig) shares(name string, l *load.Lane, shape load.Shape, tell bool) error {
	folder := r.profiles
	if folder == "" {
		folder = r.dir
	} else if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	file := filepath.Join(folder, strings.NewReplacer(" ", "_", "/", "_").Replace(name+"-"+l.Label)+".pprof")
	if shape.Each == 0 {
		shape.Window = profileTime + 500*time.Millisecond
	}
	done := make(chan error, 1)
	go func() { done <- r.saveProfile(file) }()
	l.Round(shape)
	if err := <-done; err != nil || !tell {
		return err
	}
	for _, a := range areas {
		share, err := profileShare(file, a.match)
		if err != nil {
			return err
		}
		w := row{what: a.what, unit: "%", goal: none, rounds: []float64{share}}
		if a.only == name {
			w.goal = a.goal
		}
		r.report.add(name, w)
	}
	return nil
}

// saveProfile asks Caddy's admin endpoint for a CPU profile.
func (r *rig) saveProfile(file string) error {
	res, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%.0f", r.admin, profileTime.Seconds()))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, res.Body)
	return err
}

var accounted = regexp.MustCompile(`accounting for \S+, ([0-9.]+)% of`)

// profileShare is how many percent of the samples have a frame that matches.
func profileShare(file, match string) (float64, error) {
	out, err := exec.Command("go", "tool", "pprof", "-top", "-nodecount=100000", "-nodefraction=0", "-focus="+match, file).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("go tool pprof: %w: %.300s", err, out)
	}
	if m := accounted.FindSubmatch(out); m != nil {
		var share float64
		_, err = fmt.Sscan(string(m[1]), &share)
		return math.Round(share*10) / 10, err
	}
	return 0, nil
}
