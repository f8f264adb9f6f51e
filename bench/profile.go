package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// profile takes a CPU profile of the gateway during the first round of a lane,
// if profiles are wanted. The function it returns waits for the file.
func (b *bench) profile(c *benchCase, l *lane, r *result) (wait func()) {
	if b.profiles == "" || l.proc != b.gateway || r.requests > 0 {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		name := strings.NewReplacer(" ", "_", ",", "", "/", "_").Replace(c.name + " " + l.label)
		if err := b.saveProfile(filepath.Join(b.profiles, name+".pprof")); err != nil {
			log.Print("profile: ", err)
		}
	}()
	return func() { <-done }
}

// saveProfile asks Caddy's admin endpoint for a profile of two seconds.
func (b *bench) saveProfile(file string) error {
	res, err := http.Get("http://" + b.admin + "/debug/pprof/profile?seconds=2")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, res.Body)
	return err
}
