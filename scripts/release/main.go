// Command release builds what a release consists of: static binaries for every
// platform in an archive each, a list of what is in them (CycloneDX), and their
// checksums. The same commit gives the same bytes on every machine, since
// nothing but the commit, the Go toolchain and go.sum goes into them.
//
//	go run ./scripts/release [-only linux/amd64,…] [-version v1.2.3] [-commit …] [-out dist] [-keep]
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// platforms are those that a release is for.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

// tags are those that xcaddy builds with.
const tags = "nobadger,nomysql,nopgx"

func main() {
	only := flag.String("only", strings.Join(platforms, ","), "platforms to build for")
	version := flag.String("version", "", "version; default: from the tags of git")
	commit := flag.String("commit", "", "commit; default: that of git")
	out := flag.String("out", "dist", "folder to write to")
	keep := flag.Bool("keep", false, "leave the binaries beside the archives")
	flag.Parse()
	if err := build(strings.Split(*only, ","), *version, *commit, *out, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func build(list []string, version, commit, out string, keep bool) error {
	if version == "" {
		version = git("describe", "--tags", "--always", "--dirty")
	}
	if commit == "" {
		commit = git("rev-parse", "--short=12", "HEAD")
	}
	if version == "" || commit == "" {
		return errors.New("this is no clone of git: give -version and -commit")
	}
	// Archives hold the time of the commit, not that of the build.
	moment, err := time.Parse(time.RFC3339, git("log", "-1", "--format=%cI"))
	if err != nil {
		moment = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if err := os.MkdirAll(out, 0o755); err != nil { //nolint:gosec // what is published may be read
		return err
	}
	caddy, err := run(nil, "go", "list", "-m", "-f", "{{.Version}}", "github.com/caddyserver/caddy/v2")
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, platform := range list {
		system, machine, ok := strings.Cut(platform, "/")
		if !ok {
			return fmt.Errorf("%q is no platform: write one as linux/amd64", platform)
		}
		r := release{
			system: system, machine: machine, version: version, out: out, moment: moment.UTC(),
			shown: fmt.Sprintf("%s ccload %s (%s)", caddy, version, commit),
		}
		files, err := r.make(keep)
		if err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(filepath.Join(out, file))
			if err != nil {
				return err
			}
			sum := sha256.Sum256(data)
			fmt.Fprintf(&sums, "%s  %s\n", hex.EncodeToString(sum[:]), file)
			fmt.Fprintf(os.Stdout, "%8d KiB  %s\n", len(data)>>10, file)
		}
	}
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(sums.String()), 0o644) //nolint:gosec // for everybody
}

// release is what is made for one platform.
type release struct {
	system, machine, version, out, shown string
	moment                               time.Time
}

// make builds the binary and what goes with it. It returns the files, by their
// names in the folder.
func (r *release) make(keep bool) (files []string, err error) {
	name := fmt.Sprintf("ccload_%s_%s_%s", strings.TrimPrefix(r.version, "v"), r.system, r.machine)
	binary := "caddy"
	if r.system == "windows" {
		binary = "caddy.exe"
	}
	dir := filepath.Join(r.out, name)
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // what is published may be read
		return nil, err
	}
	path := filepath.Join(dir, binary)
	env := []string{"CGO_ENABLED=0", "GOOS=" + r.system, "GOARCH=" + r.machine, "GOFLAGS=-mod=readonly", "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT="}
	_, err = run(env, "go", "build", "-trimpath", "-buildvcs=false", "-tags", tags, "-o", path,
		"-ldflags", "-s -w -buildid= -X 'github.com/caddyserver/caddy/v2.CustomVersion="+r.shown+"'", "./cmd/caddy")
	if err != nil {
		return nil, err
	}
	if err := writeSBOM(path, filepath.Join(r.out, name+".cdx.json"), r.version); err != nil {
		return nil, err
	}
	contents := []entry{{binary, path, 0o755}, {"LICENSE", "LICENSE", 0o644}, {"README.md", "README.md", 0o644}, {"Caddyfile", "examples/quickstart/Caddyfile", 0o644}}
	archive, write := name+".tar.gz", writeTar
	if r.system == "windows" {
		archive, write = name+".zip", writeZip
	}
	if err := write(filepath.Join(r.out, archive), name, contents, r.moment); err != nil {
		return nil, err
	}
	if !keep {
		err = os.RemoveAll(dir)
	}
	return []string{archive, name + ".cdx.json"}, err
}

// git returns what git says, "" where it says nothing.
func git(args ...string) string {
	text, err := run(nil, "git", args...)
	if err != nil {
		return ""
	}
	return text
}

func run(env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(context.Background(), name, args...) //nolint:gosec // what this program builds with
	cmd.Env = append(os.Environ(), env...)
	var failed strings.Builder
	cmd.Stderr = &failed
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s on %s: %w\n%s", name, args[0], runtime.GOOS, err, failed.String())
	}
	return strings.TrimSpace(string(text)), nil
}
